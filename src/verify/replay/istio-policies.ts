/** AuthorizationPolicies against one concrete request, rule by rule, field by field. */
import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  KubeObject,
  MeshConfig,
} from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import {
  addressMatches,
  headerMatches,
  hostMatches,
  namespaceMatches,
  pathMatches,
  serviceAccountMatches,
  textMatches,
  trustDomainMatches,
} from "./match.js";
import { both, either, not, type Truth } from "./truth.js";

/** The request as the proxy that enforces the policies sees it. */
export interface Seen {
  /** undefined on a TCP port, or when the bytes are not HTTP */
  readonly http: (HttpRequest & { readonly path: string }) | undefined;
  /** the SPIFFE URI; undefined for plaintext */
  readonly principal: string | undefined;
  readonly port: number;
  readonly sourceAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly destinationAddress: string | undefined;
  /** undefined: cannot be told; null: none was sent */
  readonly sni: string | null | undefined;
  /** claims of an accepted token, by the names that lead there */
  readonly claim: (names: readonly string[]) => readonly string[];
  /** headers (lower case) that something on the way sets, so that the client's value is not what is tested */
  readonly rewritten: (name: string) => boolean;
}

export interface Ruling {
  readonly outcome: "allow" | "deny" | "unknown";
  readonly reason: string;
  readonly object?: KubeObject;
}

/**
 * CUSTOM, then DENY, then ALLOW.
 * @param ask what an authorizer answers; undefined where that is not known
 */
export function rule(
  policies: readonly AuthorizationPolicy[],
  seen: Seen,
  mesh: MeshConfig,
  ask: (provider: string) => Ruling | undefined = () => undefined,
): Ruling {
  const live = policies.filter(({ object }) => !/^(1|t|true)$/i.test(object.annotations.get("istio.io/dry-run") ?? ""));
  let undecided: Ruling | undefined;
  for (const policy of live.filter(({ action }) => action === "CUSTOM")) {
    const matched = policyMatches(policy, seen, mesh);
    if (matched === false) continue;
    const provider = mesh.extensionProviders.find(({ name }) => name === policy.provider)?.externalAuthorization;
    if (mesh.declared && provider === undefined) {
      const ruling = named("deny", policy, `asks \`${policy.provider}\`, which the mesh does not have`);
      if (matched === true) return ruling;
      undecided = named("unknown", policy, "may match");
    } else if (seen.http !== undefined || provider?.protocol !== "http") {
      const answer = ask(policy.provider ?? "");
      if (answer?.outcome === "allow") continue;
      if (answer?.outcome === "deny" && matched === true) return answer;
      if (answer?.outcome === "unknown") {
        undecided = answer;
        continue;
      }
      undecided = named("unknown", policy, `asks \`${policy.provider}\`, whose answer is not known here`);
    }
  }
  for (const policy of live.filter(({ action }) => action === "DENY")) {
    const matched = policyMatches(policy, seen, mesh);
    if (matched === true) return named("deny", policy, "matches");
    if (matched === undefined) undecided = named("unknown", policy, "may match");
  }
  const allowing = live.filter(({ action }) => action === "ALLOW");
  const matches = allowing.map((policy) => policyMatches(policy, seen, mesh));
  const matched = allowing.length === 0 ? true : either(matches);
  if (matched === false) return { outcome: "deny", reason: `none of the ${allowing.length} ALLOW policies matches` };
  if (undecided !== undefined) return undecided;
  if (matched === undefined) return { outcome: "unknown", reason: "an ALLOW policy may match" };
  const policy = allowing[matches.indexOf(true)];
  return policy === undefined
    ? { outcome: "allow", reason: "no policy stands against it" }
    : named("allow", policy, "matches");
}

function named(outcome: Ruling["outcome"], { object, action }: AuthorizationPolicy, what: string): Ruling {
  return { outcome, reason: `${action} policy ${object.namespace}/${object.name} ${what}`, object };
}

function policyMatches(policy: AuthorizationPolicy, seen: Seen, mesh: MeshConfig): Truth {
  return either(policy.rules.map((one) => ruleMatches(one, policy, seen, mesh)));
}

