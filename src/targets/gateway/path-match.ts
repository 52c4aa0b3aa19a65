/** Path patterns as gateways write them. */
import type { PathPattern } from "../../policy/index.js";

/** Whether every segment is literal, so that no regular expression is needed. */
export function isLiteral(pattern: PathPattern): boolean {
  return pattern.segments.every(({ kind }) => kind === "literal");
}

/** The literal text of a pattern; for `**`, with the `/` before it. */
export function literalText(pattern: PathPattern): string {
  const parts = pattern.segments.map((segment) => (segment.kind === "literal" ? segment.text : ""));
  return `/${parts.join("/")}${pattern.rest && parts.length > 0 ? "/" : ""}`;
}

/** An RE2 expression that matches exactly what the pattern matches, unanchored: engines anchor it themselves. */
export function pathExpression(pattern: PathPattern): string {
  const parts = pattern.segments.map((segment) =>
    segment.kind === "one" ? "[^/]+" : segment.text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  );
  return `/${parts.join("/")}${pattern.rest ? `${parts.length > 0 ? "/" : ""}.*` : ""}`;
}
