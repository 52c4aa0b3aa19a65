/** Built-in functions on lists, sets and objects of which not every member is known. */
import { isArray, lookup, RegoSet, type Value } from "../../../rego/index.js";
import { type Bounds, both, either, MAYBE, not, truth } from "../../space/bounds.js";
import { ANYTHING, Language, somePiece } from "../../space/index.js";
import { bagWith, equality, isClaimObject, kindOf, listOf } from "./relations.js";
import {
  arrayOf,
  type Case,
  type CollectionSymbol,
  type Item,
  known,
  knownItems,
  outcome,
  type Symbolic,
  surely,
  within,
} from "./symbol.js";
import { asText, splitAtScheme } from "./texts.js";

/** What the evaluator does for the functions here. */
export interface Host {
  /** the members of a collection, each with elements of its own that nothing else speaks of */
  fresh(collection: CollectionSymbol): readonly Item[];
  /** the condition for some of the elements */
  closed(when: Bounds, over: Item["over"]): Bounds;
  /** the value under a path, for `object.get` */
  step(value: Symbolic, key: Symbolic): readonly Case[];
}

export function itemsOf(value: Symbolic, host: Host): readonly Item[] | undefined {
  if (value.kind === "known") return knownItems(value.value);
  if (value.kind === "collection") return host.fresh(value);
  if (value.kind !== "array") return undefined;
  return value.items.map((item, i) => ({ when: both(), key: known(i), value: item, over: [] }));
}

function languageOf(value: Value): Language | undefined {
  const members = isArray(value) || value instanceof RegoSet ? [...value] : undefined;
  if (members === undefined) return undefined;
  return Language.only(...members.filter((item): item is string => typeof item === "string"));
}

function hasNoMembers(value: Symbolic): boolean {
  const kind = kindOf(value);
  return kind === "string" || kind === "number" || (value.kind === "unknown" && value.type === "scalar");
}

/** `x in xs` */
export function member(value: Symbolic, of: Symbolic, host: Host): Bounds {
  if (of.kind === "known" && value.kind === "text") {
    const words = languageOf(of.value);
    if (words !== undefined) return within(value, words);
  }
  if (of.kind === "pieces" || of.kind === "bag" || isClaimObject(of)) {
    const list = listOf(of);
    if (value.kind !== "known") return MAYBE;
    if (typeof value.value !== "string") return list.kind === "bag" && list.mixed ? MAYBE : truth(false);
    const word = Language.only(value.value);
    return list.kind === "bag" ? bagWith(list, word) : within(list.text, somePiece(list.separator, word));
  }
  const items = itemsOf(of, host);
  if (items === undefined) return hasNoMembers(of) ? truth(false) : MAYBE;
  return either(items.map((item) => host.closed(both(item.when, equality(item.value, value)), item.over)));
}

/** Whether the collection has a member. */
function filled(value: Symbolic, host: Host): Bounds | undefined {
  if (value.kind === "bag") return value.mixed ? truth(true) : bagWith(value, ANYTHING);
  if (value.kind !== "collection") return undefined;
  return either(host.fresh(value).map(({ when, over }) => host.closed(when, over)));
}

/** The outcome of a function on collections; undefined where it is none, or its operands are not of a kind that is read. */
export function callOnCollections(name: string, args: readonly Symbolic[], host: Host): readonly Case[] | undefined {
  const [first, second] = args;
  if (first === undefined) return undefined;
  switch (name) {
    case "internal.member_2":
      return second === undefined ? undefined : boolean(member(first, second, host));
    case "count":
      return counted(first, host);
    case "split":
      return second === undefined ? undefined : split(first, second);
    case "object.get":
      return args.length === 3 ? got(args, host) : undefined;
    case "and":
      return second === undefined ? undefined : intersection(first, second, host);
    case "or":
      return second === undefined ? undefined : union(first, second, host);
    case "minus":
      return second === undefined ? undefined : difference(first, second, host);
    case "plus":
      return shifted(first, second, 1);
    default:
      return undefined;
  }
}

function boolean(holds: Bounds): readonly Case[] {
  return outcome(holds, not(holds));
}

