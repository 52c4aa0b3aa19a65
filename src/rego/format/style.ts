/** What a module's version and imports mean for how it is written. */
import type { Import, Module } from "../syntax/ast.js";

export interface FormatOptions {
  /** Version in which the source is read, unless its imports say otherwise; v1 by default. */
  readonly version?: "v0" | "v1";
  /** Write a module that v0 and v1 both read: `import rego.v1`, `if`, `contains`, `:=`. */
  readonly bothVersions?: boolean;
  /** Leave `rego.v1` and `future.keywords` imports out where v1 makes them idle. */
  readonly dropIdleImports?: boolean;
}

export interface Style {
  /** Written for v1: values follow `:=`. */
  readonly v1: boolean;
  readonly useIf: boolean;
  readonly useContains: boolean;
  /** Some head has a reference that `name[key]` cannot express, so that every head is written as a reference. */
  readonly refHeads: boolean;
  readonly keywords: ReadonlySet<string>;
}

const V0 = ["not", "package", "import", "as", "default", "else", "with", "null", "true", "false", "some"];
const V1 = [...V0, "if", "contains", "in", "every"];
const V2 = [...V1, "and", "or"];

export function isImport(item: Import, ...path: readonly string[]): boolean {
  return item.path.length === path.length && item.path.every((part, index) => part === path[index]);
}

export function isKeywordImport(item: Import): boolean {
  return item.path[0] === "future";
}

export function styleOf(module: Module, options: FormatOptions): Style {
  const v1 = options.version !== "v0" || options.bothVersions === true;
  const has = (...path: string[]) => module.imports.some((item) => isImport(item, ...path));
  const v2 = has("rego", "v2");
  const all = v1 || v2 || has("rego", "v1") || has("future", "keywords");
  const imported = module.imports.flatMap(({ path }) =>
    path[0] === "future" && path[2] !== undefined ? [path[2]] : [],
  );
  const refHeads = module.rules.some(
    ({ head }) => head.path.length > 1 || (head.path.length === 1 && head.key !== undefined),
  );
  return {
    v1,
    useIf: all || imported.includes("if"),
    useContains: all || imported.includes("contains"),
    refHeads,
    keywords: new Set(v2 ? V2 : [...(v1 ? V1 : V0), ...imported]),
  };
}
