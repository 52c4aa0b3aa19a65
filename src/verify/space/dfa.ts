/**
 * Deterministic automata over Unicode code points. Every state has a transition for every code point: a row lists the
 * first code point of each stretch (`cuts`, ascending, beginning with 0) and where the stretch leads (`targets`). So
 * complement is a flip of `accepts`, and a character class costs one entry however large it is.
 * State 0 is the start. `minimise` also renumbers the states in breadth-first order and joins neighbouring stretches,
 * which makes the result canonical: two automata accept the same words iff their `dfaKey`s are equal.
 */
import { MOST_STATES, Overflow } from "./overflow.js";

export interface Row {
  readonly cuts: readonly number[];
  readonly targets: readonly number[];
}

export interface Dfa {
  readonly accepts: readonly boolean[];
  readonly rows: readonly Row[];
}

export const LAST_CODE_POINT = 0x10ffff;

export function step(row: Row, codePoint: number): number {
  const { cuts, targets } = row;
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((cuts[middle] ?? 0) <= codePoint) low = middle;
    else high = middle - 1;
  }
  return targets[low] ?? 0;
}

export function accepts(dfa: Dfa, word: string): boolean {
  let state = 0;
  for (const char of word) {
    const row = dfa.rows[state];
    if (row === undefined) return false;
    state = step(row, char.codePointAt(0) ?? 0);
  }
  return dfa.accepts[state] === true;
}

export function complementDfa(dfa: Dfa): Dfa {
  return { accepts: dfa.accepts.map((accept) => !accept), rows: dfa.rows };
}

/** The automaton of the words for which `keep` holds of (accepted by `a`, accepted by `b`); minimal. */
export function productDfa(a: Dfa, b: Dfa, keep: (inA: boolean, inB: boolean) => boolean): Dfa {
  const width = b.rows.length;
  const numbers = new Map<number, number>([[0, 0]]);
  const pairs: [number, number][] = [[0, 0]];
  const rows: Row[] = [];
  const accept: boolean[] = [];
  for (let at = 0; at < pairs.length; at++) {
    const [left, right] = pairs[at] ?? [0, 0];
    const cuts: number[] = [];
    const targets: number[] = [];
    const [rowA, rowB] = [a.rows[left], b.rows[right]];
    if (rowA === undefined || rowB === undefined) throw new Error("an automaton lacks a row");
    let i = 0;
    let j = 0;
    let cut = 0;
    while (cut <= LAST_CODE_POINT) {
      const [nextA, nextB] = [rowA.targets[i] ?? 0, rowB.targets[j] ?? 0];
      const key = nextA * width + nextB;
      let target = numbers.get(key);
      if (target === undefined) {
        target = pairs.length;
        if (target >= MOST_STATES) throw new Overflow("automaton states", MOST_STATES);
        numbers.set(key, target);
        pairs.push([nextA, nextB]);
      }
      if (targets.at(-1) !== target) {
        cuts.push(cut);
        targets.push(target);
      }
      const endA = rowA.cuts[i + 1] ?? LAST_CODE_POINT + 1;
      const endB = rowB.cuts[j + 1] ?? LAST_CODE_POINT + 1;
      cut = Math.min(endA, endB);
      if (endA === cut) i++;
      if (endB === cut) j++;
    }
    rows.push({ cuts, targets });
    accept.push(keep(a.accepts[left] === true, b.accepts[right] === true));
  }
  return minimise({ accepts: accept, rows });
}

/** The smallest automaton of the same language, in canonical form; all states must be reachable. */
export function minimise(dfa: Dfa): Dfa {
  return canonical(dfa, classesFromBelow(dfa) ?? classesByRefinement(dfa));
}

/**
 * The classes of an automaton whose only cycles are of one state, found in one pass from the leaves: words, prefixes and
 * finite sets are all of that kind. Undefined when a longer cycle turns up.
 */
function classesFromBelow(dfa: Dfa): number[] | undefined {
  const order = successorsFirst(dfa);
  if (order === undefined) return undefined;
  const classes: number[] = new Array(dfa.rows.length).fill(-1);
  const known = new Map<string, number>();
  let count = 0;
  for (const state of order) {
    const row = dfa.rows[state];
    if (row === undefined) continue;
    const accept = dfa.accepts[state] === true;
    const loops = row.targets.includes(state);
    const key = keyOf(row, classes, accept, loops ? state : -1, "me");
    let number = known.get(key);
    if (number === undefined) {
      number = count++;
      known.set(key, number);
      // A state before the loop that behaves as the loop does is one with it.
      if (loops) known.set(keyOf(row, classes, accept, state, String(number)), number);
    }
    classes[state] = number;
  }
  return classes;
}

