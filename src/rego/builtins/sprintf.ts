/**
 * Go's `fmt.Sprintf` over the operands that OPA hands it: integers as int64 or big integer, numbers written with a point
 * or exponent as float64, strings, and everything else as the string of its Rego notation. Flags, width, precision,
 * argument indexes and Go's error texts (`%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA …)`) are all observable.
 */
import { isNumber, Num, numberText, quoteGo, regoText, toBigInt, type Value } from "../value/index.js";
import type { BuiltinContext } from "./builtin.js";
import { formatFloat } from "./go-float.js";
import { arrayAt, stringAt } from "./operands.js";

type Operand =
  | { readonly type: "int64" | "*big.Int"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number }
  | { readonly type: "string"; readonly value: string };

interface Flags {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}

const INT64_MIN = -9223372036854775808n;
const INT64_MAX = 9223372036854775807n;
/** Go's own bound for widths and precisions. */
const MAX_WIDTH = 1_000_000;

export function sprintf(args: readonly Value[], context: BuiltinContext): Value {
  const format = stringAt(args, 0);
  const operands = arrayAt(args, 1);
  const text = simple(format, operands, context) ?? new Printer(format, operands.map(operandOf), context).run();
  context.grow(text.length);
  return text;
}

/** The text of a format of plain `%v`, `%s` and `%d` only that fit their operands, as nearly all do. */
function simple(format: string, operands: readonly Value[], context: BuiltinContext): string | undefined {
  let text = "";
  let next = 0;
  let at = 0;
  for (;;) {
    const percent = format.indexOf("%", at);
    if (percent < 0) break;
    const shown =
      next < operands.length ? simplyShown(operands[next++] as Value, format.charCodeAt(percent + 1)) : undefined;
    if (shown === undefined) return undefined;
    text += at === percent ? shown : format.slice(at, percent) + shown;
    at = percent + 2;
  }
  if (next < operands.length) return undefined;
  context.spend(next);
  return at < format.length ? text + format.slice(at) : text;
}

const LETTER_D = 100;
const LETTER_S = 115;
const LETTER_V = 118;

function simplyShown(operand: Value, verb: number): string | undefined {
  if (typeof operand === "number") {
    return (verb === LETTER_V || verb === LETTER_D) && Number.isSafeInteger(operand) ? String(operand) : undefined;
  }
  if (verb !== LETTER_V && verb !== LETTER_S) return undefined;
  if (typeof operand === "string") return operand;
  return operand instanceof Num ? undefined : regoText(operand);
}

function operandOf(value: Value): Operand {
  if (typeof value === "string") return { type: "string", value };
  if (!isNumber(value)) return { type: "string", value: regoText(value) };
  const text = numberText(value);
  if (/[.eE]/.test(text)) {
    const double = Number(text);
    return Number.isFinite(double) ? { type: "float64", value: double } : { type: "string", value: text };
  }
  const integer = value instanceof Num ? BigInt(text) : (toBigInt(value) ?? 0n);
  return { type: integer >= INT64_MIN && integer <= INT64_MAX ? "int64" : "*big.Int", value: integer };
}

class Printer {
  readonly #format: string;
  readonly #operands: readonly Operand[];
  readonly #context: BuiltinContext;
  #at = 0;
  #next = 0;
  #reordered = false;
  #goodIndex = true;
  #out = "";

  constructor(format: string, operands: readonly Operand[], context: BuiltinContext) {
    this.#format = format;
    this.#operands = operands;
    this.#context = context;
  }

  run(): string {
    const format = this.#format;
    while (this.#at < format.length) {
      const percent = format.indexOf("%", this.#at);
      this.#out += format.slice(this.#at, percent < 0 ? undefined : percent);
      if (percent < 0) break;
      this.#at = percent + 1;
      this.#directive();
      this.#context.spend(1);
    }
    if (!this.#reordered && this.#next < this.#operands.length) {
      const extra = this.#operands.slice(this.#next).map((operand) => `${operand.type}=${plain(operand)}`);
      this.#out += `%!(EXTRA ${extra.join(", ")})`;
    }
    return this.#out;
  }

  #directive(): void {
    const flags = this.#flags();
    this.#goodIndex = true;
    let afterIndex = this.#index();
    if (this.#take("*")) {
      flags.width = this.#starred("WIDTH");
      if (flags.width !== undefined && flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      afterIndex = false;
    } else {
      const width = this.#number();
      if (afterIndex && width !== undefined) this.#goodIndex = false;
      flags.width = width;
    }
    if (this.#take(".")) {
      if (afterIndex) this.#goodIndex = false;
      afterIndex = this.#index();
      if (this.#take("*")) {
        const precision = this.#starred("PREC");
        flags.precision = precision !== undefined && precision < 0 ? undefined : precision;
        if (precision !== undefined && precision < 0) this.#out += "%!(BADPREC)";
        afterIndex = false;
      } else {
        flags.precision = this.#number() ?? 0;
      }
    }
    if (!afterIndex) this.#index();
    this.#verb(flags);
  }

  #flags(): Flags {
    const flags: Flags = {
      minus: false,
      plus: false,
      sharp: false,
      space: false,
      zero: false,
      width: undefined,
      precision: undefined,
    };
    for (; this.#at < this.#format.length; this.#at++) {
      switch (this.#format.charAt(this.#at)) {
        case "#":
          flags.sharp = true;
          break;
        case "0":
          flags.zero = true;
          break;
        case "+":
          flags.plus = true;
          break;
        case "-":
          flags.minus = true;
          break;
        case " ":
          flags.space = true;
          break;
        default:
          return flags;
      }
    }
    return flags;
  }

