/** What a route asks of a request, as sets: surely met, perhaps met. What is not read may be met and surely is not. */
import type { Labels, NamedMatch, RouteCondition, TextMatch } from "../../cluster/index.js";
import { type Bounds, both, either, exactly, MAYBE, NO, not, where, YES } from "../space/bounds.js";
import { ABSENT, dimension, Language, type Regex, RequestSet, readRegex, regex, Text } from "../space/index.js";

const { anything, charClass, literal, notClass, plus, sequence } = regex;
const eitherOf = regex.either;

const [DOT, COLON] = [
  [0x2e, 0x2e],
  [0x3a, 0x3a],
] as const;

/** Who asks, and where: what conditions say of the proxy itself. */
export interface Asker {
  /** as VirtualServices name it: `namespace/name`, or `mesh` */
  readonly gateway: string;
  readonly namespace: string | undefined;
  readonly labels: Labels | undefined;
  /** the port of the listener, or of the Service that is called */
  readonly port: number | undefined;
}

/** Undefined where the expression is not read. */
export function languageOf({ kind, value }: TextMatch, ignoreCase = false): Language | undefined {
  const folded = { ignoreCase };
  const matching = (...parts: readonly Regex[]): Language => Language.matching(sequence(...parts));
  switch (kind) {
    case "exact":
      return ignoreCase ? matching(literal(value, folded)) : Language.only(value);
    case "prefix":
      return matching(literal(value, folded), anything);
    case "segments": {
      const whole = value.replace(/\/+$/, "");
      if (whole === "") return Language.allBut();
      return matching(literal(whole, folded)).union(matching(literal(`${whole}/`, folded), anything));
    }
    case "present":
      return Language.allBut();
    case "regex": {
      const read = readRegex(value);
      return read === undefined ? undefined : Language.matching(read);
    }
  }
}

function having(into: dimension.Dimension<Text>, match: TextMatch | undefined, ignoreCase = false): Bounds {
  if (match === undefined) return YES;
  const language = languageOf(match, ignoreCase);
  return language === undefined ? MAYBE : where(into, Text.of(language));
}

/** Set, stripped or made out of others at the edge: what the client wrote is not what is looked at. */
const EDGE_HEADERS =
  /^(x-envoy-.*|x-forwarded-.*|x-request-id|x-b3-.*|b3|traceparent|tracestate|te|connection|@.*|:(?!method$|authority$|path$).*)$/;

function headerHas({ name, match, negated }: NamedMatch): Bounds {
  const lower = name.toLowerCase();
  if (EDGE_HEADERS.test(lower) || lower === ":path") return MAYBE;
  const into =
    lower === ":method" ? dimension.method : lower === ":authority" ? dimension.host : dimension.header(lower);
  const held = match.kind === "present" ? exactly(RequestSet.where(into, ABSENT).complement()) : having(into, match);
  return negated ? not(held) : held;
}

const QUERY = RequestSet.where(dimension.query, Text.of(Language.allBut("")));

/** A query is text that proxies take apart each in its own way: one parameter alone is sure, some query at all is needed. */
function queryHas({ name, match, negated }: NamedMatch): Bounds {
  const value = match.kind === "exact" || match.kind === "prefix" ? match.value : "";
  const plain = /^[\w.~-]*$/.test(name + value) && match.kind !== "regex";
  const sure = plain
    ? RequestSet.where(dimension.query, Text.of(Language.only(`?${name}=${value}`)))
    : RequestSet.empty;
  const held = { may: QUERY, must: sure };
  return negated ? not(held) : held;
}

/** The requests that meet a condition, asked by this proxy. */
export function conditionBounds(condition: RouteCondition, asker: Asker): Bounds {
  const { path, ignoreCase, method, host, headers, query, port, unread } = condition;
  const { gateways, sourceNamespace, sourceLabels } = condition;
  if (gateways.length > 0 && !gateways.includes(asker.gateway)) return NO;
  if (port !== undefined && asker.port !== undefined && port !== asker.port) return NO;
  if (sourceNamespace !== undefined && asker.namespace !== undefined && sourceNamespace !== asker.namespace) return NO;
  const labels = asker.labels;
  if (labels !== undefined && [...sourceLabels].some(([key, value]) => labels.get(key) !== value)) return NO;
  const untold =
    unread.length > 0 ||
    (port !== undefined && asker.port === undefined) ||
    (sourceNamespace !== undefined && asker.namespace === undefined) ||
    (sourceLabels.size > 0 && labels === undefined);
  return both(
    having(dimension.path, path, ignoreCase),
    having(dimension.method, method),
    having(dimension.host, host),
    ...headers.map(headerHas),
    ...query.map(queryHas),
    untold ? MAYBE : YES,
  );
}

/**
 * Hosts by a pattern: `*` any, `*.example.com` those below it, else the name itself; letters of either case, and the
 * port that a client writes behind it.
 * @param labels how much a wildcard stands for: one label or several
 */
export function hostLanguage(pattern: string, labels: "one" | "several" = "several"): Language {
  const folded = { ignoreCase: true };
  if (pattern === "*" || pattern === "") return HOSTS;
  const name = pattern.startsWith("*")
    ? sequence(plus(labels === "one" ? notClass([DOT, COLON]) : notClass([COLON])), literal(pattern.slice(1), folded))
    : literal(pattern, folded);
  return Language.matching(sequence(name, eitherOf(sequence(), sequence(literal(":"), plus(charClass(["0", "9"]))))));
}

const HOSTS: Language = dimension.host.full.present;

export const ofHosts = (hosts: Language): Bounds => where(dimension.host, Text.of(hosts));

export const anyBounds = (list: readonly Bounds[]): Bounds => (list.length === 0 ? YES : either(list));
