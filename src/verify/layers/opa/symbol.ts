/**
 * Values of Rego that depend on the request. What is known stays a plain value; a text is a chain of functions over
 * attributes of the request and answers one question: for which requests does it belong to a language.
 */
import { isArray, isNumber, RegoObject, RegoSet, type Value } from "../../../rego/index.js";
import { MISSING } from "../../opa/bundle.js";
import { type Bounds, both, either, exactly, MAYBE, NO, truth, where, YES } from "../../space/bounds.js";
import {
  ANYTHING,
  Bags,
  beginningsOf,
  type Dimension,
  dimension,
  halves,
  type Language,
  type Preimage,
  RequestSet,
  Text,
  withoutEnd,
  withoutStart,
} from "../../space/index.js";

export type Atom =
  | { readonly kind: "constant"; readonly word: string }
  | { readonly kind: "dimension"; readonly dimension: Dimension<Text> }
  /** a claim that is one text */
  | { readonly kind: "claim"; readonly names: readonly string[] }
  /** nothing is known of it but a language; `token`: it is the bearer token itself; equal names mean one text */
  | { readonly kind: "opaque"; readonly within: Language; readonly token?: true; readonly name?: string };

/** A function of texts with a name; equal names mean equal functions. */
export interface Step {
  readonly name: string;
  readonly before: Preimage;
}

export interface TextSymbol {
  readonly kind: "text";
  readonly parts: readonly Atom[];
  readonly steps: readonly Step[];
}

/** The pieces of a text that was split at one character. */
export interface PiecesSymbol {
  readonly kind: "pieces";
  readonly text: TextSymbol;
  readonly separator: string;
}

/** How many characters a text has, or pieces, and a number added. */
export interface SizeSymbol {
  readonly kind: "size";
  readonly text: TextSymbol;
  readonly separator: string | undefined;
  readonly plus: number;
}

/** A member of a collection, which is there under a condition. */
export interface Item {
  readonly when: Bounds;
  /** of objects */
  readonly key: Symbolic | undefined;
  readonly value: Symbolic;
  /** the elements that `when` and `value` speak of: the item stands for one member for each of them */
  readonly over: readonly Element[];
}

export interface CollectionSymbol {
  readonly kind: "collection";
  readonly of: "array" | "set" | "object";
  readonly items: readonly Item[];
}

/** An object of which every field is worked out when it is asked for. */
export interface TreeSymbol {
  readonly kind: "tree";
  child(key: string): readonly Case[];
}

/** The claims of a token below a path. */
export interface ClaimsSymbol {
  readonly kind: "claims";
  readonly names: readonly string[];
  /** what it is was asked before: an object */
  readonly settled: boolean;
}

/** A claim that is a list. */
export interface BagSymbol {
  readonly kind: "bag";
  readonly names: readonly string[];
  /** not all of its elements are texts; of the others nothing is known */
  readonly mixed: boolean;
}

export type Symbolic =
  | { readonly kind: "known"; readonly value: Value }
  | TextSymbol
  | PiecesSymbol
  | SizeSymbol
  | { readonly kind: "array"; readonly items: readonly Symbolic[] }
  | CollectionSymbol
  | TreeSymbol
  | ClaimsSymbol
  | BagSymbol
  /** how many members a collection has: known is whether it has any */
  | { readonly kind: "count"; readonly some: Bounds }
  /** a time of a validated token, or the present */
  | { readonly kind: "moment"; readonly when: "past" | "now" | "future" }
  /** without a type, not even that is known */
  | { readonly kind: "unknown"; readonly type?: UnknownType };

/** `scalar`: a boolean or null; `no text`: anything but a text */
export type UnknownType = "number" | "scalar" | "no text";

/** A value under a condition. Where no case holds, the value is undefined. */
export interface Case {
  readonly when: Bounds;
  readonly value: Symbolic;
}

