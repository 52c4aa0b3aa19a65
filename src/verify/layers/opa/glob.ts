/** Patterns of `glob.match` as expressions: `*` and `?` stop at delimiters, `**` does not. */
import { type Regex, regex } from "../../space/index.js";

const { anyChar, either, literal, notClass, sequence, star } = regex;

class Unread extends Error {}

class Reader {
  readonly #chars: readonly string[];
  readonly #one: Regex;
  #at = 0;
  #depth = 0;

  constructor(pattern: string, delimiters: readonly string[]) {
    this.#chars = [...pattern];
    this.#one = notClass(delimiters.map((char) => [char.codePointAt(0) ?? 0, char.codePointAt(0) ?? 0]));
  }

  whole(): Regex {
    const parts: Regex[] = [];
    while (this.#at < this.#chars.length) {
      const char = this.#chars[this.#at] ?? "";
      if (this.#depth > 0 && (char === "," || char === "}")) return sequence(...parts);
      this.#at++;
      parts.push(this.#part(char));
    }
    if (this.#depth > 0) throw new Unread();
    return sequence(...parts);
  }

  #part(char: string): Regex {
    switch (char) {
      case "*":
        if (this.#chars[this.#at] !== "*") return star(this.#one);
        this.#at++;
        return star(anyChar);
      case "?":
        return this.#one;
      case "\\":
        return literal(this.#next());
      case "[":
        return this.#range();
      case "{":
        return this.#alternatives();
      default:
        return literal(char);
    }
  }

  #next(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new Unread();
    return char;
  }

  #alternatives(): Regex {
    this.#depth++;
    const parts: Regex[] = [];
    for (;;) {
      parts.push(this.whole());
      const mark = this.#next();
      if (mark === "}") break;
      if (mark !== ",") throw new Unread();
    }
    this.#depth--;
    return either(...parts);
  }

  #range(): Regex {
    const negated = this.#chars[this.#at] === "!";
    if (negated) this.#at++;
    const stretches: [number, number][] = [];
    const low = this.#chars[this.#at] ?? "";
    if (this.#chars[this.#at + 1] === "-") {
      const high = this.#chars[this.#at + 2] ?? "";
      if (this.#chars[this.#at + 3] !== "]" || high < low) throw new Unread();
      this.#at += 4;
      stretches.push([low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0]);
    } else {
      for (let char = this.#next(); char !== "]"; char = this.#next()) {
        const code = (char === "\\" ? this.#next() : char).codePointAt(0) ?? 0;
        stretches.push([code, code]);
      }
      if (stretches.length === 0) throw new Unread();
    }
    return negated ? notClass(stretches) : { kind: "class", stretches: regex.tidy(stretches) };
  }
}

/** The expression of the texts that the pattern matches as a whole; undefined for a pattern that is none. */
export function globRegex(pattern: string, delimiters: readonly string[]): Regex | undefined {
  if (delimiters.some((char) => [...char].length !== 1)) return undefined;
  try {
    return new Reader(pattern, delimiters).whole();
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}
