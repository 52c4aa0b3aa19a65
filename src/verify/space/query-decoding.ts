/**
 * A query's escapes undone, as Go's `url.QueryUnescape` does and OPA's `urlquery.decode` with it, seen from its results.
 * Escapes are bytes: several of them may spell one character, and bytes that spell none are read as U+FFFD each. A text
 * with something that is no escape leads nowhere.
 */
import { type Dfa, LAST_CODE_POINT } from "./dfa.js";
import { around, go, language, type Preimage, rowOf } from "./preimage.js";

const REPLACEMENT = 0xfffd;
const [PLUS, PERCENT, SPACE] = [0x2b, 0x25, 0x20];

/** Bytes of a character that is not complete yet. */
interface Open {
  /** bytes that are missing */
  readonly need: number;
  /** where it ends if no further byte goes on with it: each byte so far as U+FFFD */
  readonly broken: number;
  /** where it surely ends when it is completed; undefined while that depends on the bytes to come */
  readonly to: number | undefined;
  /** the bits so far, and how many bytes gave them; only while `to` is open */
  readonly bits: number;
  readonly held: number;
}

interface State {
  /** of the automaton of the results; -1 where nothing leads on */
  readonly at: number;
  readonly open: Open | undefined;
  /** of an escape: its sign alone, or its first digit */
  readonly sign: "" | "%" | number;
}

const HEX = around([..."0123456789abcdefABCDEF"].map((char) => char.charCodeAt(0)));
const CONTROLS = [PLUS, PLUS + 1, PERCENT, PERCENT + 1, ...HEX];

function digitOf(code: number): number {
  const digit = code > 0x7f ? Number.NaN : Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
}

export const queryDecoded: Preimage = (results) => {
  const dfa = results.automaton;
  return language<State>({
    start: { at: 0, open: undefined, sign: "" },
    key: ({ at, open, sign }) => `${at}|${open === undefined ? "" : keyOf(open)}|${sign}`,
    cuts: ({ at, open }) => (at < 0 ? [] : [...CONTROLS, 0x80, ...rowOf(dfa, open?.broken ?? at).cuts]),
    next: (state, code) => next(dfa, state, code),
    accepts: ({ at, open, sign }) => at >= 0 && sign === "" && dfa.accepts[open?.broken ?? at] === true,
  });
};

const keyOf = ({ need, broken, to, bits, held }: Open): string => `${need}:${broken}:${to ?? `${bits}/${held}`}`;

const NOWHERE: State = { at: -1, open: undefined, sign: "" };

function next(dfa: Dfa, { at, open, sign }: State, code: number): State {
  if (at < 0) return NOWHERE;
  if (sign === "") {
    if (code === PERCENT) return { at, open, sign: "%" };
    const raw = code === PLUS ? SPACE : code;
    return { at: go(dfa, open?.broken ?? at, raw), open: undefined, sign: "" };
  }
  const digit = digitOf(code);
  if (digit < 0) return NOWHERE;
  return sign === "%" ? { at, open, sign: digit } : byte(dfa, at, open, sign * 16 + digit);
}

function byte(dfa: Dfa, at: number, open: Open | undefined, value: number): State {
  const isContinuation = value >= 0x80 && value < 0xc0;
  if (open !== undefined && isContinuation) return continued(dfa, at, open, value);
  const here = open?.broken ?? at;
  if (value < 0x80) return { at: go(dfa, here, value), open: undefined, sign: "" };
  const need = value < 0xc2 ? 0 : value < 0xe0 ? 1 : value < 0xf0 ? 2 : value < 0xf5 ? 3 : 0;
  const broken = go(dfa, here, REPLACEMENT);
  if (need === 0) return { at: broken, open: undefined, sign: "" };
  return { at: here, open: opened(dfa, here, need, broken, value & (0x3f >> need), 1), sign: "" };
}

function continued(dfa: Dfa, at: number, { need, broken, to, bits, held }: Open, value: number): State {
  const after = go(dfa, broken, REPLACEMENT);
  const more = (bits << 6) | (value & 0x3f);
  if (need > 1) {
    const open =
      to === undefined
        ? opened(dfa, at, need - 1, after, more, held + 1)
        : { need: need - 1, broken: after, to, bits: 0, held: 0 };
    return { at, open, sign: "" };
  }
  if (to !== undefined) return { at: to, open: undefined, sign: "" };
  return { at: isCharacter(more, held + 1) ? go(dfa, at, more) : after, open: undefined, sign: "" };
}

/** The least code that so many bytes are needed for: what spells less is no character. */
const LEAST = [0, 0, 0x80, 0x800, 0x10000];
const [SURROGATES, AFTER_SURROGATES] = [0xd800, 0xe000];

/** Whether the bits of so many bytes spell a character, in the shortest way. */
function isCharacter(code: number, bytes: number): boolean {
  const isSurrogate = code >= SURROGATES && code < AFTER_SURROGATES;
  return code >= (LEAST[bytes] ?? Number.POSITIVE_INFINITY) && code <= LAST_CODE_POINT && !isSurrogate;
}

/** Bytes so far; where whatever completes them leads to one state, the bits themselves no longer matter. */
function opened(dfa: Dfa, at: number, need: number, broken: number, bits: number, held: number): Open {
  const [low, high] = [bits << (6 * need), ((bits + 1) << (6 * need)) - 1];
  const borders = [LEAST[held + need] ?? 0, SURROGATES, AFTER_SURROGATES, LAST_CODE_POINT + 1, ...rowOf(dfa, at).cuts];
  if (borders.some((cut) => cut > low && cut <= high)) return { need, broken, to: undefined, bits, held };
  let to = broken;
  for (let missing = 0; missing < need; missing++) to = go(dfa, to, REPLACEMENT);
  if (isCharacter(low, held + need)) to = go(dfa, at, low);
  return { need, broken, to, bits: 0, held: 0 };
}
