/**
 * What `rego.metadata.rule()` and `rego.metadata.chain()` stand for. Annotations are known when a policy is compiled, so
 * these calls are constants of the rule that they stand in.
 */
import type { Annotations, Module, Rule } from "../syntax/ast.js";
import type { Value } from "../value/index.js";
import type { DocumentPath } from "./normal-form.js";
import { splitHeadPath } from "./translate-rule.js";

type Field = Annotations["fields"];

export class Metadata {
  private readonly documents = new Map<string, Field[]>();
  private readonly packages = new Map<string, Field[]>();
  private readonly subpackages = new Map<string, Field[]>();

  constructor(modules: readonly Module[]) {
    for (const module of modules) {
      const { path } = module.package;
      for (const { scope, fields } of module.package.annotations) {
        add(scope === "subpackages" ? this.subpackages : this.packages, path, fields);
      }
      for (const rule of module.rules) {
        for (const { scope, fields } of rule.annotations) {
          if (scope === "document") add(this.documents, [...path, ...splitHeadPath(rule.head).ground], fields);
        }
      }
    }
  }

  /** Annotations of the rule itself, or an empty object. */
  rule(rule: Rule): Value {
    return (ownAnnotations(rule)[0] ?? {}) as Value;
  }

  /** Annotations that apply to the rule, the nearest first; the rule itself is always there. */
  chain(module: Module, rule: Rule): Value {
    const packagePath = module.package.path;
    const path = [...packagePath, ...splitHeadPath(rule.head).ground];
    const own = ownAnnotations(rule);
    const chain: Value[] = own.length === 0 ? [{ path }] : own.map((fields) => link(path, fields));
    for (const fields of this.documents.get(path.join("\0")) ?? []) chain.push(link(path, fields));
    for (const fields of this.packages.get(packagePath.join("\0")) ?? []) chain.push(link(packagePath, fields));
    for (let length = packagePath.length; length >= 0; length--) {
      const above = packagePath.slice(0, length);
      for (const fields of this.subpackages.get(above.join("\0")) ?? []) chain.push(link(above, fields));
    }
    return chain;
  }
}

function ownAnnotations(rule: Rule): Field[] {
  const own = rule.annotations.filter(({ scope }) => scope === "rule");
  return own.map(({ fields }) => fields).reverse();
}

function link(path: DocumentPath, fields: Field): Value {
  return { annotations: fields as Value, path };
}

function add(map: Map<string, Field[]>, path: DocumentPath, fields: Field): void {
  const key = path.join("\0");
  map.set(key, [...(map.get(key) ?? []), fields]);
}
