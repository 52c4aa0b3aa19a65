/**
 * Fields of one response name must be able to merge: same field, same arguments, compatible types, and so for what they
 * select. Selection sets are compared pairwise; fragments once per pair, so that cycles end.
 */
import {
  type Argument,
  type Field,
  type FragmentSpread,
  KIND,
  type Position,
  type Selection,
  type TypeRef,
  type ValueNode,
} from "./nodes.js";
import type { Report } from "./rules.js";
import type { Schema } from "./schema.js";
import type { Observer, Walk } from "./walk.js";

interface Conflict {
  readonly responseName: string;
  readonly message: string;
  readonly inner: readonly Conflict[];
  readonly position: Position | undefined;
}

type FieldsByName = Map<string, Field[]>;

export const mergeRule =
  (spend: (steps: number) => void) =>
  (report: Report): Observer => {
    const merger = new Merger(spend);
    const check = (selections: readonly Selection[], walk: Walk): void => {
      for (const conflict of merger.within(selections, walk.schema)) {
        report(
          `Fields "${conflict.responseName}" conflict because ${reason(conflict)}. Use different aliases on the fields to fetch both if this was intentional.`,
          conflict.position,
        );
      }
    };
    return {
      operation: (operation, walk) => check(operation.SelectionSet, walk),
      field: (field, walk) => {
        if (walk.operation !== undefined) check(field.SelectionSet, walk);
      },
      inline: (fragment, walk) => check(fragment.SelectionSet, walk),
      fragment: (fragment, walk) => check(fragment.SelectionSet, walk),
    };
  };

function reason(conflict: Conflict): string {
  if (conflict.inner.length === 0) return conflict.message;
  return conflict.inner
    .map((inner) => `subfields "${inner.responseName}" conflict because ${reason(inner)}`)
    .join(" and ");
}

class Merger {
  readonly #spend: (steps: number) => void;
  /** Whether a pair of fragments was compared as mutually exclusive. */
  readonly #pairs = new Map<string, boolean>();
  #compared = new Set<string>();
  #schema: Schema | undefined;

  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  within(selections: readonly Selection[], schema: Schema): Conflict[] {
    this.#schema = schema;
    const { fields, spreads } = collect(selections);
    const conflicts: Conflict[] = [];
    for (const list of fields.values()) {
      for (const [index, field] of list.entries()) {
        for (const other of list.slice(index + 1)) this.#compare(conflicts, false, field, other);
      }
    }
    this.#compared = new Set();
    for (const [index, spread] of spreads.entries()) {
      this.#withFragment(conflicts, false, fields, spread);
      for (const other of spreads.slice(index + 1)) this.#fragments(conflicts, false, spread, other);
    }
    return conflicts;
  }

  #withFragment(conflicts: Conflict[], exclusive: boolean, fields: FieldsByName, spread: FragmentSpread): void {
    if (this.#compared.has(spread.Name)) return;
    this.#compared.add(spread.Name);
    if (spread.definition === undefined) return;
    const other = collect(spread.definition.SelectionSet);
    this.#between(conflicts, exclusive, fields, other.fields);
    for (const next of other.spreads) {
      if (next.Name !== spread.Name) this.#withFragment(conflicts, exclusive, fields, next);
    }
  }

