/**
 * AuthorizationPolicy in ambient mode without a waypoint: ztunnel sees connections, not requests. An ALLOW rule with an
 * attribute of HTTP is left out. In a DENY rule the attribute is left out, and a source, operation or condition of which
 * nothing remains matches *nothing*: such a rule denies nothing at all.
 */
import type { AuthorizationCondition, AuthorizationPolicy, AuthorizationRule } from "../../../cluster/index.js";
import { patternRegex } from "../../istio/patterns.js";
import { addressBlock, dimension, Language, Ranges, RequestSet, regex, Text } from "../../space/index.js";
import { isDryRun } from "./rules.js";

const { anything, literal, notClass, sequence, star } = regex;
const SCHEME = literal("spiffe://");
const part = star(notClass([[0x2f, 0x2f]]));

const inPrincipal = (language: Language): RequestSet => RequestSet.where(dimension.principal, Text.of(language));

/** The identity without its scheme: a presence, prefix, suffix or exact match. */
function principal(value: string): RequestSet {
  if (value === "*") return inPrincipal(Language.allBut(""));
  if (!value.includes("*")) return inPrincipal(Language.only(`spiffe://${value}`));
  return inPrincipal(Language.matching(sequence(SCHEME, patternRegex(value))));
}

/** Here the namespace is a part of its own, matched as a whole. */
function namespace(value: string): RequestSet {
  const shape = sequence(SCHEME, part, literal("/ns/"), part, literal("/sa/"), anything);
  const named = sequence(SCHEME, part, literal("/ns/"), patternRegex(value), literal("/sa/"), anything);
  return inPrincipal(Language.matching(shape).intersect(Language.matching(named)));
}

function serviceAccount(value: string, own: string): RequestSet {
  const slash = value.indexOf("/");
  const [where, name] = slash === -1 ? [own, value] : [value.slice(0, slash), value.slice(slash + 1)];
  return inPrincipal(Language.matching(sequence(SCHEME, part, literal(`/ns/${where}/sa/${name}`))));
}

const address = (into: dimension.Dimension<Ranges>) => (value: string) =>
  RequestSet.where(into, addressBlock(value) ?? Ranges.of([]));
const port = (value: string): RequestSet => RequestSet.where(dimension.port, Ranges.only(BigInt(value)));

interface Field {
  readonly values: readonly string[];
  readonly notValues: readonly string[];
  readonly match: (value: string) => RequestSet;
}

/** All fields that are set must hold; a match in which none is set matches nothing. */
function matchOf(fields: readonly Field[]): RequestSet {
  const set = fields.filter(({ values, notValues }) => values.length + notValues.length > 0);
  if (set.length === 0) return RequestSet.empty;
  return RequestSet.all(
    set.map(({ values, notValues, match }) => {
      const one = values.length === 0 ? RequestSet.full : RequestSet.any(values.map(match));
      return one.minus(RequestSet.any(notValues.map(match)));
    }),
  );
}

function conditionField({ key, values, notValues }: AuthorizationCondition): Field | undefined {
  const match = CONDITIONS.get(key);
  return match === undefined ? undefined : { values, notValues, match };
}

const CONDITIONS: ReadonlyMap<string, (value: string) => RequestSet> = new Map([
  ["source.ip", address(dimension.sourceIp)],
  ["source.namespace", namespace],
  ["source.principal", principal],
  ["destination.ip", address(dimension.destinationIp)],
  ["destination.port", port],
]);

function usesHttp({ from, to, when }: AuthorizationRule): boolean {
  return (
    (from ?? []).some((source) =>
      [
        source.requestPrincipals,
        source.notRequestPrincipals,
        source.remoteIpBlocks,
        source.notRemoteIpBlocks,
        source.trustDomains,
        source.notTrustDomains,
      ].some((list) => list.length > 0),
    ) ||
    (to ?? []).some((operation) =>
      [
        operation.hosts,
        operation.notHosts,
        operation.methods,
        operation.notMethods,
        operation.paths,
        operation.notPaths,
      ].some((list) => list.length > 0),
    ) ||
    when.some(({ key }) => !CONDITIONS.has(key))
  );
}

function ruleSet(rule: AuthorizationRule, policy: AuthorizationPolicy): RequestSet {
  if (policy.action === "ALLOW" && usesHttp(rule)) return RequestSet.empty;
  const clauses: RequestSet[] = [];
  if (rule.to !== undefined) {
    clauses.push(
      RequestSet.any(
        rule.to.map(({ ports, notPorts }) => matchOf([{ values: ports, notValues: notPorts, match: port }])),
      ),
    );
  }
  if (rule.from !== undefined) {
    clauses.push(
      RequestSet.any(
        rule.from.map((source) =>
          matchOf([
            { values: source.principals, notValues: source.notPrincipals, match: principal },
            { values: source.namespaces, notValues: source.notNamespaces, match: namespace },
            {
              values: source.serviceAccounts,
              notValues: source.notServiceAccounts,
              match: (value) => serviceAccount(value, policy.namespace),
            },
            { values: source.ipBlocks, notValues: source.notIpBlocks, match: address(dimension.sourceIp) },
          ]),
        ),
      ),
    );
  }
  for (const condition of rule.when)
    clauses.push(matchOf([conditionField(condition)].filter((one) => one !== undefined)));
  return RequestSet.all(clauses);
}

/** The connections that ztunnel lets through to a pod with these policies. CUSTOM and AUDIT are not supported there. */
export function ztunnelSet(policies: readonly AuthorizationPolicy[]): RequestSet {
  const enforced = policies.filter((policy) => !isDryRun(policy) && policy.targetRefs.length === 0);
  const matched = (action: "ALLOW" | "DENY") =>
    RequestSet.any(
      enforced
        .filter((policy) => policy.action === action)
        .flatMap((policy) => policy.rules.map((rule) => ruleSet(rule, policy))),
    );
  const allowed = enforced.some(({ action }) => action === "ALLOW") ? matched("ALLOW") : RequestSet.full;
  return allowed.minus(matched("DENY"));
}
