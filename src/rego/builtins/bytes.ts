/**
 * Strings of bytes. A Rego string may hold any bytes (`hex.decode("ff")`), a JavaScript string cannot; so each byte that
 * is not part of valid UTF-8 stands as the lone surrogate U+DC00 + byte. Reading text never produces lone surrogates,
 * and writing JSON replaces them, so they exist only between two built-ins.
 */

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONE = /[\udc80-\udcff]/;

/** The string that stands for `bytes`. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    return decodeWithEscapes(bytes);
  }
}

function decodeWithEscapes(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    parts.push(
      length === 0 ? String.fromCharCode(0xdc00 + (bytes[i] ?? 0)) : DECODER.decode(bytes.subarray(i, i + length)),
    );
    i += Math.max(length, 1);
  }
  return parts.join("");
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}

/** The bytes that `text` stands for. */
export function bytesOfText(text: string): Uint8Array {
  if (!LONE.test(text)) return Buffer.from(text, "utf8");
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(character, "utf8"));
  }
  return Buffer.concat(parts);
}
