/** A point of the request space → the request that a client sends for it, as data and as a command that can be run. */
import type { PathNormalization } from "../../cluster/index.js";
import type { Json } from "../../documents/index.js";
import { spell } from "../istio/paths.js";
import type { Connection, End } from "../layer.js";
import { BEARER, type Request, type Token } from "../request.js";
import { type Atom, addressText, dimension, only, type Point, RequestSet, VALUES } from "../space/index.js";

/**
 * Undefined when no client can send such a request: a path that nothing is evaluated as.
 * @param host the destination's name, for requests that do not care
 */
export function requestOf(point: Point, host: string, normalization: PathNormalization): Request | undefined {
  if (point.get(dimension.protocol.key) === "tcp") return { http: undefined, token: undefined };
  const path = spell(textOf(point.get(dimension.path.key)) ?? "/", normalization);
  if (path === undefined) return undefined;
  const target = path + (textOf(point.get(dimension.query.key)) ?? "");
  const token = tokenOf(point);
  const headers = new Map<string, string>();
  for (const [key, value] of point) {
    if (key.startsWith("header:") && typeof value === "string") headers.set(key.slice("header:".length), value);
  }
  // Beside a token this is its scheme.
  if (token !== undefined) headers.delete("authorization");
  const remote = point.get(dimension.remoteIp.key);
  if (typeof remote === "bigint") headers.set("x-forwarded-for", addressText(remote));
  return {
    http: {
      method: textOf(point.get(dimension.method.key)) ?? "GET",
      target,
      host: textOf(point.get(dimension.host.key)) ?? host,
      headers,
    },
    token,
  };
}

/** What a token of some issuer's carries unless somebody asks for one without. */
const LASTING = RequestSet.any([
  RequestSet.where(dimension.token, only("valid")).complement(),
  RequestSet.where(dimension.claimForm(["exp"]), only("future")),
]);

/** A request of the set, with a token that is like others where that is possible. */
export function pointOf(set: RequestSet): Point | undefined {
  const lasting = set.intersect(LASTING);
  return (lasting.isEmpty ? set : lasting).witness();
}

function textOf(atom: Atom | undefined): string | undefined {
  return typeof atom === "string" ? atom : undefined;
}

function tokenOf(point: Point): Token | undefined {
  const state = point.get(dimension.token.key) ?? "none";
  if (state === "none") return undefined;
  const claims: Record<string, Json> = Object.create(null);
  const keys = new Set([...point.keys()].map((key) => key.replace(/^form:/, "")));
  for (const key of [...keys].sort()) {
    if (!key.startsWith("claim:")) continue;
    const names = key
      .slice("claim:".length)
      .split(/(?<!\\)\./)
      .map((name) => name.replace(/\\([\\.])/g, "$1"));
    const atom = point.get(key);
    if (names.at(-1) === VALUES) {
      const words = Array.isArray(atom) ? atom : [];
      words.forEach((word, i) => {
        put(claims, [...names.slice(0, -1), `value${i}`], word);
      });
      continue;
    }
    const value = claimOf(atom, point.get(`form:${key}`));
    if (value !== undefined) put(claims, names, value);
  }
  const scheme = textOf(point.get(dimension.header("authorization").key));
  return {
    at: scheme === undefined ? BEARER : { ...BEARER, prefix: scheme === "" ? "" : `${scheme} ` },
    claims,
    genuine: state === "valid",
  };
}

/** Seconds since 1970: a time that is over and one that is not. */
const [PAST, FUTURE] = [1_577_836_800, 4_102_444_800];

function claimOf(value: Atom | undefined, form: Atom | undefined): Json | undefined {
  if (typeof value === "string") return value;
  const words = Array.isArray(value) ? value : [];
  switch (form) {
    case "text":
      return words[0] ?? "";
    case "list":
      return [...words];
    case "mixed":
      return [...words, 0];
    case "number":
    case "past":
      return PAST;
    case "future":
      return FUTURE;
    case "object":
      return {};
    case "scalar":
      return true;
    default:
      return words.length > 0 ? [...words] : undefined;
  }
}

function put(into: Record<string, Json>, [name, ...rest]: readonly string[], value: Json): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    // What is known of an object's inside may stand there already.
    if (!isEmptyObject(value) || into[name] === undefined) into[name] = value;
    return;
  }
  const known = into[name];
  const inner: Record<string, Json> =
    typeof known === "object" && known !== null && !Array.isArray(known) ? { ...known } : Object.create(null);
  put(inner, rest, value);
  into[name] = inner;
}

function isEmptyObject(value: Json): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Headers whose value is not for a report. */
export const SECRET_HEADER = /key|token|secret|passw|cookie|^authorization$/i;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Where a client inside the cluster finds the destination. */
export function addressOf(
  to: End,
  port: number,
  service: { readonly host: string; readonly port: number } | undefined,
): string {
  if (to.kind === "outside") return `${to.name}:${port}`;
  if (service !== undefined) return `${service.host}:${service.port}`;
  return `${to.pod.addresses[0] ?? "$POD_IP"}:${port}`;
}

/**
 * The command that sends the request from the source; a token that it needs is taken from `$TOKEN`.
 * @param host the one that `requestOf` was given, which need not be said
 */
export function command(
  { from, protocol }: Connection,
  request: Request,
  address: string,
  host = "",
  scheme: "http" | "https" = from.kind === "pod" ? "http" : "https",
): string {
  const place = from.kind === "pod" ? `kubectl exec -n ${from.workload.namespace} ${execTarget(from)} -- ` : "";
  const { http, token } = request;
  if (http === undefined)
    return `${place}nc -zv${protocol === "UDP" ? "u" : ""} ${address.replace(/:([^:]+)$/, " $1")}`;
  const parts = ["curl", "-sS", "--path-as-is", "-o", "/dev/null", "-w", quoted("%{http_code}\\n"), "-X", http.method];
  if (http.host !== address.replace(/:\d+$/, "") && http.host !== host) parts.push("-H", quoted(`Host: ${http.host}`));
  for (const [name, value] of http.headers) {
    // What a policy compares such a header with is somebody's key.
    if (SECRET_HEADER.test(name)) parts.push("-H", `"${name}: $${name.toUpperCase().replaceAll("-", "_")}"`);
    else parts.push("-H", quoted(value === "" ? `${name};` : `${name}: ${value}`));
  }
  if (token !== undefined) parts.push("-H", '"Authorization: Bearer $TOKEN"');
  const target = quoted(http.target.startsWith("/") ? http.target : "/");
  // The shell puts in what only the cluster knows.
  parts.push(address.includes("$") ? `"${scheme}://${address}"${target}` : `'${scheme}://${address}${target.slice(1)}`);
  return place + parts.join(" ");
}

const EXEC_KINDS: ReadonlyMap<string, string> = new Map([
  ["Deployment", "deploy"],
  ["StatefulSet", "sts"],
  ["DaemonSet", "ds"],
  ["ReplicaSet", "rs"],
  ["Job", "job"],
]);

function execTarget({ workload }: End & { kind: "pod" }): string {
  const kind = EXEC_KINDS.get(workload.kind);
  return kind === undefined ? workload.name : `${kind}/${workload.name}`;
}
