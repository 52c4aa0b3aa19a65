/**
 * Functions on texts, seen from their results: for a set of results, the texts that lead there. Whatever is asked of
 * `lower(trim_prefix(x, "/"))` becomes a question about `x`. Each function is exact and a small machine that reads the
 * text once and moves through the automaton of the results as it goes.
 */
import { type Dfa, LAST_CODE_POINT, minimise, type Row, step } from "./dfa.js";
import { PairMemo } from "./interner.js";
import { Language } from "./language.js";
import { MOST_STATES, Overflow } from "./overflow.js";

interface Machine<S> {
  readonly start: S;
  /** equal keys mean equal states */
  key(state: S): string;
  /** code points at which the move may change, beside 0; in any order */
  cuts(state: S): readonly number[];
  next(state: S, code: number): S;
  accepts(state: S): boolean;
}

function explored<S>(machine: Machine<S>): Dfa {
  const numbers = new Map<string, number>();
  const states: S[] = [];
  const numberOf = (state: S): number => {
    const key = machine.key(state);
    let number = numbers.get(key);
    if (number === undefined) {
      number = states.length;
      if (number >= MOST_STATES) throw new Overflow("automaton states", MOST_STATES);
      numbers.set(key, number);
      states.push(state);
    }
    return number;
  };
  numberOf(machine.start);
  const rows: Row[] = [];
  const accepts: boolean[] = [];
  for (let at = 0; at < states.length; at++) {
    const state = states[at] as S;
    const row: { cuts: number[]; targets: number[] } = { cuts: [], targets: [] };
    const cuts = [...new Set([0, ...machine.cuts(state)])].filter((cut) => cut <= LAST_CODE_POINT);
    for (const cut of cuts.sort((a, b) => a - b)) {
      const target = numberOf(machine.next(state, cut));
      if (row.targets.at(-1) === target) continue;
      row.cuts.push(cut);
      row.targets.push(target);
    }
    rows.push(row);
    accepts.push(machine.accepts(state));
  }
  return minimise({ accepts, rows });
}

export const language = <S>(machine: Machine<S>): Language => Language.accepting(explored(machine));
export const rowOf = (dfa: Dfa, state: number): Row => dfa.rows[state] ?? { cuts: [0], targets: [state] };
export const go = (dfa: Dfa, state: number, code: number): number => step(rowOf(dfa, state), code);
export const around = (codes: Iterable<number>): number[] => [...codes].flatMap((code) => [code, code + 1]);
const codesOf = (text: string): number[] => [...text].map((char) => char.codePointAt(0) ?? 0);

function run(dfa: Dfa, from: number, text: string): number {
  return codesOf(text).reduce((state, code) => go(dfa, state, code), from);
}

/** Words of the first followed by words of the second. */
export function concatenation(first: Language, second: Language): Language {
  const [a, b] = [first.automaton, second.automaton];
  interface Both {
    readonly at: number;
    readonly ends: readonly number[];
  }
  const started = (at: number, ends: Set<number>): Both => {
    if (a.accepts[at]) ends.add(0);
    return { at, ends: [...ends].sort((x, y) => x - y) };
  };
  return language<Both>({
    start: started(0, new Set()),
    key: ({ at, ends }) => `${at}:${ends.join(",")}`,
    cuts: ({ at, ends }) => [...rowOf(a, at).cuts, ...ends.flatMap((end) => rowOf(b, end).cuts)],
    next: ({ at, ends }, code) => started(go(a, at, code), new Set(ends.map((end) => go(b, end, code)))),
    accepts: ({ ends }) => ends.some((end) => b.accepts[end]),
  });
}

/** The words that, followed by `end`, belong to the language. */
export function withoutEnd(words: Language, end: string): Language {
  const dfa = words.automaton;
  return Language.accepting({
    rows: dfa.rows,
    accepts: dfa.rows.map((_, at) => dfa.accepts[run(dfa, at, end)] === true),
  });
}

/** The words that, after `start`, belong to the language. */
export function withoutStart(words: Language, start: string): Language {
  return from(words.automaton, run(words.automaton, 0, start));
}