  #take(character: string): boolean {
    if (this.#format.charAt(this.#at) !== character) return false;
    this.#at++;
    return true;
  }

  /** A width or precision; one that is far too large makes Go skip the rest of the format. */
  #number(): number | undefined {
    let value: number | undefined;
    for (; this.#at < this.#format.length; this.#at++) {
      const digit = this.#format.charCodeAt(this.#at) - 48;
      if (digit < 0 || digit > 9) return value;
      if (value !== undefined && value > MAX_WIDTH) {
        this.#at = this.#format.length;
        return undefined;
      }
      value = (value ?? 0) * 10 + digit;
    }
    return value;
  }

  /** An argument index `[n]`; true when there is one. */
  #index(): boolean {
    if (this.#format.charAt(this.#at) !== "[") return false;
    this.#reordered = true;
    const close = this.#format.indexOf("]", this.#at);
    if (close < 0) {
      this.#goodIndex = false;
      this.#at++;
      return false;
    }
    const digits = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const index = /^[0-9]{1,7}$/.test(digits) ? Number(digits) : 0;
    if (index < 1 || index > this.#operands.length) {
      this.#goodIndex = false;
      return true;
    }
    this.#next = index - 1;
    return true;
  }

  #starred(what: "WIDTH" | "PREC"): number | undefined {
    const operand = this.#operands[this.#next];
    if (operand !== undefined) this.#next++;
    if (operand?.type === "int64" && operand.value <= BigInt(MAX_WIDTH) && operand.value >= -BigInt(MAX_WIDTH)) {
      return Number(operand.value);
    }
    this.#out += `%!(BAD${what})`;
    return undefined;
  }

  #verb(flags: Flags): void {
    if (this.#at >= this.#format.length) {
      this.#out += "%!(NOVERB)";
      return;
    }
    const verb = String.fromCodePoint(this.#format.codePointAt(this.#at) ?? 0);
    this.#at += verb.length;
    if (verb === "%") {
      this.#out += "%";
      return;
    }
    if (!this.#goodIndex) {
      this.#out += `%!${verb}(BADINDEX)`;
      return;
    }
    const operand = this.#operands[this.#next];
    if (operand === undefined) {
      this.#out += `%!${verb}(MISSING)`;
      return;
    }
    this.#next++;
    this.#context.grow((flags.width ?? 0) + (flags.precision ?? 0));
    this.#out += formatted(operand, verb, flags);
  }
}

function plain(operand: Operand): string {
  return formatted(operand, "v", NO_FLAGS);
}

const NO_FLAGS: Flags = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

function formatted(operand: Operand, verb: string, given: Flags): string {
  // `%+v` and `%#v` mean other notations of composites, and nothing for numbers.
  const flags = verb === "v" && operand.type !== "string" ? { ...given, plus: false, sharp: false } : given;
  if (verb === "T") return pad(operand.type, flags, false);
  if (verb === "p") return badVerb(operand, verb, flags);
  switch (operand.type) {
    case "string":
      return formatString(operand, verb, flags);
    case "float64":
      return formatDouble(operand, verb, flags);
    default:
      return formatInteger(operand, verb, flags);
  }
}

/** The operand is shown in the flags that were given. */
function badVerb(operand: Operand, verb: string, flags: Flags): string {
  return `%!${verb}(${operand.type}=${formatted(operand, "v", flags)})`;
}

/** Pads to the width; zeros go to the left only. */
function pad(text: string, flags: Flags, zeros = flags.zero): string {
  const width = flags.width ?? 0;
  if (width === 0) return text;
  const length = Array.from(text).length;
  if (length >= width) return text;
  const fill = width - length;
  if (flags.minus) return text + " ".repeat(fill);
  return (zeros ? "0" : " ").repeat(fill) + text;
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
}

