/** Ways in from outside: Ingress (networking.k8s.io/v1) and OpenShift's Route. */
import type { KubeObject } from "./object.js";
import {
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

export interface ServiceBackend {
  readonly service: string;
  /** number or name of the Service's port; `undefined` where the kind allows leaving it out: every port */
  readonly port: number | string | undefined;
}

export interface IngressPath {
  readonly host: string | undefined;
  readonly path: string;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
  /** `undefined` where the backend is another resource than a Service */
  readonly backend: ServiceBackend | undefined;
}

export interface Ingress {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly className: string | undefined;
  readonly defaultBackend: ServiceBackend | undefined;
  readonly paths: readonly IngressPath[];
  readonly tlsHosts: readonly string[];
}

export interface Route {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly services: readonly string[];
  /** the *target* port of the Service that is used, by number or name; `undefined`: all */
  readonly targetPort: number | string | undefined;
  readonly termination: string | undefined;
}

const portOrText: Reader<number | string> = (value, reading) =>
  typeof value === "string" ? nonEmptyString(value, reading) : portNumber(value, reading);

// v1 nests the Service; v1beta1 and extensions/v1beta1 have it flat.
const backend = open({
  service: optional(
    open({
      name: required(nonEmptyString),
      port: optional(open({ number: optional(portNumber), name: optional(string) })),
    }),
  ),
  serviceName: optional(string),
  servicePort: optional(portOrText),
});

const ingress = open({
  ingressClassName: optional(string),
  defaultBackend: optional(backend),
  backend: optional(backend),
  rules: optionalOr(
    list(
      open({
        host: optional(string),
        http: optional(
          open({
            paths: optionalOr(
              list(
                open({
                  path: optionalOr(string, "/"),
                  pathType: optionalOr(oneOf("Exact", "Prefix", "ImplementationSpecific"), "ImplementationSpecific"),
                  backend: required(backend),
                }),
              ),
              [],
            ),
          }),
        ),
      }),
    ),
    [],
  ),
  tls: optionalOr(list(open({ hosts: optionalOr(list(string), []) })), []),
});

type Backend = Exclude<ReturnType<typeof backend>, symbol>;

function toBackend(read: Backend | undefined): ServiceBackend | undefined {
  if (read?.service !== undefined) {
    return { service: read.service.name, port: read.service.port?.number ?? (read.service.port?.name || undefined) };
  }
  return read?.serviceName === undefined ? undefined : { service: read.serviceName, port: read.servicePort };
}

export function readIngress(object: KubeObject, value: unknown, reading: Reading): Result<Ingress> {
  const spec = isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
  const read = reading.within("spec", () => ingress(spec, reading));
  if (read === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    className: read.ingressClassName ?? object.annotations.get("kubernetes.io/ingress.class"),
    defaultBackend: toBackend(read.defaultBackend ?? read.backend),
    paths: read.rules.flatMap(({ host, http }) =>
      (http?.paths ?? []).map((entry) => ({
        host: host || undefined,
        path: entry.path,
        pathType: entry.pathType,
        backend: toBackend(entry.backend),
      })),
    ),
    tlsHosts: read.tls.flatMap(({ hosts }) => hosts),
  };
}

const target = open({ kind: optional(string), name: required(nonEmptyString) });
const route = open({
  host: optional(string),
  path: optional(string),
  to: required(target),
  alternateBackends: optionalOr(list(target), []),
  port: optional(open({ targetPort: required(portOrText) })),
  tls: optional(open({ termination: optional(string) })),
});

export function readRoute(object: KubeObject, value: unknown, reading: Reading): Result<Route> {
  const spec = isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
  const read = reading.within("spec", () => route(spec, reading));
  if (read === BAD) return BAD;
  for (const to of [read.to, ...read.alternateBackends]) {
    if (to.kind !== undefined && to.kind !== "" && to.kind !== "Service") {
      return reading.fail("CLUSTER_VALUE", `a Route leads to a Service, not to a \`${to.kind}\``);
    }
  }
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    host: read.host,
    path: read.path,
    services: [read.to, ...read.alternateBackends].map(({ name }) => name),
    targetPort: read.port?.targetPort,
    termination: read.tls?.termination,
  };
}
