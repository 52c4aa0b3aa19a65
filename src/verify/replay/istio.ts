/**
 * The concrete evaluator of Istio's layers: one call, one answer, step by step as the proxies on the way take it. It
 * shares no code with the set-based layers; a witness is only printed when this evaluator gives the same answer.
 */
import type {
  AuthorizationPolicy,
  Cluster,
  JwtRule,
  KubeObject,
  Labels,
  RequestAuthentication,
  Service,
  Sidecar,
} from "../../cluster/index.js";
import type { Json, JsonObject } from "../../documents/index.js";
import type { DecisionPoint } from "../opa/decision-points.js";
import type { Request, Token } from "../request.js";
import { askAuthorizer } from "./authorizer.js";
import { atWaypoint, waypointBefore, ztunnelRules } from "./istio-ambient.js";
import { type Ruling, rule, type Seen } from "./istio-policies.js";
import { captured, type Place, peerMode, proxyBefore, servedBy, spoken, toldTls } from "./istio-wire.js";
import { normalizedPath } from "./match.js";
import { type NetworkBehaviour, packetArrives } from "./network.js";
import { tokenText } from "./token-text.js";
import type { Truth } from "./truth.js";

export interface Call {
  /** undefined: from outside the cluster */
  readonly from: Place | undefined;
  readonly to: Place;
  /** the pod's port */
  readonly port: number;
  /** the Service that is called, by name and port, or the pod's address */
  readonly by: { readonly service: string; readonly port: number } | "address";
  readonly request: Request;
  readonly sourceAddress?: string;
  readonly destinationAddress?: string;
  /** what is on the wire, where that is known from elsewhere; otherwise it is worked out */
  readonly wire?: "mtls" | "plaintext";
}

export interface Decision extends Ruling {
  readonly layer: "mtls" | "authorization" | "jwt" | "http";
  /** the principal that the destination saw, without scheme */
  readonly principal?: string;
}

const allow = (reason: string): Decision => ({ layer: "authorization", outcome: "allow", reason });

export function replayIstio(cluster: Cluster, call: Call): Decision {
  const proxy = proxyBefore(cluster, call.to);
  const wire = call.wire ?? wireOf(cluster, call, proxy);
  if (wire === undefined)
    return { layer: "mtls", outcome: "unknown", reason: "what the client's proxy sends is not known" };
  if (wire === "nothing")
    return { layer: "mtls", outcome: "deny", reason: "the client's proxy has no way to the destination" };
  if (proxy === "none") {
    if (wire === "mtls")
      return { layer: "mtls", outcome: "deny", reason: "the client speaks TLS to a destination without proxy" };
    return allow("no proxy stands before the destination");
  }
  if (proxy === "unknown")
    return { layer: "mtls", outcome: "unknown", reason: "whether a proxy stands before the destination is not known" };
  if (proxy !== "gateway") {
    const refused = proxy === "ztunnel" ? ztunnelWire(cluster, call, wire) : sidecarWire(cluster, call, wire);
    if (refused !== undefined) return refused;
  }
  if (proxy === "ztunnel") return atZtunnel(cluster, call, wire);
  const principal = wire === "mtls" && call.from !== undefined ? identity(cluster, call.from) : undefined;
  return { ...atProxy(cluster, call, proxy, principal), ...(principal === undefined ? {} : { principal }) };
}

function identity({ mesh }: Cluster, { workload, pod }: Place): string {
  return `${mesh.trustDomain}/ns/${workload.namespace}/sa/${pod.serviceAccount}`;
}

function wireOf(cluster: Cluster, call: Call, destination: string): "mtls" | "plaintext" | "nothing" | undefined {
  const { from, to, port, by } = call;
  if (from === undefined) return "plaintext";
  const source = proxyBefore(cluster, from);
  if (source === "none") return "plaintext";
  if (source === "unknown") return undefined;
  if (source === "ztunnel")
    return destination === "ztunnel" ? "mtls" : destination === "none" ? "plaintext" : undefined;
  if (by === "address") {
    const taken = captured(from, "Outbound", port);
    if (taken === undefined) return undefined;
    return !taken || passesUnknown(cluster, from) ? "plaintext" : "nothing";
  }
  const served = servedBy(cluster, to, port).find(
    (one) => `${one.service.name}.${one.service.namespace}` === by.service && one.port.port === by.port,
  );
  if (served === undefined) return "nothing";
  const taken = captured(from, "Outbound", by.port);
  if (taken !== true) return taken === false ? "plaintext" : undefined;
  if (!inRegistry(cluster, from, served.service, by.port))
    return passesUnknown(cluster, from) ? "plaintext" : "nothing";
  const told = toldTls(cluster, from, served.service, by.port);
  if (told === "DISABLE") return "plaintext";
  if (told === "ISTIO_MUTUAL") return "mtls";
  if (told !== "AUTO" || destination === "unknown" || destination === "ztunnel") return undefined;
  if (destination === "none") return "plaintext";
  if (captured(to, "Inbound", port) === false) return undefined;
  const mode = peerMode(cluster, to, port);
  return mode === undefined ? undefined : mode === "DISABLE" ? "plaintext" : "mtls";
}

