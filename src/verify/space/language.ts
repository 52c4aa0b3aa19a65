/**
 * Sets of words (strings), exact under union, intersection, difference and complement. Small finite sets and their
 * complements are kept as word sets, because names, methods and principals are mostly that; everything else is a minimal
 * automaton. Languages are interned and the operations remembered, so that ten thousand policies which speak of the same
 * paths cost one.
 */
import {
  accepts,
  complementDfa,
  type Dfa,
  dfaKey,
  fewWords,
  minimise,
  productDfa,
  shortestWord,
  wordsDfa,
} from "./dfa.js";
import { Interner, PairMemo } from "./interner.js";
import { type Regex, toDfa } from "./regex.js";

type Shape =
  | { readonly kind: "only"; readonly words: ReadonlySet<string> }
  | { readonly kind: "all-but"; readonly words: ReadonlySet<string> }
  | { readonly kind: "automaton"; readonly dfa: Dfa };

/** An automaton of at most so many words (or missing words) is turned into a word set. */
const FEW = 64;

const interner = new Interner<Language>();
const unions = new PairMemo<Language>();
const intersections = new PairMemo<Language>();
const differences = new PairMemo<Language>();
let lastId = 0;

export class Language {
  readonly id: number;
  readonly #shape: Shape;
  #witness: string | undefined | null = null;

  private constructor(shape: Shape) {
    this.id = ++lastId;
    this.#shape = shape;
  }

  static #of(shape: Shape): Language {
    const key =
      shape.kind === "automaton"
        ? `a${dfaKey(shape.dfa)}`
        : `${shape.kind === "only" ? "o" : "b"}${JSON.stringify([...shape.words].sort())}`;
    return interner.get(key, () => new Language(shape));
  }

  static #fromDfa(dfa: Dfa): Language {
    const words = fewWords(dfa, FEW);
    if (words !== undefined) return Language.#of({ kind: "only", words: new Set(words) });
    const missing = fewWords(complementDfa(dfa), FEW);
    if (missing !== undefined) return Language.#of({ kind: "all-but", words: new Set(missing) });
    return Language.#of({ kind: "automaton", dfa });
  }

  static only(...words: readonly string[]): Language {
    return Language.#of({ kind: "only", words: new Set(words) });
  }

  static allBut(...words: readonly string[]): Language {
    return Language.#of({ kind: "all-but", words: new Set(words) });
  }

  static matching(regex: Regex): Language {
    return Language.#fromDfa(toDfa(regex));
  }

  /** The words that an automaton accepts; it need not be minimal. */
  static accepting(dfa: Dfa): Language {
    return Language.#fromDfa(minimise(dfa));
  }

  get isEmpty(): boolean {
    return this.#shape.kind === "only" && this.#shape.words.size === 0;
  }

  get automaton(): Dfa {
    return this.#dfa();
  }

  /** The words when they are finitely many and known as such. */
  get words(): readonly string[] | undefined {
    return this.#shape.kind === "only" ? [...this.#shape.words].sort() : undefined;
  }

  /** The words that are missing when the language is everything but finitely many. */
  get missing(): readonly string[] | undefined {
    return this.#shape.kind === "all-but" ? [...this.#shape.words].sort() : undefined;
  }

  has(word: string): boolean {
    const shape = this.#shape;
    if (shape.kind === "automaton") return accepts(shape.dfa, word);
    return shape.words.has(word) === (shape.kind === "only");
  }

  union(other: Language): Language {
    if (this === other || other.isEmpty) return this;
    if (this.isEmpty) return other;
    const [a, b] = this.id < other.id ? [this, other] : [other, this];
    return unions.get(a.id, b.id) ?? unions.set(a.id, b.id, Language.#union(a, b));
  }

  intersect(other: Language): Language {
    if (this === other || this.isEmpty) return this;
    if (other.isEmpty) return other;
    const [a, b] = this.id < other.id ? [this, other] : [other, this];
    return intersections.get(a.id, b.id) ?? intersections.set(a.id, b.id, Language.#intersect(a, b));
  }

  minus(other: Language): Language {
    if (this === other) return NOTHING;
    if (this.isEmpty || other.isEmpty) return this;
    return differences.get(this.id, other.id) ?? differences.set(this.id, other.id, Language.#minus(this, other));
  }

  complement(): Language {
    const shape = this.#shape;
    if (shape.kind === "automaton") return Language.#of({ kind: "automaton", dfa: complementDfa(shape.dfa) });
    return Language.#of({ kind: shape.kind === "only" ? "all-but" : "only", words: shape.words });
  }

  equals(other: Language): boolean {
    return this === other || (this.minus(other).isEmpty && other.minus(this).isEmpty);
  }

  isSubsetOf(other: Language): boolean {
    return this === other || this.minus(other).isEmpty;
  }

  /** A word of the language: the first of `preferred` that belongs, else a shortest one. */
  witness(preferred: readonly string[] = []): string | undefined {
    const liked = preferred.find((word) => this.has(word));
    if (liked !== undefined) return liked;
    if (this.#witness === null) this.#witness = this.#shortest();
    return this.#witness;
  }

  #shortest(): string | undefined {
    const shape = this.#shape;
    if (shape.kind === "only") return [...shape.words].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
    return shortestWord(this.#dfa());
  }

  #dfa(): Dfa {
    const shape = this.#shape;
    if (shape.kind === "automaton") return shape.dfa;
    const dfa = wordsDfa(shape.words);
    return shape.kind === "only" ? dfa : complementDfa(dfa);
  }

  static #union(a: Language, b: Language): Language {
    const [x, y] = [a.#shape, b.#shape];
    if (x.kind === "only" && y.kind === "only")
      return Language.#of({ kind: "only", words: new Set([...x.words, ...y.words]) });
    if (x.kind === "all-but") return Language.#of({ kind: "all-but", words: filter(x.words, (word) => !b.has(word)) });
    if (y.kind === "all-but") return Language.#of({ kind: "all-but", words: filter(y.words, (word) => !a.has(word)) });
    return Language.#fromDfa(productDfa(a.#dfa(), b.#dfa(), (inA, inB) => inA || inB));
  }

  static #intersect(a: Language, b: Language): Language {
    const [x, y] = [a.#shape, b.#shape];
    if (x.kind === "only") return Language.#of({ kind: "only", words: filter(x.words, (word) => b.has(word)) });
    if (y.kind === "only") return Language.#of({ kind: "only", words: filter(y.words, (word) => a.has(word)) });
    if (x.kind === "all-but" && y.kind === "all-but") {
      return Language.#of({ kind: "all-but", words: new Set([...x.words, ...y.words]) });
    }
    return Language.#fromDfa(productDfa(a.#dfa(), b.#dfa(), (inA, inB) => inA && inB));
  }

  static #minus(a: Language, b: Language): Language {
    const [x, y] = [a.#shape, b.#shape];
    if (x.kind === "only") return Language.#of({ kind: "only", words: filter(x.words, (word) => !b.has(word)) });
    if (y.kind === "all-but") return Language.#of({ kind: "only", words: filter(y.words, (word) => a.has(word)) });
    if (x.kind === "all-but" && y.kind === "only") {
      return Language.#of({ kind: "all-but", words: new Set([...x.words, ...y.words]) });
    }
    return Language.#fromDfa(productDfa(a.#dfa(), b.#dfa(), (inA, inB) => inA && !inB));
  }
}

function filter(words: ReadonlySet<string>, keep: (word: string) => boolean): Set<string> {
  return new Set([...words].filter(keep));
}

export const NOTHING: Language = Language.only();
export const ANYTHING: Language = Language.allBut();
