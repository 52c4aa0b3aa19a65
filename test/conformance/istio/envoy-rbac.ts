/** Envoy's RBAC configuration → the requests that it matches, read by Envoy's own rules; knows nothing of Istio's policies. */
import { parseAllDocuments } from "yaml";
import { WITH_CLAIMS } from "../../../src/verify/layers/authorization/index.js";
import {
  addressBlock,
  Bags,
  dimension,
  Language,
  Ranges,
  RequestSet,
  readRegex,
  regex,
  Text,
} from "../../../src/verify/space/index.js";

type Tree = { readonly [key: string]: unknown };
const tree = (value: unknown): Tree => value as Tree;
const list = (value: unknown): readonly Tree[] => (value ?? []) as readonly Tree[];

/** What a chain of filters lets through; shadow rules are only counted. */
export function filtersSet(texts: readonly string[]): RequestSet {
  const configs = texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => tree(tree(document.toJS()).typedConfig)),
  );
  return RequestSet.all(
    configs.map((config) => {
      if (config.rules === undefined) return RequestSet.full;
      const rules = tree(config.rules);
      const matched = RequestSet.any(
        Object.values(tree(rules.policies ?? {})).map((policy) => policySet(tree(policy))),
      );
      return rules.action === "DENY" ? matched.complement() : matched;
    }),
  );
}

function policySet({ permissions, principals }: Tree): RequestSet {
  return RequestSet.any(list(permissions).map(permission)).intersect(RequestSet.any(list(principals).map(principal)));
}

/** The conditions of every policy one by one, so that contradictory ones can be compared too. */
export function components(text: string): readonly RequestSet[] {
  const policies = Object.values(tree(tree(tree(tree(parseAllDocuments(text)[0]?.toJS()).typedConfig).rules).policies));
  return policies.flatMap((policy) => {
    const { permissions, principals } = tree(policy);
    return [
      ...list(permissions).flatMap((one) => list(tree(one.andRules).rules).map(permission)),
      ...list(principals).flatMap((one) => list(tree(one.andIds).ids).map(principal)),
    ];
  });
}

function only(value: Tree): readonly [string, unknown] {
  const entries = Object.entries(value);
  if (entries.length !== 1 || entries[0] === undefined) throw new Error(`not one key: ${JSON.stringify(value)}`);
  return entries[0];
}

function permission(value: Tree): RequestSet {
  const [key, inner] = only(value);
  switch (key) {
    case "any":
      return RequestSet.full;
    case "andRules":
      return RequestSet.all(list(tree(inner).rules).map(permission));
    case "orRules":
      return RequestSet.any(list(tree(inner).rules).map(permission));
    case "notRule":
      return permission(tree(inner)).complement();
    case "header":
      return header(tree(inner));
    case "urlPath":
      return RequestSet.where(dimension.path, Text.of(text(tree(tree(inner).path))));
    case "uriTemplate":
      return RequestSet.where(dimension.path, Text.of(template(String(tree(tree(inner).typedConfig).pathTemplate))));
    case "destinationPort":
      return RequestSet.where(dimension.port, Ranges.only(BigInt(Number(inner))));
    case "destinationIp":
      return RequestSet.where(dimension.destinationIp, block(tree(inner)));
    case "requestedServerName":
      return RequestSet.where(dimension.sni, Text.of(text(tree(inner))));
    case "metadata":
      return metadata(tree(inner));
    default:
      throw new Error(`permission ${key}`);
  }
}

function principal(value: Tree): RequestSet {
  const [key, inner] = only(value);
  switch (key) {
    case "any":
      return RequestSet.full;
    case "andIds":
      return RequestSet.all(list(tree(inner).ids).map(principal));
    case "orIds":
      return RequestSet.any(list(tree(inner).ids).map(principal));
    case "notId":
      return principal(tree(inner)).complement();
    case "authenticated":
      return RequestSet.where(dimension.principal, Text.of(text(tree(tree(inner).principalName))));
    case "directRemoteIp":
      return RequestSet.where(dimension.sourceIp, block(tree(inner)));
    case "remoteIp":
      return RequestSet.where(dimension.remoteIp, block(tree(inner)));
    case "header":
      return header(tree(inner));
    case "metadata":
      return metadata(tree(inner));
    default:
      throw new Error(`principal ${key}`);
  }
}

function block({ addressPrefix, prefixLen }: Tree): Ranges {
  const ranges = addressBlock(`${addressPrefix}/${prefixLen}`);
  if (ranges === undefined) throw new Error(`block ${addressPrefix}`);
  return ranges;
}

function language(source: string): Language {
  const read = readRegex(source);
  if (read === undefined) throw new Error(`regex ${source}`);
  return Language.matching(read);
}

function text(match: Tree): Language {
  const options = { ignoreCase: match.ignoreCase === true };
  const { anything, literal, sequence } = regex;
  if (match.exact !== undefined) return Language.matching(literal(String(match.exact), options));
  if (match.prefix !== undefined) return Language.matching(sequence(literal(String(match.prefix), options), anything));
  if (match.suffix !== undefined) return Language.matching(sequence(anything, literal(String(match.suffix), options)));
  if (match.safeRegex !== undefined) return language(String(tree(match.safeRegex).regex));
  throw new Error(`text ${JSON.stringify(match)}`);
}

function header({ name, presentMatch, stringMatch }: Tree): RequestSet {
  const known: Record<string, dimension.Dimension<Text>> = {
    ":authority": dimension.host,
    ":method": dimension.method,
  };
  const into = known[String(name)] ?? dimension.header(String(name));
  return RequestSet.where(into, Text.of(presentMatch === true ? Language.allBut() : text(tree(stringMatch))));
}

function template(pattern: string): Language {
  const char = "[a-zA-Z0-9._~%!$&'()*+,;:@=-]";
  const quoted = pattern.split(/(\*\*|\*)/).map((piece) => {
    if (piece === "**") return `(${char}|/)*`;
    return piece === "*" ? `${char}+` : piece.replace(/[.$()+]/g, "\\$&");
  });
  return language(quoted.join(""));
}

/** A text of the metadata, or a list with an element: `orMatch` over both forms is "some element". */
function metadata({ filter, path, value }: Tree): RequestSet {
  const keys = list(path).map(({ key }) => String(key));
  if (filter !== "envoy.filters.http.jwt_authn") {
    return RequestSet.where(dimension.filterMetadata(String(filter), keys.join(".")), Text.of(anyText(tree(value))));
  }
  const names = keys.slice(1);
  const wanted = anyText(tree(value));
  if (names.length === 1 && names[0] === "iss")
    return WITH_CLAIMS.intersect(RequestSet.where(dimension.issuer, Text.of(wanted)));
  if (names.length === 1 && names[0] === "sub")
    return WITH_CLAIMS.intersect(RequestSet.where(dimension.subject, Text.of(wanted)));
  return WITH_CLAIMS.intersect(RequestSet.where(dimension.claim(names), Bags.some(wanted)));
}

function anyText(value: Tree): Language {
  if (value.stringMatch !== undefined) return text(tree(value.stringMatch));
  if (value.listMatch !== undefined) return anyText(tree(tree(value.listMatch).oneOf));
  if (value.orMatch !== undefined) {
    return list(tree(value.orMatch).valueMatchers)
      .map(anyText)
      .reduce((a, b) => a.union(b));
  }
  throw new Error(`metadata ${JSON.stringify(value)}`);
}
