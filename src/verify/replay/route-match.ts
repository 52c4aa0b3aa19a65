/** One request against one condition of a route, and what the route makes of it. */
import type { NamedMatch, RouteChange, RouteCondition, TextMatch } from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import { both, not, type Truth } from "./truth.js";

export interface Asking {
  readonly http: HttpRequest;
  /** as this proxy reads it */
  readonly path: string;
  readonly gateway: string;
  readonly namespace: string | undefined;
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly port: number | undefined;
}

export function textFits({ kind, value }: TextMatch, text: string, ignoreCase = false): Truth {
  const [a, b] = ignoreCase ? [value.toLowerCase(), text.toLowerCase()] : [value, text];
  switch (kind) {
    case "present":
      return true;
    case "exact":
      return a === b;
    case "prefix":
      return b.startsWith(a);
    case "segments": {
      const stem = a.endsWith("/") ? a.slice(0, -1) : a;
      return b === stem || b.startsWith(`${stem}/`) || stem === "";
    }
    case "regex":
      try {
        return new RegExp(`^(?:${value})$`, "u").test(text);
      } catch {
        return undefined;
      }
  }
}

/** Without the port that may stand behind it. */
export function hostFits(pattern: string, written: string): boolean {
  const host = written.toLowerCase().replace(/:\d+$/, "");
  const wanted = pattern.toLowerCase();
  if (wanted === "*" || wanted === "") return true;
  if (wanted.startsWith("*")) return host.length > wanted.length - 1 && host.endsWith(wanted.substring(1));
  return wanted === host;
}

const MADE_AT_THE_EDGE = /^(x-envoy-|x-forwarded-|x-b3-|@)|^(b3|x-request-id|traceparent|tracestate|te|connection)$/;

function headerFits({ name, match, negated }: NamedMatch, { http, path }: Asking): Truth {
  const lower = name.toLowerCase();
  if (MADE_AT_THE_EDGE.test(lower)) return undefined;
  const pseudo = new Map([
    [":method", http.method],
    [":authority", http.host],
    [":path", path],
  ]);
  const value = pseudo.get(lower) ?? http.headers.get(lower);
  const fits = value === undefined ? false : textFits(match, value);
  return negated ? not(fits) : fits;
}

function queryFits({ name, match, negated }: NamedMatch, { http }: Asking): Truth {
  const query = /\?([^#]*)/.exec(http.target)?.[1];
  if (query === undefined) return negated;
  const found = query.split("&").filter((one) => one === name || one.startsWith(`${name}=`));
  if (/[%+]/.test(query) || found.length > 1 || match.kind === "regex") return undefined;
  const [one] = found;
  const fits = one === undefined ? false : textFits(match, one.slice(name.length + 1));
  return negated ? not(fits) : fits;
}

export function conditionHolds(condition: RouteCondition, asking: Asking): Truth {
  const { path, ignoreCase, method, host, headers, query, port, unread, gateways } = condition;
  const { sourceLabels, sourceNamespace } = condition;
  const short = asking.gateway.split("/").at(-1);
  const known = (value: Truth | undefined, wanted: boolean): Truth => (wanted ? value : true);
  return both([
    gateways.length === 0 || gateways.includes(asking.gateway) || gateways.includes(short ?? ""),
    known(asking.port === undefined ? undefined : asking.port === port, port !== undefined),
    known(
      asking.namespace === undefined ? undefined : asking.namespace === sourceNamespace,
      sourceNamespace !== undefined,
    ),
    known(
      asking.labels === undefined
        ? undefined
        : [...sourceLabels].every(([key, value]) => asking.labels?.get(key) === value),
      sourceLabels.size > 0,
    ),
    path === undefined ? true : textFits(path, asking.path, ignoreCase),
    method === undefined ? true : textFits(method, asking.http.method),
    host === undefined ? true : textFits(host, asking.http.host),
    ...headers.map((one) => headerFits(one, asking)),
    ...query.map((one) => queryFits(one, asking)),
    unread.length > 0 ? undefined : true,
  ]);
}

/** The request as it goes on; undefined where it cannot be told. */
export function changedRequest(http: HttpRequest, change: RouteChange, path: string, matched: TextMatch | undefined) {
  if (change.path?.kind === "unread" || change.added.size > 0) return undefined;
  const rest = /[?#].*$/s.exec(http.target)?.[0] ?? "";
  const headers = new Map(http.headers);
  for (const name of change.removed) headers.delete(name);
  for (const [name, value] of change.set) headers.set(name, value);
  const target = change.path === undefined ? path : replaced(path, change.path, matched);
  return { ...http, target: target + rest, host: change.host ?? http.host, headers };
}

function replaced(path: string, { kind, value }: NonNullable<RouteChange["path"]>, matched: TextMatch | undefined) {
  if (kind === "whole") return value;
  if (matched === undefined) return value + path.substring(1);
  if (matched.kind === "prefix") return value + path.substring(matched.value.length);
  if (matched.kind !== "segments") return value;
  const stem = matched.value.replace(/\/+$/, "");
  const left = path.substring(stem.length);
  if (stem === "" || left !== "") return value.replace(/\/$/, "") + (left.startsWith("/") ? left : `/${left}`);
  return value;
}
