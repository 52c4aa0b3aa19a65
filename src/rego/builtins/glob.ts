/**
 * `glob.match`: `*` and `?` stop at delimiters, `**` does not, `[…]` and `{…,…}` as in shells. A pattern becomes a small
 * automaton over code points that runs all alternatives side by side, so no pattern makes it backtrack.
 */
import { isArray, type Value } from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { array, oneOf } from "./decl.js";
import { elementError, stringAt, typeError, valueAt } from "./operands.js";

type Test = (code: number) => boolean;

/** A state either reads a character or passes on without one; the last state accepts. */
interface State {
  readonly test?: Test;
  next: number[];
}

const MAX_STATES = 20_000;
const MAX_CACHED = 500;

export class Glob {
  readonly #states: State[] = [];
  readonly #start: number;
  readonly #accept: number;

  constructor(pattern: string, delimiters: readonly string[]) {
    const parser = new GlobParser(pattern, delimiters);
    this.#accept = this.#add({ next: [] });
    this.#start = this.#compile(parser.sequence(), this.#accept);
  }

  #add(state: State): number {
    if (this.#states.length >= MAX_STATES) throw new BuiltinError("glob: pattern too large");
    return this.#states.push(state) - 1;
  }

  /** The state from which `parts` lead to `next`. */
  #compile(parts: readonly Part[], next: number): number {
    return parts.reduceRight((after, part) => {
      switch (part.kind) {
        case "one":
          return this.#add({ test: part.test, next: [after] });
        case "many": {
          const fork = this.#add({ next: [after] });
          const loop = this.#add({ test: part.test, next: [fork] });
          this.#states[fork]?.next.push(loop);
          return fork;
        }
        default:
          return this.#add({ next: part.of.map((branch) => this.#compile(branch, after)) });
      }
    }, next);
  }

  matches(text: string, context: Pick<BuiltinContext, "spend">): boolean {
    let current = this.#closure([this.#start]);
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      context.spend(1 + (current.size >>> 3));
      const reached: number[] = [];
      for (const index of current) {
        const state = this.#states[index];
        if (state?.test?.(code)) reached.push(...state.next);
      }
      if (reached.length === 0) return false;
      current = this.#closure(reached);
    }
    return current.has(this.#accept);
  }

  #closure(from: readonly number[]): Set<number> {
    const seen = new Set<number>(from);
    for (const index of seen) {
      const state = this.#states[index];
      if (state !== undefined && state.test === undefined) for (const next of state.next) seen.add(next);
    }
    return seen;
  }
}

type Part =
  | { readonly kind: "one" | "many"; readonly test: Test }
  | { readonly kind: "either"; readonly of: readonly (readonly Part[])[] };

class GlobParser {
  readonly #input: readonly string[];
  readonly #notDelimiter: Test;
  #at = 0;
  #depth = 0;

  constructor(pattern: string, delimiters: readonly string[]) {
    this.#input = Array.from(pattern);
    const codes = new Set(delimiters.map((delimiter) => delimiter.codePointAt(0) ?? 0));
    this.#notDelimiter = codes.size === 0 ? () => true : (code) => !codes.has(code);
  }

  sequence(): readonly Part[] {
    const parts: Part[] = [];
    while (this.#at < this.#input.length) {
      const character = this.#input[this.#at] as string;
      if (this.#depth > 0 && (character === "," || character === "}")) return parts;
      this.#at++;
      parts.push(this.#part(character));
    }
    if (this.#depth > 0) throw this.#error("unclosed `{`");
    return parts;
  }

  #part(character: string): Part {
    switch (character) {
      case "*":
        if (this.#input[this.#at] !== "*") return { kind: "many", test: this.#notDelimiter };
        this.#at++;
        return { kind: "many", test: () => true };
      case "?":
        return { kind: "one", test: this.#notDelimiter };
      case "[":
        return { kind: "one", test: this.#range() };
      case "{":
        return this.#alternatives();
      case "\\":
        return literal(this.#escaped());
      default:
        return literal(character);
    }
  }

  #alternatives(): Part {
    if (++this.#depth > 200) throw this.#error("nested too deeply");
    const of: (readonly Part[])[] = [];
    for (;;) {
      of.push(this.sequence());
      const mark = this.#input[this.#at++];
      if (mark === "}") break;
      if (mark !== ",") throw this.#error("unclosed `{`");
    }
    this.#depth--;
    return { kind: "either", of };
  }

  #escaped(): string {
    const character = this.#input[this.#at++];
    if (character === undefined) throw this.#error("trailing backslash");
    return character;
  }

  #range(): Test {
    const negated = this.#input[this.#at] === "!";
    if (negated) this.#at++;
    const low = this.#input[this.#at];
    if (low !== undefined && this.#input[this.#at + 1] === "-") {
      const high = this.#input[this.#at + 2];
      if (high === undefined) throw this.#error("unexpected end of input");
      if (this.#input[this.#at + 3] !== "]") throw this.#error("expected close range character");
      this.#at += 4;
      const from = low.codePointAt(0) ?? 0;
      const to = high.codePointAt(0) ?? 0;
      if (to < from) throw this.#error("range hi character is less than lo");
      return (code) => (code >= from && code <= to) !== negated;
    }
    const codes = new Set<number>();
    for (;;) {
      const character = this.#input[this.#at++];
      if (character === undefined) throw this.#error("unexpected end of input");
      if (character === "]") break;
      codes.add((character === "\\" ? this.#escaped() : character).codePointAt(0) ?? 0);
    }
    if (codes.size === 0) throw this.#error("could not parse range");
    return (code) => codes.has(code) !== negated;
  }

  #error(reason: string): BuiltinError {
    const offset = Buffer.byteLength(this.#input.slice(0, this.#at).join(""));
    return new BuiltinError(`glob: syntax error at ${offset}: ${reason}`);
  }
}

function literal(character: string): Part {
  const wanted = character.codePointAt(0) ?? 0;
  return { kind: "one", test: (code) => code === wanted };
}

const cache = new Map<string, Glob>();

function globOf(pattern: string, delimiters: readonly string[]): Glob {
  const key = `${delimiters.join("")}\u0000${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const compiled = new Glob(pattern, delimiters);
  if (cache.size >= MAX_CACHED) {
    const oldest = cache.keys().next().value;
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(key, compiled);
  return compiled;
}

function delimitersAt(args: readonly Value[]): readonly string[] {
  const value = valueAt(args, 1);
  if (value === null) return [];
  if (!isArray(value)) throw typeError(1, value, "array", "null");
  if (value.length === 0) return ["."];
  return value.map((item) => {
    if (typeof item !== "string") throw elementError(1, value, item, "string");
    if (Array.from(item).length !== 1) throw elementError(1, value, item, "rune");
    return item;
  });
}

export const GLOB: readonly Builtin[] = [
  builtin("glob.match", ["string", oneOf("null", array("string")), "string"], "boolean", (args, context) => {
    const pattern = stringAt(args, 0);
    const delimiters = delimitersAt(args);
    return globOf(pattern, delimiters).matches(stringAt(args, 2), context);
  }),
  builtin("glob.quote_meta", ["string"], "string", (args) => stringAt(args, 0).replace(/[*?\\[\]{}]/g, "\\$&")),
];
