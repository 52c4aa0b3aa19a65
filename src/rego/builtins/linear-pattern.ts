/**
 * The patterns that JavaScript's own engine may run. RE2 in JavaScript takes a microsecond where RegExp takes tens of
 * nanoseconds, but RegExp backtracks and reads some syntax differently. So a pattern qualifies only if it is a sequence
 * of single-character atoms (literals, ASCII classes, escapes) with at most one quantifier each, and if every unbounded
 * atom is anchored by `^` and shares no character with what may follow it: then there is one way to match, and a failing
 * match takes linear time. Everything else is `undefined` here and goes to RE2.
 */

interface Atom {
  /** ASCII characters it matches. */
  readonly ascii: ReadonlySet<number>;
  /** Whether it matches all characters beyond ASCII (negated classes), else none but `literal`. */
  readonly others: boolean;
  /** The non-ASCII literal, if it is one. */
  readonly literal?: string;
  readonly quantifier: "" | "*" | "+" | "?";
}

/** A RegExp that finds a match in exactly the texts in which RE2 finds one for `pattern`, or undefined. */
export function linearPattern(pattern: string): RegExp | undefined {
  if (pattern.length > 500) return undefined;
  const anchoredStart = pattern.startsWith("^");
  const body = new AtomReader(anchoredStart ? pattern.slice(1) : pattern);
  const atoms = body.read();
  if (atoms === undefined) return undefined;
  if (!anchoredStart && atoms.some((atom) => atom.quantifier !== "")) return undefined;
  if (!isDeterministic(atoms)) return undefined;
  const source = atoms.map((atom) => sourceOf(atom) + atom.quantifier).join("");
  return new RegExp((anchoredStart ? "^" : "") + source + (body.anchoredEnd ? "$" : ""), "u");
}

/** Each repeated or optional atom is disjoint from all that may come next, up to the first required atom. */
function isDeterministic(atoms: readonly Atom[]): boolean {
  return atoms.every((atom, index) => {
    if (atom.quantifier === "") return true;
    for (const next of atoms.slice(index + 1)) {
      if (overlap(atom, next)) return false;
      if (next.quantifier === "" || next.quantifier === "+") return true;
    }
    return true;
  });
}

function overlap(a: Atom, b: Atom): boolean {
  if ((a.others || a.literal !== undefined) && (b.others || b.literal !== undefined)) return true;
  for (const code of a.ascii) if (b.ascii.has(code)) return true;
  return false;
}

function sourceOf(atom: Atom): string {
  if (atom.literal !== undefined) return atom.literal;
  if (!atom.others && atom.ascii.size === 1) return escapeCode([...atom.ascii][0] ?? 0);
  const listed = atom.others ? complement(atom.ascii) : atom.ascii;
  const body = [...listed].map(escapeCode).join("");
  return atom.others ? `[^${body}]` : `[${body}]`;
}

function escapeCode(code: number): string {
  return `\\x${code.toString(16).padStart(2, "0")}`;
}

function complement(codes: ReadonlySet<number>): Set<number> {
  const rest = new Set<number>();
  for (let code = 0; code < 128; code++) if (!codes.has(code)) rest.add(code);
  return rest;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const DIGITS = range(48, 57);
const WORD = [...DIGITS, ...range(65, 90), 95, ...range(97, 122)];
const SPACE = [9, 10, 12, 13, 32];
const CLASSES: ReadonlyMap<string, readonly number[]> = new Map([
  ["d", DIGITS],
  ["w", WORD],
  ["s", SPACE],
]);
const PUNCTUATION = /[!-/:-@[-`{-~]/;

class AtomReader {
  readonly #text: string;
  #at = 0;
  anchoredEnd = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Atom[] | undefined {
    const atoms: Atom[] = [];
    while (this.#at < this.#text.length) {
      if (this.#text.charAt(this.#at) === "$" && this.#at === this.#text.length - 1) {
        this.anchoredEnd = true;
        break;
      }
      const atom = this.#atom();
      if (atom === undefined) return undefined;
      const quantifier = this.#quantifier();
      if (quantifier === undefined) return undefined;
      atoms.push({ ...atom, quantifier });
    }
    return atoms;
  }

  #quantifier(): Atom["quantifier"] | undefined {
    const mark = this.#text.charAt(this.#at);
    if (mark === "{") return undefined;
    if (mark !== "*" && mark !== "+" && mark !== "?") return "";
    this.#at++;
    return /[*+?{]/.test(this.#text.charAt(this.#at)) ? undefined : mark;
  }

  #atom(): Omit<Atom, "quantifier"> | undefined {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    const character = String.fromCodePoint(code);
    this.#at += character.length;
    if (character === ".") return { ascii: complement(new Set([10])), others: true };
    if (character === "[") return this.#class();
    if (character === "\\") return this.#escape();
    if (/[()|*+?{}^$\]]/.test(character)) return undefined;
    if (code >= 0xd800 && code <= 0xdfff) return undefined;
    if (code > 127) return { ascii: new Set(), others: false, literal: character };
    return { ascii: new Set([code]), others: false };
  }

  #escape(): Omit<Atom, "quantifier"> | undefined {
    const letter = this.#text.charAt(this.#at++);
    const known = CLASSES.get(letter.toLowerCase());
    if (known !== undefined) {
      const ascii = new Set(known);
      return letter === letter.toLowerCase() ? { ascii, others: false } : { ascii: complement(ascii), others: true };
    }
    return PUNCTUATION.test(letter) ? { ascii: new Set([letter.charCodeAt(0)]), others: false } : undefined;
  }

  #class(): Omit<Atom, "quantifier"> | undefined {
    const negated = this.#text.charAt(this.#at) === "^";
    if (negated) this.#at++;
    const ascii = new Set<number>();
    for (let first = true; ; first = false) {
      const character = this.#text.charAt(this.#at);
      if (character === "") return undefined;
      if (character === "]") {
        if (first) return undefined;
        this.#at++;
        break;
      }
      const low = this.#member();
      if (low === undefined) return undefined;
      if (typeof low !== "number") {
        for (const code of low) ascii.add(code);
        continue;
      }
      if (this.#text.charAt(this.#at) === "-" && this.#text.charAt(this.#at + 1) !== "]") {
        this.#at++;
        const high = this.#member();
        if (typeof high !== "number" || high < low) return undefined;
        for (let code = low; code <= high; code++) ascii.add(code);
      } else {
        ascii.add(low);
      }
    }
    return negated ? { ascii: complement(ascii), others: true } : { ascii, others: false };
  }

  /** One ASCII character of a class, or the characters of an escape like `\d`. */
  #member(): number | readonly number[] | undefined {
    const character = this.#text.charAt(this.#at++);
    if (character === "[") return undefined;
    if (character === "\\") {
      const letter = this.#text.charAt(this.#at++);
      return CLASSES.get(letter) ?? (PUNCTUATION.test(letter) ? letter.charCodeAt(0) : undefined);
    }
    const code = character.charCodeAt(0);
    return code < 128 ? code : undefined;
  }
}
