/**
 * `regex.globs_match`: do two patterns of characters, `.`, classes, `*` and `+` share a non-empty string? The search
 * follows the known algorithm's choices, so that it also misses what that one misses; its states are remembered, since
 * without that two patterns of stars take exponential time.
 */
import { type BuiltinContext, BuiltinError } from "./builtin.js";

interface Token {
  /** Undefined for `.`, which matches every character. */
  readonly characters: ReadonlySet<string> | undefined;
  readonly flag: "" | "+" | "*";
}

/** @throws BuiltinError when one of them is not such a pattern */
export function globsIntersect(left: string, right: string, context: BuiltinContext): boolean {
  const a = new Tokenizer(left).run();
  const b = new Tokenizer(right).run();
  const trimmed = trim(a, b);
  return trimmed !== undefined && new Intersection(trimmed[0], trimmed[1], context).normal(0, 0);
}

function matches(a: Token, b: Token): boolean {
  if (a.characters === undefined || b.characters === undefined) return true;
  for (const character of a.characters) if (b.characters.has(character)) return true;
  return false;
}

/** Cuts what is plain and equal at both ends, but leaves one token of it. */
function trim(a: readonly Token[], b: readonly Token[]): [readonly Token[], readonly Token[]] | undefined {
  const plain = (token: Token | undefined): token is Token => token !== undefined && token.flag === "";
  let start = 0;
  for (let x = a[0], y = b[0]; plain(x) && plain(y); x = a[start], y = b[start]) {
    if (!matches(x, y)) return undefined;
    start++;
  }
  if (start > 0) start--;
  let endA = a.length - 1;
  let endB = b.length - 1;
  for (; endA >= start && endB >= start; endA--, endB--) {
    const x = a[endA];
    const y = b[endB];
    if (!plain(x) || !plain(y)) break;
    if (!matches(x, y)) return undefined;
  }
  if (endA < a.length - 1) {
    endA++;
    endB++;
  }
  return [a.slice(start, endA + 1), b.slice(start, endB + 1)];
}

class Intersection {
  readonly #globs: readonly [readonly Token[], readonly Token[]];
  readonly #context: BuiltinContext;
  readonly #known = new Map<number, boolean>();

  constructor(a: readonly Token[], b: readonly Token[], context: BuiltinContext) {
    this.#globs = [a, b];
    this.#context = context;
  }

  #length(side: 0 | 1): number {
    return this.#globs[side].length;
  }

  #token(side: 0 | 1, at: number): Token | undefined {
    return this.#globs[side][at];
  }

  normal(i: number, j: number): boolean {
    const key = i * 65_536 + j;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#context.spend(1);
    const result = this.#normal(i, j);
    this.#known.set(key, result);
    return result;
  }

  #normal(i: number, j: number): boolean {
    for (; ; i++, j++) {
      const x = this.#token(0, i);
      const y = this.#token(1, j);
      if (x === undefined || y === undefined) return x === undefined && y === undefined;
      if (x.flag !== "") return this.#flagged(0, i, j);
      if (y.flag !== "") return this.#flagged(1, j, i);
      if (!matches(x, y)) return false;
    }
  }

  #both(side: 0 | 1, own: number, other: number): boolean {
    return side === 0 ? this.normal(own, other) : this.normal(other, own);
  }

  #flagged(side: 0 | 1, own: number, other: number): boolean {
    const token = this.#token(side, own) as Token;
    if (token.flag === "*") return this.#star(side, own, other);
    const first = this.#token(side === 0 ? 1 : 0, other);
    if (first === undefined || !matches(token, first)) return false;
    if (this.#star(side, own, other + 1)) return true;
    return first.flag !== "" && this.#both(side, own + 1, other);
  }

  #star(side: 0 | 1, own: number, other: number): boolean {
    const star = this.#token(side, own) as Token;
    const next = this.#token(side, own + 1);
    const otherSide = side === 0 ? 1 : 0;
    for (let i = other; i < this.#length(otherSide); i++) {
      const token = this.#token(otherSide, i) as Token;
      this.#context.spend(1);
      if (next !== undefined && matches(token, next) && this.#both(side, own + 1, i)) return true;
      if (!matches(token, star)) return false;
    }
    return next === undefined;
  }
}

const MAX_LENGTH = 10_000;

class Tokenizer {
  readonly #input: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#input = Array.from(text);
    if (this.#input.length > MAX_LENGTH) throw new BuiltinError("pattern too long");
  }

  run(): readonly Token[] {
    const tokens: Token[] = [];
    while (this.#at < this.#input.length) {
      const { character, escaped } = this.#next();
      let characters: ReadonlySet<string> | undefined = new Set([character]);
      if (!escaped) {
        if (character === ".") characters = undefined;
        else if (character === "[") characters = this.#set();
        else if (character === "]") throw this.#invalid("set-close ']' with no preceding '['");
        else if (character === "+" || character === "*") {
          throw this.#invalid(`flag '${character}' must be preceded by a non-flag`);
        }
      }
      const mark = this.#input[this.#at];
      const flag = mark === "+" || mark === "*" ? mark : "";
      if (flag !== "") this.#at++;
      tokens.push({ characters, flag });
    }
    return tokens;
  }

  #next(): { character: string; escaped: boolean } {
    const character = this.#input[this.#at] ?? "";
    if (character !== "\\") {
      this.#at++;
      return { character, escaped: false };
    }
    const escaped = this.#input[this.#at + 1];
    if (escaped === undefined) throw this.#invalid("input ends with a \\ (escape) character");
    this.#at += 2;
    return { character: escaped, escaped: true };
  }

  #set(): ReadonlySet<string> {
    const characters = new Set<string>();
    let previous: string | undefined;
    while (this.#at < this.#input.length) {
      const { character, escaped } = this.#next();
      if (!escaped && character === "]") return characters;
      if (escaped || character !== "-") {
        characters.add(character);
        previous = character;
        continue;
      }
      if (previous === undefined) {
        throw this.#invalid("range character '-' must be preceded by a Unicode character");
      }
      if (this.#at >= this.#input.length - 1) {
        throw this.#invalid("range character '-' must be followed by a Unicode character");
      }
      const high = this.#next();
      if (!high.escaped && (high.character === "]" || high.character === "-")) {
        throw this.#invalid("range character '-' cannot be followed by a special symbol");
      }
      const from = previous.codePointAt(0) ?? 0;
      const to = high.character.codePointAt(0) ?? 0;
      if (to < from) throw this.#invalid("range is out of order");
      for (let code = from; code <= to; code++) characters.add(String.fromCodePoint(code));
      previous = undefined;
    }
    throw this.#invalid("found [ without matching ]");
  }

  #invalid(reason: string): BuiltinError {
    return new BuiltinError(`input:${this.#input.join("")}, pos:${this.#at}, ${reason}: the input provided is invalid`);
  }
}