function from(dfa: Dfa, state: number): Language {
  if (state === 0) return Language.accepting(dfa);
  return language<number>({
    start: state,
    key: String,
    cuts: (at) => rowOf(dfa, at).cuts,
    next: (at, code) => go(dfa, at, code),
    accepts: (at) => dfa.accepts[at] === true,
  });
}

/** The texts that can be continued to a word. */
export function beginningsOf(words: Language): Language {
  const dfa = words.automaton;
  // In a minimal automaton all states but one dead one lead on.
  const dead = dfa.rows.findIndex(({ targets }, at) => !dfa.accepts[at] && targets.every((target) => target === at));
  return dead === -1
    ? Language.allBut()
    : Language.accepting({ rows: dfa.rows, accepts: dfa.rows.map((_, at) => at !== dead) });
}

export interface Half {
  /** undefined until asked for: which beginnings it is about */
  readonly head: () => Language;
  /** what then makes the whole a word */
  readonly tail: Language;
}

const halvesOf = new PairMemo<readonly Half[]>();

/**
 * Every way of cutting the words in two behind one of these beginnings: a text is a word iff for one pair it is `head`
 * and then `tail`.
 */
export function halves(words: Language, beginnings: Language): readonly Half[] {
  const known = halvesOf.get(words.id, beginnings.id);
  if (known !== undefined) return known;
  const [dfa, first] = [words.automaton, beginnings.automaton];
  const seen = new Set<string>(["0:0"]);
  const ends = new Set<number>();
  const queue: (readonly [number, number])[] = [[0, 0]];
  for (const [at, begun] of queue) {
    if (first.accepts[begun]) ends.add(at);
    for (const cut of new Set([...rowOf(dfa, at).cuts, ...rowOf(first, begun).cuts])) {
      const pair = [go(dfa, at, cut), go(first, begun, cut)] as const;
      const key = pair.join(":");
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(pair);
    }
  }
  const found = [...ends].map((end): Half => {
    const accepts = dfa.rows.map((_, at) => at === end);
    return { head: () => Language.accepting({ rows: dfa.rows, accepts }), tail: from(dfa, end) };
  });
  return halvesOf.set(
    words.id,
    beginnings.id,
    found.filter(({ tail }) => !tail.isEmpty),
  );
}

/** A function of texts, by its preimages. */
export type Preimage = (results: Language) => Language;

/** Every character changed to another, by a table of those that do change. */
function mapped(table: ReadonlyMap<number, number>): Preimage {
  const entries = [...table];
  return (results) => {
    const dfa = results.automaton;
    return language<number>({
      start: 0,
      key: String,
      cuts: (at) => {
        const moved = entries.filter(([code, other]) => go(dfa, at, code) !== go(dfa, at, other));
        return [...rowOf(dfa, at).cuts, ...around(moved.map(([code]) => code))];
      },
      next: (at, code) => go(dfa, at, table.get(code) ?? code),
      accepts: (at) => dfa.accepts[at] === true,
    });
  };
}

const caseTables = new Map<"lower" | "upper", Preimage>();

/** Case as Go maps it: one character to one, so a character whose other case is several stays. */
export function changedCase(to: "lower" | "upper"): Preimage {
  const known = caseTables.get(to);
  if (known !== undefined) return known;
  const table = new Map<number, number>();
  for (let code = 0; code < 0x1e944; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const char = String.fromCodePoint(code);
    const other = [...(to === "lower" ? char.toLowerCase() : char.toUpperCase())];
    const changed = other.length === 1 ? (other[0]?.codePointAt(0) ?? code) : code;
    if (changed !== code) table.set(code, changed);
  }
  const made = mapped(table);
  caseTables.set(to, made);
  return made;
}

