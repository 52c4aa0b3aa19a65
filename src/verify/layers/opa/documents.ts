/** The tree of documents below `data`: rules by the path of their heads, beside base data. */
import { isObject, lookup, type NormalForm, type NormalRule, RegoObject, type Value } from "../../../rego/index.js";

export class RuleNode {
  readonly children = new Map<unknown, RuleNode>();
  /** rules whose value is the document itself */
  readonly rules: NormalRule[] = [];
  readonly functions: NormalRule[] = [];

  static of({ rules, packages }: NormalForm): RuleNode {
    const root = new RuleNode();
    for (const path of packages) root.#at(path);
    for (const rule of rules) {
      const node = root.#at(rule.ground);
      (rule.kind === "function" ? node.functions : node.rules).push(rule);
    }
    return root;
  }

  #at(path: readonly unknown[]): RuleNode {
    let node: RuleNode = this;
    for (const part of path) {
      let next = node.children.get(part);
      if (next === undefined) {
        next = new RuleNode();
        node.children.set(part, next);
      }
      node = next;
    }
    return node;
  }

  find(path: readonly unknown[]): RuleNode | undefined {
    let node: RuleNode | undefined = this;
    for (const part of path) node = node?.children.get(part);
    return node;
  }

  /** Whether any document below is made by rules. */
  get hasRules(): boolean {
    return this.rules.length > 0 || [...this.children.values()].some((child) => child.hasRules);
  }
}

/** The names of documents below a place: of rules and of base data. */
export function namesBelow(node: RuleNode | undefined, base: Value | undefined): readonly Value[] {
  const names = new Set<unknown>(node?.children.keys() ?? []);
  if (base !== undefined && isObject(base)) {
    const keys = base instanceof RegoObject ? base.entries().map(([key]) => key) : Object.keys(base);
    for (const key of keys) names.add(key);
  }
  return [...names] as Value[];
}

export function baseBelow(base: Value | undefined, key: Value): Value | undefined {
  return base === undefined ? undefined : lookup(base, key);
}