function keyOf(row: Row, classes: readonly number[], accept: boolean, self: number, name: string): string {
  let text = accept ? "+" : "-";
  let last = "";
  for (let i = 0; i < row.targets.length; i++) {
    const target = row.targets[i] ?? 0;
    const word = target === self ? name : String(classes[target]);
    if (word === last) continue;
    text += `${row.cuts[i]}:${word},`;
    last = word;
  }
  return text;
}

/** The states, each after all that it leads to; undefined when some lead back to each other. */
function successorsFirst(dfa: Dfa): number[] | undefined {
  const order: number[] = [];
  /** 0 not seen, 1 on the path, 2 done */
  const marks = new Uint8Array(dfa.rows.length);
  const path: { state: number; next: number }[] = [{ state: 0, next: 0 }];
  marks[0] = 1;
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const target = dfa.rows[top.state]?.targets[top.next++];
    if (target === undefined) {
      marks[top.state] = 2;
      order.push(top.state);
      path.pop();
    } else if (marks[target] === 0) {
      marks[target] = 1;
      path.push({ state: target, next: 0 });
    } else if (marks[target] === 1 && target !== top.state) return undefined;
  }
  return order;
}

/**
 * The classes of any automaton, refined from a work list: when states get a new class, only their predecessors are
 * looked at again.
 */
function classesByRefinement(dfa: Dfa): number[] {
  const classes: number[] = dfa.accepts.map((accept) => (accept ? 1 : 0));
  const members: Set<number>[] = [new Set(), new Set()];
  classes.forEach((number, state) => {
    members[number]?.add(state);
  });
  const predecessors: number[][] = dfa.rows.map(() => []);
  dfa.rows.forEach((row, state) => {
    for (const target of new Set(row.targets)) predecessors[target]?.push(state);
  });
  let affected = new Set<number>(dfa.rows.keys());
  while (affected.size > 0) {
    const next = new Set<number>();
    const groups = splits(dfa, classes, members, affected);
    for (const group of groups) {
      const number = members.length;
      members.push(group);
      for (const state of group) {
        members[classes[state] ?? 0]?.delete(state);
        classes[state] = number;
        for (const predecessor of predecessors[state] ?? []) next.add(predecessor);
      }
    }
    affected = next;
  }
  return classes;
}

/**
 * The groups of affected states that must leave their class. States of the class that are not affected still behave
 * alike and stay; where all are affected, the largest group stays.
 */
function splits(
  dfa: Dfa,
  classes: readonly number[],
  members: readonly Set<number>[],
  affected: ReadonlySet<number>,
): readonly Set<number>[] {
  const byClass = new Map<number, Map<string, Set<number>>>();
  for (const state of affected) {
    const number = classes[state] ?? 0;
    let groups = byClass.get(number);
    if (groups === undefined) {
      groups = new Map();
      byClass.set(number, groups);
    }
    const key = behaviour(dfa.rows[state], classes);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, new Set([state]));
    else group.add(state);
  }
  const leaving: Set<number>[] = [];
  for (const [number, groups] of byClass) {
    const found = [...groups.values()];
    const count = found.reduce((sum, group) => sum + group.size, 0);
    let stays: Set<number> | undefined;
    if (count === members[number]?.size) stays = found.reduce((a, b) => (b.size > a.size ? b : a));
    leaving.push(...found.filter((group) => group !== stays));
  }
  return leaving;
}

/** To which classes a state leads, and by which code points. */
function behaviour(row: Row | undefined, classes: readonly number[]): string {
  let text = "";
  let last = -1;
  for (let i = 0; row !== undefined && i < row.targets.length; i++) {
    const target = classes[row.targets[i] ?? 0] ?? 0;
    if (target === last) continue;
    text += `${row.cuts[i]}:${target},`;
    last = target;
  }
  return text;
}

function canonical(dfa: Dfa, classes: readonly number[]): Dfa {
  const representative = new Map<number, number>();
  classes.forEach((number, state) => {
    if (!representative.has(number)) representative.set(number, state);
  });
  const order = new Map<number, number>();
  const queue: number[] = [];
  const numberOf = (state: number): number => {
    const group = classes[state] ?? 0;
    let number = order.get(group);
    if (number === undefined) {
      number = queue.length;
      order.set(group, number);
      queue.push(representative.get(group) ?? 0);
    }
    return number;
  };
  numberOf(0);
  const rows: Row[] = [];
  const accept: boolean[] = [];
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at] ?? 0;
    const row = dfa.rows[state];
    if (row === undefined) throw new Error("an automaton lacks a row");
    const cuts: number[] = [];
    const targets: number[] = [];
    for (let i = 0; i < row.targets.length; i++) {
      const target = numberOf(row.targets[i] ?? 0);
      if (targets.at(-1) === target) continue;
      cuts.push(row.cuts[i] ?? 0);
      targets.push(target);
    }
    rows.push({ cuts, targets });
    accept.push(dfa.accepts[state] === true);
  }
  return { accepts: accept, rows };
}

