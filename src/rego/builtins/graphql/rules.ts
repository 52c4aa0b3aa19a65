/**
 * The validation rules of queries (GraphQL specification, section 5), in OPA's choice and wording. Suggestions ("did you
 * mean") are left out of the messages.
 */
import { GraphqlError } from "./lexer.js";
import { mergeRule } from "./merge-rule.js";
import type { Definition, Directive, Field, FragmentSpread, Position, QueryDocument, Selection } from "./nodes.js";
import { isComposite, isInput, isLeaf, type Schema } from "./schema.js";
import { valueRules } from "./value-rules.js";
import { type Observer, Walk } from "./walk.js";

/** Reports a mistake. */
export type Report = (message: string, position: Position | undefined) => void;

/** All mistakes of a query, in the order of discovery; `spend` bounds the work. */
export function validateQuery(schema: Schema, document: QueryDocument, spend: (steps: number) => void): GraphqlError[] {
  const errors: GraphqlError[] = [];
  const report: Report = (message, position) => {
    errors.push(new GraphqlError(message, position));
  };
  const rules = [
    fieldRules,
    fragmentTypes,
    argumentNames,
    directiveRules,
    rootTypes,
    typeNames,
    operationRules,
    introspectionDepth,
    fragmentCycles,
    unusedFragments,
    variableRules,
    mergeRule(spend),
    possibleSpreads,
    requiredArguments,
    subscriptions,
    valueRules,
  ];
  new Walk(
    schema,
    document,
    rules.map((rule) => rule(report)),
    spend,
  ).run();
  return errors;
}

const fieldRules = (report: Report): Observer => ({
  field(field, { schema }) {
    if (field.parent !== undefined && field.definition === undefined) {
      report(`Cannot query field "${field.Name}" on type "${field.parent.Name}".`, field.position);
    }
    const type = schema.types.get(field.definition?.Type === undefined ? "" : coreName(field));
    if (type === undefined || field.definition === undefined) return;
    if (isLeaf(type) && field.SelectionSet.length > 0) {
      report(
        `Field "${field.Name}" must not have a selection since type "${type.Name}" has no subfields.`,
        field.position,
      );
    }
    if (!isLeaf(type) && field.SelectionSet.length === 0) {
      report(`Field "${field.Name}" of type "${type.Name}" must have a selection of subfields.`, field.position);
    }
  },
});

function coreName(field: Field): string {
  let type = field.definition?.Type;
  while (type?.Elem !== undefined) type = type.Elem;
  return type?.NamedType ?? "";
}

const fragmentTypes = (report: Report): Observer => ({
  inline(fragment, { schema }) {
    const type = schema.types.get(fragment.TypeCondition);
    if (type === undefined || isComposite(type)) return;
    report(`Fragment cannot condition on non composite type "${fragment.TypeCondition}".`, fragment.position);
  },
  fragment(fragment) {
    if (fragment.definition === undefined || isComposite(fragment.definition)) return;
    const on = `cannot condition on non composite type "${fragment.TypeCondition}"`;
    report(`Fragment "${fragment.Name}" ${on}.`, fragment.position);
  },
  spread(spread) {
    if (spread.definition === undefined) report(`Unknown fragment "${spread.Name}".`, spread.position);
  },
});

const argumentNames = (report: Report): Observer => ({
  field(field) {
    repeatedNames(
      field.Arguments.map(({ Name }) => Name),
      (name, index) => {
        report(`There can be only one argument named "${name}".`, field.Arguments[index]?.position);
      },
    );
    if (field.definition === undefined || field.parent === undefined) return;
    for (const { Name } of field.Arguments) {
      if (field.definition.Arguments.some((known) => known.Name === Name)) continue;
      report(`Unknown argument "${Name}" on field "${field.parent.Name}.${field.Name}".`, field.position);
    }
  },
  directive(directive) {
    repeatedNames(
      directive.Arguments.map(({ Name }) => Name),
      (name, index) => {
        report(`There can be only one argument named "${name}".`, directive.Arguments[index]?.position);
      },
    );
    for (const { Name } of directive.definition === undefined ? [] : directive.Arguments) {
      if (directive.definition?.Arguments.some((known) => known.Name === Name) === true) continue;
      report(`Unknown argument "${Name}" on directive "@${directive.Name}".`, directive.position);
    }
  },
});

function repeatedNames(names: readonly string[], found: (name: string, index: number) => void): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) found(name, index);
    seen.add(name);
  }
}

