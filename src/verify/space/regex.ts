/**
 * Regular expressions as data, and their automata. Expressions are small trees built by the functions below; `toDfa`
 * goes through a nondeterministic automaton and the subset construction. The trees carry no syntax of their own: RE2
 * text is read by regex-syntax.ts, Istio's prefix, suffix and template patterns by the layer that owns them.
 */
import { type Dfa, LAST_CODE_POINT, minimise, type Row } from "./dfa.js";
import { MOST_STATES, Overflow } from "./overflow.js";

/** An inclusive stretch of code points. */
export type Stretch = readonly [first: number, last: number];

export type Regex =
  | { readonly kind: "class"; readonly stretches: readonly Stretch[] }
  | { readonly kind: "sequence"; readonly parts: readonly Regex[] }
  | { readonly kind: "either"; readonly parts: readonly Regex[] }
  | { readonly kind: "star"; readonly part: Regex };

export const anyChar: Regex = { kind: "class", stretches: [[0, LAST_CODE_POINT]] };
export const empty: Regex = { kind: "sequence", parts: [] };

export function sequence(...parts: readonly Regex[]): Regex {
  return { kind: "sequence", parts };
}

export function either(...parts: readonly Regex[]): Regex {
  return { kind: "either", parts };
}

export function star(part: Regex): Regex {
  return { kind: "star", part };
}

export function plus(part: Regex): Regex {
  return sequence(part, star(part));
}

export function optional(part: Regex): Regex {
  return either(empty, part);
}

export const anything: Regex = star(anyChar);

/** A class of single characters and `[first, last]` ranges given as text. */
export function charClass(...members: readonly (string | readonly [string, string])[]): Regex {
  const stretches: Stretch[] = [];
  for (const member of members) {
    if (typeof member === "string") {
      for (const char of member) stretches.push([codeOf(char), codeOf(char)]);
    } else {
      stretches.push([codeOf(member[0]), codeOf(member[1])]);
    }
  }
  return { kind: "class", stretches: tidy(stretches) };
}

/** Every code point that is not in the class. */
export function notClass(stretches: readonly Stretch[]): Regex {
  const out: Stretch[] = [];
  let at = 0;
  for (const [first, last] of tidy(stretches)) {
    if (first > at) out.push([at, first - 1]);
    at = last + 1;
  }
  if (at <= LAST_CODE_POINT) out.push([at, LAST_CODE_POINT]);
  return { kind: "class", stretches: out };
}

export function literal(text: string, options: { readonly ignoreCase?: boolean } = {}): Regex {
  return sequence(
    ...[...text].map((char): Regex => {
      if (!options.ignoreCase) return charClass(char);
      const [lower, upper] = [asciiLower(char), asciiUpper(char)];
      return lower === upper ? charClass(char) : charClass(lower, upper);
    }),
  );
}

export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (char) => char.toLowerCase());
}

function asciiUpper(text: string): string {
  return text.replace(/[a-z]/g, (char) => char.toUpperCase());
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** Sorted, joined where they touch. */
export function tidy(stretches: readonly Stretch[]): Stretch[] {
  const out: [number, number][] = [];
  for (const [first, last] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const previous = out.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else out.push([first, last]);
  }
  return out;
}

interface Nfa {
  readonly silent: number[][];
  readonly moves: { readonly stretches: readonly Stretch[]; readonly to: number }[][];
}

function newState(nfa: Nfa): number {
  if (nfa.silent.length >= MOST_STATES) throw new Overflow("automaton states", MOST_STATES);
  nfa.silent.push([]);
  nfa.moves.push([]);
  return nfa.silent.length - 1;
}

/** Adds the expression from `from`; answers the state in which it has been matched. */
function add(nfa: Nfa, regex: Regex, from: number): number {
  switch (regex.kind) {
    case "class": {
      const to = newState(nfa);
      nfa.moves[from]?.push({ stretches: regex.stretches, to });
      return to;
    }
    case "sequence":
      return regex.parts.reduce((at, part) => add(nfa, part, at), from);
    case "either": {
      const to = newState(nfa);
      for (const part of regex.parts) {
        const start = newState(nfa);
        nfa.silent[from]?.push(start);
        nfa.silent[add(nfa, part, start)]?.push(to);
      }
      return to;
    }
    case "star": {
      const hub = newState(nfa);
      nfa.silent[from]?.push(hub);
      nfa.silent[add(nfa, regex.part, hub)]?.push(hub);
      // A fresh state, so that what follows cannot leak back into the loop.
      const to = newState(nfa);
      nfa.silent[hub]?.push(to);
      return to;
    }
  }
}

function closure(nfa: Nfa, states: Iterable<number>): number[] {
  const seen = new Set(states);
  for (const state of seen) for (const next of nfa.silent[state] ?? []) seen.add(next);
  return [...seen].sort((a, b) => a - b);
}

/** The minimal automaton of the words that the expression matches as a whole. */
export function toDfa(regex: Regex): Dfa {
  const nfa: Nfa = { silent: [], moves: [] };
  const start = newState(nfa);
  const end = add(nfa, regex, start);
  const numbers = new Map<string, number>();
  const sets: number[][] = [];
  const numberOf = (set: number[]): number => {
    const key = set.join(",");
    let number = numbers.get(key);
    if (number === undefined) {
      number = sets.length;
      if (number >= MOST_STATES) throw new Overflow("automaton states", MOST_STATES);
      numbers.set(key, number);
      sets.push(set);
    }
    return number;
  };
  numberOf(closure(nfa, [start]));
  const rows: Row[] = [];
  const accept: boolean[] = [];
  for (let at = 0; at < sets.length; at++) {
    const set = sets[at] ?? [];
    accept.push(set.includes(end));
    const moves = set.flatMap((state) => nfa.moves[state] ?? []);
    const cuts = new Set<number>([0]);
    for (const { stretches } of moves) {
      for (const [first, last] of stretches) {
        cuts.add(first);
        if (last < LAST_CODE_POINT) cuts.add(last + 1);
      }
    }
    const sorted = [...cuts].sort((a, b) => a - b);
    rows.push({
      cuts: sorted,
      targets: sorted.map((cut) => {
        const targets = moves.filter(({ stretches }) => stretches.some(([first, last]) => first <= cut && cut <= last));
        return numberOf(closure(nfa, new Set(targets.map(({ to }) => to))));
      }),
    });
  }
  return minimise({ accepts: accept, rows });
}