/** Thrown while an ALLOW rule is tested that names an HTTP attribute where there is no HTTP. */
class NoHttp extends Error {}

function ruleMatches(one: AuthorizationRule, policy: AuthorizationPolicy, seen: Seen, mesh: MeshConfig): Truth {
  const at = { policy, seen, mesh };
  try {
    // Every part is tested, so that an attribute that does not exist drops the rule wherever it stands.
    const from = one.from?.map((source) => sourceMatches(source, at));
    const to = one.to?.map((operation) => operationMatches(operation, at));
    const when = one.when.map((condition) => conditionMatches(condition, at));
    return both([from === undefined ? true : either(from), to === undefined ? true : either(to), ...when]);
  } catch (error) {
    if (error instanceof NoHttp) return false;
    throw error;
  }
}

interface Place {
  readonly policy: AuthorizationPolicy;
  readonly seen: Seen;
  readonly mesh: MeshConfig;
}

type Field = readonly [values: readonly string[], notValues: readonly string[], test: (value: string) => Truth];

function fieldsMatch(fields: readonly Field[]): Truth {
  return both(
    fields.map(([values, notValues, test]) =>
      both([values.length === 0 ? true : either(values.map(test)), not(either(notValues.map(test)))]),
    ),
  );
}

/** A field of HTTP on a port without: it drops an ALLOW rule, and is left out of any other. */
function ofHttp([values, notValues, test]: Field, { seen, policy }: Place): Field {
  if (seen.http !== undefined || values.length + notValues.length === 0) return [values, notValues, test];
  if (policy.action === "ALLOW") throw new NoHttp();
  return [[], [], test];
}

function sourceMatches(source: AuthorizationSource, at: Place): Truth {
  const { seen, policy } = at;
  return fieldsMatch([
    [source.principals, source.notPrincipals, (value) => principalMatches(value, at)],
    ofHttp(
      [source.requestPrincipals, source.notRequestPrincipals, (value) => requestPrincipalMatches(value, seen)],
      at,
    ),
    [source.namespaces, source.notNamespaces, (value) => onUri(seen, (uri) => namespaceMatches(value, uri))],
    [
      source.serviceAccounts,
      source.notServiceAccounts,
      (value) => onUri(seen, (uri) => serviceAccountMatches(value, policy.namespace, uri)),
    ],
    [source.trustDomains, source.notTrustDomains, (value) => trustDomain(value, at)],
    [source.ipBlocks, source.notIpBlocks, (value) => onAddress(seen.sourceAddress, value)],
    [source.remoteIpBlocks, source.notRemoteIpBlocks, (value) => onAddress(seen.remoteAddress, value)],
  ]);
}

function operationMatches(operation: AuthorizationOperation, at: Place): Truth {
  const { http, port } = at.seen;
  return fieldsMatch([
    ofHttp([operation.hosts, operation.notHosts, (value) => hostMatches(value, http?.host ?? "")], at),
    ofHttp([operation.methods, operation.notMethods, (value) => headerMatches(value, http?.method)], at),
    ofHttp([operation.paths, operation.notPaths, (value) => pathMatches(value, http?.path ?? "")], at),
    [operation.ports, operation.notPorts, (value) => Number(value) === port],
  ]);
}

