/** How many columns of a terminal a text takes: two for East Asian wide characters and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) return 0;
  return isWide(code) ? 2 : 1;
}

/** UAX #11, the blocks that are Wide or Fullwidth as a whole. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** The text with spaces after it, up to a width. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Breaks a text into lines of at most `width` columns: between words; a longer word after `/`, `-`, `:` or `,`, else anywhere. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  const add = (part: string): boolean => {
    if (displayWidth(line + part.trimEnd()) > width) return false;
    line += part;
    return true;
  };
  const end = (): void => {
    if (line.trim() !== "") lines.push(line.trimEnd());
    line = "";
  };
  for (const word of text.split(/(?<=\s)/)) {
    if (add(word)) continue;
    if (displayWidth(word.trimEnd()) <= width) {
      end();
      line = word;
      continue;
    }
    for (const part of word.split(/(?<=[/,:-])/)) {
      if (add(part)) continue;
      end();
      for (const character of part) {
        if (add(character)) continue;
        end();
        line = character;
      }
    }
  }
  end();
  return lines.length === 0 ? [""] : lines;
}