function formatString(operand: Operand & { type: "string" }, verb: string, flags: Flags): string {
  const text = cut(operand.value, flags.precision);
  switch (verb) {
    case "v":
      return flags.sharp ? pad(quoteGo(text), flags) : pad(text, flags);
    case "s":
      return pad(text, flags);
    case "q":
      if (flags.sharp && canBackquote(text)) return pad(`\`${text}\``, flags);
      return pad(quoteGo(text, flags.plus), flags);
    case "x":
    case "X":
      return pad(hexOf(operand.value, verb, flags), flags);
    default:
      return badVerb(operand, verb, flags);
  }
}

function canBackquote(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what cannot be backquoted
  return !/[\u0000-\u0008\u000a-\u001f\u007f`\ufeff]/.test(text);
}

function hexOf(text: string, verb: string, flags: Flags): string {
  const bytes = Buffer.from(text, "utf8").subarray(0, flags.precision ?? undefined);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const prefix = flags.sharp ? "0x" : "";
  const hex = flags.space
    ? digits.map((pair) => prefix + pair).join(" ")
    : digits.length > 0
      ? prefix + digits.join("")
      : "";
  return verb === "X" ? hex.toUpperCase() : hex;
}

function formatInteger(operand: Operand & { value: bigint }, verb: string, flags: Flags): string {
  const { value } = operand;
  switch (verb) {
    case "v":
    case "d":
      return integer(value, 10, "", flags);
    case "b":
      return integer(value, 2, flags.sharp ? "0b" : "", flags);
    case "o":
      return integer(value, 8, flags.sharp ? "0" : "", flags);
    case "O":
      return integer(value, 8, "0o", flags);
    case "x":
      return integer(value, 16, flags.sharp ? "0x" : "", flags);
    case "X":
      return integer(value, 16, flags.sharp ? "0X" : "", flags, true);
    default:
      return operand.type === "*big.Int" ? bigVerb(value, verb, flags) : characterVerb(operand, verb, flags);
  }
}

function bigVerb(value: bigint, verb: string, flags: Flags): string {
  return verb === "s" ? integer(value, 10, "", flags) : `%!${verb}(big.Int=${value})`;
}

function characterVerb(operand: Operand & { value: bigint }, verb: string, flags: Flags): string {
  switch (verb) {
    case "c":
      return pad(codePoint(operand.value), flags);
    case "q":
      return pad(quotedCharacter(operand.value, flags), flags);
    case "U":
      return pad(unicode(operand.value, flags), flags, false);
    default:
      return badVerb(operand, verb, flags);
  }
}

function integer(value: bigint, radix: number, prefix: string, flags: Flags, upper = false): string {
  let digits = (value < 0n ? -value : value).toString(radix);
  if (upper) digits = digits.toUpperCase();
  if (flags.precision === 0 && value === 0n) return " ".repeat(flags.width ?? 0);
  const sign = value < 0n ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  let least = flags.precision ?? 0;
  const zeros = flags.zero && !flags.minus && flags.precision === undefined;
  if (zeros) least = (flags.width ?? 0) - sign.length;
  digits = digits.padStart(least, "0");
  const lead = prefix === "0" && digits.startsWith("0") ? "" : prefix;
  return pad(sign + lead + digits, flags, false);
}

function codePoint(value: bigint): string {
  const code = value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd;
  return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : String.fromCodePoint(code);
}

function quotedCharacter(value: bigint, flags: Flags): string {
  const character = codePoint(value);
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  return `'${quoteGo(character, flags.plus).slice(1, -1)}'`;
}

function unicode(value: bigint, flags: Flags): string {
  const hex = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const text = `U+${hex.padStart(Math.max(4, flags.precision ?? 4), "0")}`;
  if (!flags.sharp || value < 0n || value > 0x10ffffn) return text;
  const character = codePoint(value);
  return quoteGo(character).includes("\\") && character !== '"' && character !== "\\" ? text : `${text} '${character}'`;
}

function formatDouble(operand: Operand & { type: "float64" }, verb: string, flags: Flags): string {
  const { value } = operand;
  if (verb === "v") return double(value, "g", undefined, flags);
  if ("eEfFgGxXb".includes(verb)) {
    const precision = "gGxXb".includes(verb) ? flags.precision : (flags.precision ?? 6);
    return double(value, verb === "F" ? "f" : verb, precision, flags);
  }
  return badVerb(operand, verb, flags);
}

function double(value: number, format: string, precision: number | undefined, flags: Flags): string {
  let digits = formatFloat(Math.abs(value), format, flags.precision ?? precision, format === "g" && flags.sharp);
  if (flags.sharp && !digits.includes(".") && "efgEG".includes(format)) {
    digits = digits.replace(/^[0-9]+/, (whole) => `${whole}.`);
  }
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  if (flags.zero && !flags.minus && flags.width !== undefined) {
    return sign + digits.padStart(flags.width - sign.length, "0");
  }
  return pad(sign + digits, flags, false);
}
