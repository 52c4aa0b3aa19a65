/**
 * What a route asks of a request and what it changes of it, in one form for VirtualService and the Gateway API. Nothing
 * here is refused: a field that is not known, or not of the form that it should have, is listed as `unread`, so that a
 * consumer can tell that the condition may be narrower than it looks.
 */
import type { Labels } from "./object.js";
import { isMap } from "./shape.js";

export interface TextMatch {
  /** `segments`: a prefix that ends where a segment ends; `present`: any value */
  readonly kind: "exact" | "prefix" | "segments" | "regex" | "present";
  readonly value: string;
}

export interface NamedMatch {
  readonly name: string;
  readonly match: TextMatch;
  /** must not match */
  readonly negated: boolean;
}

export interface RouteCondition {
  readonly path: TextMatch | undefined;
  readonly ignoreCase: boolean;
  readonly method: TextMatch | undefined;
  readonly host: TextMatch | undefined;
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
  /** names asked for in TLS; `*.` stands for any beginning */
  readonly sni: readonly string[];
  readonly port: number | undefined;
  readonly sourceLabels: Labels;
  readonly sourceNamespace: string | undefined;
  readonly gateways: readonly string[];
  readonly unread: readonly string[];
}

export interface RouteChange {
  /** `prefix` replaces what a condition's prefix matched, `whole` the path; `unread` cannot be told */
  readonly path: { readonly kind: "prefix" | "whole" | "unread"; readonly value: string } | undefined;
  readonly host: string | undefined;
  readonly set: Labels;
  readonly added: Labels;
  readonly removed: readonly string[];
  /** anything else may be changed as well, by what is not read */
  readonly untold?: true;
}

export const NO_CHANGE: RouteChange = {
  path: undefined,
  host: undefined,
  set: new Map(),
  added: new Map(),
  removed: [],
};

