/**
 * RE2 syntax → Regex, as far as it denotes a regular language of whole words: literals, escapes, classes, groups,
 * alternation, repetition, `.`, `(?i)`, anchors at the ends. What it does not read (word boundaries, Unicode classes,
 * flags other than `i` and `s`, anchors in the middle) is answered with undefined, which callers turn into *unknown*.
 */
import { LAST_CODE_POINT } from "./dfa.js";
import { Language } from "./language.js";
import { withoutEnd, withoutStart } from "./preimage.js";
import {
  anything,
  asciiLower,
  charClass,
  either,
  empty,
  notClass,
  optional,
  type Regex,
  type Stretch,
  sequence,
  star,
  tidy,
} from "./regex.js";

/** The most copies of a part that `{m,n}` may ask for; RE2 itself refuses more than 1,000. */
const MOST_REPEATS = 1000;

/** Anchors are read as characters that no text holds, put around it; several, since anchors may follow each other. */
const [START, END] = ["\ud800", "\udfff"];
const MARKS: Stretch = [0xd800, 0xdfff];
const MOST_MARKS = 4;

class Unread extends Error {}

const DIGITS: readonly Stretch[] = [[0x30, 0x39]];
const WORD: readonly Stretch[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: readonly Stretch[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const CLASSES: ReadonlyMap<string, readonly Stretch[]> = new Map([
  ["d", DIGITS],
  ["w", WORD],
  ["s", SPACES],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["f", 12],
  ["v", 11],
  ["a", 7],
]);

class Reader {
  readonly #chars: readonly string[];
  #at = 0;
  readonly #marked: boolean;
  #ignoreCase = false;
  #dotAll = false;

  constructor(source: string, marked: boolean) {
    this.#chars = [...source];
    this.#marked = marked;
  }

  whole(): Regex {
    const regex = this.#alternation(true);
    if (this.#at < this.#chars.length) throw new Unread();
    return regex;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #alternation(outermost: boolean): Regex {
    const parts = [this.#concatenation(outermost)];
    while (this.#take("|")) parts.push(this.#concatenation(outermost));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : either(...parts);
  }

  #concatenation(outermost: boolean): Regex {
    const parts: Regex[] = [];
    if (!this.#marked && outermost && this.#take("^") && this.#isRepeat()) throw new Unread();
    for (;;) {
      const char = this.#peek();
      if (char === undefined || char === "|" || char === ")") break;
      if (char === "$" && outermost && !this.#marked) {
        const next = this.#chars[this.#at + 1];
        if (next !== undefined && next !== "|") throw new Unread();
        this.#at++;
        continue;
      }
      parts.push(this.#repetition());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : sequence(...parts);
  }

  #isRepeat(): boolean {
    const char = this.#peek();
    return char === "*" || char === "+" || char === "?";
  }

  #repetition(): Regex {
    let part = this.#atom();
    for (;;) {
      if (this.#take("*")) part = star(part);
      else if (this.#take("+")) part = sequence(part, star(part));
      else if (this.#take("?")) part = optional(part);
      else if (this.#peek() === "{") {
        const counted = this.#count(part);
        if (counted === undefined) return part;
        part = counted;
      } else return part;
      // Laziness changes which match is found, not which words match as a whole.
      this.#take("?");
    }
  }

  #count(part: Regex): Regex | undefined {
    const close = this.#chars.indexOf("}", this.#at);
    const match = close === -1 ? null : /^\{(\d+)(,(\d*))?$/.exec(this.#chars.slice(this.#at, close).join(""));
    if (match === null) return undefined;
    this.#at = close + 1;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] === "" ? undefined : Number(match[3]);
    if (least > MOST_REPEATS || (most ?? 0) > MOST_REPEATS || (most !== undefined && most < least)) throw new Unread();
    const copies = Array.from({ length: least }, () => part);
    if (most === undefined) return sequence(...copies, star(part));
    let rest: Regex = empty;
    for (let i = least; i < most; i++) rest = optional(sequence(part, rest));
    return sequence(...copies, rest);
  }

  #atom(): Regex {
    const char = this.#peek();
    if (char === undefined) throw new Unread();
    this.#at++;
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return this.#bracket();
      case ".":
        return this.#not(this.#dotAll ? [] : [[10, 10]]);
      case "\\":
        return this.#escape();
      case "^":
      case "$":
        if (!this.#marked) throw new Unread();
        return charClass(char === "^" ? START : END);
      case "*":
      case "+":
      case "?":
        throw new Unread();
      default:
        return this.#char(char);
    }
  }

  /** Every character but these; never a mark. */
  #not(stretches: readonly Stretch[]): Regex {
    return notClass(this.#marked ? [...stretches, MARKS] : stretches);
  }

  #char(char: string): Regex {
    if (!this.#ignoreCase) return charClass(char);
    const other = char === asciiLower(char) ? char.toUpperCase() : char.toLowerCase();
    // RE2 folds case beyond ASCII (k and the Kelvin sign); such letters are not read.
    if (char > "\u007f" || "kKsS".includes(char)) throw new Unread();
    return other === char ? charClass(char) : charClass(char, other);
  }

  #group(): Regex {
    const [ignoreCase, dotAll] = [this.#ignoreCase, this.#dotAll];
    if (this.#take("?")) {
      let flags = "";
      while (/[a-zA-Z-]/.test(this.#peek() ?? "")) {
        flags += this.#peek();
        this.#at++;
      }
      if (this.#take("<") || flags === "P") {
        if (flags === "P" && !this.#take("<")) throw new Unread();
        const close = this.#chars.indexOf(">", this.#at);
        if (close === -1) throw new Unread();
        this.#at = close + 1;
      } else {
        if (!/^[is]*$/.test(flags)) throw new Unread();
        this.#ignoreCase ||= flags.includes("i");
        this.#dotAll ||= flags.includes("s");
        // `(?i)` holds to the end of the surrounding group, which ends later than this call.
        if (this.#take(")")) return empty;
        if (!this.#take(":")) throw new Unread();
      }
    }
    const inner = this.#alternation(false);
    if (!this.#take(")")) throw new Unread();
    this.#ignoreCase = ignoreCase;
    this.#dotAll = dotAll;
    return inner;
  }

  #escape(): Regex {
    const char = this.#peek();
    if (char === undefined) throw new Unread();
    this.#at++;
    const known = CLASSES.get(char.toLowerCase());
    if (known !== undefined) {
      return char === char.toLowerCase() ? { kind: "class", stretches: known } : this.#not(known);
    }
    return this.#char(this.#escaped(char));
  }

  #escaped(char: string): string {
    const control = CONTROLS.get(char);
    if (control !== undefined) return String.fromCodePoint(control);
    if (char === "x" && this.#peek() === "{") {
      const end = this.#chars.indexOf("}", this.#at);
      const hex = this.#chars.slice(this.#at + 1, end).join("");
      const code = Number.parseInt(hex, 16);
      if (!/^[0-9a-fA-F]{1,6}$/.test(hex) || code > LAST_CODE_POINT) throw new Unread();
      this.#at = end + 1;
      return String.fromCodePoint(code);
    }
    if (char === "x") {
      const hex = this.#chars.slice(this.#at, this.#at + 2).join("");
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new Unread();
      this.#at += 2;
      return String.fromCodePoint(Number.parseInt(hex, 16));
    }
    if (/[0-9A-Za-z]/.test(char)) throw new Unread();
    return char;
  }

  #bracket(): Regex {
    const negated = this.#take("^");
    const stretches: Stretch[] = [];
    for (let first = true; ; first = false) {
      const char = this.#peek();
      if (char === undefined) throw new Unread();
      this.#at++;
      if (char === "]" && !first) break;
      if (char === "[" && this.#peek() === ":") throw new Unread();
      let low = char;
      if (char === "\\") {
        const escaped = this.#peek();
        if (escaped === undefined) throw new Unread();
        this.#at++;
        const known = CLASSES.get(escaped.toLowerCase());
        if (known !== undefined) {
          const inverse = this.#not(known);
          stretches.push(
            ...(escaped === escaped.toLowerCase() || inverse.kind !== "class" ? known : inverse.stretches),
          );
          continue;
        }
        low = this.#escaped(escaped);
      }
      let high = low;
      if (this.#peek() === "-" && this.#chars[this.#at + 1] !== "]") {
        this.#at++;
        const upper = this.#peek();
        if (upper === undefined) throw new Unread();
        this.#at++;
        if (upper === "\\") {
          const escaped = this.#peek();
          if (escaped === undefined) throw new Unread();
          this.#at++;
          high = this.#escaped(escaped);
        } else high = upper;
      }
      const [from, to] = [low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0];
      if (from > to) throw new Unread();
      stretches.push([from, to]);
    }
    const members = this.#ignoreCase ? folded(stretches) : stretches;
    return negated ? this.#not(members) : { kind: "class", stretches: tidy(members) };
  }
}

/** Both cases of a class; RE2 folds K and S, and what lies beyond ASCII, to more than that. */
function folded(stretches: readonly Stretch[]): readonly Stretch[] {
  return stretches.flatMap(([first, last]): readonly Stretch[] => {
    const both: Stretch[] = [[first, last]];
    if (last > 0x7f) throw new Unread();
    for (let code = first; code <= last; code++) {
      const char = String.fromCharCode(code);
      if ("kKsS".includes(char)) throw new Unread();
      const other = (char === asciiLower(char) ? char.toUpperCase() : asciiLower(char)).charCodeAt(0);
      both.push([other, other]);
    }
    return both;
  });
}

function read(source: string, marked: boolean): Regex | undefined {
  try {
    return new Reader(source, marked).whole();
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}

/** The expression that matches exactly the words which RE2 `source` matches as a whole; undefined when it is not read. */
export function readRegex(source: string): Regex | undefined {
  return read(source, false);
}

/** The words in which RE2 `source` matches something; undefined when it is not read. */
export function readSearch(source: string): Language | undefined {
  const found = read(source, true);
  if (found === undefined) return undefined;
  const around = Language.matching(sequence(anything, found, anything));
  return withoutStart(withoutEnd(around, END.repeat(MOST_MARKS)), START.repeat(MOST_MARKS));
}
