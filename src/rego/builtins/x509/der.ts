/** DER elements, read within bounds: every length is checked against the element around it. */
import { BuiltinError } from "../builtin.js";
import { textOfBytes } from "../bytes.js";

export interface Element {
  /** The whole tag octet: class, constructed bit and number. */
  readonly tag: number;
  readonly content: Buffer;
  /** The element with its tag and length. */
  readonly raw: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A context-specific tag. */
export function context(number: number, constructed: boolean): number {
  return 0x80 + (constructed ? 0x20 : 0) + number;
}

export function malformed(what: string): BuiltinError {
  return new BuiltinError(`x509: malformed ${what}`);
}

/** Reads the elements of a constructed one, in order. */
export class DerReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  next(): Element {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw malformed(this.#what);
    let length = this.#byte();
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 4) throw malformed(this.#what);
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + this.#byte();
    }
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed(this.#what);
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content, raw: this.#bytes.subarray(start, end) };
  }

  expect(tag: number): Element {
    if (this.peekTag() !== tag) throw malformed(this.#what);
    return this.next();
  }

  /** The next element if it has this tag. */
  optional(tag: number): Element | undefined {
    return this.peekTag() === tag ? this.next() : undefined;
  }

  all(): Element[] {
    const elements: Element[] = [];
    while (!this.done) elements.push(this.next());
    return elements;
  }

  /** A reader of the elements inside the next one. */
  into(tag: number): DerReader {
    return new DerReader(this.expect(tag).content, this.#what);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed(this.#what);
    return byte;
  }
}

export function integerOf({ content }: Element): bigint {
  if (content.length === 0) throw malformed("integer");
  const magnitude = BigInt(`0x${content.toString("hex")}`);
  return (content[0] ?? 0) >= 0x80 ? magnitude - (1n << BigInt(content.length * 8)) : magnitude;
}

export function oidOf({ content }: Element): number[] {
  const parts: number[] = [];
  let value = 0;
  for (const [index, byte] of content.entries()) {
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) throw malformed("object identifier");
    if (byte >= 0x80) {
      if (index === content.length - 1) throw malformed("object identifier");
      continue;
    }
    if (parts.length === 0)
      parts.push(Math.min(Math.floor(value / 40), 2), value - Math.min(Math.floor(value / 40), 2) * 40);
    else parts.push(value);
    value = 0;
  }
  if (parts.length === 0) throw malformed("object identifier");
  return parts;
}

export function bitsOf({ content }: Element): Buffer {
  if (content.length === 0) throw malformed("bit string");
  return content.subarray(1);
}

/** A string of any of the character types. */
export function stringOf({ tag, content }: Element): string {
  switch (tag) {
    case 0x1e:
      if (content.length % 2 === 1) throw malformed("string");
      return Buffer.from(content).swap16().toString("utf16le");
    case 0x14:
      return content.toString("latin1");
    default:
      return textOfBytes(content);
  }
}

/** UTCTime or GeneralizedTime, as RFC 3339. */
export function timeOf({ tag, content }: Element): string {
  const text = content.toString("latin1");
  const match = /^([0-9]{2}|[0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/.exec(text);
  const [, year = "", month, day, hour, minute, second] = match ?? [];
  if (match === null || year.length !== (tag === 0x17 ? 2 : 4)) throw malformed("time");
  const century = year.length === 4 ? "" : Number(year) < 50 ? "20" : "19";
  return `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}