const EMPTY: RouteCondition = {
  path: undefined,
  ignoreCase: false,
  method: undefined,
  host: undefined,
  headers: [],
  query: [],
  sni: [],
  port: undefined,
  sourceLabels: new Map(),
  sourceNamespace: undefined,
  gateways: [],
  unread: [],
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `exact`, `prefix` or `regex`; an empty mapping asks for presence. */
function istioText(value: unknown): TextMatch | undefined {
  if (value === null || value === undefined) return { kind: "present", value: "" };
  if (!isMap(value)) return undefined;
  const keys = Object.keys(value);
  if (keys.length === 0) return { kind: "present", value: "" };
  const [key = ""] = keys;
  const text = value[key];
  if (keys.length > 1 || typeof text !== "string") return undefined;
  return key === "exact" || key === "prefix" || key === "regex" ? { kind: key, value: text } : undefined;
}

function namedTexts(value: unknown, negated: boolean): readonly NamedMatch[] | undefined {
  if (!isMap(value)) return undefined;
  const found = Object.entries(value).map(([name, text]) => ({ name, match: istioText(text), negated }));
  return found.every((one): one is NamedMatch => one.match !== undefined) ? found : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
}

function textMap(value: unknown): Labels | undefined {
  if (!isMap(value)) return undefined;
  const entries = Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string");
  return entries.length === Object.keys(value).length ? new Map(entries) : undefined;
}

/** One entry of a VirtualService's `match`; `TLS` and `TCP` routes ask for other fields of the same names. */
export function istioCondition(value: unknown): RouteCondition {
  if (!isMap(value)) return { ...EMPTY, unread: ["match"] };
  const read: Mutable<RouteCondition> = { ...EMPTY };
  const unread: string[] = [];
  const take = <T>(name: string, found: T | undefined, into: (value: T) => void): void => {
    if (found === undefined) unread.push(name);
    else into(found);
  };
  for (const [name, field] of Object.entries(value)) {
    if (field === null && name !== "uri" && name !== "method" && name !== "authority") continue;
    switch (name) {
      case "name":
      case "statPrefix":
        break;
      case "uri":
        take(name, istioText(field), (text) => {
          read.path = text;
        });
        break;
      case "method":
        take(name, istioText(field), (text) => {
          read.method = text;
        });
        break;
      case "authority":
        take(name, istioText(field), (text) => {
          read.host = text;
        });
        break;
      case "ignoreUriCase":
        read.ignoreCase = field === true;
        break;
      case "headers":
        take(name, namedTexts(field, false), (list) => {
          read.headers = [...read.headers, ...list];
        });
        break;
      case "withoutHeaders":
        take(name, namedTexts(field, true), (list) => {
          read.headers = [...read.headers, ...list];
        });
        break;
      case "queryParams":
        take(name, namedTexts(field, false), (list) => {
          read.query = list;
        });
        break;
      case "sniHosts":
        take(name, texts(field), (list) => {
          read.sni = list;
        });
        break;
      case "port":
        take(name, typeof field === "number" ? field : undefined, (port) => {
          read.port = port;
        });
        break;
      case "sourceLabels":
        take(name, textMap(field), (labels) => {
          read.sourceLabels = labels;
        });
        break;
      case "sourceNamespace":
        take(name, typeof field === "string" ? field : undefined, (namespace) => {
          read.sourceNamespace = namespace;
        });
        break;
      case "gateways":
        take(name, texts(field), (list) => {
          read.gateways = list;
        });
        break;
      default:
        unread.push(name);
    }
  }
  return { ...read, unread };
}

const PATH_TYPES: Readonly<Record<string, TextMatch["kind"]>> = {
  Exact: "exact",
  PathPrefix: "segments",
  RegularExpression: "regex",
};
const VALUE_TYPES: Readonly<Record<string, TextMatch["kind"]>> = { Exact: "exact", RegularExpression: "regex" };

function typed(value: unknown, types: typeof PATH_TYPES, fallback: string, whenAbsent: string): TextMatch | undefined {
  if (!isMap(value)) return undefined;
  const { type = fallback, value: text = whenAbsent } = value;
  const kind = typeof type === "string" && Object.hasOwn(types, type) ? types[type] : undefined;
  return kind === undefined || typeof text !== "string" ? undefined : { kind, value: text };
}

function namedTypes(value: unknown): readonly NamedMatch[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map((one: unknown) => ({
    name: isMap(one) && typeof one.name === "string" ? one.name : undefined,
    match: typed(one, VALUE_TYPES, "Exact", ""),
    negated: false,
  }));
  // Of two entries of one name the first counts.
  const first = found.filter(
    (one, i) => found.findIndex(({ name }) => name?.toLowerCase() === one.name?.toLowerCase()) === i,
  );
  return first.every((one): one is NamedMatch => one.name !== undefined && one.match !== undefined) ? first : undefined;
}

/** `/package.Service/Method`, of which either part may be left out. */
function grpcPath(value: unknown): TextMatch | undefined {
  if (!isMap(value)) return undefined;
  const { type = "Exact", service, method } = value;
  if (service !== undefined && typeof service !== "string") return undefined;
  if (method !== undefined && typeof method !== "string") return undefined;
  if (type === "Exact") {
    if (service !== undefined && method !== undefined) return { kind: "exact", value: `/${service}/${method}` };
    if (service !== undefined) return { kind: "prefix", value: `/${service}/` };
    return method === undefined ? undefined : { kind: "regex", value: `/[^/]+/${escaped(method)}` };
  }
  if (type !== "RegularExpression") return undefined;
  return { kind: "regex", value: `/${service ?? "[^/]+"}/${method ?? "[^/]+"}` };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** One entry of a Gateway API route's `matches`. */
export function gatewayCondition(kind: string, value: unknown): RouteCondition {
  if (!isMap(value)) return { ...EMPTY, unread: ["matches"] };
  const read: Mutable<RouteCondition> = { ...EMPTY };
  const unread: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    if (field === null) continue;
    if (name === "path" && kind === "HTTPRoute") {
      read.path = typed(field, PATH_TYPES, "PathPrefix", "/");
      if (read.path === undefined) unread.push(name);
    } else if (name === "method" && kind === "HTTPRoute" && typeof field === "string") {
      read.method = { kind: "exact", value: field };
    } else if (name === "method" && kind === "GRPCRoute") {
      read.path = grpcPath(field);
      if (read.path === undefined) unread.push(name);
    } else if (name === "headers") {
      const list = namedTypes(field);
      if (list === undefined) unread.push(name);
      else read.headers = list;
    } else if (name === "queryParams" && kind === "HTTPRoute") {
      const list = namedTypes(field);
      if (list === undefined) unread.push(name);
      else read.query = list;
    } else unread.push(name);
  }
  return { ...read, unread };
}

/** A VirtualService's `rewrite`, and `headers.request` of the route and of one of its destinations. */
export function istioChange(rewrite: unknown, ...headers: readonly unknown[]): RouteChange {
  let path: RouteChange["path"];
  let host: string | undefined;
  if (isMap(rewrite)) {
    if (typeof rewrite.uri === "string") path = { kind: "prefix", value: rewrite.uri };
    if (rewrite.uriRegexRewrite !== undefined) path = { kind: "unread", value: "uriRegexRewrite" };
    if (typeof rewrite.authority === "string") host = rewrite.authority;
  } else if (rewrite !== undefined && rewrite !== null) path = { kind: "unread", value: "rewrite" };
  const operations = headers.flatMap((one) => (isMap(one) && isMap(one.request) ? [one.request] : []));
  const joined = (name: string): Labels =>
    new Map(
      operations.flatMap((one) => [...(textMap(one[name]) ?? [])].map(([key, text]) => [lower(key), text] as const)),
    );
  const set = new Map(joined("set"));
  // Setting the host this way is another spelling of a rewrite.
  const authority = set.get(":authority") ?? set.get("host");
  set.delete(":authority");
  set.delete("host");
  return {
    path,
    host: authority ?? host,
    set,
    added: joined("add"),
    removed: operations.flatMap((one) => texts(one.remove) ?? []).map(lower),
  };
}

const lower = (text: string): string => text.toLowerCase();

export interface GatewayFilters {
  readonly change: RouteChange;
  /** the gateway answers itself */
  readonly answers: boolean;
  /** `backendRef`s as they are written */
  readonly mirrors: readonly unknown[];
  /** types that are not known, and so may do anything */
  readonly unread: readonly string[];
}

/** The filters of a Gateway API rule, in their order. */
export function gatewayFilters(filters: readonly unknown[]): GatewayFilters {
  let change = NO_CHANGE;
  let answers = false;
  const mirrors: unknown[] = [];
  const unread: string[] = [];
  for (const filter of filters) {
    const type = isMap(filter) ? filter.type : undefined;
    const body = (name: string): Readonly<Record<string, unknown>> =>
      isMap(filter) && isMap(filter[name]) ? filter[name] : {};
    switch (type) {
      case "RequestHeaderModifier":
        change = headersChanged(change, body("requestHeaderModifier"));
        break;
      case "ResponseHeaderModifier":
      case "CORS":
        break;
      case "RequestRedirect":
        answers = true;
        break;
      case "RequestMirror":
        mirrors.push(body("requestMirror").backendRef);
        break;
      case "URLRewrite":
        change = rewritten(change, body("urlRewrite"));
        break;
      default:
        unread.push(typeof type === "string" ? type : "filters");
    }
  }
  if (unread.length > 0) change = { ...change, path: { kind: "unread", value: unread.join(", ") }, untold: true };
  return { change, answers, mirrors, unread };
}

function headersChanged(change: RouteChange, body: Readonly<Record<string, unknown>>): RouteChange {
  const pairs = (value: unknown): readonly (readonly [string, string])[] =>
    Array.isArray(value)
      ? value.flatMap((one: unknown) =>
          isMap(one) && typeof one.name === "string" && typeof one.value === "string"
            ? [[lower(one.name), one.value] as const]
            : [],
        )
      : [];
  return {
    ...change,
    set: new Map([...change.set, ...pairs(body.set)]),
    added: new Map([...change.added, ...pairs(body.add)]),
    removed: [...change.removed, ...(texts(body.remove) ?? []).map(lower)],
  };
}

function rewritten(change: RouteChange, { hostname, path }: Readonly<Record<string, unknown>>): RouteChange {
  const host = typeof hostname === "string" ? hostname : change.host;
  if (path === undefined) return { ...change, host };
  const given = isMap(path) ? path : {};
  if (given.type === "ReplaceFullPath" && typeof given.replaceFullPath === "string")
    return { ...change, host, path: { kind: "whole", value: given.replaceFullPath } };
  if (given.type === "ReplacePrefixMatch" && typeof given.replacePrefixMatch === "string")
    return { ...change, host, path: { kind: "prefix", value: given.replacePrefixMatch } };
  return { ...change, host, path: { kind: "unread", value: "urlRewrite" } };
}
