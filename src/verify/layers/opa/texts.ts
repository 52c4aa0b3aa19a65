/** Built-in functions on texts that depend on the request: each becomes a question about attributes of the request. */
import type { Value } from "../../../rego/index.js";
import { both, not } from "../../space/bounds.js";
import {
  changedCase,
  endReplaced,
  Language,
  type Preimage,
  part,
  prefixTrimmed,
  queryDecoded,
  readRegex,
  readSearch,
  regex,
  replaced,
  suffixTrimmed,
  trimmed,
} from "../../space/index.js";
import { NO_TOKEN } from "./claims.js";
import { globRegex } from "./glob.js";
import { sizeIs } from "./relations.js";
import { behindStart, foundAtStart } from "./starts.js";
import {
  type Atom,
  type Case,
  constantOf,
  known,
  outcome,
  type Step,
  type Symbolic,
  surely,
  type TextSymbol,
  textOf,
  within,
} from "./symbol.js";

const { anything, literal, sequence } = regex;

export function asText(value: Symbolic | undefined): TextSymbol | undefined {
  if (value?.kind === "text") return value;
  if (value?.kind !== "known" || typeof value.value !== "string") return undefined;
  return textOf({ kind: "constant", word: value.value });
}

function wordOf(value: Symbolic | undefined): string | undefined {
  return value?.kind === "known" && typeof value.value === "string" ? value.value : undefined;
}

function numberOf(value: Symbolic | undefined): number | undefined {
  return value?.kind === "known" && typeof value.value === "number" ? value.value : undefined;
}

/** The words of a text, or of a list or set of texts. */
function wordsOf(value: Symbolic | undefined): readonly string[] | undefined {
  const word = wordOf(value);
  if (word !== undefined) return [word];
  if (value?.kind !== "known" || typeof value.value !== "object" || value.value === null) return undefined;
  const list = Symbol.iterator in value.value ? [...(value.value as Iterable<Value>)] : undefined;
  return list?.every((item) => typeof item === "string") ? (list as string[]) : undefined;
}

const prefix = (word: string): Language => Language.matching(sequence(literal(word), anything));
const suffix = (word: string): Language => Language.matching(sequence(anything, literal(word)));
const infix = (word: string): Language => Language.matching(sequence(anything, literal(word), anything));

function anyOf(words: readonly string[], language: (word: string) => Language): Language {
  return words.map(language).reduce((sum, one) => sum.union(one), Language.only());
}

type Test = (text: TextSymbol, args: readonly Symbolic[]) => Language | undefined;

/** Tests whose other operand is known: the language that the text must belong to. */
const TESTS: ReadonlyMap<string, { readonly text: number; readonly language: Test }> = new Map([
  ["startswith", { text: 0, language: (_, [, word]) => onWord(word, prefix) }],
  ["endswith", { text: 0, language: (_, [, word]) => onWord(word, suffix) }],
  ["contains", { text: 0, language: (_, [, word]) => onWord(word, infix) }],
  ["strings.any_prefix_match", { text: 0, language: (_, [, words]) => onWords(words, prefix) }],
  ["strings.any_suffix_match", { text: 0, language: (_, [, words]) => onWords(words, suffix) }],
  ["regex.match", { text: 1, language: (_, [pattern]) => onWord(pattern, readSearch) }],
  ["re_match", { text: 1, language: (_, [pattern]) => onWord(pattern, readSearch) }],
  ["glob.match", { text: 2, language: (_, [pattern, delimiters]) => onGlob(pattern, delimiters) }],
]);

function onWord(word: Symbolic | undefined, language: (word: string) => Language | undefined): Language | undefined {
  const found = wordOf(word);
  return found === undefined ? undefined : language(found);
}

function onWords(words: Symbolic | undefined, language: (word: string) => Language): Language | undefined {
  const found = wordsOf(words);
  return found === undefined ? undefined : anyOf(found, language);
}

function onGlob(pattern: Symbolic | undefined, delimiters: Symbolic | undefined): Language | undefined {
  const word = wordOf(pattern);
  if (word === undefined || delimiters?.kind !== "known") return undefined;
  const cuts = delimiters.value === null ? [] : wordsOf(delimiters);
  if (cuts === undefined) return undefined;
  const read = globRegex(word, delimiters.value !== null && cuts.length === 0 ? ["."] : cuts);
  return read === undefined ? undefined : Language.matching(read);
}

