/** The package and the imports. Imports that stand together are sorted. */
import type { Import, Package } from "../syntax/ast.js";
import type { Context } from "./context.js";
import { commentText } from "./layout.js";
import type { Ranged } from "./places.js";
import { type FormatOptions, isImport, isKeywordImport } from "./style.js";
import { writeStringPart } from "./term.js";

/** An import as it is going to be written; `row` is where it stood, or where one that is added belongs. */
export interface PlacedImport {
  readonly item: Import;
  readonly row: number;
  readonly added: boolean;
}

export function writePackage(context: Context, item: Package): void {
  const { page, places } = context;
  page.commentsTo(places.row(item));
  page.startLine();
  page.write("package ");
  writePath(context, item.path, item);
  page.blankLine();
}

/** Leaves out what the target makes idle, and adds what it needs. */
export function placeImports(context: Context, imports: readonly Import[], options: FormatOptions): PlacedImport[] {
  const { places } = context;
  const placed = imports.map((item): PlacedImport => ({ item, row: places.row(item), added: false }));
  const has = (name: string) => imports.some((item) => isImport(item, "rego", name));
  const version = options.version ?? "v1";
  const drop = options.dropIdleImports === true;
  const v2 = has("v2");
  const both = options.bothVersions === true && !v2;
  const v1 = has("v1") || both;
  const dropsV1 = v2 || (version === "v1" && drop && !both);
  const dropsKeywords = ((version === "v1" && drop) || v1 || v2 || both) && !(version === "v0" && !v1 && !v2 && !both);
  const kept = placed.filter(
    ({ item }) =>
      !(dropsV1 && isImport(item, "rego", "v1")) &&
      !(dropsKeywords && isKeywordImport(item) && !(isLogicalKeyword(item) && !v2)),
  );
  if (!both || has("v1")) return kept;
  const rows = placed.filter(({ item }) => isKeywordImport(item)).map(({ row }) => row + 1);
  const item: Import = { path: ["rego", "v1"], start: 0, end: 0 };
  return [...kept, { item, row: Math.max(0, ...rows), added: true }];
}

/** `and`, `or` and `not` are keywords in no version that an import could be idle in. */
function isLogicalKeyword({ path }: Import): boolean {
  return path[2] === "and" || path[2] === "or" || path[2] === "not";
}

export function writeImports(context: Context, imports: readonly PlacedImport[]): void {
  const { page } = context;
  const own = imports.filter(({ added }) => !added);
  const comments = page.takeOn(new Set(own.map(({ row }) => row)));
  for (const group of groups(imports)) {
    page.commentsTo(group[0]?.row ?? 0);
    for (const { item, row, added } of [...group].sort((a, b) => compareImports(a.item, b.item))) {
      page.startLine();
      page.write("import ");
      writePath(context, item.path, item);
      if (item.alias !== undefined) page.write(` as ${item.alias}`);
      const comment = added ? undefined : comments.get(row);
      if (comment !== undefined) page.write(` ${commentText(comment)}`);
      page.endLine();
    }
    page.blankLine();
  }
}

function groups(imports: readonly PlacedImport[]): PlacedImport[][] {
  const result: PlacedImport[][] = [];
  for (const placed of imports) {
    const group = result[result.length - 1];
    const last = group?.[group.length - 1];
    if (group === undefined || last === undefined || placed.row - last.row > 1) result.push([placed]);
    else group.push(placed);
  }
  return result;
}

function compareImports(a: Import, b: Import): number {
  for (let index = 0; index < Math.max(a.path.length, b.path.length); index++) {
    const order = compareText(a.path[index] ?? "", b.path[index] ?? "");
    if (order !== 0) return order;
  }
  return compareText(a.alias ?? "", b.alias ?? "");
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writePath(context: Context, path: readonly string[], whole: Ranged): void {
  const { page, places } = context;
  const written = places.text(whole);
  path.forEach((part, index) => {
    const quoted = written.includes(`["${part}"]`) || written.includes(`[\`${part}\`]`);
    if (index === 0) page.write(part);
    else writeStringPart(context, { value: part }, quoted ? '"' : part);
  });
}
