/** Equality, order and kinds of values that depend on the request. */
import { compare, equal, isArray, type Value } from "../../../rego/index.js";
import { type Bounds, both, either, MAYBE, NO, not, truth, where, YES } from "../../space/bounds.js";
import { ANYTHING, Bags, dimension, Language, NO_ELEMENT, only, sized, VALUES } from "../../space/index.js";
import {
  type BagSymbol,
  type Case,
  type ClaimsSymbol,
  known,
  knownItems,
  outcome,
  type PiecesSymbol,
  type SizeSymbol,
  type Symbolic,
  sameText,
  type TextSymbol,
  within,
} from "./symbol.js";

/** The kinds that a value may have; a text is always a text. */
type Kind = "null" | "boolean" | "number" | "string" | "array" | "set" | "object";

function kindOfKnown(value: Value): Kind {
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "string" || typeof value === "number") {
    return typeof value as Kind;
  }
  if (isArray(value)) return "array";
  if (Symbol.iterator in value) return value.constructor.name === "RegoSet" ? "set" : "object";
  return knownItems(value) === undefined ? "number" : "object";
}

/** undefined: cannot be told */
export function kindOf(value: Symbolic): Kind | undefined {
  switch (value.kind) {
    case "known":
      return kindOfKnown(value.value);
    case "text":
      return "string";
    case "pieces":
    case "array":
    case "bag":
      return "array";
    case "size":
    case "count":
    case "moment":
      return "number";
    case "collection":
      return value.of;
    case "tree":
    case "claims":
      return "object";
    case "unknown":
      return value.type === "number" ? "number" : undefined;
  }
}

export function truthOf(value: Symbolic): Bounds {
  if (value.kind === "known") return truth(value.value !== false);
  return value.kind === "unknown" && value.type === undefined ? MAYBE : YES;
}

const words = (word: string): Language => Language.only(word);

export function equality(a: Symbolic, b: Symbolic): Bounds {
  if (a.kind === "known" && b.kind === "known") return truth(equal(a.value, b.value));
  if (b.kind === "known") return equality(b, a);
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA !== undefined && kindB !== undefined && kindA !== kindB) return NO;
  if (excludes(a, kindB) || excludes(b, kindA)) return NO;
  switch (b.kind) {
    case "text":
      return textEquality(b, a);
    case "pieces":
      return piecesEquality(b, a);
    case "size":
      return a.kind === "known" && typeof a.value === "number"
        ? sizeIs(b, (count) => count === a.value, a.value)
        : MAYBE;
    case "array":
      return arrayEquality(b.items, a);
    case "count":
      return a.kind === "known" ? counts(b.some, a.value, (sign) => sign === 0) : MAYBE;
    default:
      return a === b ? YES : MAYBE;
  }
}

/** Whether the value, of which little is known, surely is not of the kind. */
function excludes(value: Symbolic, kind: Kind | undefined): boolean {
  if (value.kind !== "unknown" || kind === undefined) return false;
  if (value.type === "scalar") return kind !== "boolean" && kind !== "null";
  return value.type === "no text" && kind === "string";
}

function textEquality(text: TextSymbol, other: Symbolic): Bounds {
  if (other.kind === "known") return typeof other.value === "string" ? within(text, words(other.value)) : NO;
  if (other.kind !== "text") return MAYBE;
  return sameText(text, other) ? YES : MAYBE;
}

function piecesEquality({ text, separator }: PiecesSymbol, other: Symbolic): Bounds {
  if (other.kind !== "known" || !isArray(other.value)) return MAYBE;
  const { value } = other;
  if (value.length === 0 || value.some((item) => typeof item !== "string" || item.includes(separator))) return NO;
  return within(text, words(value.join(separator)));
}

function arrayEquality(items: readonly Symbolic[], other: Symbolic): Bounds {
  if (other.kind === "array") return pairwise(items, other.items);
  if (other.kind === "known" && isArray(other.value)) return pairwise(items, other.value.map(known));
  return MAYBE;
}

function pairwise(a: readonly Symbolic[], b: readonly Symbolic[]): Bounds {
  if (a.length !== b.length) return NO;
  return both(...a.map((item, i) => equality(item, b[i] ?? item)));
}

/** The condition for a count whose sign against the limit fits: without members it is 0, with some it is any other. */
function counts(some: Bounds, limit: Value, fits: (sign: number) => boolean): Bounds {
  const signs = new Set(
    [1, 2, typeof limit === "number" ? Math.ceil(limit) : 0]
      .filter((count) => count > 0)
      .map((count) => compare(count, limit)),
  );
  // Counts beyond the limit are larger; whether smaller ones occur is not known.
  if (typeof limit !== "number" || limit >= 1) signs.add(1);
  const fitting = [...signs].filter(fits).length;
  const filled = fitting === 0 ? NO : fitting === signs.size ? YES : MAYBE;
  return either([both(not(some), truth(fits(compare(0, limit)))), both(some, filled)]);
}