/** One element of a list, as a dimension of its own, and the list that it is from. */
export interface Element {
  readonly dimension: Dimension<Text>;
  readonly of: PiecesSymbol | BagSymbol;
}

export const UNKNOWN: Symbolic = { kind: "unknown" };

export function known(value: Value): Symbolic {
  return value === MISSING ? UNKNOWN : { kind: "known", value };
}

export const TRUE: Symbolic = known(true);
export const FALSE: Symbolic = known(false);

export function surely(value: Symbolic): readonly Case[] {
  return [{ when: YES, value }];
}

/** Nothing is known, not even whether there is a value. */
export const OPEN: readonly Case[] = [{ when: MAYBE, value: UNKNOWN }];

export function textOf(...parts: readonly Atom[]): TextSymbol {
  return { kind: "text", parts, steps: [] };
}

export function ofDimension(from: Dimension<Text>): TextSymbol {
  return textOf({ kind: "dimension", dimension: from });
}

/** The boolean outcome of a condition. */
export function outcome(holds: Bounds, fails: Bounds): readonly Case[] {
  const cases: Case[] = [];
  if (!holds.may.isEmpty) cases.push({ when: holds, value: TRUE });
  if (!fails.may.isEmpty) cases.push({ when: fails, value: FALSE });
  return cases;
}

/** An array whose items are all known is known itself. */
export function arrayOf(items: readonly Symbolic[]): Symbolic {
  if (items.every((item) => item.kind === "known")) return known(items.map((item) => item.value));
  return { kind: "array", items };
}

const preimages = new Map<string, Map<Language, Language>>();

function before({ name, before }: Step, results: Language): Language {
  let table = preimages.get(name);
  if (table === undefined || table.size > 10_000) {
    if (preimages.size > 10_000) preimages.clear();
    table = new Map();
    preimages.set(name, table);
  }
  let found = table.get(results);
  if (found === undefined) {
    found = before(results);
    table.set(results, found);
  }
  return found;
}

/** The requests for which the text belongs to the words; for those that have the text at all. */
export function within({ parts, steps }: TextSymbol, words: Language): Bounds {
  return joined(
    parts,
    steps.reduceRight((wanted, step) => before(step, wanted), words),
  );
}

function joined(parts: readonly Atom[], words: Language): Bounds {
  const [first, ...rest] = parts;
  if (words.isEmpty) return NO;
  if (first === undefined) return truth(words.has(""));
  if (first.kind === "constant") return joined(rest, withoutStart(words, first.word));
  const last = parts.at(-1);
  if (last?.kind === "constant") return joined(parts.slice(0, -1), withoutEnd(words, last.word));
  if (rest.length === 0) return atomWithin(first, words);
  if (first.kind === "opaque") {
    // It ends in one of these states, nobody knows in which.
    const ways = halves(words, first.within).map(({ tail }) => joined(rest, tail));
    const dead = !first.within.isSubsetOf(beginningsOf(words));
    const must = dead ? RequestSet.empty : RequestSet.all(ways.map((one) => one.must));
    const may = RequestSet.any(ways.map((one) => one.may));
    return may.equals(must) ? exactly(may) : { may, must };
  }
  const beginnings = first.kind === "dimension" ? first.dimension.full.present : ANYTHING;
  return either(halves(words, beginnings).map(({ head, tail }) => both(atomWithin(first, head()), joined(rest, tail))));
}

function atomWithin(atom: Atom, words: Language): Bounds {
  switch (atom.kind) {
    case "constant":
      return truth(words.has(atom.word));
    case "dimension":
      return where(atom.dimension, Text.of(words));
    case "claim":
      return claimWithin(atom.names, words);
    case "opaque":
      if (atom.within.isSubsetOf(words)) return YES;
      return atom.within.intersect(words).isEmpty ? NO : MAYBE;
  }
}

