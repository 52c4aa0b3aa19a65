/**
 * A concrete request → the point of the request space that it is for the destination: its path as the proxy evaluates
 * it, its token as the JWT filter judges it, its headers in lower case.
 */
import type { Cluster, JwtRule, PathNormalization, Pod, Workload } from "../../cluster/index.js";
import type { Json, JsonObject } from "../../documents/index.js";
import { jwtFilterOn } from "../layers/jwt/filter.js";
import { BEARER, NOW, type Request, TIMES, type Token } from "../request.js";
import { type Atom, addressNumber, dimension, type Point, VALUES } from "../space/index.js";
import { seatOf } from "./attachment.js";
import { evaluatedPath } from "./paths.js";
import { proxyOf } from "./presence.js";
import { inboundChains } from "./services.js";

export interface Arrival {
  readonly request: Request;
  /** the destination pod's port */
  readonly port: number;
  /** the SPIFFE id as a URI; null for plaintext */
  readonly principal: string | null;
  readonly sourceAddress: string | undefined;
  readonly destinationAddress: string | undefined;
  readonly sni: string | null;
  /** the rules of the destination's JWT filter; empty when it has none */
  readonly jwtRules: readonly JwtRule[];
  /** undefined where no proxy parses the request */
  readonly normalization: PathNormalization | undefined;
}

/** The point of a request to a pod, with what is known of its proxy filled in. */
export function pointTo(
  cluster: Cluster,
  { workload, pod }: { readonly workload: Workload; readonly pod: Pod },
  arrival: Omit<Arrival, "jwtRules" | "normalization">,
): Point | undefined {
  const { kind } = proxyOf(cluster, workload, pod);
  const proxied = kind === "sidecar" || kind === "gateway" || kind === "unknown";
  const filter = proxied
    ? jwtFilterOn(cluster, seatOf(workload, pod, kind === "gateway" ? "gateway" : "sidecar"))
    : undefined;
  const parsed = kind === "gateway" || !inboundChains(cluster, pod, arrival.port).every((chain) => chain === "tcp");
  return pointOf({
    ...arrival,
    jwtRules: filter?.rules ?? [],
    normalization: proxied && parsed ? cluster.mesh.pathNormalization : undefined,
  });
}

/** Undefined for a request that the proxy answers with an error before it looks at any policy. */
export function pointOf(arrival: Arrival): Point | undefined {
  const { request, port, principal, sni, jwtRules, normalization } = arrival;
  const point = new Map<string, Atom>([
    [dimension.port.key, BigInt(port)],
    [dimension.principal.key, principal],
    [dimension.sni.key, sni],
    [dimension.protocol.key, request.http === undefined ? "tcp" : "http"],
  ]);
  const source = arrival.sourceAddress === undefined ? undefined : addressNumber(arrival.sourceAddress);
  const destination = arrival.destinationAddress === undefined ? undefined : addressNumber(arrival.destinationAddress);
  if (source !== undefined) point.set(dimension.sourceIp.key, source).set(dimension.remoteIp.key, source);
  if (destination !== undefined) point.set(dimension.destinationIp.key, destination);
  const { http } = request;
  if (http === undefined) return point;
  const path = evaluatedPath(http.target, normalization ?? "NONE");
  if (path === undefined) return undefined;
  point.set(dimension.method.key, http.method).set(dimension.host.key, http.host).set(dimension.path.key, path);
  point.set(dimension.query.key, /\?[^#]*/.exec(http.target.split("#", 1)[0] ?? "")?.[0] ?? "");
  for (const [name, value] of http.headers) point.set(dimension.header(name).key, value);
  const forwarded = http.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  const remote = forwarded === undefined ? undefined : addressNumber(forwarded);
  if (remote !== undefined) point.set(dimension.remoteIp.key, remote);
  judgeToken(request.token, jwtRules, point);
  return point;
}

function looksAt(rule: JwtRule, { at }: Token): boolean {
  const elsewhere = rule.fromHeaders.length + rule.fromParams.length + rule.fromCookies.length > 0;
  if (at.kind === "param") return elsewhere ? rule.fromParams.includes(at.name) : at.name === "access_token";
  if (at.kind === "cookie") return rule.fromCookies.includes(at.name);
  const name = at.name.toLowerCase();
  if (!elsewhere) return name === "authorization" && at.prefix === "Bearer ";
  return rule.fromHeaders.some(
    (header) => header.name.toLowerCase() === name && (header.prefix ?? "") === (at.prefix ?? ""),
  );
}

function judgeToken(token: Token | undefined, rules: readonly JwtRule[], point: Map<string, Atom>): void {
  if (token !== undefined && rules.length === 0) {
    unjudgedToken(token, point);
    return;
  }
  const looking = token === undefined ? [] : rules.filter((rule) => looksAt(rule, token));
  if (token === undefined || looking.length === 0) {
    point.set(dimension.token.key, "none");
    return;
  }
  const accepting = token.genuine ? looking.filter((rule) => accepts(rule, token.claims)) : [];
  point.set(dimension.token.key, accepting.length > 0 ? "valid" : "invalid");
  if (accepting.length === 0) return;
  const spaced = new Set(["scope", "permission", ...accepting.flatMap((rule) => rule.spaceDelimitedClaims)]);
  addClaims(token.claims, [], spaced, point);
}

/** A bearer token that no filter looks at, but an authorizer may. */
function unjudgedToken({ at, claims, genuine }: Token, point: Map<string, Atom>): void {
  const isSent = at.kind === "header" && at.name === "authorization" && /^([^ ]+ )?$/.test(at.prefix ?? "");
  point.set(dimension.token.key, !isSent ? "none" : genuine ? "valid" : "invalid");
  if (!isSent) return;
  if (at.prefix !== BEARER.prefix) point.set(dimension.header("authorization").key, (at.prefix ?? "").trimEnd());
  addClaims(claims, [], new Set(), point);
}

function accepts(rule: JwtRule, claims: JsonObject): boolean {
  if (own(claims, "iss") !== rule.issuer) return false;
  const audiences = elements(own(claims, "aud"));
  return rule.audiences.length === 0 || rule.audiences.some((audience) => audiences.includes(audience));
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The texts of a claim: of a text itself, of a list those of its elements that are texts. */
function elements(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function formOf(names: readonly string[], value: Json): string {
  if (typeof value === "string") return "text";
  if (typeof value === "number") {
    const [name = "", ...rest] = names;
    return rest.length > 0 || !TIMES.has(name) ? "number" : value > NOW ? "future" : "past";
  }
  if (value === null || typeof value === "boolean") return "scalar";
  if (!Array.isArray(value)) return "object";
  return value.every((item) => typeof item === "string") ? "list" : "mixed";
}

function addClaims(
  claims: JsonObject,
  path: readonly string[],
  spaced: ReadonlySet<string>,
  point: Map<string, Atom>,
): void {
  for (const [name, value] of Object.entries(claims)) {
    const names = [...path, name];
    point.set(dimension.claimForm(names).key, formOf(names, value));
    if (path.length === 0 && (name === "iss" || name === "sub")) {
      if (typeof value === "string") point.set(`claim:${name}`, value);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      point.set(dimension.claim([...names, VALUES]).key, elements(Object.values(value)));
      addClaims(value as JsonObject, names, spaced, point);
    } else {
      const split = path.length === 0 && spaced.has(name) && typeof value === "string";
      point.set(dimension.claim(names).key, split ? value.split(" ") : elements(value));
    }
  }
}