/** @param most the largest number that `fits` tells apart from others */
export function sizeIs({ text, separator, plus }: SizeSymbol, fits: (count: number) => boolean, most: number): Bounds {
  const largest = Math.max(most - plus, 0) + 1;
  if (largest > 2000 || !Number.isInteger(largest)) return MAYBE;
  return within(
    text,
    sized(separator, (count) => fits(count + plus), largest),
  );
}

const ORDER: ReadonlyMap<string, (sign: number) => boolean> = new Map([
  ["lt", (sign) => sign < 0],
  ["lte", (sign) => sign <= 0],
  ["gt", (sign) => sign > 0],
  ["gte", (sign) => sign >= 0],
]);
const RANKS: readonly Kind[] = ["null", "boolean", "number", "string", "array", "object", "set"];
const MOMENTS = ["past", "now", "future"] as const;

/** The comparisons; undefined for another function. */
export function callRelation(name: string, [a, b]: readonly Symbolic[]): readonly Case[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (name === "equal" || name === "neq") {
    const same = equality(a, b);
    return name === "equal" ? outcome(same, not(same)) : outcome(not(same), same);
  }
  const fits = ORDER.get(name);
  if (fits === undefined) return undefined;
  const holds = ordered(a, b, fits);
  return outcome(holds, not(holds));
}

function ordered(a: Symbolic, b: Symbolic, fits: (sign: number) => boolean): Bounds {
  if (a.kind === "known" && b.kind === "known") return truth(fits(compare(a.value, b.value)));
  if (a.kind === "moment" && b.kind === "moment") {
    const [x, y] = [MOMENTS.indexOf(a.when), MOMENTS.indexOf(b.when)];
    return x === y ? MAYBE : truth(fits(x - y));
  }
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA === undefined || kindB === undefined) return MAYBE;
  if (kindA !== kindB) return truth(fits(RANKS.indexOf(kindA) - RANKS.indexOf(kindB)));
  if (a.kind === "size" && b.kind === "known" && typeof b.value === "number") {
    const limit = b.value;
    return sizeIs(a, (count) => fits(count - limit), Math.ceil(limit));
  }
  if (a.kind === "count" && b.kind === "known") return counts(a.some, b.value, fits);
  if (b.kind === "count" && a.kind === "known") return counts(b.some, a.value, (sign) => fits(-sign));
  if (b.kind === "size" && a.kind === "known" && typeof a.value === "number") {
    const limit = a.value;
    return sizeIs(b, (count) => fits(limit - count), Math.ceil(limit));
  }
  return MAYBE;
}

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["is_null", "null"],
  ["is_boolean", "boolean"],
  ["is_number", "number"],
  ["is_string", "string"],
  ["is_array", "array"],
  ["is_set", "set"],
  ["is_object", "object"],
]);

export function callKind(name: string, [value]: readonly Symbolic[]): readonly Case[] | undefined {
  const wanted = KINDS.get(name);
  if (wanted === undefined || value === undefined) return undefined;
  const kind = kindOf(value);
  const holds = kind !== undefined ? truth(kind === wanted) : excludes(value, wanted) ? NO : MAYBE;
  return outcome(holds, not(holds));
}

/** Whether the list claim has a text that belongs to the language. */
export function bagWith({ names }: BagSymbol, wanted: Language): Bounds {
  return where(dimension.claim(names), Bags.some(wanted));
}

/** An object among the claims: of its values, the texts are known. */
export function isClaimObject(value: Symbolic): value is ClaimsSymbol {
  return value.kind === "claims" && value.settled;
}

/** What has elements that are texts, as a list of them. */
export function listOf(value: PiecesSymbol | BagSymbol | ClaimsSymbol): PiecesSymbol | BagSymbol {
  return value.kind === "claims" ? { kind: "bag", names: [...value.names, VALUES], mixed: true } : value;
}

/** Which forms and claims go together; the other points stand for no request. */
export function writtenClaim(names: ClaimsSymbol["names"]): Bounds {
  const bag = dimension.claim(names);
  const form = (...forms: readonly string[]): Bounds => where(dimension.claimForm(names), only(...forms));
  return either([
    both(form("absent", "number", "past", "future", "object", "scalar"), where(bag, NO_ELEMENT)),
    both(form("text"), where(bag, Bags.some(ANYTHING))),
    form("list", "mixed"),
  ]);
}
