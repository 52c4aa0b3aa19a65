/** What the policy declares, as sets of requests: the other side of every comparison. */
import type { IdentityProvider, Operation, PathPattern, Policy, Rule } from "../../policy/index.js";
import { isHttp } from "../../policy/index.js";
import {
  Bags,
  dimension,
  Language,
  only,
  queryDecoded,
  type Regex,
  RequestSet,
  regex,
  replaced,
  Text,
  VALUES,
} from "../space/index.js";

const { anything, either, literal, notClass, plus, sequence } = regex;

/** `*` and `{name}` are one segment that is not empty, a final `**` is whatever follows its slash and stays below it. */
function pathRegex({ segments, rest }: PathPattern): Regex {
  const one = plus(notClass([[0x2f, 0x2f]]));
  const parts = segments.flatMap((segment) => [literal("/"), segment.kind === "one" ? one : literal(segment.text)]);
  return sequence(...parts, ...(rest ? [literal("/"), anything] : []));
}

/** A segment of two dots leads up again wherever nobody takes it away before. */
const CLIMBING = Language.matching(
  sequence(anything, literal("/.."), either(sequence(), sequence(literal("/"), anything))),
);

function pathsOf(pattern: PathPattern): Language {
  const all = Language.matching(pathRegex(pattern));
  return pattern.rest && pattern.segments.length > 0 ? all.minus(CLIMBING) : all;
}

function hostRegex(host: string): Regex {
  const folded = { ignoreCase: true };
  if (!host.startsWith("*.")) return literal(host, folded);
  return sequence(plus(notClass([])), literal(host.slice(1), folded));
}

const unionOf = (languages: readonly Language[]): Language =>
  languages.reduce((sum, one) => sum.union(one), Language.only());
const anyOf = (patterns: readonly Regex[]): Text => Text.of(unionOf(patterns.map((one) => Language.matching(one))));

const decodings = new Map<number, Language>();
const separators = ["2f", "2F", "5c", "5C", "00"].map((hex) => sequence(anything, literal(`%${hex}`), anything));
const PLAIN_ESCAPES = separators.reduce((rest, one) => rest.minus(Language.matching(one)), Language.allBut());

/** Paths that stand for the same once their escapes are undone; an escaped separator is none. */
function escaped(paths: Language): Language {
  const known = decodings.get(paths.id);
  if (known !== undefined) return known;
  const found = replaced("+", "%2B")(queryDecoded(paths)).intersect(PLAIN_ESCAPES).union(paths);
  if (decodings.size > 10_000) decodings.clear();
  decodings.set(paths.id, found);
  return found;
}

/** The requests whose token says that the caller holds one of the roles. */
function withRole(roles: readonly string[], provider: IdentityProvider | undefined): RequestSet {
  // Roles without a provider that issues them can be held by nobody.
  if (provider === undefined) return RequestSet.empty;
  const path = provider.roles ?? ["roles"];
  const named = Bags.some(Language.only(...roles));
  // The issuer says which roles; whether it lists them, or names them as values of an object, is its form alone.
  const held = RequestSet.any(
    [path, [...path, VALUES]].map((place) => RequestSet.where(dimension.claim(place), named)),
  );
  const audience =
    provider.audiences.length === 0
      ? RequestSet.full
      : RequestSet.where(dimension.claim(["aud"]), Bags.some(Language.only(...provider.audiences)));
  return RequestSet.all([
    RequestSet.where(dimension.token, only("valid")),
    RequestSet.where(dimension.issuer, only(provider.issuer)),
    held,
    audience,
  ]);
}

/** The requests of one operation. On a port that speaks no HTTP an operation is the connection itself. */
export function operationSet(operation: Operation, rule: Rule, policy: Policy): RequestSet {
  const role =
    operation.roles === "none"
      ? RequestSet.full
      : withRole(
          operation.roles,
          policy.identities.find(({ name }) => name === operation.identity),
        );
  if (!isHttp(rule.protocol)) return role;
  return RequestSet.all([
    RequestSet.where(dimension.protocol, only("http")),
    operation.methods === "any" ? RequestSet.full : RequestSet.where(dimension.method, only(...operation.methods)),
    operation.paths === "any"
      ? RequestSet.full
      : RequestSet.where(dimension.path, Text.of(escaped(unionOf(operation.paths.map(pathsOf))))),
    operation.hosts === "any"
      ? RequestSet.full
      : RequestSet.where(dimension.host, anyOf(operation.hosts.map(hostRegex))),
    role,
  ]);
}

/** The same as somebody sends them who holds one of its roles and no other: each of these must get through. */
export function heldOperationSets(operation: Operation, rule: Rule, policy: Policy): readonly RequestSet[] {
  const whole = operationSet(operation, rule, policy);
  if (operation.roles === "none") {
    const anonymous = operation.identity === undefined && rule.from.kind === "workload";
    return [anonymous ? whole.intersect(RequestSet.where(dimension.token, only("none"))) : whole];
  }
  const provider = policy.identities.find(({ name }) => name === operation.identity);
  const claim = dimension.claim(provider?.roles ?? ["roles"]);
  return operation.roles.map((role) => {
    const alone = Bags.some(Language.only(role)).intersect(Bags.none(Language.allBut(role)));
    return whole.intersect(RequestSet.where(claim, alone));
  });
}

/** The requests that any of the rules declares. */
export function declaredSet(rules: readonly Rule[], policy: Policy): RequestSet {
  return RequestSet.any(
    rules.flatMap((rule) => rule.operations.map((operation) => operationSet(operation, rule, policy))),
  );
}
