/**
 * Formatting, as `opa fmt` does it: tabs, one literal a line, comments where they stood, sorted imports, operators of
 * nested calls in parentheses. What `opa fmt` would write differently from what it read is kept as it was read.
 */
import type { Module, Rule } from "../syntax/ast.js";
import { parseModule } from "../syntax/parse-module.js";
import { type Context, tolerant } from "./context.js";
import { type PlacedImport, placeImports, writeImports, writePackage } from "./imports.js";
import { Layout } from "./layout.js";
import { writeLines, writeLiteral } from "./literal.js";
import { Places } from "./places.js";
import { isOneLiner, writeRule } from "./rule.js";
import { type FormatOptions, styleOf } from "./style.js";

export type { FormatOptions } from "./style.js";

/**
 * Formats a module. The result parses to the same program, and formatting it again changes nothing.
 * @throws RegoError with `rego_parse_error` problems when `text` is no module, or no module of both versions where
 *   `bothVersions` asks for one
 */
export function format(text: string, file = "policy.rego", options: FormatOptions = {}): string {
  const read = { ...options, version: options.version ?? (options.bothVersions === true ? "v0" : "v1") } as const;
  const written = options.bothVersions === true ? "v1" : read.version;
  const module = parseModule(text, file, { version: read.version });
  let formatted = formatModule(module, read);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const again = formatModule(parseModule(formatted, file, { version: written }), { ...read, version: written });
    if (again === formatted) break;
    formatted = again;
  }
  const kept = comments(parseModule(formatted, file, { version: written })) === comments(module);
  return kept || options.bothVersions === true ? formatted : text;
}

/** The comments of a module, whatever their order: a layout that would lose one is not used. */
function comments(module: Module): string {
  return module.comments
    .map((comment) => comment.text.trim())
    .sort()
    .join("\n");
}

/** A comment that had to move can move again when it is read in its new place. */
const MAX_ROUNDS = 5;

function formatModule(module: Module, options: FormatOptions): string {
  const places = new Places(module.source);
  const page = new Layout(places, module.comments);
  const context: Context = {
    page,
    places,
    style: styleOf(module, options),
    parenthesized: undefined,
    literal: (literal) => writeLiteral(context, literal),
    lines: (body) => writeLines(context, body),
  };
  writePackage(context, module.package);
  const imports = placeImports(context, module.imports, options);
  for (const run of runs(context, imports, module.rules)) {
    if (run.kind === "imports") writeImports(context, run.imports);
    else writeRules(context, run.rules);
  }
  page.writeRest();
  return page.text();
}

type Run =
  | { readonly kind: "imports"; readonly imports: PlacedImport[] }
  | { readonly kind: "rules"; readonly rules: Rule[] };

/** Imports and rules in the order of their rows; an import that was added never follows a rule. */
function runs({ places }: Context, imports: readonly PlacedImport[], rules: readonly Rule[]): Run[] {
  const firstRule = rules[0] === undefined ? Number.POSITIVE_INFINITY : places.row(rules[0]);
  const late = imports.filter(({ added, row }) => added && row >= firstRule);
  const result: Run[] = late.length === 0 ? [] : [{ kind: "imports", imports: late }];
  const others = [
    ...imports.filter((placed) => !late.includes(placed)).map((placed) => ({ placed, row: placed.row })),
    ...rules.map((rule) => ({ rule, row: places.row(rule) })),
  ].sort((a, b) => a.row - b.row);
  const started = result.length;
  for (const other of others) {
    const last = result.length > started ? result[result.length - 1] : undefined;
    if ("placed" in other) {
      if (last?.kind === "imports") last.imports.push(other.placed);
      else result.push({ kind: "imports", imports: [other.placed] });
    } else if (last?.kind === "rules") last.rules.push(other.rule);
    else result.push({ kind: "rules", rules: [other.rule] });
  }
  return result;
}

function writeRules(context: Context, rules: readonly Rule[]): void {
  const { page, places } = context;
  rules.forEach((rule, index) => {
    tolerant(() => page.commentsTo(places.row(rule)));
    writeRule(context, rule);
    const next = rules[index + 1];
    const together = next !== undefined && isOneLiner(context, rule) && isOneLiner(context, next);
    if (together && places.row(next) === places.row(rule) + 1) return;
    page.blankLine();
  });
}
