/** Sets of texts that may be absent: a header that was not sent, a principal without mTLS. Absent is an atom (null). */
import type { Values } from "./domain.js";
import { Interner } from "./interner.js";
import { Language, NOTHING } from "./language.js";

const interner = new Interner<Text>();
let lastId = 0;

export class Text implements Values<string | null, Text> {
  readonly id: number;
  readonly absent: boolean;
  readonly present: Language;

  private constructor(absent: boolean, present: Language) {
    this.id = ++lastId;
    this.absent = absent;
    this.present = present;
  }

  static of(present: Language, absent = false): Text {
    return interner.get(`${absent ? "?" : "!"}${present.id}`, () => new Text(absent, present));
  }

  get isEmpty(): boolean {
    return !this.absent && this.present.isEmpty;
  }

  has(atom: string | null): boolean {
    return atom === null ? this.absent : this.present.has(atom);
  }

  union(other: Text): Text {
    return Text.of(this.present.union(other.present), this.absent || other.absent);
  }

  intersect(other: Text): Text {
    return Text.of(this.present.intersect(other.present), this.absent && other.absent);
  }

  minus(other: Text): Text {
    return Text.of(this.present.minus(other.present), this.absent && !other.absent);
  }

  /** Absent when that is possible and nothing preferred fits: the shortest request is the one without the attribute. */
  witness(preferred: readonly (string | null)[] = []): string | null | undefined {
    const liked = preferred.find((atom) => this.has(atom));
    if (liked !== undefined) return liked;
    return this.absent ? null : this.present.witness();
  }
}

export const ABSENT: Text = Text.of(NOTHING, true);
export const NO_TEXT: Text = Text.of(NOTHING, false);
export const only = (...words: readonly string[]): Text => Text.of(Language.only(...words));
