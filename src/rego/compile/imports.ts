/** What a module can name: the rules of its package, its imports, and the checks on imports and reserved names. */
import { problemAt, type RegoProblem } from "../error.js";
import type { Import, Module } from "../syntax/ast.js";
import type { GlobalRef } from "./scope.js";

function aliasOf(statement: Import): string {
  return statement.alias ?? statement.path[statement.path.length - 1] ?? "";
}

function isDocument(statement: Import): boolean {
  return statement.path[0] === "data" || statement.path[0] === "input";
}

/** Names of a module: first parts of the rule heads of its whole package, then imports, which come first in a clash. */
export function moduleGlobals(module: Module, packageRules: ReadonlySet<string>): Map<string, GlobalRef> {
  const globals = new Map<string, GlobalRef>();
  const path = module.package.path;
  for (const name of packageRules) globals.set(name, { base: "data", path: [...path, name] });
  for (const statement of module.imports) {
    if (!isDocument(statement)) continue;
    const [base, ...rest] = statement.path;
    if (rest.length === 0 && statement.alias === undefined) continue;
    globals.set(aliasOf(statement), { base: base === "input" ? "input" : "data", path: rest });
  }
  return globals;
}

/** v1: no two imports of one name, no rule that shadows `input` or `data`. */
export function checkImports(module: Module): RegoProblem[] {
  const problems: RegoProblem[] = [];
  if (module.version !== "v1") return problems;
  const seen = new Set<string>();
  for (const statement of module.imports) {
    if (!isDocument(statement)) continue;
    const name = aliasOf(statement);
    if (seen.has(name)) {
      problems.push(
        problemAt(
          module.source,
          statement.start,
          "rego_compile_error",
          `import must not shadow import ${statement.path.join(".")}`,
        ),
      );
    }
    seen.add(name);
  }
  for (const rule of module.rules) {
    const { name, start } = rule.head.name;
    if (name === "input" || name === "data") {
      problems.push(
        problemAt(
          module.source,
          start,
          "rego_compile_error",
          `rules must not shadow ${name} (use a different rule name)`,
        ),
      );
    }
    for (const arg of rule.head.args ?? []) {
      if (arg.kind !== "var" || (arg.name !== "input" && arg.name !== "data")) continue;
      problems.push(
        problemAt(
          module.source,
          arg.start,
          "rego_compile_error",
          `args must not shadow ${arg.name} (use a different argument name)`,
        ),
      );
    }
  }
  return problems;
}

/** Strict mode: imports that nothing in the module mentions. */
export function checkUnusedImports(module: Module): RegoProblem[] {
  const problems: RegoProblem[] = [];
  for (const statement of module.imports) {
    if (!isDocument(statement)) continue;
    const name = aliasOf(statement);
    const mention = new RegExp(`(?<![\\w.])${name}(?!\\w)`);
    const rest = module.source.text.slice(0, statement.start) + module.source.text.slice(statement.end);
    const code = rest.replace(/#[^\n]*/g, "").replace(/^\s*(?:import|package)[^\n]*/gm, "");
    if (mention.test(code)) continue;
    problems.push(
      problemAt(module.source, statement.start, "rego_compile_error", `import ${statement.path.join(".")} unused`),
    );
  }
  return problems;
}