function counted(value: Symbolic, host: Host): readonly Case[] | undefined {
  if (value.kind === "text") return surely({ kind: "size", text: value, separator: undefined, plus: 0 });
  if (value.kind === "pieces") {
    return surely({ kind: "size", text: value.text, separator: value.separator, plus: 0 });
  }
  const some = filled(value, host);
  if (some !== undefined) return surely({ kind: "count", some });
  return value.kind === "array" ? surely(known(value.items.length)) : undefined;
}

function shifted(a: Symbolic, b: Symbolic | undefined, sign: 1 | -1): readonly Case[] | undefined {
  if (a.kind !== "size" || b?.kind !== "known" || typeof b.value !== "number" || !Number.isInteger(b.value)) {
    return undefined;
  }
  return surely({ ...a, plus: a.plus + sign * b.value });
}

function split(value: Symbolic, by: Symbolic): readonly Case[] | undefined {
  const text = asText(value);
  if (text === undefined || by.kind !== "known" || typeof by.value !== "string") return undefined;
  const scheme = splitAtScheme(text, by.value);
  if (scheme !== undefined) return surely(arrayOf(scheme));
  return [...by.value].length === 1 ? surely({ kind: "pieces", text, separator: by.value }) : undefined;
}

/** The path is one key, or a list of them; whatever is not there gives the default. */
function got([object, path, otherwise]: readonly Symbolic[], host: Host): readonly Case[] | undefined {
  if (object === undefined || path === undefined || otherwise === undefined) return undefined;
  const keys =
    path.kind === "known" && isArray(path.value) ? path.value.map(known) : path.kind === "array" ? path.items : [path];
  const kind = kindOf(object);
  if (kind !== "object") return kind === undefined ? undefined : [];
  let cases: readonly Case[] = surely(object);
  for (const key of keys) {
    cases = cases.flatMap(({ when, value }) =>
      host
        .step(value, key)
        .map((inner) => ({ when: both(when, inner.when), value: inner.value }))
        .filter((inner) => !inner.when.may.isEmpty),
    );
  }
  const absent = not(either(cases.map(({ when }) => when)));
  return absent.may.isEmpty ? cases : [...cases, { when: absent, value: otherwise }];
}

type Sets = readonly [readonly Item[], readonly Item[]];

function sets(a: Symbolic, b: Symbolic, host: Host): Sets | undefined {
  if (kindOf(a) !== "set" || kindOf(b) !== "set") return undefined;
  const [left, right] = [itemsOf(a, host), itemsOf(b, host)];
  return left === undefined || right === undefined ? undefined : [left, right];
}

const setOf = (items: readonly Item[]): readonly Case[] => surely({ kind: "collection", of: "set", items });

function intersection(a: Symbolic, b: Symbolic, host: Host): readonly Case[] | undefined {
  const both_ = sets(a, b, host);
  if (both_ === undefined) return undefined;
  return setOf(
    both_[0].flatMap((one) =>
      both_[1].flatMap((other) => {
        const when = both(one.when, other.when, equality(one.value, other.value));
        if (when.may.isEmpty) return [];
        // The known one of the two says what the member is.
        const value = other.value.kind === "known" ? other : one;
        return [{ when, key: value.value, value: value.value, over: [...one.over, ...other.over] }];
      }),
    ),
  );
}

function union(a: Symbolic, b: Symbolic, host: Host): readonly Case[] | undefined {
  const both_ = sets(a, b, host);
  return both_ === undefined ? undefined : setOf([...both_[0], ...both_[1]]);
}

function difference(a: Symbolic, b: Symbolic, host: Host): readonly Case[] | undefined {
  if (a.kind === "size") return shifted(a, b, -1);
  const both_ = sets(a, b, host);
  if (both_ === undefined) return undefined;
  return setOf(
    both_[0].flatMap((one) => {
      const when = both(one.when, not(member(one.value, b, host)));
      return when.may.isEmpty ? [] : [{ ...one, when }];
    }),
  );
}

/** What is under a key of a plain value. */
export function plainStep(value: Value, key: Value): readonly Case[] {
  const found = lookup(value, key);
  return found === undefined ? [] : surely(known(found));
}