const directiveRules = (report: Report): Observer => ({
  directive(directive) {
    if (directive.definition === undefined) {
      report(`Unknown directive "@${directive.Name}".`, directive.position);
    } else if (!directive.definition.Locations.includes(directive.Location)) {
      report(`Directive "@${directive.Name}" may not be used on ${directive.Location}.`, directive.position);
    }
  },
  directives(list) {
    const seen = new Set<string>();
    for (const directive of list) {
      if (seen.has(directive.Name) && !isRepeatable(directive)) {
        report(`The directive "@${directive.Name}" can only be used once at this location.`, directive.position);
      }
      seen.add(directive.Name);
    }
  },
});

function isRepeatable(directive: Directive): boolean {
  return directive.definition?.IsRepeatable === true;
}

const rootTypes = (report: Report): Observer => ({
  operation(operation, { schema }) {
    if (!schema.roots.has(operation.Operation === "" ? "query" : operation.Operation)) {
      report(`Schema does not support operation type "${operation.Operation}"`, operation.position);
    }
  },
});

const typeNames = (report: Report): Observer => ({
  variable(variable) {
    if (variable.definition !== undefined) return;
    let type = variable.Type;
    while (type?.Elem !== undefined) type = type.Elem;
    report(`Unknown type "${type?.NamedType ?? ""}".`, variable.position);
  },
  inline(fragment, { schema }) {
    if (fragment.TypeCondition === "" || schema.types.has(fragment.TypeCondition)) return;
    report(`Unknown type "${fragment.TypeCondition}".`, fragment.position);
  },
  fragment(fragment, { schema }) {
    if (!schema.types.has(fragment.TypeCondition)) {
      report(`Unknown type "${fragment.TypeCondition}".`, fragment.position);
    }
  },
});

const operationRules = (report: Report): Observer => {
  const operations = new Set<string>();
  const fragments = new Set<string>();
  return {
    operation(operation, { document }) {
      if (operation.Name === "" && document.Operations.length > 1) {
        report("This anonymous operation must be the only defined operation.", operation.position);
      }
      if (operations.has(operation.Name)) {
        report(`There can be only one operation named "${operation.Name}".`, operation.position);
      }
      operations.add(operation.Name);
    },
    fragment(fragment) {
      if (fragments.has(fragment.Name)) {
        report(`There can be only one fragment named "${fragment.Name}".`, fragment.position);
      }
      fragments.add(fragment.Name);
    },
  };
};

const LISTS = new Set(["fields", "interfaces", "possibleTypes", "inputFields"]);
const MAX_LISTS = 3;

const introspectionDepth = (report: Report): Observer => ({
  field(field) {
    if (field.Name !== "__schema" && field.Name !== "__type") return;
    if (isTooDeep([field], new Set(), 0)) report("Maximum introspection depth exceeded", field.position);
  },
});

function isTooDeep(selections: readonly Selection[], open: Set<string>, depth: number): boolean {
  return selections.some((selection) => {
    if (selection.kind === "inline") return isTooDeep(selection.SelectionSet, open, depth);
    if (selection.kind === "field") {
      const inner = depth + (LISTS.has(selection.Name) ? 1 : 0);
      return inner >= MAX_LISTS || isTooDeep(selection.SelectionSet, open, inner);
    }
    if (selection.definition === undefined || open.has(selection.Name)) return false;
    open.add(selection.Name);
    const deep = isTooDeep(selection.definition.SelectionSet, open, depth);
    open.delete(selection.Name);
    return deep;
  });
}

const fragmentCycles = (report: Report): Observer => {
  const visited = new Set<string>();
  return {
    fragment(start, walk) {
      const path: FragmentSpread[] = [];
      const starts = new Map<string, number>();
      const visit = (name: string, selections: readonly Selection[]): void => {
        if (visited.has(name)) return;
        visited.add(name);
        starts.set(name, path.length);
        for (const spread of spreadsIn(selections)) {
          const cycle = starts.get(spread.Name);
          path.push(spread);
          if (cycle === undefined) {
            const next = walk.fragmentNamed(spread.Name);
            if (next !== undefined) visit(next.Name, next.SelectionSet);
          } else {
            const via = path.slice(cycle, -1).map(({ Name }) => `"${Name}"`);
            const through = via.length === 0 ? "" : ` via ${via.join(", ")}`;
            report(`Cannot spread fragment "${spread.Name}" within itself${through}.`, spread.position);
          }
          path.pop();
        }
        starts.delete(name);
      };
      visit(start.Name, start.SelectionSet);
    },
  };
};

function spreadsIn(selections: readonly Selection[]): FragmentSpread[] {
  return selections.flatMap((selection) =>
    selection.kind === "spread" ? [selection] : spreadsIn(selection.SelectionSet),
  );
}