function sidecarResource(cluster: Cluster, { workload, pod }: Place): Sidecar | undefined {
  const own = cluster.sidecars.filter(({ namespace }) => namespace === workload.namespace);
  const wide = (selector: Labels | undefined) => (selector?.size ?? 0) === 0;
  return (
    own.find(
      ({ selector }) => !wide(selector) && [...(selector ?? [])].every(([key, value]) => pod.labels.get(key) === value),
    ) ??
    own.find(({ selector }) => wide(selector)) ??
    cluster.sidecars.find(({ namespace, selector }) => namespace === cluster.mesh.rootNamespace && wide(selector))
  );
}

/** Whether the client's sidecar lets through what is not in its registry. */
export function passesUnknown(cluster: Cluster, client: Place): boolean {
  return (sidecarResource(cluster, client)?.outboundMode ?? cluster.mesh.outboundMode) === "ALLOW_ANY";
}

function inRegistry(cluster: Cluster, client: Place, service: Service, port: number): boolean {
  return inRegistryOf(
    cluster,
    client,
    `${service.name}.${service.namespace}.svc.cluster.local`,
    service.namespace,
    port,
  );
}

/** Whether the client's Sidecar lets a host of this namespace into its registry. */
export function inRegistryOf(cluster: Cluster, client: Place, host: string, namespace: string, port: number): boolean {
  const egress = sidecarResource(cluster, client)?.egress;
  if (egress === undefined) return true;
  for (const { hosts, port: only } of egress) {
    if (only !== undefined && only !== port) continue;
    for (const written of hosts) {
      const [space, name] = written.includes("/") ? written.split("/", 2) : ["*", written];
      const spaceFits =
        space === "*" || space === namespace || (space === "." && namespace === client.workload.namespace);
      if (spaceFits && (name === "*" || name === host || (name?.startsWith("*") && host.endsWith(name.slice(1)))))
        return true;
    }
  }
  return false;
}

function sidecarWire(cluster: Cluster, { to, port }: Call, wire: "mtls" | "plaintext"): Decision | undefined {
  const taken = captured(to, "Inbound", port);
  if (taken === undefined)
    return { layer: "mtls", outcome: "unknown", reason: "whether the sidecar takes in the port is not known" };
  if (!taken) {
    return wire === "mtls"
      ? { layer: "mtls", outcome: "deny", reason: "the client speaks TLS to a port that the sidecar leaves alone" }
      : allow("the sidecar leaves the port alone");
  }
  const filter = extensionBefore(cluster, to, false);
  if (filter?.kind === "EnvoyFilter") {
    return { layer: "mtls", outcome: "unknown", reason: `EnvoyFilter ${filter.name} is not evaluated`, object: filter };
  }
  return refusedBy(peerMode(cluster, to, port), wire);
}

function ztunnelWire(cluster: Cluster, { to, port }: Call, wire: "mtls" | "plaintext"): Decision | undefined {
  const mode = peerMode(cluster, to, port);
  return mode === "DISABLE" ? undefined : refusedBy(mode, wire);
}

function refusedBy(mode: ReturnType<typeof peerMode>, wire: "mtls" | "plaintext"): Decision | undefined {
  if (mode === undefined)
    return { layer: "mtls", outcome: "unknown", reason: "which PeerAuthentication is older is not known" };
  if (mode === "STRICT" && wire === "plaintext")
    return { layer: "mtls", outcome: "deny", reason: "STRICT refuses plaintext" };
  if (mode === "DISABLE" && wire === "mtls")
    return { layer: "mtls", outcome: "deny", reason: "DISABLE takes no mutual TLS" };
  return undefined;
}

interface Targeted {
  readonly namespace: string;
  readonly selector: Labels | undefined;
  readonly targetRefs: readonly { readonly kind: string; readonly name: string }[];
}