/** Functions from text to text whose other operands are known. */
function stepOf(name: string, args: readonly Symbolic[]): Step | undefined {
  const word = wordOf(args[1]);
  const named = (before: Preimage | undefined, ...detail: readonly unknown[]): Step | undefined =>
    before === undefined ? undefined : { name: JSON.stringify([name, ...detail]), before };
  switch (name) {
    case "lower":
    case "upper":
      return named(changedCase(name));
    case "urlquery.decode":
      return named(queryDecoded);
    case "trim_space":
      return named(trimmed(SPACES, "both"));
    case "trim":
    case "trim_left":
    case "trim_right":
      return word === undefined ? undefined : named(trimmed(word, SIDES[name]), word);
    case "trim_prefix":
      return word === undefined ? undefined : named(prefixTrimmed(word), word);
    case "trim_suffix":
      return word === undefined ? undefined : named(suffixTrimmed(word), word);
    case "substring": {
      const [start, length] = [numberOf(args[1]), numberOf(args[2])];
      if (start === undefined || length === undefined || start < 0 || start + length > 1000) return undefined;
      if (!Number.isInteger(start) || !Number.isInteger(length)) return undefined;
      return named(part(start, length), start, Math.max(length, -1));
    }
    case "replace": {
      const by = wordOf(args[2]);
      if (word === undefined || by === undefined || word === "") return undefined;
      return named(replaced(word, by), word, by);
    }
    default:
      return undefined;
  }
}

const SIDES = { trim: "both", trim_left: "left", trim_right: "right" } as const;
/** Unicode White_Space, which Go's TrimSpace takes off. */
const SPACES =
  "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

/** An expression that can only match at the end, and what stands there instead. */
function regexReplaced([text, pattern, by]: readonly Symbolic[]): Case[] | undefined {
  const [subject, source, word] = [asText(text), wordOf(pattern), wordOf(by)];
  if (subject === undefined || source === undefined || word === undefined || word.includes("$")) return undefined;
  // An anchor at the very end, and no other.
  const end = /^([^|^$\\]|\[\^[^\]\\]*\])*\$$/.test(source);
  const inner = end ? readRegex(source.slice(0, -1)) : undefined;
  if (inner === undefined) return undefined;
  const before = endReplaced(Language.matching(inner), word);
  if (before === undefined) return undefined;
  const step = { name: JSON.stringify(["regex.replace", source, word]), before };
  return [...surely({ ...subject, steps: [...subject.steps, step] })];
}

/** The text without its first characters, where it can be written so; what comes off a scheme leaves the token. */
function shortened(text: TextSymbol, length: number): TextSymbol | undefined {
  const [first, ...rest] = text.parts;
  if (length === 0) return text;
  if (text.steps.length > 0 || rest.length === 0 || first?.kind !== "constant") return undefined;
  const chars = [...first.word];
  if (length >= chars.length) return shortened(textOf(...rest), length - chars.length);
  return textOf({ kind: "constant", word: chars.slice(length).join("") }, ...rest);
}

/** A scheme that may have any length, a space and a token, without the first characters: the token, or no token. */
function behindScheme(text: TextSymbol, length: number): readonly Case[] | undefined {
  const [scheme, space, ...token] = text.parts;
  if (scheme?.kind !== "dimension" || space?.kind !== "constant" || !isToken(token) || text.steps.length > 0) {
    return undefined;
  }
  const fits = sizeIs(
    { kind: "size", text: textOf(scheme), separator: undefined, plus: 1 },
    (n) => n === length,
    length,
  );
  // The end of a token is none: what its first part says no longer begins as it must.
  return [
    { when: fits, value: textOf(...token) },
    { when: not(fits), value: textOf({ kind: "opaque", within: NO_TOKEN }) },
  ];
}

function withStart(text: TextSymbol, word: string): boolean {
  const [first] = text.parts;
  return text.steps.length === 0 && first?.kind === "constant" && first.word === word;
}

/** A piece of a text with a token in it, which has no space and none of what else texts are split at. */
export function pieceWithToken({ parts, steps }: TextSymbol, separator: string, index: number): Symbolic | undefined {
  const at = parts.findIndex((atom) => atom.kind === "opaque" && atom.token === true);
  const token = parts.slice(at, at + 1);
  const before = parts.slice(0, at);
  if (at === -1 || steps.length > 0 || separator !== " ") return undefined;
  if (before.length === 0) return index === 0 ? textOf(...token) : undefined;
  if (index === 1) return textOf(...token);
  if (index !== 0) return undefined;
  const [first, second] = before;
  if (first?.kind === "constant") return known(first.word.slice(0, -1));
  return first?.kind === "dimension" && second?.kind === "constant" ? textOf(first) : undefined;
}

