/**
 * One AuthorizationPolicy rule → the requests that it matches. On a TCP port the attributes of HTTP do not exist: an
 * ALLOW rule that names one is dropped whole (it can never match), any other rule forgets the attribute and so matches
 * *more*, which is what makes a DENY on paths deny all of a TCP port.
 */
import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from "../../../cluster/index.js";
import { RequestSet } from "../../space/index.js";
import { attribute, type Surroundings } from "./attributes.js";

interface Test {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

function sourceTests(source: AuthorizationSource): readonly Test[] {
  return [
    { key: "source.principal", values: source.principals, notValues: source.notPrincipals },
    { key: "request.auth.principal", values: source.requestPrincipals, notValues: source.notRequestPrincipals },
    { key: "source.namespace", values: source.namespaces, notValues: source.notNamespaces },
    { key: "source.serviceAccount", values: source.serviceAccounts, notValues: source.notServiceAccounts },
    { key: "source.trustDomain", values: source.trustDomains, notValues: source.notTrustDomains },
    { key: "source.ip", values: source.ipBlocks, notValues: source.notIpBlocks },
    { key: "remote.ip", values: source.remoteIpBlocks, notValues: source.notRemoteIpBlocks },
  ];
}

function operationTests(operation: AuthorizationOperation): readonly Test[] {
  return [
    { key: "host", values: operation.hosts, notValues: operation.notHosts },
    { key: "method", values: operation.methods, notValues: operation.notMethods },
    { key: "path", values: operation.paths, notValues: operation.notPaths },
    { key: "destination.port", values: operation.ports, notValues: operation.notPorts },
  ];
}

/** The requests that a rule matches; undefined when the rule is dropped on this kind of port. */
export function ruleSet(
  rule: AuthorizationRule,
  action: AuthorizationPolicy["action"],
  policyNamespace: string,
  surroundings: Surroundings,
): RequestSet | undefined {
  let dropped = false;
  const testSet = ({ key, values, notValues }: Test): RequestSet => {
    if (values.length === 0 && notValues.length === 0) return RequestSet.full;
    const row = attribute(key, surroundings, policyNamespace);
    if (row === undefined) {
      // The API refuses such a key; istiod, given one, drops the rule.
      dropped = true;
      return RequestSet.empty;
    }
    if (row.httpOnly && surroundings.chain === "tcp") {
      if (action === "ALLOW") dropped = true;
      return RequestSet.full;
    }
    const one = values.length === 0 ? RequestSet.full : row.match(values);
    const none = notValues.length === 0 ? RequestSet.empty : row.match(notValues);
    return one.minus(none);
  };
  const allOf = (tests: readonly Test[]): RequestSet => RequestSet.all(tests.map(testSet));
  const when = allOf(rule.when);
  const from =
    rule.from === undefined ? RequestSet.full : RequestSet.any(rule.from.map((source) => allOf(sourceTests(source))));
  const to = rule.to === undefined ? RequestSet.full : RequestSet.any(rule.to.map((one) => allOf(operationTests(one))));
  return dropped ? undefined : RequestSet.all([when, from, to]);
}

/** The requests that any rule of the policy matches. */
export function policySet(policy: AuthorizationPolicy, surroundings: Surroundings): RequestSet {
  return RequestSet.any(
    policy.rules.flatMap((rule) => ruleSet(rule, policy.action, policy.namespace, surroundings) ?? []),
  );
}

/** A policy that is only tried out: its verdict is counted, not enforced. */
export function isDryRun({ object }: AuthorizationPolicy): boolean {
  return /^(1|t|T|TRUE|true|True)$/.test(object.annotations.get("istio.io/dry-run") ?? "");
}