function concerning<P extends Targeted>(
  policies: readonly P[],
  { mesh }: Cluster,
  { workload, pod }: Place,
  edge: boolean,
): readonly P[] {
  return policies.filter(({ namespace, selector, targetRefs }) => {
    if (namespace !== workload.namespace && namespace !== mesh.rootNamespace) return false;
    if (targetRefs.length > 0) {
      const name = pod.labels.get("gateway.networking.k8s.io/gateway-name");
      return (
        edge &&
        namespace === workload.namespace &&
        targetRefs.some((ref) => ref.kind === "Gateway" && ref.name === name)
      );
    }
    return [...(selector ?? [])].every(([key, value]) => pod.labels.get(key) === value);
  });
}

function atZtunnel(cluster: Cluster, call: Call, wire: "mtls" | "plaintext"): Decision {
  const { from, to, port, by } = call;
  const own = concerning(cluster.authorizationPolicies, cluster, to, false);
  const principal = wire === "mtls" && from !== undefined ? identity(cluster, from) : undefined;
  const connected = {
    port,
    sourceAddress: call.sourceAddress,
    destinationAddress: call.destinationAddress,
  };
  const shown = principal === undefined ? {} : { principal };
  const direct = (): Decision => ({ ...asRuled(ztunnelRules(own, { ...connected, principal })), ...shown });
  if (by === "address" || principal === undefined) return direct();
  const served = servedBy(cluster, to, port).find(
    (one) => `${one.service.name}.${one.service.namespace}` === by.service && one.port.port === by.port,
  );
  const waypoint = served === undefined ? undefined : waypointBefore(cluster, served.service);
  if (served === undefined || waypoint === undefined) return direct();
  // A sidecar may or may not go through the waypoint; ztunnel always does.
  if (waypoint === "missing" || from === undefined || proxyBefore(cluster, from) !== "ztunnel") {
    return { layer: "authorization", outcome: "unknown", reason: "whether a waypoint is in the way is not known" };
  }
  const root = cluster.mesh.rootNamespace;
  const seatedThere = <P extends Targeted>(list: readonly P[]) =>
    list.filter((policy) => atWaypoint(policy, waypoint, served.service, root));
  // Before the waypoint the connection is one to the Service, so its port is the Service's.
  const there = ruledBy(cluster, { ...call, port: by.port }, principal, {
    policies: seatedThere(cluster.authorizationPolicies),
    rules: seatedThere(cluster.requestAuthentications).flatMap((one) => one.rules),
    word: spoken(served.port),
    edge: false,
    asks: false,
  });
  if (there.outcome !== "allow") return { ...there, ...shown };
  const relayed = `${cluster.mesh.trustDomain}/ns/${waypoint.namespace}/sa/${waypoint.name}`;
  return { ...asRuled(ztunnelRules(own, { ...connected, principal: relayed })), ...shown };
}

function atProxy(cluster: Cluster, call: Call, proxy: "sidecar" | "gateway", principal: string | undefined): Decision {
  const { to, port } = call;
  const edge = proxy === "gateway";
  const extension = extensionBefore(cluster, to, edge);
  if (extension !== undefined) {
    const reason = `${extension.kind} ${extension.name} is not evaluated`;
    return { layer: "authorization", outcome: "unknown", reason, object: extension };
  }
  const words = new Set(edge ? ["http" as const] : servedBy(cluster, to, port).map((one) => spoken(one.port)));
  if (words.size > 1)
    return { layer: "http", outcome: "unknown", reason: "Services disagree about the port's protocol" };
  const [word = "sniff"] = words;
  const authentications: readonly RequestAuthentication[] = concerning(
    cluster.requestAuthentications,
    cluster,
    to,
    edge,
  );
  return ruledBy(cluster, call, principal, {
    policies: concerning(cluster.authorizationPolicies, cluster, to, edge),
    rules: authentications.flatMap((one) => one.rules),
    word,
    edge,
    asks: true,
  });
}

interface Bench {
  readonly policies: readonly AuthorizationPolicy[];
  readonly rules: readonly JwtRule[];
  readonly word: "http" | "tcp" | "sniff";
  readonly edge: boolean;
  /** its question to an authorizer can be followed */
  readonly asks: boolean;
}

