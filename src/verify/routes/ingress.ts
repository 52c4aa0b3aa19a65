/**
 * Ways through Ingresses. Who serves an Ingress is a matter of its class; the controllers are known by their images.
 * ingress-nginx is followed with its annotations, another controller as far as the Ingress itself says what is meant.
 */
import type { Cluster, Ingress, IngressPath, KubeObject } from "../../cluster/index.js";
import { type Bounds, both, exactly } from "../space/bounds.js";
import { dimension, Language, only, RequestSet, Text } from "../space/index.js";
import { backendOf, byServicePort } from "./backends.js";
import { hostLanguage, languageOf, ofHosts } from "./condition.js";
import { type GatewayPod, servedPorts } from "./gateways.js";
import { routed } from "./istio.js";
import { nginxWays } from "./nginx.js";
import type { Reaches } from "./nginx-gate.js";
import { type Entry, gated, type Order, resolved, UNCHANGED } from "./table.js";
import type { Entrance, Routed } from "./way.js";

/** Controllers that serve Ingresses, by the repository of their image. */
const IMAGES: readonly (readonly [kind: string, image: RegExp])[] = [
  ["nginx", /(^|\/)(ingress-nginx\/controller|nginx-ingress-controller)(-chroot)?(:|@|$)/],
  ["nginx.org", /(^|\/)nginx-ingress(:|@|$)/],
  ["traefik", /(^|\/)traefik(:|@|$)/],
  ["haproxy", /(^|\/)(haproxytech\/kubernetes-ingress|haproxy-ingress)(:|@|$)/],
  ["envoy", /(^|\/)envoyproxy\/gateway(:|@|$)/],
  ["contour", /(^|\/)contour(:|@|$)/],
];

