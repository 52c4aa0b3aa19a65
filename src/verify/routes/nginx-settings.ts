/** The ConfigMap that ingress-nginx reads for all Ingresses. */
import type { Cluster, ConfigMap, KubeObject } from "../../cluster/index.js";
import { formatAddress, parseCidr, servingContainers } from "../../cluster/index.js";
import { addressNumber, Ranges } from "../space/index.js";
import type { GatewayPod } from "./gateways.js";

export interface ControllerSettings {
  readonly globalAuth:
    | {
        readonly url: string;
        readonly method: string;
        readonly object: KubeObject /** the key that changes what or whether it asks */;
        readonly changed: string | undefined;
      }
    | undefined;
  readonly globalAuthSnippet: boolean;
  readonly sources: Ranges | undefined;
  readonly firewall: boolean;
  /** keys with raw configuration, or with conditions that are not followed */
  readonly raw: readonly string[];
  readonly object: KubeObject | undefined;
  /** the ConfigMap that it is told to read, where the manifests do not hold it */
  readonly absent: string | undefined;
  /** Services are called by their own addresses */
  readonly callsService: boolean;
  /** the client's address is the one that a header or a proxy before says */
  readonly addressTold: boolean;
  /** headers of requests that the answer to an auth request for all writes */
  readonly answerWrites: string;
}

const NONE: ControllerSettings = {
  globalAuth: undefined,
  globalAuthSnippet: false,
  sources: undefined,
  firewall: false,
  raw: [],
  object: undefined,
  absent: undefined,
  callsService: false,
  addressTold: false,
  answerWrites: "",
};

const RAW =
  /^(main-snippet|http-snippet|server-snippet|location-snippet|stream-snippet|lua-.*|plugins|block-cidrs|block-user-agents|block-referers|proxy-set-headers|denylist-source-range|custom-http-errors|no-auth-locations)$/;

const TOLD = ["use-forwarded-headers", "use-proxy-protocol", "enable-real-ip"];

export function settingsOf(cluster: Cluster, controller: GatewayPod | undefined): ControllerSettings {
  if (controller === undefined) return NONE;
  const told = toldMap(controller);
  const map = configOf(cluster, controller, told);
  if (map === undefined) return { ...NONE, absent: told, addressTold: told !== undefined };
  const { data, object } = map;
  const text = (key: string): string | undefined => data.get(key)?.trim() || undefined;
  const url = text("global-auth-url");
  const listed = text("whitelist-source-range");
  return {
    globalAuth:
      url === undefined
        ? undefined
        : {
            url,
            method: text("global-auth-method") ?? "GET",
            object,
            changed: ["global-auth-cache-key", "global-auth-proxy-set-headers"].find(text),
          },
    globalAuthSnippet: text("global-auth-snippet") !== undefined,
    sources: listed === undefined ? undefined : rangesOf(listed),
    firewall: text("enable-modsecurity") === "true",
    raw: [...data.keys()].filter((key) => RAW.test(key)),
    object,
    absent: undefined,
    callsService: text("service-upstream") === "true",
    addressTold: TOLD.some((key) => text(key) === "true"),
    answerWrites: text("global-auth-response-headers") ?? "",
  };
}

/** The name of the ConfigMap in the controller's arguments. */
function toldMap({ pod }: GatewayPod): string | undefined {
  return servingContainers(pod)
    .flatMap(({ command, args }) => [...command, ...args])
    .map((one, i, all) => /^--configmap=(.+)$/.exec(one)?.[1] ?? (one === "--configmap" ? all[i + 1] : undefined))
    .find((one) => one !== undefined)
    ?.split("/")
    .at(-1);
}

/** By the argument that names it, else by the names that installations give it. */
function configOf(cluster: Cluster, { workload }: GatewayPod, told: string | undefined): ConfigMap | undefined {
  const names = told === undefined ? ["ingress-nginx-controller", "nginx-configuration"] : [told];
  return cluster.configMaps.find(({ namespace, name }) => namespace === workload.namespace && names.includes(name));
}

/** Undefined where one of them is no block of addresses. */
export function rangesOf(text: string): Ranges | undefined {
  const blocks = text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .map((one) => parseCidr(one.includes("/") ? one : `${one}/${one.includes(":") ? 128 : 32}`));
  const known = blocks.filter((one) => one !== undefined);
  if (known.length < blocks.length || known.length === 0) return undefined;
  const number = (value: bigint): bigint => addressNumber(formatAddress(value)) ?? 0n;
  return Ranges.of(known.map(({ low, high }): [bigint, bigint] => [number(low), number(high)]));
}