/** One proxy's filters, in their order: HTTP, token, policies. */
function ruledBy(
  cluster: Cluster,
  call: Call,
  principal: string | undefined,
  { policies, rules, word, edge, asks }: Bench,
): Decision {
  const { http } = call.request;
  const asking = (path: string | undefined) => (provider: string) =>
    asks ? asked(cluster, call, principal, path, provider, rules) : undefined;
  if (http === undefined && word === "http") {
    return { layer: "http", outcome: "deny", reason: "the port speaks HTTP, the bytes are something else" };
  }
  if (http === undefined || word === "tcp") {
    const seen = seenAs(call, principal, undefined, undefined, rules, edge);
    return asRuled(rule(policies, seen, cluster.mesh, asking(undefined)));
  }
  const path = normalizedPath(http.target, cluster.mesh.pathNormalization);
  if (path === undefined) return { layer: "http", outcome: "deny", reason: "the proxy refuses the path" };
  const verdict = tokenVerdict(call.request, rules);
  if (verdict === "refused") return { layer: "jwt", outcome: "deny", reason: "no rule accepts the token" };
  const seen = seenAs(call, principal, { ...http, path }, verdict, rules, edge);
  return asRuled(rule(policies, seen, cluster.mesh, asking(path)));
}

/** The proxy's question to an authorizer about the call. */
function asked(
  cluster: Cluster,
  call: Call,
  principal: string | undefined,
  path: string | undefined,
  provider: string,
  rules: readonly JwtRule[],
): Ruling | undefined {
  const { http, token } = call.request;
  if (call.request === QUESTION) return { outcome: "unknown", reason: "an authorizer is asked about the way to one" };
  const headers = new Map(http?.headers);
  if (token?.at.kind === "header") headers.set(token.at.name, `${token.at.prefix ?? ""}${tokenText(token)}`);
  // A filter may take the token off before the question or after it, or look for one in another place.
  const moved = ({ forwardOriginalToken, fromHeaders, fromParams, fromCookies }: JwtRule): boolean =>
    !forwardOriginalToken || fromHeaders.length + fromParams.length + fromCookies.length > 0;
  if (token !== undefined && rules.some(moved)) {
    return { outcome: "unknown", reason: "whether the authorizer still sees the token is not known" };
  }
  const checked = {
    principal: principal === undefined ? undefined : `spiffe://${principal}`,
    destinationPrincipal: `spiffe://${identity(cluster, call.to)}`,
    port: call.port,
    http: http === undefined || path === undefined ? undefined : { ...http, headers, path },
    written: rules.flatMap((one) => [
      ...(one.outputPayloadToHeader === undefined ? [] : [one.outputPayloadToHeader.toLowerCase()]),
      ...one.outputClaimToHeaders.map(({ header }) => header.toLowerCase()),
    ]),
  };
  return askAuthorizer(cluster, provider, checked, (point) => questionArrives(cluster, call.to, point));
}

const QUESTION: Request = {
  http: {
    method: "POST",
    target: "/envoy.service.auth.v3.Authorization/Check",
    host: "authorizer",
    headers: new Map([["content-type", "application/grpc"]]),
  },
  token: undefined,
};

const BEHAVIOURS: readonly NetworkBehaviour[] = [true, false].flatMap((blocksMatchPods) =>
  [true, false].map((hostPodsArePods) => ({ blocksMatchPods, hostPodsArePods })),
);

function questionArrives(cluster: Cluster, from: Place, { workload, pod, port }: DecisionPoint): Truth {
  const packet = { from, to: { workload, pod }, protocol: "TCP", port } as const;
  const arrivals = new Set(BEHAVIOURS.map((behaviour) => packetArrives(cluster, packet, behaviour)));
  if (!arrivals.has(true)) return false;
  const served = servedBy(cluster, { workload, pod }, port)[0];
  const by =
    served === undefined
      ? ("address" as const)
      : { service: `${served.service.name}.${served.service.namespace}`, port: served.port.port };
  const { outcome } = replayIstio(cluster, { from, to: { workload, pod }, port, by, request: QUESTION });
  if (outcome === "deny") return false;
  return outcome === "allow" && !arrivals.has(false) ? true : undefined;
}

const asRuled = (ruling: Ruling): Decision => ({ layer: "authorization", ...ruling });

function extensionBefore(cluster: Cluster, { workload, pod }: Place, edge: boolean): KubeObject | undefined {
  return cluster.objects.find((object) => {
    const filter = object.kind === "EnvoyFilter" && object.group === "networking.istio.io";
    const plugin = object.kind === "WasmPlugin" && object.group === "extensions.istio.io";
    if (!filter && !plugin) return false;
    if (object.namespace !== workload.namespace && object.namespace !== cluster.mesh.rootNamespace) return false;
    const spec = (object.origin.value as { spec?: Record<string, unknown> } | null)?.spec ?? {};
    const wanted =
      (spec.workloadSelector as { labels?: object } | undefined)?.labels ??
      (spec.selector as { matchLabels?: object } | undefined)?.matchLabels;
    if (spec.targetRefs !== undefined || spec.targetRef !== undefined) return edge;
    if (!Object.entries(wanted ?? {}).every(([key, value]) => pod.labels.get(key) === String(value))) return false;
    if (plugin) return true;
    const patches = (spec.configPatches as { match?: { context?: string } }[] | undefined) ?? [{}];
    return patches.some((patch) =>
      ["ANY", edge ? "GATEWAY" : "SIDECAR_INBOUND"].includes(patch.match?.context ?? "ANY"),
    );
  });
}

