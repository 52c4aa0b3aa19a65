/**
 * The documents that rules define, as a tree over their ground paths below `data`. A node may hold the definitions of
 * one rule, and children: packages, and rules whose heads continue its path.
 */
import type { CanonicalKey, Value } from "../value/index.js";
import type { DocumentPath, NormalRule } from "./normal-form.js";

export class RuleNode {
  readonly path: DocumentPath;
  /** The last part of the path as written, where that is a number with a text of its own. */
  readonly label: Value | undefined;
  readonly children = new Map<CanonicalKey, RuleNode>();
  readonly rules: NormalRule[] = [];

  constructor(path: DocumentPath = [], label?: Value) {
    this.path = path;
    this.label = label;
  }

  ensure(path: DocumentPath, labels?: ReadonlyMap<number, Value>): RuleNode {
    let node: RuleNode = this;
    for (let at = 0; at < path.length; at++) {
      const part = path[at] as CanonicalKey;
      let child = node.children.get(part);
      if (child === undefined) {
        child = new RuleNode([...node.path, part], labels?.get(at));
        node.children.set(part, child);
      }
      node = child;
    }
    return node;
  }

  find(path: DocumentPath): RuleNode | undefined {
    let node: RuleNode | undefined = this;
    for (const part of path) {
      node = node.children.get(part);
      if (node === undefined) return undefined;
    }
    return node;
  }

  /** This node and everything below it. */
  *nodes(): Generator<RuleNode> {
    const stack: RuleNode[] = [this];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      yield node;
      stack.push(...node.children.values());
    }
  }
}

/** The path of a rule's document from `data` on, with the values that its parts stand for. */
export function documentPath({ ground, labels }: NormalRule): readonly Value[] {
  if (labels === undefined || labels.size === 0) return ["data", ...ground];
  return ["data", ...ground.map((part, at) => labels.get(at) ?? part)];
}

export function buildTree(packages: readonly (readonly string[])[], rules: readonly NormalRule[]): RuleNode {
  const root = new RuleNode();
  for (const path of packages) root.ensure(path);
  for (const rule of rules) root.ensure(rule.ground, rule.labels).rules.push(rule);
  return root;
}
