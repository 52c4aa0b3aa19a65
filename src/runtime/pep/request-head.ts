/**
 * A request's head, judged: what passes here has one reading, and the decision and the workload get the same one.
 */
import type { HttpFacts } from "../decision/index.js";
import { type Fields, type JudgedFields, judgeFields } from "./header-fields.js";
import { readTarget } from "./request-target.js";

/** Methods that exist in rules; any other token is refused before a rule with `any` could let it pass. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export interface RawHead {
  readonly version: 1 | 2;
  readonly method: string;
  readonly target: string;
  /** `:authority` of HTTP/2 */
  readonly authority?: string | undefined;
  readonly fields: Fields;
}

export interface RequestHead extends JudgedFields {
  readonly facts: HttpFacts;
  /** `host` or `host:port`, lower case, as the client has it */
  readonly authority: string;
  /** canonical path and query */
  readonly forwardTarget: string;
}

export interface HeadRefusal {
  readonly refused: string;
  /** as much as could be read, for the record */
  readonly facts: Partial<HttpFacts>;
}

/** Judges a head. */
export function judgeHead(raw: RawHead): RequestHead | HeadRefusal {
  const facts: { method?: string; host?: string; path?: string } = {};
  const refuse = (refused: string): HeadRefusal => ({ refused, facts });
  if (!METHODS.has(raw.method)) return refuse("the method is not one that a flow can declare");
  facts.method = raw.method;
  const target = readTarget(raw.target);
  if ("refused" in target) return refuse(target.refused);
  facts.path = target.path;
  const fields = judgeFields(raw.fields, raw.version);
  if ("refused" in fields) return refuse(fields.refused);
  const authority = raw.authority ?? fields.host;
  if (authority === undefined) return refuse("the request names no host");
  if (fields.host !== undefined && fields.host.toLowerCase() !== authority.toLowerCase()) {
    return refuse("the request names two hosts");
  }
  const host = readAuthority(authority);
  if (host === undefined) return refuse("the request's host is malformed");
  facts.host = host;
  // Written out: a spread costs more than all the rest here.
  return {
    forward: fields.forward,
    host: fields.host,
    authorization: fields.authorization,
    dpop: fields.dpop,
    contentLength: fields.contentLength,
    isChunked: fields.isChunked,
    upgrade: fields.upgrade,
    wantsTrailers: fields.wantsTrailers,
    expectsContinue: fields.expectsContinue,
    facts: { method: raw.method, host, path: target.path },
    authority: authority.toLowerCase(),
    forwardTarget: target.forward,
  };
}

/** The host of `host` or `host:port`, lower case; undefined when it is neither a name nor an address. */
export function readAuthority(authority: string): string | undefined {
  const match = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::([1-9][0-9]{0,4}))?$/.exec(
    authority,
  );
  const host = match?.[1]?.toLowerCase();
  if (host === undefined || Number(match?.[2] ?? 1) > 65_535) return undefined;
  if (host.startsWith("[")) return host;
  const labels = host.split(".");
  return labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) ? host : undefined;
}