  #fragments(conflicts: Conflict[], exclusive: boolean, a: FragmentSpread, b: FragmentSpread): void {
    if (a.Name === b.Name) return;
    const key = [a.Name, b.Name].sort().join(" ");
    const known = this.#pairs.get(key);
    if (known !== undefined && (exclusive || !known)) return;
    this.#pairs.set(key, exclusive);
    if (a.definition === undefined || b.definition === undefined) return;
    const left = collect(a.definition.SelectionSet);
    const right = collect(b.definition.SelectionSet);
    this.#between(conflicts, exclusive, left.fields, right.fields);
    for (const next of right.spreads) this.#fragments(conflicts, exclusive, a, next);
    for (const next of left.spreads) this.#fragments(conflicts, exclusive, next, b);
  }

  #between(conflicts: Conflict[], exclusive: boolean, left: FieldsByName, right: FieldsByName): void {
    for (const [name, fields] of left) {
      for (const field of fields) {
        for (const other of right.get(name) ?? []) this.#compare(conflicts, exclusive, field, other);
      }
    }
  }

  #compare(conflicts: Conflict[], parentsExclusive: boolean, a: Field, b: Field): void {
    this.#spend(1);
    if (a.parent === undefined || b.parent === undefined) return;
    const exclusive =
      parentsExclusive ||
      (a.parent.Name !== b.parent.Name &&
        a.parent.Kind === "OBJECT" &&
        b.parent.Kind === "OBJECT" &&
        a.definition !== undefined &&
        b.definition !== undefined);
    const responseName = a.Alias === "" ? a.Name : a.Alias;
    const conflict = (message: string, inner: readonly Conflict[] = []): void => {
      conflicts.push({ responseName, message, inner, position: b.position });
    };
    if (!exclusive && a.Name !== b.Name) {
      conflict(`"${a.Name}" and "${b.Name}" are different fields`);
    } else if (!exclusive && !sameArguments(a.Arguments, b.Arguments)) {
      conflict("they have differing arguments");
    } else if (this.#typesConflict(a.definition?.Type, b.definition?.Type)) {
      conflict("they return conflicting types");
    } else {
      const inner = this.#selections(exclusive, a.SelectionSet, b.SelectionSet);
      if (inner.length > 0) conflict("", inner);
    }
  }

  #selections(exclusive: boolean, a: readonly Selection[], b: readonly Selection[]): Conflict[] {
    const conflicts: Conflict[] = [];
    const left = collect(a);
    const right = collect(b);
    this.#between(conflicts, exclusive, left.fields, right.fields);
    for (const spread of right.spreads) {
      this.#compared = new Set();
      this.#withFragment(conflicts, exclusive, left.fields, spread);
    }
    for (const spread of left.spreads) {
      this.#compared = new Set();
      this.#withFragment(conflicts, exclusive, right.fields, spread);
    }
    for (const one of left.spreads) {
      for (const other of right.spreads) this.#fragments(conflicts, exclusive, one, other);
    }
    return conflicts;
  }

  #typesConflict(a: TypeRef | undefined, b: TypeRef | undefined): boolean {
    if (a === undefined || b === undefined) return false;
    if (a.Elem !== undefined || b.Elem !== undefined) {
      return a.Elem === undefined || b.Elem === undefined || this.#typesConflict(a.Elem, b.Elem);
    }
    if (a.NonNull !== b.NonNull) return true;
    const left = this.#schema?.types.get(a.NamedType);
    const right = this.#schema?.types.get(b.NamedType);
    const leaf = (kind: string | undefined): boolean => kind === "SCALAR" || kind === "ENUM";
    return leaf(left?.Kind) && leaf(right?.Kind) && left?.Name !== right?.Name;
  }
}

/** Fields by response name, those of inline fragments included, and the fragments spread beside them. */
function collect(selections: readonly Selection[]): { fields: FieldsByName; spreads: FragmentSpread[] } {
  const fields: FieldsByName = new Map();
  const spreads: FragmentSpread[] = [];
  const visit = (list: readonly Selection[]): void => {
    for (const selection of list) {
      if (selection.kind === "spread") spreads.push(selection);
      else if (selection.kind === "inline") visit(selection.SelectionSet);
      else {
        const name = selection.Alias === "" ? selection.Name : selection.Alias;
        const known = fields.get(name);
        if (known === undefined) fields.set(name, [selection]);
        else known.push(selection);
      }
    }
  };
  visit(selections);
  return { fields, spreads };
}

function sameArguments(a: readonly Argument[], b: readonly Argument[]): boolean {
  return (
    a.length === b.length &&
    a.every((one) => b.some((other) => one.Name === other.Name && sameValue(one.Value, other.Value)))
  );
}

function sameValue(a: ValueNode | undefined, b: ValueNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.Kind !== b.Kind || a.Raw !== b.Raw || a.Children.length !== b.Children.length) return false;
  const order = (value: ValueNode) =>
    value.Kind === KIND.object ? [...value.Children].sort((x, y) => (x.Name < y.Name ? -1 : 1)) : value.Children;
  const others = order(b);
  return order(a).every((child, i) => child.Name === others[i]?.Name && sameValue(child.Value, others[i]?.Value));
}
