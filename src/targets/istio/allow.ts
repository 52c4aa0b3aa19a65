/**
 * What an ALLOW policy says for one rule of ours. An ALLOW rule with request attributes never matches a plain
 * connection, and one without them matches both, so a rule about connections names the caller and the port alone.
 */
import type { IdentityProvider, Operation, Policy, Rule } from "../../policy/index.js";
import { isRestricted, tokenIssuers } from "../demand.js";
import { gatewayPrincipal } from "../gateway-peer.js";
import { seesRequests, shapeOf, workloadNamed } from "../shape.js";
import type { Value, ValueMap } from "../yaml.js";
import { claimKey, hostsOf, literal, pathOf } from "./match.js";

/** What the place of a policy adds to each of its rules. */
export interface Place {
  /** the destination's port as this place sees it; undefined where the place itself is the port's */
  readonly port: number | undefined;
  /** the name in the TLS greeting, at a gateway that serves several hosts */
  readonly sni?: string;
  /** the host that requests must be for, unless the operation names hosts */
  readonly host?: string;
}

/** The principals that a rule lets in. */
export function principalsOf(policy: Policy, rule: Rule): readonly string[] {
  if (rule.from.kind === "users") return [gatewayPrincipal(policy)];
  return [workloadNamed(shapeOf(policy), rule.from.name).principal];
}

/** Rules of an AuthorizationPolicy: one for each group of operations that ask for the same roles. */
export function allowRules(policy: Policy, rule: Rule, place: Place): ValueMap[] {
  const principals = principalsOf(policy, rule);
  if (
    !seesRequests(rule) ||
    (!isRestricted(rule) && tokenIssuers(policy, rule).length === 0 && place.host === undefined)
  ) {
    const ports = place.port === undefined ? undefined : [String(place.port)];
    return [
      {
        from: [{ source: { principals } }],
        to: ports === undefined ? undefined : [{ operation: { ports } }],
        when: sniCondition(place),
      },
    ];
  }
  const groups = new Map<string, Operation[]>();
  for (const operation of rule.operations) {
    const key = JSON.stringify([operation.roles, operation.identity ?? ""]);
    groups.set(key, [...(groups.get(key) ?? []), operation]);
  }
  return [...groups.values()].map((operations) => requestRule(policy, rule, operations, place));
}

/** @param operations never empty; all ask for the same roles */
function requestRule(policy: Policy, rule: Rule, operations: readonly Operation[], place: Place): ValueMap {
  const first = operations[0] as Operation;
  const provider = providerOf(policy, rule, first);
  const to = operations.map((operation) => operationOf(rule, operation, place));
  const open = to.some((operation) => Object.values(operation).every((value) => value === undefined));
  const when = [
    ...(provider === undefined ? [] : tokenConditions(policy, provider, first)),
    ...(sniCondition(place) ?? []),
  ];
  return {
    from: [
      {
        source: {
          principals: principalsOf(policy, rule),
          // RequestAuthentication refuses a bad token and lets through a request without one: this requires it.
          requestPrincipals: provider === undefined ? undefined : [`${provider.issuer}/*`],
        },
      },
    ],
    to: open ? undefined : to.map((operation) => ({ operation })),
    when: when.length === 0 ? undefined : when,
  };
}

function operationOf(rule: Rule, { methods, paths, hosts }: Operation, place: Place): ValueMap {
  const named = hosts === "any" ? (place.host === undefined ? undefined : [place.host]) : hosts;
  return {
    hosts: named === undefined ? undefined : hostsOf(named, rule.port.port),
    ports: place.port === undefined ? undefined : [String(place.port)],
    methods: methods === "any" ? undefined : methods,
    paths: paths === "any" ? undefined : [...new Set(paths.map(pathOf))],
  };
}

/** The identity provider whose token this operation asks for; undefined: it asks for none. */
export function providerOf(policy: Policy, rule: Rule, operation: Operation): IdentityProvider | undefined {
  const name = operation.roles === "none" ? tokenIssuers(policy, rule)[0] : operation.identity;
  if (name === undefined) {
    if (operation.roles === "none") return undefined;
    throw new Error(`rule ${rule.id} asks for roles of no identity provider`);
  }
  const provider = policy.identities.find((candidate) => candidate.name === name);
  if (provider === undefined) throw new Error(`rule ${rule.id} names the unknown identity provider ${name}`);
  return provider;
}

function tokenConditions(policy: Policy, provider: IdentityProvider, operation: Operation): Value[] {
  const conditions: Value[] = [
    // `requestPrincipals` ends in `*`: an issuer whose name begins like this one would match it too.
    { key: "request.auth.claims[iss]", values: [literal("issuer", provider.issuer, provider.span)] },
  ];
  const twins = policy.identities.filter(({ issuer }) => issuer === provider.issuer);
  if (twins.length > 1) {
    // One issuer under two names: only the audience tells their tokens apart.
    const values = provider.audiences.map((audience) => literal("audience", audience, provider.span));
    conditions.push({ key: "request.auth.claims[aud]", values });
  }
  if (operation.roles !== "none") {
    if (provider.roles === undefined) throw new Error(`identity provider ${provider.name} has no claim for roles`);
    const values = operation.roles.map((role) => literal("role", role, operation.span));
    conditions.push({ key: claimKey(provider.roles, provider.span), values });
  }
  return conditions;
}

function sniCondition({ sni }: Place): Value[] | undefined {
  return sni === undefined ? undefined : [{ key: "connection.sni", values: [sni] }];
}