export function dfaKey(dfa: Dfa): string {
  return dfa.rows
    .map(
      (row, state) =>
        `${dfa.accepts[state] ? "+" : "-"}${row.cuts.map((cut, i) => `${cut}>${row.targets[i]}`).join(",")}`,
    )
    .join(";");
}

/** Which states lead to an accepting state. */
function liveStates(dfa: Dfa): boolean[] {
  const live = [...dfa.accepts];
  for (let changed = true; changed; ) {
    changed = false;
    dfa.rows.forEach((row, state) => {
      if (!live[state] && row.targets.some((target) => live[target])) {
        live[state] = true;
        changed = true;
      }
    });
  }
  return live;
}

/** The words of the language in order of length when there are at most `most`, undefined otherwise. */
export function fewWords(dfa: Dfa, most: number): string[] | undefined {
  const live = liveStates(dfa);
  if (!live[0]) return [];
  const found: string[] = [];
  // INVARIANT: a path of live states longer than the number of states repeats one, so the language is infinite.
  let front: { state: number; word: string }[] = [{ state: 0, word: "" }];
  for (let length = 0; front.length > 0; length++) {
    if (length > dfa.rows.length) return undefined;
    const next: { state: number; word: string }[] = [];
    for (const { state, word } of front) {
      if (dfa.accepts[state]) found.push(word);
      const row = dfa.rows[state];
      for (let i = 0; row !== undefined && i < row.targets.length; i++) {
        const target = row.targets[i] ?? 0;
        if (!live[target]) continue;
        const [first, end] = [row.cuts[i] ?? 0, row.cuts[i + 1] ?? LAST_CODE_POINT + 1];
        if (end - first + next.length + found.length > most) return undefined;
        for (let point = first; point < end; point++)
          next.push({ state: target, word: word + String.fromCodePoint(point) });
      }
    }
    if (found.length > most) return undefined;
    front = next;
  }
  return found;
}

/** Characters that read well in a witness, best first. */
const PLEASANT = [..."abcdefghijklmnopqrstuvwxyz0123456789/-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ*%:@+~,;= "].map(
  (char) => char.codePointAt(0) ?? 0,
);

function pick(first: number, end: number): { point: number; rank: number } {
  const rank = PLEASANT.findIndex((point) => point >= first && point < end);
  if (rank !== -1) return { point: PLEASANT[rank] ?? first, rank };
  // A lone surrogate is no character: step past the block.
  if (first >= 0xd800 && first <= 0xdfff && end > 0xe000) return { point: 0xe000, rank: PLEASANT.length + 1 };
  return { point: Math.max(first, Math.min(0x21, end - 1)), rank: PLEASANT.length };
}

/** A shortest word of the language, the most readable of them as far as one step sees; undefined when it is empty. */
export function shortestWord(dfa: Dfa): string | undefined {
  const words = new Map<number, string>([[0, ""]]);
  const queue = [0];
  for (const state of queue) {
    const word = words.get(state) ?? "";
    if (dfa.accepts[state]) return word;
    const row = dfa.rows[state];
    if (row === undefined) continue;
    row.targets
      .map((target, i) => ({ target, ...pick(row.cuts[i] ?? 0, row.cuts[i + 1] ?? LAST_CODE_POINT + 1) }))
      .sort((a, b) => a.rank - b.rank)
      .forEach(({ target, point }) => {
        if (words.has(target)) return;
        words.set(target, word + String.fromCodePoint(point));
        queue.push(target);
      });
  }
  return undefined;
}

/** The automaton of a finite set of words (a trie). */
export function wordsDfa(words: Iterable<string>): Dfa {
  const children: Map<number, number>[] = [new Map(), new Map()];
  const accept = [false, false];
  const SINK = 1;
  for (const word of words) {
    let state = 0;
    for (const char of word) {
      const point = char.codePointAt(0) ?? 0;
      let next = children[state]?.get(point);
      if (next === undefined) {
        next = children.length;
        if (next >= MOST_STATES) throw new Overflow("automaton states", MOST_STATES);
        children.push(new Map());
        accept.push(false);
        children[state]?.set(point, next);
      }
      state = next;
    }
    accept[state] = true;
  }
  const rows = children.map((edges): Row => {
    const cuts: number[] = [];
    const targets: number[] = [];
    const add = (cut: number, target: number): void => {
      if (targets.at(-1) === target) return;
      cuts.push(cut);
      targets.push(target);
    };
    let at = 0;
    for (const [point, target] of [...edges].sort((a, b) => a[0] - b[0])) {
      if (point > at) add(at, SINK);
      add(point, target);
      at = point + 1;
    }
    if (at <= LAST_CODE_POINT) add(at, SINK);
    return { cuts, targets };
  });
  return minimise({ accepts: accept, rows });
}
