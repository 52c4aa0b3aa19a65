/** Definitions that cannot stand together, told from heads alone. */
import { problemAt, type RegoProblem } from "../error.js";
import type { NormalRule } from "./normal-form.js";
import type { RuleNode } from "./rule-tree.js";

/** Reports mixed kinds and arities, several defaults, rules inside of rules, and packages that are rules. */
export function checkConflicts(
  tree: RuleNode,
  packages: readonly { path: readonly string[]; at: NormalRule["at"] }[],
): RegoProblem[] {
  const problems: RegoProblem[] = [];
  const report = (at: NormalRule["at"], message: string): void => {
    problems.push(problemAt(at.source, at.start, "rego_type_error", message));
  };
  for (const node of tree.nodes()) {
    const [first] = node.rules;
    if (first === undefined) continue;
    const name = `data.${node.path.join(".")}`;
    checkChildren(node, first, name, report);
    const multi = new Set(node.rules.map((rule) => rule.kind === "set"));
    const arities = new Set(node.rules.map((rule) => rule.arity));
    const ground = new Set(node.rules.map((rule) => rule.path.length === 0));
    const defaults = node.rules.filter((rule) => rule.isDefault);
    if (multi.size > 1 || arities.size > 1 || ground.size > 1) {
      const places = node.rules.map((rule) => placeName(rule)).join(", ");
      report(first.at, `conflicting rules ${name} found (${places})`);
    } else if (defaults.length > 1) {
      report((defaults[1] as NormalRule).at, `multiple default rules ${name} found`);
    }
  }
  for (const { path, at } of packages) {
    for (let length = 1; length <= path.length; length++) {
      const node = tree.find(path.slice(0, length));
      const rule = node?.rules[0];
      if (rule !== undefined && (length === path.length || rule.path.length === 0)) {
        report(at, `package ${path.join(".")} conflicts with rule ${rule.name} defined at ${placeName(rule)}`);
        break;
      }
    }
  }
  return problems;
}

/** A rule with a whole document of its own leaves no room for others inside it. */
function checkChildren(
  node: RuleNode,
  first: NormalRule,
  name: string,
  report: (at: NormalRule["at"], message: string) => void,
): void {
  if (node.children.size === 0 || first.path.length > 0) return;
  const inner: string[] = [];
  for (const child of node.nodes()) {
    if (child !== node) inner.push(...child.rules.map(placeName));
  }
  if (inner.length > 0) report(first.at, `rule ${name} conflicts with ${inner.join(", ")}`);
}

function placeName(rule: NormalRule): string {
  const { source, start } = rule.at;
  const line = source.text.slice(0, start).split("\n").length;
  return `${source.file}:${line}`;
}
