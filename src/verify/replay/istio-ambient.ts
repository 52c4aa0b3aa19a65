/** Ambient mode for one concrete connection: what ztunnel makes of the policies, and which waypoint stands before. */
import type { AuthorizationPolicy, AuthorizationRule, Cluster, Gateway, Service } from "../../cluster/index.js";
import type { Ruling } from "./istio-policies.js";
import { addressMatches, textMatches } from "./match.js";
import { both, either, not, type Truth } from "./truth.js";

export interface Connected {
  /** without scheme; undefined for plaintext */
  readonly principal: string | undefined;
  readonly port: number;
  readonly sourceAddress: string | undefined;
  readonly destinationAddress: string | undefined;
}

/** DENY, then ALLOW; everything else is none of ztunnel's business. */
export function ztunnelRules(policies: readonly AuthorizationPolicy[], connected: Connected): Ruling {
  const live = policies.filter(
    ({ object, targetRefs }) =>
      targetRefs.length === 0 && !/^(1|t|true)$/i.test(object.annotations.get("istio.io/dry-run") ?? ""),
  );
  const matched = (action: string): Truth =>
    either(
      live
        .filter((one) => one.action === action)
        .flatMap((one) => one.rules.map((rule) => ruleMatches(rule, one, connected))),
    );
  const denied = matched("DENY");
  if (denied === true) return { outcome: "deny", reason: "a DENY policy matches at the ztunnel" };
  const allowed = live.some(({ action }) => action === "ALLOW") ? matched("ALLOW") : true;
  if (allowed === false) return { outcome: "deny", reason: "no ALLOW policy matches at the ztunnel" };
  if (denied === undefined || allowed === undefined)
    return { outcome: "unknown", reason: "a policy may match at the ztunnel" };
  return { outcome: "allow", reason: "the ztunnel lets it through" };
}

type Test = readonly [values: readonly string[], notValues: readonly string[], test: (value: string) => Truth];

/** INVARIANT: a part of which nothing can be tested here matches nothing. */
function partMatches(tests: readonly Test[]): Truth {
  const given = tests.filter(([values, notValues]) => values.length + notValues.length > 0);
  if (given.length === 0) return false;
  return both(
    given.map(([values, notValues, test]) =>
      both([values.length === 0 || either(values.map(test)), not(either(notValues.map(test)))]),
    ),
  );
}

const L4_CONDITIONS = new Set([
  "source.ip",
  "source.namespace",
  "source.principal",
  "destination.ip",
  "destination.port",
]);

function ruleMatches(
  { from, to, when }: AuthorizationRule,
  { action, namespace }: AuthorizationPolicy,
  at: Connected,
): Truth {
  const parsed = /^([^/]*)\/ns\/([^/]*)\/sa\/(.*)$/s.exec(at.principal ?? "");
  const source = (value: string): Truth =>
    at.sourceAddress === undefined ? undefined : addressMatches(value, at.sourceAddress);
  const target = (value: string): Truth =>
    at.destinationAddress === undefined ? undefined : addressMatches(value, at.destinationAddress);
  const isPort = (value: string): Truth => Number(value) === at.port;
  const isNamespace = (value: string): Truth =>
    parsed !== null && (value === "*" ? parsed[2] !== "" : textMatches(value, parsed[2] ?? ""));
  const isPrincipal = (value: string): Truth => at.principal !== undefined && textMatches(value, at.principal);
  const isAccount = (value: string): Truth => {
    const parts = value.split("/");
    const [space, name] = parts.length === 1 ? [namespace, value] : [parts[0], parts.slice(1).join("/")];
    return parsed !== null && parsed[2] === space && parsed[3] === name;
  };
  if (action === "ALLOW" && needsHttp({ from, to, when })) return false;
  const clauses: Truth[] = [];
  if (to !== undefined) clauses.push(either(to.map(({ ports, notPorts }) => partMatches([[ports, notPorts, isPort]]))));
  if (from !== undefined) {
    const sources = from.map((one) =>
      partMatches([
        [one.principals, one.notPrincipals, isPrincipal],
        [one.namespaces, one.notNamespaces, isNamespace],
        [one.serviceAccounts, one.notServiceAccounts, isAccount],
        [one.ipBlocks, one.notIpBlocks, source],
      ]),
    );
    clauses.push(either(sources));
  }
  const tests: Record<string, (value: string) => Truth> = {
    "source.ip": source,
    "source.namespace": isNamespace,
    "source.principal": isPrincipal,
    "destination.ip": target,
    "destination.port": isPort,
  };
  for (const { key, values, notValues } of when) {
    const test = L4_CONDITIONS.has(key) ? tests[key] : undefined;
    clauses.push(test === undefined ? false : partMatches([[values, notValues, test]]));
  }
  return both(clauses);
}

function needsHttp({ from, to, when }: AuthorizationRule): boolean {
  const http = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"] as const;
  const tokens = [
    "requestPrincipals",
    "notRequestPrincipals",
    "remoteIpBlocks",
    "notRemoteIpBlocks",
    "trustDomains",
    "notTrustDomains",
  ] as const;
  return (
    (to ?? []).some((one) => http.some((field) => one[field].length > 0)) ||
    (from ?? []).some((one) => tokens.some((field) => one[field].length > 0)) ||
    when.some(({ key }) => !L4_CONDITIONS.has(key))
  );
}

/** The waypoint before a Service: `undefined` when it has none, `missing` when no manifest declares the one that it names. */
export function waypointBefore(cluster: Cluster, service: Service): Gateway | "missing" | undefined {
  const space = cluster.namespaces.get(service.namespace);
  const labels = service.object.labels.has("istio.io/use-waypoint") ? service.object.labels : space?.labels;
  const name = labels?.get("istio.io/use-waypoint");
  if (name === undefined || name === "none") return undefined;
  const where = labels?.get("istio.io/use-waypoint-namespace") ?? service.namespace;
  return (
    cluster.gateways.find(
      (one) => one.className === "istio-waypoint" && one.name === name && one.namespace === where,
    ) ?? "missing"
  );
}

/** Whether a policy is enforced by this waypoint for this Service. */
export function atWaypoint(
  policy: {
    readonly namespace: string;
    readonly targetRefs: readonly { readonly kind: string; readonly name: string }[];
  },
  gateway: Gateway,
  service: Service,
  rootNamespace: string,
): boolean {
  return policy.targetRefs.some(({ kind, name }) => {
    if (kind === "GatewayClass") return policy.namespace === rootNamespace && name === "istio-waypoint";
    const target = kind === "Gateway" ? gateway : kind === "Service" ? service : undefined;
    return target !== undefined && policy.namespace === target.namespace && name === target.name;
  });
}
