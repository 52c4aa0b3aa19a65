/**
 * What an expression matches at the start of a text: `^https?://([^/?#]*)` and its like, which take a URL apart. Only
 * expressions with one way to match are read: a fixed start that is no start of itself, then one class of characters as
 * often as it goes.
 */
import { both, either, not } from "../../space/bounds.js";
import { afterLongestStart, concatenation, Language, longestStart, readRegex } from "../../space/index.js";
import {
  arrayOf,
  type Case,
  known,
  type Step,
  type Symbolic,
  sameText,
  type TextSymbol,
  textOf,
  within,
} from "./symbol.js";

interface Pattern {
  readonly source: string;
  readonly head: Language;
  /** one character of the class, and as many as there may be */
  readonly one: Language;
  readonly tail: Language;
  /** the tail is a group of its own */
  readonly captured: boolean;
}

const SHAPE = /^\^((?:[^()[\]{}|^$*+.\\]|\\[./-])*)(\()?(\[(?:[^\]\\]|\\.)+\])([*+])(\))?$/;

function readPattern(source: string): Pattern | undefined {
  const [, start, opening, members, often, closing] = SHAPE.exec(source) ?? [];
  if (start === undefined || members === undefined || (opening === undefined) !== (closing === undefined)) {
    return undefined;
  }
  const [head, one, tail] = [start, members, `${members}${often}`].map((text) => {
    const read = readRegex(text);
    return read === undefined ? undefined : Language.matching(read);
  });
  if (head === undefined || one === undefined || tail === undefined) return undefined;
  if (!head.intersect(concatenation(head, Language.allBut(""))).isEmpty) return undefined;
  return { source, head, one, tail, captured: opening !== undefined };
}

const WHOLE = "start";
const nameOf = (part: string, source: string): string => JSON.stringify([part, source]);

interface Match {
  readonly when: Case["when"];
  readonly whole: TextSymbol;
  readonly tail: TextSymbol;
}

/** The match, as far as there is one. */
function matchesOf(text: TextSymbol, pattern: Pattern): readonly Match[] {
  const { source, head, tail } = pattern;
  const words = concatenation(head, tail);
  const matching = within(text, concatenation(words, Language.allBut()));
  const [behind, most] = [afterLongestStart(head), longestStart(tail)];
  const step = (part: string, before: Step["before"]): TextSymbol => ({
    ...text,
    steps: [...text.steps, { name: nameOf(part, source), before }],
  });
  const general: Match = {
    when: matching,
    whole: step(WHOLE, longestStart(words)),
    tail: step("start's end", (results) => behind(most(results))),
  };
  const cut = betweenParts(text, pattern);
  if (cut === undefined) return [general];
  return [
    { ...cut, when: both(matching, cut.when) },
    { ...general, when: both(matching, not(cut.when)) },
  ].filter(({ when }) => !when.may.isEmpty);
}

/** Where the match ends exactly between two parts of the text, as it does behind the host of a URL. */
function betweenParts({ parts, steps }: TextSymbol, { head, one, tail }: Pattern): Match | undefined {
  const at = parts.findIndex(({ kind }) => kind === "dimension" || kind === "claim");
  const [before, last, after] = [parts.slice(0, at), parts[at], parts.slice(at + 1)];
  if (steps.length > 0 || last === undefined || after.length === 0) return undefined;
  if (!within(textOf(...before), head).must.isFull) return undefined;
  const ending = concatenation(one, Language.allBut()).complement();
  const when = both(within(textOf(last), tail), within(textOf(...after), ending));
  return { when, whole: textOf(...before, last), tail: textOf(last) };
}

/** `regex.find_n` and `regex.find_all_string_submatch_n`: an expression that holds on to the start matches once. */
export function foundAtStart(
  name: string,
  text: TextSymbol | undefined,
  source: string | undefined,
  most: number | undefined,
): readonly Case[] | undefined {
  const submatches = name === "regex.find_all_string_submatch_n";
  if (!submatches && name !== "regex.find_n") return undefined;
  const pattern = source === undefined ? undefined : readPattern(source);
  if (text === undefined || pattern === undefined || most === undefined || most === 0) return undefined;
  const matches = matchesOf(text, pattern);
  const found = matches.map(({ when, whole, tail }): Case => {
    const groups = pattern.captured ? [whole, tail] : [whole];
    return { when, value: arrayOf([submatches ? arrayOf(groups) : whole]) };
  });
  const none = not(either(matches.map(({ when }) => when)));
  return [...found, ...(none.may.isEmpty ? [] : [{ when: none, value: known([]) }])];
}

/** `substring` from as far on as a start is long: what follows the start. */
export function behindStart(text: TextSymbol, length: Symbolic | undefined): TextSymbol | undefined {
  if (length?.kind !== "size" || length.separator !== undefined || length.plus !== 0) return undefined;
  const start = length.text;
  if (start.steps.length === 0) {
    const [own, rest] = [text.parts.slice(0, start.parts.length), text.parts.slice(start.parts.length)];
    return text.steps.length === 0 && sameText(start, textOf(...own)) ? textOf(...rest) : undefined;
  }
  const [part, source] = JSON.parse(start.steps.at(-1)?.name ?? "[]") as readonly unknown[];
  const pattern = part === WHOLE && typeof source === "string" ? readPattern(source) : undefined;
  if (pattern === undefined || !sameText(text, { ...start, steps: start.steps.slice(0, -1) })) return undefined;
  const before = afterLongestStart(concatenation(pattern.head, pattern.tail));
  return { ...text, steps: [...text.steps, { name: nameOf("behind start", pattern.source), before }] };
}
