/**
 * What a host name stands for, seen from a namespace: a Service of the manifests in any of the forms that cluster DNS
 * knows, something outside, the workload itself, or nothing that the manifests define.
 */
import { type Cluster, parseAddress, type Service } from "../cluster/index.js";
import type { CustomPart } from "./custom-part.js";

export type Meaning =
  | {
      readonly kind: "service";
      readonly service: Service;
      /** the label of one pod in front of a headless Service's name */
      readonly pod: string | undefined;
      readonly assumedNamespace: boolean;
    }
  /** a Service that an operator will make; `ports` lead from its ports to the pod's */
  | { readonly kind: "custom"; readonly part: CustomPart; readonly ports: ReadonlyMap<number, number> }
  | { readonly kind: "outside"; readonly host: string }
  /** a name of the cluster's form that no manifest defines */
  | { readonly kind: "dangling"; readonly name: string }
  | { readonly kind: "loopback" }
  | { readonly kind: "address" }
  | { readonly kind: "kubernetes-api" }
  | { readonly kind: "placeholder" }
  /** a variable stands in it that only the running container resolves */
  | { readonly kind: "opaque" };

const LOOPBACK =
  /^(?:localhost|.*\.localhost|localhost\.localdomain|127(?:\.\d+){3}|0\.0\.0\.0|::1?|host\.docker\.internal)$/;
const PLACEHOLDER =
  /(?:^|\.)example(?:\.(?:com|org|net))?$|\.(?:test|invalid)$|placeholder|changeme|change-me|^your[-_.]|[-_.]your[-_.]|insert[-_]|^x{3,}|^(?:my|your)?(?:domain|host|server)\.(?:com|org|net|tld)$/;
const API_SERVER = /^kubernetes(?:\.default(?:\.svc(?:\.[a-z0-9.-]+)?)?)?$/;
/** Last labels of host names outside a cluster that a name of two labels may end in; two-letter ones are countries. */
const TOP_LEVEL = new Set(
  (
    "com org net edu gov mil int info biz io ai dev app cloud tech xyz online site store shop pro name live run page build " +
    "systems solutions network services digital software company team group world today media news email studio works zone " +
    "space design agency local internal lan corp home intranet private arpa goog google aws azure global host science"
  ).split(" "),
);
const MAX_ALIASES = 8;

export class Names {
  readonly #services = new Map<string, Service>();
  readonly #custom = new Map<string, { part: CustomPart; ports: Map<number, number> }>();
  readonly #namespaces: ReadonlySet<string>;
  readonly #implicit: string;

  /** @param implicit the namespace of objects that name none */
  constructor(cluster: Cluster, custom: readonly CustomPart[], implicit: string) {
    for (const part of custom) {
      for (const { name, port, targetPort } of part.services) {
        const key = `${part.namespace}/${name}`;
        const held = this.#custom.get(key) ?? { part, ports: new Map<number, number>() };
        this.#custom.set(key, held);
        held.ports.set(port, targetPort);
      }
    }
    for (const service of cluster.services) this.#services.set(`${service.namespace}/${service.name}`, service);
    this.#namespaces = new Set(cluster.namespaces.keys());
    this.#implicit = implicit;
  }

  meaningOf(host: string, namespace: string): Meaning {
    const name = host.toLowerCase().replace(/\.$/, "");
    if (/[$%{}<>()@*]/.test(name)) return { kind: "opaque" };
    if (LOOPBACK.test(name)) return { kind: "loopback" };
    if (parseAddress(name) !== undefined) return { kind: "address" };
    const known = this.#serviceFor(name, namespace, MAX_ALIASES);
    if (known !== undefined) return known;
    const [first = "", second = namespace] = name.replace(/\.svc(?:\..*)?$/, "").split(".");
    const custom = this.#custom.get(`${second}/${first}`);
    if (custom !== undefined) return { kind: "custom", ...custom };
    if (API_SERVER.test(name)) return { kind: "kubernetes-api" };
    if (PLACEHOLDER.test(name)) return { kind: "placeholder" };
    return isClusterName(name, this.#namespaces) ? { kind: "dangling", name } : { kind: "outside", host: name };
  }

  #serviceFor(name: string, namespace: string, aliases: number): Meaning | undefined {
    const labels = name.split(".");
    const svc = labels.lastIndexOf("svc");
    const inner = svc > 0 ? labels.slice(0, svc) : labels;
    for (const { service, pod, assumedNamespace } of this.#candidates(inner, namespace, svc > 0)) {
      if (service.externalName === undefined || service.type !== "ExternalName") {
        return { kind: "service", service, pod, assumedNamespace };
      }
      const target = service.externalName.toLowerCase().replace(/\.$/, "");
      if (aliases === 0) return { kind: "dangling", name: target };
      const further = this.#serviceFor(target, service.namespace, aliases - 1);
      if (further !== undefined) return further;
      const inside = isClusterName(target, this.#namespaces);
      return inside ? { kind: "dangling", name: target } : { kind: "outside", host: target };
    }
    return undefined;
  }

  /** `name`, `name.ns`, and for the pods of a headless Service `pod.name`, `pod.name.ns`. */
  *#candidates(labels: readonly string[], namespace: string, full: boolean): Generator<Candidate> {
    const [first = "", second = "", third = ""] = labels;
    const plain = (name: string, where: string, assumedNamespace = false): Candidate[] => {
      const service = this.#services.get(`${where}/${name}`);
      return service === undefined ? [] : [{ service, pod: undefined, assumedNamespace }];
    };
    const ofPod = (name: string, where: string, assumedNamespace = false): Candidate[] =>
      plain(name, where, assumedNamespace)
        .filter(({ service }) => service.headless)
        .map((candidate) => ({ ...candidate, pod: first }));
    if (labels.length === 1) yield* plain(first, namespace);
    if (labels.length === 2) {
      yield* plain(first, second);
      yield* ofPod(second, namespace);
    }
    if (labels.length === 3) yield* ofPod(second, third);
    // Manifests that name no namespace are applied to one that only the full names in them tell.
    if (full && !this.#namespaces.has(labels.at(-1) ?? "")) {
      if (labels.length === 2) yield* plain(first, this.#implicit, true);
      if (labels.length === 3) yield* ofPod(second, this.#implicit, true);
    }
  }
}

interface Candidate {
  readonly service: Service;
  readonly pod: string | undefined;
  readonly assumedNamespace: boolean;
}

function isClusterName(name: string, namespaces: ReadonlySet<string>): boolean {
  const labels = name.split(".");
  const last = labels.at(-1) ?? "";
  if (labels.length === 1 || labels.includes("svc") || name.endsWith(".cluster.local")) return true;
  if (labels.length > 3) return false;
  if (namespaces.has(last)) return true;
  return labels.length === 2 && last.length !== 2 && !TOP_LEVEL.has(last);
}