/** `iss` and `sub` have dimensions of single texts. */
export function singleClaim(names: readonly string[]): Dimension<Text> | undefined {
  if (names.length !== 1) return undefined;
  return names[0] === "iss" ? dimension.issuer : names[0] === "sub" ? dimension.subject : undefined;
}

function claimWithin(names: readonly string[], words: Language): Bounds {
  const claim = dimension.claim(names);
  return both(where(claim, Bags.some(words)), where(claim, Bags.none(words.complement())));
}

/** The one word that the text can be, whatever the request. */
export function constantOf({ parts, steps }: TextSymbol): string | undefined {
  if (steps.length > 0 || parts.some(({ kind }) => kind !== "constant")) return undefined;
  return parts.map((atom) => (atom.kind === "constant" ? atom.word : "")).join("");
}

/** The same text for every request. */
export function sameText(a: TextSymbol, b: TextSymbol): boolean {
  const key = ({ parts, steps }: TextSymbol): string =>
    JSON.stringify([
      parts.map((atom) =>
        atom.kind === "dimension"
          ? atom.dimension.key
          : atom.kind === "opaque"
            ? [atom.token, atom.name, atom.within.id]
            : atom,
      ),
      steps.map(({ name }) => name),
    ]);
  // Two texts of which only the language is known may differ.
  const isOne = (atom: Atom): boolean => atom.kind !== "opaque" || atom.token === true || atom.name !== undefined;
  return key(a) === key(b) && a.parts.every(isOne);
}

/** The elements that a value speaks of. */
export function elementsIn(value: Symbolic, elements: readonly Element[]): readonly Element[] {
  if (elements.length === 0) return [];
  const found = new Set<string>();
  const look = (one: Symbolic): void => {
    switch (one.kind) {
      case "text":
        for (const atom of one.parts) if (atom.kind === "dimension") found.add(atom.dimension.key);
        break;
      case "pieces":
      case "size":
        look(one.text);
        break;
      case "array":
        one.items.forEach(look);
        break;
      case "collection":
        for (const { key, value: inner, when } of one.items) {
          if (key !== undefined) look(key);
          look(inner);
          for (const set of [when.may, when.must]) for (const { key: name } of set.dimensions) found.add(name);
        }
        break;
      default:
    }
  };
  look(value);
  return elements.filter((one) => found.has(one.dimension.key));
}

/** The value with some elements replaced by others; undefined for a collection, whose conditions would change too. */
export function renamed(value: Symbolic, names: ReadonlyMap<string, Dimension<Text>>): Symbolic | undefined {
  switch (value.kind) {
    case "text":
      return {
        ...value,
        parts: value.parts.map((atom) => {
          const other = atom.kind === "dimension" ? names.get(atom.dimension.key) : undefined;
          return other === undefined ? atom : { kind: "dimension", dimension: other };
        }),
      };
    case "pieces":
    case "size": {
      const text = renamed(value.text, names);
      return text?.kind === "text" ? { ...value, text } : undefined;
    }
    case "array": {
      const items = value.items.map((item) => renamed(item, names));
      return items.includes(undefined) ? undefined : { kind: "array", items: items as Symbolic[] };
    }
    case "collection":
      return undefined;
    default:
      return value;
  }
}

/** The items of a known collection, each of which is surely there. */
export function knownItems(value: Value): readonly Item[] | undefined {
  const item = (key: Value | undefined, inner: Value): Item => ({
    when: YES,
    key: key === undefined ? undefined : known(key),
    value: known(inner),
    over: [],
  });
  if (isArray(value)) return value.map((inner, i) => item(i, inner));
  if (value instanceof RegoSet) return value.sorted().map((inner) => item(inner, inner));
  if (value instanceof RegoObject) return value.entries().map(([key, inner]) => item(key, inner));
  if (typeof value === "object" && value !== null && !isNumber(value)) {
    return Object.entries(value as { readonly [key: string]: Value }).map(([key, inner]) => item(key, inner));
  }
  return undefined;
}
