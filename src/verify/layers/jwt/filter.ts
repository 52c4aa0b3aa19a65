/**
 * The JWT filter that RequestAuthentications give a proxy. A request without a token passes, one whose token no rule
 * accepts is refused, and a CORS preflight passes unread, whatever its token.
 */
import type { Cluster, JwtRule, RequestAuthentication } from "../../../cluster/index.js";
import { attachedTo, type Seat } from "../../istio/attachment.js";
import { Bags, dimension, Language, only, RequestSet } from "../../space/index.js";
import { PREFLIGHT } from "../authorization/attributes.js";

export interface JwtFilter {
  readonly policies: readonly RequestAuthentication[];
  readonly rules: readonly JwtRule[];
  /** headers (lower case) that the filter writes or strips itself */
  readonly writtenHeaders: ReadonlySet<string>;
}

/** The filter on a seat; undefined when nothing there looks at tokens. */
export function jwtFilterOn(cluster: Cluster, seat: Seat): JwtFilter | undefined {
  if (seat.kind === "ambient") return undefined;
  return jwtFilterOf(attachedTo(cluster.requestAuthentications, seat, cluster.mesh.rootNamespace));
}

export function jwtFilterOf(policies: readonly RequestAuthentication[]): JwtFilter | undefined {
  const rules = policies.flatMap((policy) => policy.rules);
  if (rules.length === 0) return undefined;
  const written = rules.flatMap((rule) => [
    ...(rule.outputPayloadToHeader === undefined ? [] : [rule.outputPayloadToHeader]),
    ...rule.outputClaimToHeaders.map(({ header }) => header),
    ...tokenHeaders(rule),
  ]);
  return { policies, rules, writtenHeaders: new Set(written.map((name) => name.toLowerCase())) };
}

/** Whether a rule looks for its token in other places than the usual one. */
export function looksElsewhere(rule: JwtRule): boolean {
  return rule.fromHeaders.length + rule.fromParams.length + rule.fromCookies.length > 0;
}

/** The headers in which a rule looks for its token; it strips them from the request unless it forwards the token. */
function tokenHeaders(rule: JwtRule): readonly string[] {
  return looksElsewhere(rule) ? rule.fromHeaders.map(({ name }) => name) : ["authorization"];
}

/** The requests that the filter lets pass. */
export function acceptedBy({ rules }: JwtFilter): RequestSet {
  const valid = RequestSet.any(
    rules.map(({ issuer, audiences }) => {
      const from = RequestSet.where(dimension.issuer, only(issuer));
      if (audiences.length === 0) return from;
      return from.intersect(RequestSet.where(dimension.claim(["aud"]), Bags.some(Language.only(...audiences))));
    }),
  ).intersect(RequestSet.where(dimension.token, only("valid")));
  return RequestSet.any([RequestSet.where(dimension.token, only("none")), valid, PREFLIGHT]);
}
