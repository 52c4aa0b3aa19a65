/**
 * Path patterns: literal segments, `*` or `{name}` for exactly one segment that is not empty, and `**` at the end for
 * the rest of the path, whatever it is. Few forms on purpose: each engine that Ringfence compiles to has the same
 * language for them, so a pattern never means two things.
 */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one"; readonly name?: string };

export interface PathPattern {
  /** as written */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** true when the pattern ends in `**`: any text may follow the last `/` */
  readonly rest: boolean;
}

/** Characters of RFC 3986 §3.3 that stand for themselves in a path everywhere: no `%`, no `*`, no `{`. */
const LITERAL = /^[A-Za-z0-9\-._~!$&'()+,;=:@]+$/;

/** Reads a pattern, or says in one line why it is none. */
export function parsePathPattern(text: string): PathPattern | { readonly error: string; readonly hint: string } {
  if (!text.startsWith("/")) return { error: `path \`${text}\` does not start with \`/\``, hint: `write \`/${text}\`` };
  const found = text.search(/[?#%\\\s]/);
  if (found !== -1) {
    const hint =
      "paths are matched decoded and without query: write the plain path, with `*` for a segment that varies";
    return { error: `path \`${text}\` has \`${text[found]}\``, hint };
  }
  const parts = text.slice(1).split("/");
  const rest = parts.at(-1) === "**";
  if (rest) parts.pop();
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1 && !rest;
    if (part === "" && !last)
      return { error: `path \`${text}\` has an empty segment`, hint: "write a single `/` there" };
    if (part === "." || part === "..")
      return { error: `path \`${text}\` has a dot segment`, hint: "write the path it leads to" };
    const name = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(part)?.[1];
    if (part === "*") segments.push({ kind: "one" });
    else if (name !== undefined) segments.push({ kind: "one", name });
    else if (part === "" || LITERAL.test(part)) segments.push({ kind: "literal", text: part });
    else {
      const hint = "`*` or `{name}` stands for one whole segment, `**` for the rest of the path at its end";
      return { error: `path \`${text}\` has the segment \`${part}\``, hint };
    }
  }
  return { text, segments, rest };
}

/** Whether a normalized, decoded path without query matches: the meaning that every engine's translation must have. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  if (!path.startsWith("/")) return false;
  const parts = path.slice(1).split("/");
  if (pattern.rest ? parts.length <= pattern.segments.length : parts.length !== pattern.segments.length) return false;
  return pattern.segments.every((segment, index) =>
    segment.kind === "one" ? parts[index] !== "" : parts[index] === segment.text,
  );
}
