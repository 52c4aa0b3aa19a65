/**
 * `# METADATA` blocks: the comment lines that directly follow such a line, each in the same column, are one YAML
 * mapping. Text that isn't valid YAML is an error, as in OPA, because a silently lost annotation may be a lost schema.
 */
import { parseDocument } from "yaml";
import { problemAt, type RegoProblem } from "../error.js";
import type { Annotations, Comment } from "./ast.js";
import { lineAt, type Source } from "./source.js";

export interface AnnotationBlock extends Omit<Annotations, "scope"> {
  readonly scope: Annotations["scope"] | undefined;
  /** 1-based line after the block, where its subject is expected at the earliest. */
  readonly lastLine: number;
}

const SCOPES = ["rule", "document", "package", "subpackages"];

/** Finds the annotation blocks among a module's comments. */
export function findAnnotations(
  source: Source,
  comments: readonly Comment[],
  problems: RegoProblem[],
): AnnotationBlock[] {
  if (!comments.some((comment) => comment.text.trim() === "METADATA")) return [];
  const blocks: AnnotationBlock[] = [];
  const places = comments.map((comment) => lineAt(source, comment.start));
  for (let index = 0; index < comments.length; index++) {
    const opener = comments[index];
    const place = places[index];
    if (opener === undefined || place === undefined || opener.text.trim() !== "METADATA") continue;
    const lines: string[] = [];
    let last = index;
    while (isContinuation(places[last], places[last + 1])) {
      last++;
      lines.push(comments[last]?.text ?? "");
    }
    const end = comments[last]?.end ?? opener.end;
    const fields = parseFields(source, opener, lines, problems);
    if (fields !== undefined)
      blocks.push({ ...fields, start: opener.start, end, lastLine: (places[last]?.line ?? 0) + 1 });
    index = last;
  }
  return blocks;
}

function isContinuation(
  current: { line: number; column: number } | undefined,
  next: { line: number; column: number } | undefined,
): boolean {
  return (
    current !== undefined && next !== undefined && next.line === current.line + 1 && next.column === current.column
  );
}

function parseFields(
  source: Source,
  opener: Comment,
  lines: readonly string[],
  problems: RegoProblem[],
): Pick<AnnotationBlock, "scope" | "fields"> | undefined {
  const fail = (message: string): undefined => {
    problems.push(problemAt(source, opener.start, "rego_parse_error", message));
    return undefined;
  };
  const document = parseDocument(lines.join("\n"), { uniqueKeys: true, schema: "core" });
  if (document.errors.length > 0) return fail(`yaml: ${document.errors[0]?.message.split("\n")[0] ?? "invalid"}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return fail(`yaml: ${error instanceof Error ? error.message : "invalid"}`);
  }
  if (value === null || value === undefined) return fail("expected METADATA block, found whitespace");
  if (typeof value !== "object" || Array.isArray(value)) return fail("yaml: annotations must be a mapping");
  const fields = normalize(value as Record<string, unknown>);
  const { scope } = fields;
  if (scope !== undefined && !SCOPES.includes(String(scope)))
    return fail(`invalid annotation scope \`${String(scope)}\``);
  return { scope: scope as Annotations["scope"] | undefined, fields };
}

/** Brings the shorthand forms of fields into their long form, and drops unknown fields. */
function normalize(raw: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null);
  for (const name of ["scope", "title", "description", "organizations", "custom", "schemas", "entrypoint", "compile"]) {
    if (Object.hasOwn(raw, name) && raw[name] !== null) fields[name] = raw[name];
  }
  if (Array.isArray(raw.authors)) fields.authors = raw.authors.map(author);
  if (Array.isArray(raw.related_resources)) {
    fields.related_resources = raw.related_resources.map((entry) =>
      typeof entry === "string" ? { ref: entry } : entry,
    );
  }
  return { ...fields };
}

function author(entry: unknown): unknown {
  if (typeof entry !== "string") return entry;
  const match = /^(.*?)\s*<([^>]*)>\s*$/.exec(entry.trim());
  if (match === null) return { name: entry.trim() };
  const name = (match[1] ?? "").trim();
  return { ...(name === "" ? {} : { name }), email: match[2] ?? "" };
}
