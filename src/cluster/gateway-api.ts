/** Gateway API (gateway.networking.k8s.io): gateways, the routes that attach to them, and grants across namespaces. */
import type { KubeObject } from "./object.js";
import { type GatewayFilters, gatewayCondition, gatewayFilters, type RouteCondition } from "./route-condition.js";
import { EVERYTHING, type LabelSelector, labelSelector } from "./selector.js";
import {
  anything,
  BAD,
  isMap,
  list,
  nonEmptyString,
  oneOf,
  open,
  optional,
  optionalOr,
  portNumber,
  type Reader,
  type Reading,
  type Result,
  required,
  string,
} from "./shape.js";

export interface Listener {
  readonly name: string;
  readonly hostname: string | undefined;
  readonly port: number;
  readonly protocol: string;
  readonly tlsMode: "Terminate" | "Passthrough" | undefined;
  /** namespaces whose routes may attach */
  readonly from: "Same" | "All" | "None" | LabelSelector;
  /** kinds of routes that may attach; undefined: those that the protocol has */
  readonly kinds: readonly string[] | undefined;
}

export interface Gateway {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  readonly listeners: readonly Listener[];
}

export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}

export interface BackendRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port: number | undefined;
  readonly weight: number;
  readonly filters: GatewayFilters;
}

export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute";

export interface GatewayRoute {
  readonly object: KubeObject;
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
  readonly parents: readonly ParentRef[];
  readonly hostnames: readonly string[];
  readonly rules: readonly {
    /** as written; no match at all means every request */
    readonly matches: readonly unknown[];
    /** the same, read */
    readonly conditions: readonly RouteCondition[];
    readonly filters: GatewayFilters;
    readonly backends: readonly BackendRef[];
    readonly mirrors: readonly BackendRef[];
  }[];
}

export interface ReferenceGrant {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** `name` undefined: every object of that kind */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name: string | undefined }[];
}

const GROUP = "gateway.networking.k8s.io";

const gateway = open({
  gatewayClassName: required(nonEmptyString),
  listeners: optionalOr(
    list(
      open({
        name: required(nonEmptyString),
        hostname: optional(string),
        port: required(portNumber),
        protocol: required(nonEmptyString),
        tls: optional(open({ mode: optionalOr(oneOf("Terminate", "Passthrough"), "Terminate") })),
        allowedRoutes: optional(
          open({
            namespaces: optional(
              open({
                from: optionalOr(oneOf("All", "Selector", "Same", "None"), "Same"),
                selector: optional(labelSelector),
              }),
            ),
            kinds: optional(list(open({ kind: required(string) }))),
          }),
        ),
      }),
    ),
    [],
  ),
});

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

export function readGateway(object: KubeObject, value: unknown, reading: Reading): Result<Gateway> {
  const read = reading.within("spec", () => gateway(specOf(value), reading));
  if (read === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    className: read.gatewayClassName,
    listeners: read.listeners.map(({ name, hostname, port, protocol, tls, allowedRoutes }) => {
      const namespaces = allowedRoutes?.namespaces;
      const from = namespaces?.from ?? "Same";
      return {
        name,
        hostname,
        port,
        protocol,
        tlsMode: tls?.mode,
        from: from === "Selector" ? (namespaces?.selector ?? EVERYTHING) : from,
        kinds: allowedRoutes?.kinds?.map(({ kind }) => kind),
      };
    }),
  };
}

const parentRef = open({
  group: optionalOr(string, GROUP),
  kind: optionalOr(string, "Gateway"),
  namespace: optional(string),
  name: required(nonEmptyString),
  sectionName: optional(string),
  port: optional(portNumber),
});

const backendRef = open({
  group: optionalOr(string, ""),
  kind: optionalOr(string, "Service"),
  namespace: optional(string),
  name: required(nonEmptyString),
  port: optional(portNumber),
  weight: optionalOr(weight, 1),
  filters: optionalOr(list(anything), []),
});

function weight(value: unknown): number {
  return typeof value === "number" ? value : 1;
}

const route = open({
  parentRefs: optionalOr(list(parentRef), []),
  hostnames: optionalOr(list(string), []),
  rules: optionalOr(
    list(
      open({
        matches: optionalOr(list(anything), []),
        filters: optionalOr(list(anything), []),
        backendRefs: optionalOr(list(backendRef), []),
      }),
    ),
    [],
  ),
});

export const ROUTE_KINDS: readonly RouteKind[] = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

export function readGatewayRoute(object: KubeObject, value: unknown, reading: Reading): Result<GatewayRoute> {
  const read = reading.within("spec", () => route(specOf(value), reading));
  const kind = ROUTE_KINDS.find((candidate) => candidate === object.kind);
  if (read === BAD || kind === undefined) return BAD;
  const at = <T extends { readonly namespace: string | undefined }>(ref: T) => ({
    ...ref,
    namespace: ref.namespace || object.namespace,
  });
  const mirrorOf = (value: unknown, index: number): readonly BackendRef[] => {
    const ref = reading.within("spec", () =>
      reading.within("rules", () => reading.within(index, () => backendRef(value, reading))),
    );
    return ref === BAD ? [] : [{ ...at(ref), filters: gatewayFilters(ref.filters) }];
  };
  return {
    object,
    kind,
    namespace: object.namespace,
    name: object.name,
    parents: read.parentRefs.map(at),
    hostnames: read.hostnames,
    rules: read.rules.map(({ matches, filters, backendRefs }, index) => {
      const read = gatewayFilters(filters);
      return {
        matches,
        conditions: matches.map((one) => gatewayCondition(kind, one)),
        filters: read,
        backends: backendRefs.map((one) => ({ ...at(one), filters: gatewayFilters(one.filters) })),
        mirrors: read.mirrors.flatMap((one) => mirrorOf(one, index)),
      };
    }),
  };
}

const grant = open({
  from: optionalOr(
    list(open({ group: optionalOr(string, ""), kind: required(string), namespace: required(string) })),
    [],
  ),
  to: optionalOr(list(open({ group: optionalOr(string, ""), kind: required(string), name: optional(string) })), []),
});

export const readReferenceGrant = (object: KubeObject, value: unknown, reading: Reading): Result<ReferenceGrant> => {
  const read: ReturnType<Reader<ReturnType<typeof grant>>> = reading.within("spec", () =>
    grant(specOf(value), reading),
  );
  if (read === BAD) return BAD;
  return { object, namespace: object.namespace, name: object.name, from: read.from, to: read.to };
};