/** Each occurrence of a text replaced by another, from the left, none overlapping. */
export function replaced(text: string, by: string): Preimage {
  const wanted = codesOf(text);
  // With so many characters matched and this one, what is let go and how many still match.
  const after = (matched: number, code: number): { readonly gone: readonly number[]; readonly left: number } => {
    const held = [...wanted.slice(0, matched), code];
    for (let from = 0; from <= held.length; from++) {
      const rest = held.slice(from);
      if (rest.every((one, i) => wanted[i] === one)) return { gone: held.slice(0, from), left: rest.length };
    }
    return { gone: held, left: 0 };
  };
  return (results) => {
    const dfa = results.automaton;
    const feed = (at: number, codes: readonly number[]): number =>
      codes.reduce((here, code) => go(dfa, here, code), at);
    return language<{ readonly at: number; readonly matched: number }>({
      start: { at: 0, matched: 0 },
      key: ({ at, matched }) => `${at}:${matched}`,
      cuts: ({ at, matched }) => [
        ...rowOf(dfa, feed(at, wanted.slice(0, matched))).cuts,
        ...rowOf(dfa, at).cuts,
        ...wanted.slice(0, matched).flatMap((_, i) => rowOf(dfa, feed(at, wanted.slice(0, i + 1))).cuts),
        ...around(wanted),
      ],
      next: ({ at, matched }, code) => {
        const { gone, left } = after(matched, code);
        const here = feed(at, gone);
        return left === wanted.length ? { at: run(dfa, here, by), matched: 0 } : { at: here, matched: left };
      },
      accepts: ({ at, matched }) => dfa.accepts[feed(at, wanted.slice(0, matched))] === true,
    });
  };
}

/** `prefix` taken off where it stands in front. */
export function prefixTrimmed(prefix: string): Preimage {
  const start = Language.only(prefix);
  const all = concatenation(start, Language.allBut());
  return (results) => concatenation(start, results).union(results.minus(all));
}

export function suffixTrimmed(suffix: string): Preimage {
  const end = Language.only(suffix);
  const all = concatenation(Language.allBut(), end);
  return (results) => concatenation(results, end).union(results.minus(all));
}

/** Characters of a set taken off at one end or both. */
export function trimmed(chars: string, where: "left" | "right" | "both"): Preimage {
  const set = new Set(codesOf(chars));
  const member = (inside: boolean): Language =>
    language<boolean>({
      start: false,
      key: String,
      cuts: () => around(set),
      next: (_, code) => set.has(code) === inside,
      accepts: (last) => last,
    });
  const cut = language<"yes" | "no">({
    start: "yes",
    key: String,
    cuts: () => around(set),
    next: (at, code) => (at === "yes" && set.has(code) ? "yes" : "no"),
    accepts: (at) => at === "yes",
  });
  const nothing = Language.only("");
  const endsPlain = member(false).union(nothing);
  const startsPlain = language<"start" | "plain" | "cut">({
    start: "start",
    key: String,
    cuts: () => around(set),
    next: (at, code) => (at !== "start" ? at : set.has(code) ? "cut" : "plain"),
    accepts: (at) => at !== "cut",
  });
  return (results) => {
    let kept = results;
    if (where !== "right") kept = kept.intersect(startsPlain);
    if (where !== "left") kept = kept.intersect(endsPlain);
    if (where !== "right") kept = concatenation(cut, kept);
    return where === "left" ? kept : concatenation(kept, cut);
  };
}

/** `length` characters from `start` on, all of the rest with a negative length. */
export function part(start: number, length: number): Preimage {
  const end = length < 0 ? undefined : start + length;
  return (results) => {
    const dfa = results.automaton;
    const most = end ?? start;
    return language<{ readonly seen: number; readonly at: number }>({
      start: { seen: 0, at: 0 },
      key: ({ seen, at }) => `${seen}:${at}`,
      cuts: ({ at }) => rowOf(dfa, at).cuts,
      next: ({ seen, at }, code) => ({
        seen: Math.min(seen + 1, most),
        at: seen < start || (end !== undefined && seen >= end) ? at : go(dfa, at, code),
      }),
      accepts: ({ at }) => dfa.accepts[at] === true,
    });
  };
}

