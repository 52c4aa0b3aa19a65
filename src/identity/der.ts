/**
 * The DER that certificates need, and no more: definite lengths in their shortest form, one-byte tags. Certificates are
 * read on every handshake and written once an hour for each workload; a general ASN.1 library costs 2 ms for each
 * certificate read and a quarter of a second at start-up, more than the handshake itself. OpenSSL has parsed the same
 * bytes before and checks the signature; this reader only lets the extensions be judged, and refuses what is not DER.
 *
 * @see ITU-T X.690 §10 (DER)
 */

/** One element: its tag byte, its content and the whole of it. The buffers share memory with what was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag byte of a context-specific element. */
export function contextTag(number: number, constructed = true): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

/** Thrown for anything that is not DER of the expected form; callers turn it into their own refusal. */
export class DerError extends Error {}

/**
 * Reads exactly one element that fills `bytes`.
 * @throws DerError
 */
export function readDer(bytes: Buffer): DerElement {
  const element = readAt(bytes, 0);
  if (element.whole.length !== bytes.length) throw new DerError("bytes follow the element");
  return element;
}

/**
 * The elements inside a constructed element.
 * @throws DerError
 */
export function childrenOf(parent: DerElement): DerElement[] {
  const found: DerElement[] = [];
  for (let at = 0; at < parent.content.length; ) {
    const element = readAt(parent.content, at);
    found.push(element);
    at += element.whole.length;
  }
  return found;
}

/** Checks an element's tag and hands the element on. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element === undefined) throw new DerError("an element is missing");
  if (element.tag !== tag) throw new DerError(`tag 0x${element.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
  return element;
}

function readAt(bytes: Buffer, at: number): DerElement {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new DerError("an element is cut short");
  if ((tag & 0x1f) === 0x1f) throw new DerError("a tag of several bytes");
  let header = 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw new DerError("an indefinite length");
    if (count > 3) throw new DerError("a length beyond 16 MiB");
    if (at + 2 + count > bytes.length) throw new DerError("an element is cut short");
    length = bytes.readUIntBE(at + 2, count);
    header += count;
    if (length < 0x80 || length < 2 ** (8 * (count - 1)))
      throw new DerError("a length that is not in its shortest form");
  }
  const end = at + header + length;
  if (end > bytes.length) throw new DerError("an element is cut short");
  return { tag, content: bytes.subarray(at + header, end), whole: bytes.subarray(at, end) };
}

/** A dotted object identifier. @throws DerError */
export function readOid(element: DerElement | undefined): string {
  const { content } = expectTag(element, TAG.oid);
  if (content.length === 0) throw new DerError("an empty object identifier");
  const arcs: number[] = [];
  let value = 0;
  let fresh = true;
  for (const [index, byte] of content.entries()) {
    if (fresh && byte === 0x80) throw new DerError("an object identifier that is not in its shortest form");
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) throw new DerError("an object identifier too large");
    fresh = byte < 0x80;
    if (fresh) {
      arcs.push(value);
      value = 0;
    } else if (index === content.length - 1) throw new DerError("an object identifier is cut short");
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

/** A boolean in DER is 0x00 or 0xff. @throws DerError */
export function readBoolean(element: DerElement | undefined): boolean {
  const { content } = expectTag(element, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new DerError("a boolean of another value");
  return content[0] === 0xff;
}

/** A small non-negative integer. @throws DerError */
export function readSmallInteger(element: DerElement | undefined): number {
  const { content } = expectTag(element, TAG.integer);
  if (content.length === 0 || content.length > 4) throw new DerError("an integer out of range");
  const value = content.readIntBE(0, content.length);
  if (value < 0) throw new DerError("an integer below zero");
  return value;
}

/** The bits of a named bit list, most significant first. @throws DerError */
export function readBits(element: DerElement | undefined): readonly boolean[] {
  const { content } = expectTag(element, TAG.bitString);
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    throw new DerError("a broken bit string");
  const bits: boolean[] = [];
  for (const byte of content.subarray(1)) for (let bit = 7; bit >= 0; bit--) bits.push(((byte >> bit) & 1) === 1);
  return bits.slice(0, bits.length - unused);
}

/** UTCTime or GeneralizedTime in the one form that RFC 5280 §4.1.2.5 allows. @throws DerError */
export function readTime(element: DerElement | undefined): Date {
  if (element === undefined) throw new DerError("an element is missing");
  const text = element.content.toString("latin1");
  let digits: string;
  if (element.tag === TAG.utcTime && /^\d{12}Z$/.test(text)) {
    digits = `${Number(text.slice(0, 2)) >= 50 ? "19" : "20"}${text.slice(0, 12)}`;
  } else if (element.tag === TAG.generalizedTime && /^\d{14}Z$/.test(text)) {
    digits = text.slice(0, 14);
  } else throw new DerError("a time in another form");
  const part = (from: number, to: number): string => digits.slice(from, to);
  const iso = `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}T${part(8, 10)}:${part(10, 12)}:${part(12, 14)}.000Z`;
  const date = new Date(iso);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) throw new DerError("a time that does not exist");
  return date;
}

/** An element of the given tag around the parts. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const size = content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3;
  const length = Buffer.alloc(size);
  length.writeUIntBE(content.length, 0, size);
  return Buffer.concat([Buffer.from([tag, 0x80 | size]), length, content]);
}

/** A non-negative integer from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const value = bytes.subarray(from);
  return der(TAG.integer, ...((value[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []), value);
}

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [root * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return der(TAG.oid, Buffer.from(bytes));
}

/** A bit string of whole bytes. */
export function derBitString(bytes: Uint8Array): Buffer {
  return der(TAG.bitString, Buffer.from([0]), bytes);
}

/** A named bit list (X.690 §11.2.2: trailing zero bits are left away). */
export function derNamedBits(positions: readonly number[]): Buffer {
  const last = Math.max(-1, ...positions);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const position of positions) bytes[position >> 3] = (bytes[position >> 3] ?? 0) | (0x80 >> (position & 7));
  return der(TAG.bitString, Buffer.from([last < 0 ? 0 : 7 - (last & 7)]), bytes);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5); seconds precision. */
export function derTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? der(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : der(TAG.generalizedTime, Buffer.from(`${digits}Z`));
}
