/** What is spoken on a port, told by names, probes and numbers, and how sure that is. */
import { isHttp, type Protocol } from "../workflow/index.js";
import { WELL_KNOWN_PORTS } from "./images.js";

export interface PortHint {
  readonly serviceName?: string | undefined;
  readonly appProtocol?: string | undefined;
  readonly containerName?: string | undefined;
  readonly probe?: "grpc" | "http" | "https" | undefined;
}

export interface PortHints {
  readonly port: number;
  /** the container's name for it, else the Service's */
  readonly name: string | undefined;
  /** the port of the Service that leads to it; undefined: none does */
  readonly servicePort?: number | undefined;
  protocol: Protocol;
  /** undefined: nothing tells, and HTTP is assumed */
  why: string | undefined;
}

const NAMES: readonly (readonly [RegExp, Protocol])[] = [
  [/^grpc(?:$|-)/, "grpc"],
  [/(?:^|-)grpc$/, "grpc"],
  [/^(?:https|tls-?http)(?:$|-)/, "https"],
  [/^(?:http2?|h2c?|web|ui|rest|api|admin|metrics|prometheus|dashboard|console|management)(?:$|-)/, "http"],
  [/(?:^|-)(?:http|web|ui|rest|api|metrics|dashboard|console)$/, "http"],
  [/^(?:ws|websocket)(?:$|-)/, "websocket"],
  [/^(?:tls|ssl)(?:$|-)/, "tls"],
  [
    /^(?:tcp|redis|mysql|mariadb|mongo|mongodb|postgres|postgresql|pg|kafka|amqp|nats|etcd|cql|memcached?|ldap|smtp|client|peer|gcs|ssh)(?:$|-)/,
    "tcp",
  ],
  [/(?:^|-)(?:tcp|db|sql|redis|mongo|postgres)$/, "tcp"],
];
const APP_PROTOCOLS: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ["http", "http"],
  ["https", "https"],
  ["grpc", "grpc"],
  ["http2", "http"],
  ["kubernetes.io/h2c", "http"],
  ["kubernetes.io/ws", "websocket"],
  ["kubernetes.io/wss", "https"],
  ["tcp", "tcp"],
  ["tls", "tls"],
  ["redis", "tcp"],
  ["mongo", "tcp"],
  ["mysql", "tcp"],
  ["postgresql", "tcp"],
]);

/** The first hint that tells anything counts: appProtocol, probe, names, number. */
export function guessPort(port: number, hints: readonly PortHint[]): PortHints {
  const name =
    hints.map(({ containerName }) => containerName).find(defined) ??
    hints.map(({ serviceName }) => serviceName).find(defined);
  for (const { appProtocol } of hints) {
    const known = appProtocol === undefined ? undefined : APP_PROTOCOLS.get(appProtocol.toLowerCase());
    if (known !== undefined) return { port, name, protocol: known, why: `appProtocol ${appProtocol}` };
  }
  const probe = hints.map((hint) => hint.probe).find(defined);
  if (probe !== undefined)
    return { port, name, protocol: probe, why: `its ${probe === "grpc" ? "gRPC" : probe.toUpperCase()} probe` };
  for (const named of hints.flatMap(({ serviceName, containerName }) => [serviceName, containerName]).filter(defined)) {
    const known = NAMES.find(([pattern]) => pattern.test(named));
    if (known !== undefined) return { port, name, protocol: known[1], why: `the port's name ${named}` };
  }
  const known = WELL_KNOWN_PORTS.get(port);
  if (known !== undefined)
    return { port, name, protocol: known.protocol, why: `port ${port} is known for ${known.words}` };
  return { port, name, protocol: "http", why: undefined };
}

/** A caller's scheme settles what nothing else told. */
export function learnScheme(hints: PortHints, protocol: Protocol, scheme: string): void {
  if (hints.why !== undefined && !(hints.protocol === "http" && protocol === "websocket")) return;
  hints.protocol = protocol;
  hints.why = `callers write ${scheme}://`;
}

/** A store or a queue whose port nothing else tells speaks a protocol of its own. */
export function assumeTcp(hints: PortHints): void {
  if (hints.why === undefined && isHttp(hints.protocol)) {
    hints.protocol = "tcp";
    hints.why = "a store's port of unknown protocol";
  }
}

function defined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