/** Split at all that stands before a token. */
export function splitAtScheme(text: TextSymbol, separator: string): readonly Symbolic[] | undefined {
  const [first, ...token] = text.parts;
  const fits = first?.kind === "constant" && first.word === separator && text.steps.length === 0;
  return fits && isToken(token) ? [known(""), textOf(...token)] : undefined;
}

function isToken(parts: readonly Atom[]): boolean {
  const [only, ...more] = parts;
  return more.length === 0 && only?.kind === "opaque" && only.token === true;
}

/** The outcome of a function on texts; undefined where it is none, or its operands are not of a kind that is read. */
export function callOnTexts(name: string, args: readonly Symbolic[]): readonly Case[] | undefined {
  const test = TESTS.get(name);
  if (test !== undefined) {
    const text = asText(args[test.text]);
    const language = text === undefined ? undefined : test.language(text, args);
    if (text === undefined || language === undefined) return undefined;
    const holds = within(text, language);
    return outcome(holds, both(not(holds)));
  }
  if (name === "regex.replace") return regexReplaced(args);
  if (name.startsWith("regex.find_")) return foundAtStart(name, asText(args[1]), wordOf(args[0]), numberOf(args[2]));
  if (name === "concat") return joined(args);
  if (name === "sprintf") return printed(args);
  const text = asText(args[0]);
  if (text === undefined) return undefined;
  const [start, word] = [numberOf(args[1]), wordOf(args[1])];
  if (name === "substring" && (numberOf(args[2]) ?? 0) < 0) {
    const rest = behindStart(text, args[1]);
    if (rest !== undefined) return surely(rest);
  }
  if (name === "substring" && start !== undefined && (numberOf(args[2]) ?? 0) < 0) {
    const rest = shortened(text, start);
    const behind = rest === undefined ? behindScheme(text, start) : surely(rest);
    if (behind !== undefined) return behind;
  }
  if ((name === "trim_prefix" || (name === "replace" && wordOf(args[2]) === "")) && word !== undefined) {
    if (withStart(text, word)) {
      const rest = shortened(text, [...word].length);
      if (rest !== undefined && isToken(rest.parts)) return surely(rest);
    }
    if (name === "replace" && behindScheme(text, 0) !== undefined)
      return surely(textOf({ kind: "opaque", within: NO_TOKEN }));
    // Nothing to take off a token, and no scheme but that one.
    if (isToken(text.parts) && text.steps.length === 0 && / $/.test(word)) return surely(text);
  }
  const step = stepOf(name, args);
  return step === undefined ? undefined : surely({ ...text, steps: [...text.steps, step] });
}

/** Texts put together; those to which a function was applied cannot be taken apart again. */
function together(texts: readonly (TextSymbol | undefined)[]): readonly Case[] | undefined {
  const parts: Atom[] = [];
  for (const text of texts) {
    if (text === undefined || text.steps.length > 0) return undefined;
    parts.push(...text.parts);
  }
  const whole = textOf(...parts);
  const constant = constantOf(whole);
  return surely(constant === undefined ? whole : known(constant));
}

function joined([separator, list]: readonly Symbolic[]): readonly Case[] | undefined {
  const word = wordOf(separator);
  if (word === undefined || list?.kind !== "array") return undefined;
  const between = textOf({ kind: "constant", word });
  return together(list.items.flatMap((item, i) => (i === 0 ? [asText(item)] : [between, asText(item)])));
}

/** `%s` and `%v` of texts. */
function printed([format, list]: readonly Symbolic[]): readonly Case[] | undefined {
  const word = wordOf(format);
  if (word === undefined || list?.kind !== "array") return undefined;
  const pieces = word.split(/%[sv]/);
  if (pieces.some((piece) => piece.includes("%")) || pieces.length !== list.items.length + 1) return undefined;
  return together(
    pieces.flatMap((piece, i) => [
      textOf({ kind: "constant", word: piece }),
      ...(i + 1 < pieces.length ? [asText(list.items[i])] : []),
    ]),
  );
}
