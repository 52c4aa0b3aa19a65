/** The longest start of a text that is one of some words, and what follows it, seen from their results. */
import type { Dfa } from "./dfa.js";
import type { Language } from "./language.js";
import { go, language, type Preimage, rowOf } from "./preimage.js";

/** Where the text is in the words and in the results; `kept` is what is known of the longest start so far. */
interface Reading<K> {
  readonly start: number;
  readonly at: number;
  readonly kept: K;
}

/** The longest start itself; a text without one leads nowhere. */
export function longestStart(words: Language): Preimage {
  const first = words.automaton;
  const dead = deadState(first);
  return (results) => {
    const dfa = results.automaton;
    const seen = (start: number, at: number, before: boolean): Reading<boolean> => ({
      start,
      at: start === dead ? 0 : at,
      kept: first.accepts[start] === true ? dfa.accepts[at] === true : before,
    });
    return language<Reading<boolean>>({
      start: seen(0, 0, false),
      key: ({ start, at, kept }) => `${start}:${at}:${kept}`,
      cuts: ({ start, at }) => (start === dead ? [] : [...rowOf(first, start).cuts, ...rowOf(dfa, at).cuts]),
      next: (state, code) =>
        state.start === dead ? state : seen(go(first, state.start, code), go(dfa, state.at, code), state.kept),
      accepts: ({ kept }) => kept,
    });
  };
}

/** What follows the longest start; a text without one leads nowhere. */
export function afterLongestStart(words: Language): Preimage {
  const first = words.automaton;
  return (results) => {
    const dfa = results.automaton;
    // -1: no start yet.
    const seen = (start: number, at: number): Reading<undefined> => ({
      start,
      at: first.accepts[start] === true ? 0 : at,
      kept: undefined,
    });
    return language<Reading<undefined>>({
      start: seen(0, -1),
      key: ({ start, at }) => `${start}:${at}`,
      cuts: ({ start, at }) => [...rowOf(first, start).cuts, ...(at < 0 ? [] : rowOf(dfa, at).cuts)],
      next: ({ start, at }, code) => seen(go(first, start, code), at < 0 ? at : go(dfa, at, code)),
      accepts: ({ at }) => at >= 0 && dfa.accepts[at] === true,
    });
  };
}

/** The state that no word is come to from, or -1. */
function deadState({ rows, accepts }: Dfa): number {
  return rows.findIndex(({ targets }, at) => !accepts[at] && targets.every((target) => target === at));
}