/** By `spec.controller` of an IngressClass. */
const CONTROLLERS: readonly (readonly [kind: string, controller: RegExp])[] = [
  ["nginx", /^k8s\.io\/ingress-nginx$/],
  ["nginx.org", /^nginx\.org\//],
  ["traefik", /^traefik\.io\//],
  ["haproxy", /haproxy/],
  ["contour", /contour/],
  ["istio", /^istio\.io\//],
];

/** Undefined for an image that is none of these controllers'. */
export function controllerKind(pod: { readonly containers: readonly { readonly image: string | undefined }[] }) {
  for (const [kind, pattern] of IMAGES) {
    if (pod.containers.some(({ image }) => image !== undefined && pattern.test(image))) return kind;
  }
  return undefined;
}

interface Controller {
  readonly kind: string;
  readonly seat: GatewayPod;
}

function controllersOf(cluster: Cluster): readonly Controller[] {
  return cluster.workloads.flatMap((workload) => {
    const pod = workload.pods.find((one) => controllerKind(one) !== undefined);
    const kind = pod === undefined ? undefined : controllerKind(pod);
    return pod === undefined || kind === undefined ? [] : [{ kind, seat: { workload, pod } }];
  });
}

/** The kind of controller that an Ingress is for; undefined where its class does not say. */
export function ingressKind(cluster: Cluster, { className }: Ingress): string | undefined {
  const classes = cluster.objects.filter(({ kind, group }) => kind === "IngressClass" && group === "networking.k8s.io");
  const chosen = className === undefined ? classes.find(isDefault) : classes.find(({ name }) => name === className);
  const controller = chosen === undefined ? undefined : controllerText(chosen);
  if (controller !== undefined) {
    return CONTROLLERS.find(([, pattern]) => pattern.test(controller))?.[0] ?? `other:${controller}`;
  }
  if (className === undefined) return undefined;
  return ["nginx", "traefik", "haproxy", "contour", "istio"].includes(className) ? className : undefined;
}

const isDefault = ({ annotations }: KubeObject): boolean =>
  annotations.get("ingressclass.kubernetes.io/is-default-class") === "true";

function controllerText({ origin }: KubeObject): string | undefined {
  const spec = (origin.value as { spec?: { controller?: unknown } } | null)?.spec;
  return typeof spec?.controller === "string" ? spec.controller : undefined;
}

export function ingressWays(cluster: Cluster, reaches: Reaches): readonly Routed[] {
  const controllers = controllersOf(cluster);
  const groups = new Map<string, Ingress[]>();
  for (const ingress of cluster.ingresses) {
    const kind = ingressKind(cluster, ingress) ?? "";
    groups.set(kind, [...(groups.get(kind) ?? []), ingress]);
  }
  return [...groups].flatMap(([kind, ingresses]) => {
    const serving = controllers.filter((one) => kind === "" || one.kind === kind);
    const seats: readonly (Controller | undefined)[] = serving.length === 0 ? [undefined] : serving;
    return seats.flatMap((controller) => {
      const seat = controller?.seat;
      const own = controller?.kind ?? kind;
      const doubts = kind === "" ? ["its class does not say which controller serves it"] : [];
      return own === "nginx"
        ? nginxWays(cluster, ingresses, seat, doubts, reaches)
        : otherWays(cluster, ingresses, seat, doubts);
    });
  });
}

/**
 * The ports of a controller that take requests in; without pods, the usual one. An Ingress with certificates may answer
 * plain requests with a redirect, so that way is not certain.
 */
export function entrancesOf(
  cluster: Cluster,
  { object, tlsHosts }: Ingress,
  seat: GatewayPod | undefined,
  calls: Entrance["calls"],
): readonly { readonly entrance: Entrance; readonly certain: boolean }[] {
  const tls = tlsHosts.length > 0;
  const entrance = (scheme: "http" | "https", port: number, podPort: number) => ({
    entrance: { kind: "ingress", object, gateway: seat, scheme, port, podPort, exact: false, calls } as const,
    certain: scheme === "https" || !tls,
  });
  const usual = tls ? entrance("https", 443, 443) : entrance("http", 80, 80);
  if (seat === undefined) return [usual];
  const served = servedPorts(cluster, seat).filter(({ name }) => !/metric|webhook|admission|health/i.test(name ?? ""));
  const found = served.map(({ port, podPort, name }) =>
    entrance(port === 443 || /https|tls/i.test(name ?? "") ? "https" : "http", port, podPort),
  );
  return found.length === 0 ? [usual] : [...found].sort((x, y) => Number(y.certain) - Number(x.certain));
}

/** An Ingress as Kubernetes describes it: by host, then by the longest path, an exact one first. */
function otherWays(
  cluster: Cluster,
  ingresses: readonly Ingress[],
  seat: GatewayPod | undefined,
  given: readonly string[],
): readonly Routed[] {
  const listed = ingresses.flatMap((ingress) => {
    // Annotations of a controller may change anything; those of other tools do not.
    const told = [...ingress.object.annotations.keys()].filter((name) =>
      /^([\w-]+\.)*(ingress|traefik|haproxy|nginx|contour|alb|kong|konghq|projectcontour)[\w.-]*\//.test(name),
    );
    const own = told
      .filter((name) => name !== "kubernetes.io/ingress.class")
      .map((name) => `what \`${name}\` changes is not followed`);
    return rowsOf(ingress).map((row): Listed => {
      const backend =
        row.backend === undefined
          ? { targets: [], doubt: "where a backend that is no Service leads is not known" }
          : backendOf(
              cluster,
              { namespace: ingress.namespace, name: row.backend.service },
              byServicePort(row.backend.port),
              UNCHANGED,
            );
      const doubts = [...given, ...own, ...(backend.doubt === undefined ? [] : [backend.doubt])];
      const host = ofHosts(hostLanguage(row.host ?? "*", "one"));
      const paths = pathBounds(row);
      const matches = both(HTTP, host, own.length > 0 ? { may: RequestSet.full, must: paths.must } : paths);
      const entry: Entry = {
        object: ingress.object,
        at: row.at,
        matches,
        path: undefined,
        targets: backend.targets,
        doubts,
      };
      return { entry, row, ingress };
    });
  });
  const table = resolved(
    listed.map(({ entry }) => entry),
    (a, b) => order(listed[a], listed[b]),
  );
  return table.flatMap((one, i) => {
    const ingress = listed[i]?.ingress;
    if (ingress === undefined) return [];
    return entrancesOf(cluster, ingress, seat, undefined).flatMap(({ entrance, certain }) =>
      routed(cluster, entrance, [certain ? one : { ...one, gets: gated(one.gets, false) }]),
    );
  });
}

const HTTP = exactly(RequestSet.where(dimension.protocol, only("http")));

/** A path of an Ingress; its default backend is one that has neither host nor path. */
export interface Row extends Omit<IngressPath, "pathType"> {
  readonly pathType: IngressPath["pathType"] | "Default";
  readonly at: readonly (string | number)[];
}

export function rowsOf({ defaultBackend, paths, object }: Ingress): readonly Row[] {
  const rows = paths.map((one): Row => ({ ...one, at: placeOf(object, one) }));
  if (defaultBackend === undefined) return rows;
  const fallback: Row = {
    host: undefined,
    path: "/",
    pathType: "Default",
    backend: defaultBackend,
    at: ["spec"],
  };
  return [...rows, fallback];
}

/** Where the path stands: the first of its host with its text. */
function placeOf({ origin }: KubeObject, { host, path }: IngressPath): readonly (string | number)[] {
  const spec = (origin.value as { spec?: { rules?: unknown } } | null)?.spec;
  const rules: readonly unknown[] = Array.isArray(spec?.rules) ? spec.rules : [];
  for (const [i, rule] of rules.entries()) {
    const { host: own, http } = (rule ?? {}) as { host?: unknown; http?: { paths?: unknown } };
    if ((own || undefined) !== host) continue;
    const list: readonly { path?: unknown }[] = Array.isArray(http?.paths) ? http.paths : [];
    const at = list.findIndex((one) => (one?.path ?? "/") === path);
    if (at !== -1) return ["spec", "rules", i, "http", "paths", at];
  }
  return ["spec"];
}

function pathBounds({ path, pathType }: Row): Bounds {
  const paths = (language: Language): RequestSet => RequestSet.where(dimension.path, Text.of(language));
  const exact = Language.only(path);
  if (pathType === "Default") return exactly(RequestSet.full);
  if (pathType === "Exact") return exactly(paths(exact));
  if (pathType === "Prefix") return exactly(paths(languageOf({ kind: "segments", value: path }) ?? exact));
  // What a controller makes of it is its own affair.
  return { may: RequestSet.full, must: path.startsWith("/") ? paths(exact) : RequestSet.empty };
}

interface Listed {
  readonly entry: Entry;
  readonly row: Row;
  readonly ingress: Ingress;
}

function order(a: Listed | undefined, b: Listed | undefined): Order {
  if (a === undefined || b === undefined) return "never";
  const hosts = hostRank(a.row) - hostRank(b.row);
  // Whether a request falls through from its own host to rules for every host is not the same everywhere.
  if (hosts !== 0) return hosts > 0 ? "maybe" : "never";
  if (a.row.host !== b.row.host) return "never";
  if (a.row.pathType === "ImplementationSpecific" || b.row.pathType === "ImplementationSpecific") return "maybe";
  const [x, y] = [pathRank(a.row), pathRank(b.row)];
  if (x === y) return a.ingress === b.ingress ? (a.entry === b.entry ? "never" : "maybe") : "maybe";
  return x > y ? "surely" : "never";
}

function hostRank({ host, pathType }: Row): number {
  if (pathType === "Default") return 0;
  return host === undefined ? 1 : host.startsWith("*") ? 2 : 3;
}

function pathRank({ path, pathType }: Row): number {
  return path.replace(/\/+$/, "").length * 2 + (pathType === "Exact" ? 1 : 0);
}
