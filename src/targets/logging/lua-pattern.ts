/**
 * Regular expressions of the table as Lua patterns, which have no `{n,m}`, no `\b`, no flags and no alternation: counts
 * are written out, `\b` is a frontier, and letters become classes of both cases.
 */

interface Piece {
  /** a Lua character or class */
  readonly one: string;
  readonly min: number;
  readonly max: number;
}

const MAGIC = /[\^$()%.[\]*+\-?]/;

/** @throws when the expression is outside the subset: a table's row that no engine could keep to */
export function luaPattern(source: string, ignoreCase = false): string {
  let at = 0;
  let out = "";
  if (source.startsWith("\\b")) {
    out += "%f[%w_]";
    at = 2;
  }
  while (at < source.length) {
    const { one, next } = readOne(source, at, ignoreCase);
    const { min, max, end } = readCount(source, next);
    out += write({ one, min, max });
    at = end;
  }
  return out;
}

function readOne(source: string, at: number, ignoreCase: boolean): { one: string; next: number } {
  const char = source[at] ?? "";
  if (char === "[") {
    const end = closing(source, at);
    return { one: readClass(source.slice(at + 1, end), ignoreCase), next: end + 1 };
  }
  if (char === "\\") return { one: escaped(source[at + 1] ?? ""), next: at + 2 };
  if (/[(){}|.^$*+?]/.test(char)) throw new Error(`\`${char}\` at ${at} of ${source} is outside the subset`);
  return { one: literal(char, ignoreCase), next: at + 1 };
}

function closing(source: string, at: number): number {
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "]") return i;
  }
  throw new Error(`a class of ${source} is not closed`);
}

function escaped(char: string): string {
  if (char === "s") return "%s";
  if (char === "d") return "%d";
  if (/[A-Za-z0-9]/.test(char)) throw new Error(`\`\\${char}\` is outside the subset`);
  return literal(char, false);
}

function literal(char: string, ignoreCase: boolean): string {
  if (ignoreCase && /[a-zA-Z]/.test(char)) return `[${char.toLowerCase()}${char.toUpperCase()}]`;
  return MAGIC.test(char) ? `%${char}` : char;
}

/** A class's content: ranges stay, single characters are escaped, letters get both cases. */
function readClass(content: string, ignoreCase: boolean): string {
  let out = "";
  let at = 0;
  if (content.startsWith("^")) {
    out += "^";
    at = 1;
  }
  while (at < content.length) {
    const char = content[at] ?? "";
    if (char === "\\") {
      const next = content[at + 1] ?? "";
      out += next === "s" ? "%s" : next === "d" ? "%d" : next === "r" ? "\r" : next === "n" ? "\n" : `%${next}`;
      at += 2;
      continue;
    }
    const range = content.slice(at).match(/^([A-Za-z0-9])-([A-Za-z0-9])/);
    if (range !== null) {
      const [text = "", from = "", to = ""] = range;
      out +=
        ignoreCase && /[a-zA-Z]/.test(from)
          ? `${from.toLowerCase()}-${to.toLowerCase()}${from.toUpperCase()}-${to.toUpperCase()}`
          : `${from}-${to}`;
      at += text.length;
      continue;
    }
    if (/[A-Za-z]/.test(char)) out += ignoreCase ? `${char.toLowerCase()}${char.toUpperCase()}` : char;
    else out += /[0-9_ ]/.test(char) ? char : `%${char}`;
    at++;
  }
  return `[${out}]`;
}

function readCount(source: string, at: number): { min: number; max: number; end: number } {
  const char = source[at];
  if (char === "*") return { min: 0, max: Number.POSITIVE_INFINITY, end: at + 1 };
  if (char === "+") return { min: 1, max: Number.POSITIVE_INFINITY, end: at + 1 };
  if (char === "?") return { min: 0, max: 1, end: at + 1 };
  const counted = /^\{(\d+)(,(\d*))?\}/.exec(source.slice(at));
  if (counted === null) return { min: 1, max: 1, end: at };
  const min = Number(counted[1]);
  const max = counted[2] === undefined ? min : counted[3] === "" ? Number.POSITIVE_INFINITY : Number(counted[3]);
  return { min, max, end: at + counted[0].length };
}

/** Lua tries every choice of several optional characters: more than a few in a row would take forever. */
const MOST_OPTIONAL = 4;

function write({ one, min, max }: Piece): string {
  if (max !== Number.POSITIVE_INFINITY && max - min > MOST_OPTIONAL)
    throw new Error(`{${min},${max}} has too many choices for Lua`);
  if (max === Number.POSITIVE_INFINITY)
    return `${one.repeat(Math.max(min - 1, 0))}${min === 0 ? `${one}*` : `${one}+`}`;
  return `${one.repeat(min)}${`${one}?`.repeat(max - min)}`;
}
