/** Values that rules put together: cases of one value, and collections of members that are there under conditions. */
import { RegoObject, RegoSet } from "../../../rego/index.js";
import { type Bounds, either, YES } from "../../space/bounds.js";
import { closed } from "./elements.js";
import { equality } from "./relations.js";
import {
  type Case,
  type CollectionSymbol,
  type Element,
  elementsIn,
  type Item,
  known,
  type Symbolic,
  sameText,
  UNKNOWN,
} from "./symbol.js";

/** The same value for every request. */
export function sameValue(a: Symbolic, b: Symbolic): boolean {
  if (a.kind === "known" && b.kind === "known") return equality(a, b) === YES;
  if ((a.kind === "claims" || a.kind === "bag") && a.kind === b.kind) return a.names.join("\n") === b.names.join("\n");
  if (a.kind === "array" && b.kind === "array" && a.items.length === b.items.length) {
    return a.items.every((item, i) => sameValue(item, b.items[i] ?? UNKNOWN));
  }
  return a === b || (a.kind === "text" && b.kind === "text" && sameText(a, b));
}

/** Cases of one value together. */
export function grouped(cases: readonly Case[]): readonly Case[] {
  if (cases.length < 2) return cases;
  const groups: { value: Symbolic; whens: Bounds[] }[] = [];
  for (const { value, when } of cases) {
    const group = groups.find((one) => sameValue(one.value, value));
    if (group === undefined) groups.push({ value, whens: [when] });
    else group.whens.push(when);
  }
  return groups.map(({ value, whens }) => ({ value, when: either(whens) }));
}

/** A member of a collection; elements that it does not speak of are taken out of its condition. */
export function member(
  key: Symbolic | undefined,
  value: Symbolic,
  when: Bounds,
  over: readonly Element[],
): readonly Item[] {
  const used = [...elementsIn(value, over), ...(key === undefined ? [] : elementsIn(key, over))];
  const first = over.findIndex((one) => used.includes(one));
  const kept = first === -1 ? [] : over.slice(0, over.length);
  return [{ when: kept.length === 0 ? closed(when, over) : when, key, value, over: kept }];
}

const isKnown = (value: Symbolic | undefined): boolean => value === undefined || value.kind === "known";

/** A collection of which every member is known and surely there is known itself. */
export function collectionOf(of: CollectionSymbol["of"], items: readonly Item[]): Symbolic {
  const possible = items.filter(({ when }) => !when.may.isEmpty);
  const merged = of === "array" ? possible : mergedItems(possible);
  if (!merged.every(({ when, key, value }) => when.must.isFull && isKnown(key) && isKnown(value))) {
    return { kind: "collection", of, items: merged };
  }
  const values = merged.flatMap(({ value }) => (value.kind === "known" ? [value.value] : []));
  if (of === "array") return known(values);
  if (of === "set") return known(RegoSet.of(values));
  return known(
    RegoObject.of(
      merged.flatMap(({ key, value }) =>
        key?.kind === "known" && value.kind === "known" ? [[key.value, value.value] as const] : [],
      ),
    ),
  );
}

function mergedItems(items: readonly Item[]): readonly Item[] {
  const merged: Item[] = [];
  for (const item of items) {
    const at = merged.findIndex(
      (one) =>
        one.over.length === 0 &&
        item.over.length === 0 &&
        sameValue(one.value, item.value) &&
        (one.key === item.key || (one.key !== undefined && item.key !== undefined && sameValue(one.key, item.key))),
    );
    const before = merged[at];
    if (before === undefined) merged.push(item);
    else merged[at] = { ...before, when: either([before.when, item.when]) };
  }
  return merged;
}