const unusedFragments = (report: Report): Observer => {
  let inFragments = false;
  const used = new Set<string>();
  return {
    spread(spread) {
      if (!inFragments) used.add(spread.Name);
    },
    fragment(fragment) {
      inFragments = true;
      if (!used.has(fragment.Name)) report(`Fragment "${fragment.Name}" is never used.`, fragment.position);
    },
  };
};

const variableRules = (report: Report): Observer => ({
  operation(operation) {
    const name = operation.Name === "" ? "" : ` in operation "${operation.Name}"`;
    repeatedNames(
      operation.VariableDefinitions.map(({ Variable }) => Variable),
      (variable, index) => {
        report(`There can be only one variable named "$${variable}".`, operation.VariableDefinitions[index]?.position);
      },
    );
    for (const variable of operation.VariableDefinitions) {
      if (variable.used !== true) report(`Variable "$${variable.Variable}" is never used${name}.`, variable.position);
      if (variable.definition !== undefined && !isInput(variable.definition)) {
        report(
          `Variable "$${variable.Variable}" cannot be non-input type "${variable.definition.Name}".`,
          variable.position,
        );
      }
    }
  },
});

const possibleSpreads = (report: Report): Observer => ({
  inline(fragment, { schema }) {
    if (fragment.parent === undefined || mayOverlap(schema, fragment.parent, fragment.TypeCondition)) return;
    report(
      `Fragment cannot be spread here as objects of type "${fragment.parent.Name}" can never be of type "${fragment.TypeCondition}".`,
      fragment.position,
    );
  },
  spread(spread, { schema }) {
    const condition = spread.definition?.TypeCondition;
    if (spread.parent === undefined || condition === undefined) return;
    if (mayOverlap(schema, spread.parent, condition)) return;
    report(
      `Fragment "${spread.Name}" cannot be spread here as objects of type "${spread.parent.Name}" can never be of type "${condition}".`,
      spread.position,
    );
  },
});

function mayOverlap(schema: Schema, parent: Definition, condition: string): boolean {
  const type = schema.types.get(condition);
  if (!isComposite(parent) || type === undefined || !isComposite(type)) return true;
  const parents = parent.Kind === "OBJECT" ? [parent] : (schema.possibleTypes.get(parent.Name) ?? []);
  const names = new Set(parents.map(({ Name }) => Name));
  return (schema.possibleTypes.get(condition) ?? []).some(({ Name }) => names.has(Name));
}

const requiredArguments = (report: Report): Observer => ({
  field(field) {
    for (const { Name, Type, DefaultValue } of field.definition?.Arguments ?? []) {
      if (Type?.NonNull !== true || DefaultValue !== undefined) continue;
      if (field.Arguments.some((given) => given.Name === Name)) continue;
      report(`Field "${field.Name}" argument "${Name}" is required, but it was not provided.`, field.position);
    }
  },
  directive(directive) {
    for (const { Name, Type, DefaultValue } of directive.definition?.Arguments ?? []) {
      if (Type?.NonNull !== true || DefaultValue !== undefined) continue;
      if (directive.Arguments.some((given) => given.Name === Name)) continue;
      const missing = `argument "${Name}" is required, but it was not provided`;
      report(`Directive "@${directive.Name}" ${missing}.`, directive.position);
    }
  },
});

const subscriptions = (report: Report): Observer => ({
  operation(operation, { schema }) {
    if (operation.Operation !== "subscription" || !schema.roots.has("subscription")) return;
    const fields = topFields(operation.SelectionSet, new Set());
    const names = new Set(fields.map(({ Name }) => Name));
    const who = operation.Name === "" ? "Anonymous Subscription" : `Subscription "${operation.Name}"`;
    if (names.size > 1) {
      const second = fields.find(({ Name }) => Name !== fields[0]?.Name);
      report(`${who} must select only one top level field.`, second?.position);
    }
    for (const name of names) {
      if (!name.startsWith("__")) continue;
      const field = fields.find(({ Name }) => Name === name);
      report(`${who} must not select an introspection top level field.`, field?.position);
    }
  },
});

function topFields(selections: readonly Selection[], open: Set<string>): Field[] {
  return selections.flatMap((selection) => {
    if (selection.kind === "field") return [selection];
    if (selection.kind === "inline") return topFields(selection.SelectionSet, open);
    if (selection.definition === undefined || open.has(selection.Name)) return [];
    open.add(selection.Name);
    return topFields(selection.definition.SelectionSet, open);
  });
}
