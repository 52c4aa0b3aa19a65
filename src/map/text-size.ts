/**
 * How wide a text is drawn, without a font at hand. The estimate follows DejaVu Sans, the widest of the fonts that a
 * viewer may put in place of ours, so that boxes are at times a little wide and never too narrow.
 */
export const FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Width in pixels at a font size. */
export function textWidth(text: string, size: number, bold = false): number {
  let ems = 0;
  for (const character of text) ems += characterEms(character);
  return ems * size * (bold ? 1.1 : 1);
}

function characterEms(character: string): number {
  if (/[ijl.,:;'|!]/.test(character)) return 0.34;
  if (/[ftrI()[\]/ -]/.test(character)) return 0.41;
  if (/[mwMW@%→←…]/.test(character)) return 0.98;
  if (/[A-Z]/.test(character)) return 0.73;
  if (/[\x20-\x7e]/.test(character)) return 0.64;
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 0.8 : 1.1;
}

/** The text, cut with `…` where it is wider than `width`. */
export function clip(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size, bold) > width) characters.pop();
  return `${characters.join("")}…`;
}

/** At most two lines: broken after a `-`, `.` or `_` near the middle, each cut where it is still too wide. */
export function inTwoLines(text: string, width: number, size: number, bold = false): string[] {
  if (textWidth(text, size, bold) <= width) return [text];
  const parts = text.split(/(?<=[-._ ])/);
  let first = "";
  while (parts.length > 0 && textWidth(first + (parts[0] ?? ""), size, bold) <= width) first += parts.shift() ?? "";
  if (first === "") {
    const characters = [...text];
    while (textWidth(first + (characters[0] ?? ""), size, bold) <= width) first += characters.shift() ?? "";
    return [first, clip(characters.join(""), width, size, bold)];
  }
  return [first.trimEnd(), clip(parts.join(""), width, size, bold)];
}