function conditionMatches({ key, values, notValues }: AuthorizationCondition, at: Place): Truth {
  const { seen } = at;
  const l4 = (test: (value: string) => Truth): Truth => fieldsMatch([[values, notValues, test]]);
  const l7 = (test: (value: string) => Truth): Truth => fieldsMatch([ofHttp([values, notValues, test], at)]);
  const anyElement = (names: readonly string[]) => (value: string) =>
    seen.claim(names).some((text) => textMatches(value, text));
  switch (key) {
    case "source.ip":
      return l4((value) => onAddress(seen.sourceAddress, value));
    case "remote.ip":
      return l4((value) => onAddress(seen.remoteAddress, value));
    case "source.namespace":
      return l4((value) => onUri(seen, (uri) => namespaceMatches(value, uri)));
    case "source.serviceAccount":
      return l4((value) => onUri(seen, (uri) => serviceAccountMatches(value, at.policy.namespace, uri)));
    case "source.principal":
      return l4((value) => principalMatches(value, at));
    case "source.trustDomain":
      return l4((value) => trustDomain(value, at));
    case "request.auth.principal":
      return l7((value) => requestPrincipalMatches(value, seen));
    case "request.auth.audiences":
      return l7(anyElement(["aud"]));
    case "request.auth.presenter":
      return l7(anyElement(["azp"]));
    case "destination.ip":
      return l4((value) => onAddress(seen.destinationAddress, value));
    case "destination.port":
      return l4((value) => Number(value) === seen.port);
    case "connection.sni":
      return l4((value) => (seen.sni === undefined ? undefined : seen.sni !== null && textMatches(value, seen.sni)));
  }
  if (key.startsWith("request.headers["))
    return l7((value) => header(key.slice("request.headers[".length, -1), value, seen));
  if (key.startsWith("request.auth.claims["))
    return l7(anyElement(key.slice("request.auth.claims[".length, -1).split("][")));
  return key.startsWith("experimental.") ? l4(() => undefined) : false;
}

function header(name: string, value: string, { http, rewritten }: Seen): Truth {
  const lower = name.toLowerCase();
  if (lower === ":method") return headerMatches(value, http?.method);
  if (lower === ":authority" || lower === "host") return headerMatches(value, http?.host);
  return rewritten(lower) ? undefined : headerMatches(value, http?.headers.get(lower));
}

function onUri({ principal }: Seen, test: (uri: string) => boolean): boolean {
  return principal !== undefined && test(principal);
}

function onAddress(address: string | undefined, wanted: string): Truth {
  return address === undefined ? undefined : addressMatches(wanted, address);
}

function domainsOf({ trustDomain: own, trustDomainAliases }: MeshConfig): readonly string[] {
  return [own, ...trustDomainAliases];
}

/** A principal of the mesh's own domain (or `cluster.local`) also stands for the same name in every alias. */
function principalMatches(value: string, { seen, mesh }: Place): boolean {
  const { principal } = seen;
  if (principal === undefined) return false;
  if (uriMatches(value, principal)) {
    // `cluster.local` is only a pointer: where the mesh has another name, it does not stand for itself.
    const isPointer = value.split("/").length === 5 && value.startsWith("cluster.local/");
    return !isPointer || domainsOf(mesh).includes("cluster.local");
  }
  const parts = value.split("/");
  const domain = parts[0] ?? "";
  if (parts.length !== 5 || domain === "*") return false;
  const domains = domainsOf(mesh);
  const known =
    domain === "cluster.local" || domains.some((one) => textMatches(domain, one) || textMatches(one, domain));
  return known && domains.some((one) => uriMatches([one, ...parts.slice(1)].join("/"), principal));
}

function uriMatches(value: string, uri: string): boolean {
  if (value === "*") return uri !== "";
  const scheme = "spiffe://";
  return uri.startsWith(scheme) && textMatches(value, uri.slice(scheme.length));
}

function trustDomain(value: string, { seen, mesh }: Place): boolean {
  const domains = domainsOf(mesh);
  const wanted = domains.includes(value) ? domains : [value];
  return onUri(seen, (uri) => wanted.some((one) => trustDomainMatches(one, uri)));
}

function requestPrincipalMatches(value: string, seen: Seen): boolean {
  const [iss, sub] = [seen.claim(["iss"])[0], seen.claim(["sub"])[0]];
  if (iss === undefined || sub === undefined) return false;
  const slash = value.lastIndexOf("/");
  const [left, right] = slash < 0 ? [value, ""] : [value.slice(0, slash), value.slice(slash + 1)];
  if (value === "*") return iss !== "" && sub !== "";
  if (value.startsWith("*"))
    return slash < 0 ? iss !== "" && textMatches(value, sub) : textMatches(left, iss) && sub === right;
  if (value.endsWith("*"))
    return slash < 0 ? textMatches(value, iss) && textMatches("*", sub) : iss === left && textMatches(right, sub);
  return iss === left && sub === right;
}
