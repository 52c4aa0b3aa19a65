/**
 * The policy's patterns in Istio's language. Istio gives `*` at either end of a value a meaning of its own, so a value
 * that holds one is refused rather than widened.
 */
import { RingfenceError, type Span } from "../../diagnostics/index.js";
import type { Operation } from "../../policy/index.js";

type PathPattern = Exclude<Operation["paths"], "any">[number];

/**
 * A path: exact; `/a/*`, which Istio takes as a prefix, for a rest alone; else a template, in which `{*}` is one segment
 * and `{**}` the rest. Istio never compares the query.
 */
export function pathOf({ segments, rest }: PathPattern): string {
  const varies = segments.some((segment) => segment.kind === "one");
  const parts = segments.map((segment) => (segment.kind === "one" ? "{*}" : segment.text));
  if (!rest) return `/${parts.join("/")}`;
  return `/${[...parts, varies ? "{**}" : "*"].join("/")}`;
}

/**
 * A host, with and without a port, since clients write both into the Host header. A host below `*.` takes one port only:
 * Istio accepts a `*` at one end of a value.
 */
export function hostsOf(hosts: readonly string[], port: number): readonly string[] {
  return hosts.flatMap((host) => [host, host.startsWith("*") ? `${host}:${port}` : `${host}:*`]);
}

/** @throws TARGET_INEXPRESSIBLE when Istio would read `value` as a pattern */
export function literal(what: string, value: string, span: Span): string {
  if (!value.startsWith("*") && !value.endsWith("*")) return value;
  throw new RingfenceError({
    code: "TARGET_INEXPRESSIBLE",
    message: `${what} \`${value}\` has a \`*\` at its end, which Istio reads as a pattern`,
    span,
    hint: "name each value",
  });
}

/** The attribute that holds a claim, however deep. @throws TARGET_INEXPRESSIBLE for a name with a bracket */
export function claimKey(path: readonly string[], span: Span): string {
  const odd = path.find((name) => /[[\]]/.test(name) || name === "");
  if (odd !== undefined) {
    throw new RingfenceError({
      code: "TARGET_INEXPRESSIBLE",
      message: `claim \`${odd}\` cannot be named in an Istio condition`,
      span,
      hint: "have the identity provider put the roles under a name without brackets",
    });
  }
  return `request.auth.claims${path.map((name) => `[${name}]`).join("")}`;
}