type Verdict = Token | "refused" | undefined;

/** The token whose claims the policies see, or that the request is refused for its token. */
function tokenVerdict({ http, token }: Request, rules: readonly JwtRule[]): Verdict {
  if (http?.method === "OPTIONS" && http.headers.get("origin") && http.headers.get("access-control-request-method"))
    return undefined;
  if (token === undefined) return undefined;
  const reading = rules.filter((one) => reads(one, token));
  if (reading.length === 0) return undefined;
  const taken = reading.some(
    ({ issuer, audiences }) =>
      token.genuine &&
      token.claims.iss === issuer &&
      (audiences.length === 0 || texts(token.claims.aud).some((audience) => audiences.includes(audience))),
  );
  return taken ? token : "refused";
}

function reads({ fromHeaders, fromParams, fromCookies }: JwtRule, { at }: Token): boolean {
  if (fromHeaders.length + fromParams.length + fromCookies.length === 0) {
    return at.kind === "header"
      ? /^authorization$/i.test(at.name) && at.prefix === "Bearer "
      : at.kind === "param" && at.name === "access_token";
  }
  if (at.kind === "param") return fromParams.includes(at.name);
  if (at.kind === "cookie") return fromCookies.includes(at.name);
  return fromHeaders.some(
    ({ name, prefix }) => name.toLowerCase() === at.name.toLowerCase() && (prefix ?? "") === (at.prefix ?? ""),
  );
}

function texts(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.flatMap((item: Json) => (typeof item === "string" ? [item] : [])) : [];
}

/** Set, stripped or rewritten on the way, so that what a client sends there is not what a policy tests. */
const ON_THE_WAY = [
  /^x-envoy-/,
  /^x-forwarded-/,
  /^x-b3-/,
  /^(b3|x-request-id|traceparent|tracestate|te|connection|:path|:scheme)$/,
];

function seenAs(
  call: Call,
  principal: string | undefined,
  http: Seen["http"],
  token: Token | undefined,
  rules: readonly JwtRule[],
  edge: boolean,
): Seen {
  const written = rules.flatMap((one) => [
    one.outputPayloadToHeader ?? "",
    ...one.outputClaimToHeaders.map(({ header }) => header),
    ...(one.fromHeaders.length > 0
      ? one.fromHeaders.map(({ name }) => name)
      : one.fromParams.length + one.fromCookies.length > 0
        ? []
        : ["authorization"]),
  ]);
  const forwarded = http?.headers.get("x-forwarded-for")?.split(",").pop()?.trim();
  const spaced = new Set([
    "scope",
    "permission",
    ...rules.filter((one) => one.issuer === token?.claims.iss).flatMap((one) => one.spaceDelimitedClaims),
  ]);
  return {
    http,
    principal: principal === undefined ? undefined : `spiffe://${principal}`,
    port: call.port,
    sourceAddress: call.sourceAddress,
    remoteAddress: edge || http === undefined ? call.sourceAddress : (forwarded ?? call.sourceAddress),
    destinationAddress: call.destinationAddress,
    // Without TLS there is no server name; bytes that are not HTTP may be TLS of the client's own.
    sni: principal === undefined && call.request.http !== undefined ? null : undefined,
    claim: (names) => claimTexts(token?.claims, names, spaced),
    rewritten: (name) =>
      ON_THE_WAY.some((form) => form.test(name)) || written.some((one) => one.toLowerCase() === name),
  };
}

function claimTexts(
  claims: JsonObject | undefined,
  names: readonly string[],
  spaced: ReadonlySet<string>,
): readonly string[] {
  let at: Json | undefined = claims;
  for (const name of names) {
    if (typeof at !== "object" || at === null || Array.isArray(at) || !Object.hasOwn(at, name)) return [];
    at = (at as JsonObject)[name];
  }
  if (names.length === 1 && typeof at === "string" && spaced.has(names[0] ?? "")) return at.split(" ");
  const single = names.length === 1 && (names[0] === "iss" || names[0] === "sub");
  return single && typeof at !== "string" ? [] : texts(at);
}
