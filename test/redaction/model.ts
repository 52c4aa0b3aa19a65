/** The redaction as JavaScript does it, over the semantics that the log engines share. */
import {
  COUNTED_FIELDS,
  FIELD_TAILS,
  NAME_FIELDS,
  OPEN_KEYS,
  SECRET_ARGUMENTS,
  SECRET_FIELDS,
  SECRET_WORDS,
  VALUE_FIELDS,
} from "../../src/targets/logging/secret-names.js";
import { BASE64_STRETCH, REDACTED, type SecretPattern } from "../../src/targets/logging/secret-patterns.js";

export function redactor(rows: readonly SecretPattern[]): {
  text: (text: string) => string;
  value: (value: unknown) => unknown;
} {
  const patterns = rows.map(({ source, ignoreCase, needs = "" }) => ({
    needs,
    pattern: new RegExp(source, ignoreCase === true ? "gi" : "g"),
  }));

  function text(value: string, depth = 0): string {
    const lower = value.toLowerCase();
    const redacted = patterns.reduce(
      (current, { needs, pattern }) => (lower.includes(needs) ? current.replace(pattern, REDACTED) : current),
      value,
    );
    if (depth === 2) return redacted;
    return redacted.replace(new RegExp(BASE64_STRETCH, "g"), (stretch) => {
      const joined = stretch.replaceAll(/\\[rn]/g, "").replaceAll(/[\r\n\\]/g, "");
      const hides = [0, 1, 2, 3].some((first) => {
        const decoded = Buffer.from(joined.slice(first), "base64").toString("latin1");
        return text(decoded, depth + 1) !== decoded;
      });
      return hides ? REDACTED : stretch;
    });
  }

  function value(item: unknown): unknown {
    if (typeof item === "string") return text(item);
    if (Array.isArray(item))
      return item.map((inner: unknown, i) => (i > 0 && namesNext(item[i - 1]) ? hide(inner, "") : value(inner)));
    if (typeof item !== "object" || item === null) return item;
    const named = Object.entries(item).some(([key, inner]) => includes(NAME_FIELDS, key) && isSecretName(inner));
    return Object.fromEntries(
      Object.entries(item).map(([key, inner]) =>
        isSecretName(key) || (named && includes(VALUE_FIELDS, key))
          ? [key, hide(inner, key)]
          : [text(key), value(inner)],
      ),
    );
  }
  return { text, value };
}

const includes = (list: readonly string[], name: string) => list.includes(name.toLowerCase());
const namesNext = (item: unknown) =>
  typeof item === "string" &&
  ((SECRET_ARGUMENTS as readonly string[]).includes(item) || (item.length <= 64 && isSecretName(item)));

function isSecretName(name: unknown): boolean {
  if (typeof name !== "string") return false;
  const spaced = name
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s_.:=-]*v?[0-9]*[\s:=]*$/, "");
  const plain = FIELD_TAILS.reduce<string>(
    (text, tail) => (text.endsWith(tail) ? text.slice(0, -tail.length) : text),
    spaced.replaceAll(/[_.\s-]/g, ""),
  );
  if (SECRET_FIELDS.some((field) => plain.endsWith(field) || plain.replace(/s$/, "").endsWith(field))) return true;
  const [last = "", before] = (spaced.match(/[a-z]+/g) ?? []).reverse();
  if (last === "" || !spaced.endsWith(last)) return false;
  return includes(SECRET_WORDS, last) || (/^keys?$/.test(last) && before !== undefined && !includes(OPEN_KEYS, before));
}

function hide(value: unknown, name: string): unknown {
  const counted = COUNTED_FIELDS.some((field) =>
    name
      .toLowerCase()
      .replaceAll(/[^a-z]/g, "")
      .endsWith(field),
  );
  if (typeof value === "number") return counted ? value : REDACTED;
  return typeof value === "string" || (typeof value === "object" && value !== null) ? REDACTED : value;
}
