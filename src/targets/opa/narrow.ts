/**
 * The user's own Rego, bound so that it can only take away. A module lives in the package `narrow` or below and has
 * `deny` (a set of reasons: any of them denies), `permit` (must be true), or both. It sees the same input as the flows.
 *
 * FAIL CLOSED: which of the two a package has is written down here, from its text. A `permit` that is undefined for
 * whatever reason, an error of its own included, denies.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";
import { parse } from "../../rego/index.js";
import { regoProblems } from "./rego-problems.js";

type UserModule = Policy["modules"][number];

interface NarrowingPackage {
  readonly path: readonly string[];
  readonly deny: boolean;
  readonly permit: boolean;
}

/**
 * The module `ringfence.narrow`: the reasons for which the user's own rules deny.
 * @throws POLICY_MODULE for a module that doesn't parse, stands in a package of another's, or takes nothing away
 */
export function narrowModule(policy: Policy): string {
  const packages = narrowingPackages(policy.modules);
  if (packages.length === 0) {
    return "# The workflow names no Rego of its own.\npackage ringfence.narrow\n\nreasons := set()\n";
  }
  const rules = packages.map(({ path, deny, permit }) => {
    const name = path.join(".");
    const ref = `data${path.map((part, i) => (i === 0 || isWord(part) ? `.${part}` : `[${JSON.stringify(part)}]`)).join("")}`;
    const denies = `\nreasons contains reason if {\n\tsome found in ${ref}.deny\n\treason := sprintf("%s: %v", [${JSON.stringify(name)}, found])\n}\n`;
    const permits = `\nreasons contains ${JSON.stringify(`${name}: does not permit it`)} if not permitted[${JSON.stringify(name)}]\n\npermitted[${JSON.stringify(name)}] if ${ref}.permit == true\n`;
    return `${deny ? denies : ""}${permit ? permits : ""}`;
  });
  return `# From the workflow's own Rego, which takes away and never gives.\npackage ringfence.narrow\n${rules.join("")}`;
}

function narrowingPackages(modules: readonly UserModule[]): NarrowingPackage[] {
  const problems: Problem[] = [];
  const packages = new Map<string, NarrowingPackage>();
  for (const module of modules) {
    const found = readModule(module, problems);
    if (found === undefined) continue;
    const key = found.path.join("/");
    const before = packages.get(key);
    packages.set(key, {
      path: found.path,
      deny: found.deny || before?.deny === true,
      permit: found.permit || before?.permit === true,
    });
  }
  const effective = [...packages.values()].some(({ deny, permit }) => deny || permit);
  const [first] = modules;
  if (problems.length === 0 && first !== undefined && !effective) {
    problems.push({
      code: "POLICY_MODULE",
      message: "the workflow's own Rego has neither `deny` nor `permit`, so it takes nothing away",
      hint: 'write `deny contains "reason" if { … }` or `permit if { … }`',
      span: { source: first, start: 0, end: 1 },
    });
  }
  if (problems.length > 0) throw new RingfenceError(problems);
  return [...packages.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

function readModule(module: UserModule, problems: Problem[]): NarrowingPackage | undefined {
  try {
    const parsed = parse(module.text, module.path);
    const { path } = parsed.package;
    const at = Math.max(module.text.indexOf("package"), 0);
    if (path[0] !== "narrow") {
      problems.push({
        code: "POLICY_MODULE",
        message: `this module is in the package \`${path.join(".")}\``,
        hint: "your own Rego lives in the package `narrow` or below, so that it can take away and never give",
        span: { source: module, start: at, end: at + "package".length },
      });
      return undefined;
    }
    const has = (name: string) => parsed.rules.some(({ head }) => head.name.name === name && head.args === undefined);
    return { path, deny: has("deny"), permit: has("permit") };
  } catch (error) {
    problems.push(...regoProblems(error, [module]));
    return undefined;
  }
}

function isWord(part: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(part);
}