/** The piece with this number of a text that is split at a character; texts with fewer pieces lead nowhere. */
export function piece(separator: string, index: number): Preimage {
  const [cut = 0] = codesOf(separator);
  return (results) => {
    const dfa = results.automaton;
    return language<{ readonly seen: number; readonly at: number }>({
      start: { seen: 0, at: 0 },
      key: ({ seen, at }) => `${seen}:${at}`,
      cuts: ({ at }) => [...rowOf(dfa, at).cuts, ...around([cut])],
      next: ({ seen, at }, code) => {
        if (seen > index) return { seen, at };
        if (code === cut) return { seen: seen + 1, at };
        return seen === index ? { seen, at: go(dfa, at, code) } : { seen, at };
      },
      accepts: ({ seen, at }) => seen >= index && dfa.accepts[at] === true,
    });
  };
}

/** The texts of which some piece belongs to the words. */
export function somePiece(separator: string, words: Language): Language {
  const [cut = 0] = codesOf(separator);
  const dfa = words.automaton;
  return language<{ readonly at: number; readonly found: boolean }>({
    start: { at: 0, found: false },
    key: ({ at, found }) => (found ? "found" : String(at)),
    cuts: ({ at }) => [...rowOf(dfa, at).cuts, ...around([cut])],
    next: ({ at, found }, code) => {
      if (found) return { at, found };
      return code === cut ? { at: 0, found: dfa.accepts[at] === true } : { at: go(dfa, at, code), found };
    },
    accepts: ({ at, found }) => found || dfa.accepts[at] === true,
  });
}

/** The texts with so many characters (no separator) or pieces. */
export function sized(separator: string | undefined, fits: (count: number) => boolean, most: number): Language {
  const cut = separator === undefined ? undefined : (codesOf(separator)[0] ?? 0);
  return language<number>({
    start: cut === undefined ? 0 : 1,
    key: String,
    cuts: () => (cut === undefined ? [] : around([cut])),
    next: (count, code) => (cut === undefined || code === cut ? Math.min(count + 1, most + 1) : count),
    accepts: fits,
  });
}

/** What an expression matches at the end of the text is replaced, where there is one way to match it; else undefined. */
export function endReplaced(end: Language, by: string): Preimage | undefined {
  const some = Language.allBut("");
  if (end.has("") || !end.intersect(concatenation(some, end)).isEmpty) return undefined;
  const matching = concatenation(Language.allBut(), end);
  return (results) => concatenation(withoutEnd(results, by), end).union(results.minus(matching));
}

const HEX = around(codesOf("0123456789abcdefABCDEF%"));
const hexOf = (code: number): number => {
  const digit = Number.parseInt(String.fromCodePoint(code), 16);
  return Number.isNaN(digit) || code > 0x7f ? -1 : digit;
};

/**
 * Escapes undone, as Go's `net/url` does for a path; a text with something that is no escape leads nowhere. What several
 * escapes spell together beyond ASCII does not matter where the results treat all such characters, and rows of them, alike.
 * @throws Overflow where it does matter
 */
export const unescaped: Preimage = (results) => {
  const dfa = results.automaton;
  if (!dfa.rows.every((_, at) => isIndifferent(dfa, at))) throw new Overflow("kinds of escaped characters", 1);
  return language<{ readonly at: number; readonly held: "" | "%" | number }>({
    start: { at: 0, held: "" },
    key: ({ at, held }) => `${at}:${held}`,
    cuts: ({ at }) => [...rowOf(dfa, at).cuts, ...HEX],
    next: ({ at, held }, code) => {
      if (at < 0) return { at, held: "" };
      if (held === "") return code === 0x25 ? { at, held: "%" } : { at: go(dfa, at, code), held: "" };
      const digit = hexOf(code);
      if (digit < 0) return { at: -1, held: "" };
      if (held === "%") return { at, held: digit };
      return { at: go(dfa, at, Math.min(held * 16 + digit, 0x80)), held: "" };
    },
    accepts: ({ at, held }) => at >= 0 && held === "" && dfa.accepts[at] === true,
  });
};

/** Whether all characters beyond ASCII lead from the state to one state, and stay there. */
function isIndifferent(dfa: Dfa, state: number): boolean {
  const { cuts } = rowOf(dfa, state);
  const to = go(dfa, state, 0x80);
  return cuts.every((cut) => cut <= 0x80 || go(dfa, state, cut) === to) && go(dfa, to, 0x80) === to;
}
