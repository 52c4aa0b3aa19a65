/**
 * What a name says about the value beside it. Two kinds of names: those that are plain wherever they end a longer name
 * (`db_password`), and words that need a border before them, since `bypass` and `monkey` are no secrets.
 */
import type { SecretPattern } from "./secret-patterns.js";

interface SecretName {
  /** in the subset of `secret-patterns.ts`, lower case */
  readonly source: string;
  /** stands in every text that the name matches, in lower case: without it nobody need look closer */
  readonly needs: string;
  /** counted in the plural as often as held: `max_tokens=4096` is no secret */
  readonly counted?: true;
}

const NAMES: readonly SecretName[] = [
  { source: "password", needs: "passw" },
  { source: "passwd", needs: "passw" },
  { source: "passphrase", needs: "passp" },
  { source: "passcode", needs: "passc" },
  { source: "pass[a-z]*[_-]?confirm[a-z]*", needs: "confirm" },
  { source: "pass[a-z]*[_-]?hash", needs: "hash" },
  { source: "pwd", needs: "pwd" },
  { source: "secret", needs: "secret" },
  { source: "token", needs: "token", counted: true },
  { source: "api[_-]?key", needs: "api" },
  { source: "access[_-]?key", needs: "access" },
  { source: "account[_-]?key", needs: "account" },
  { source: "private[_-]?key", needs: "private" },
  { source: "signing[_-]?key", needs: "signing" },
  { source: "encryption[_-]?key", needs: "encryption" },
  { source: "secret[_-]?key", needs: "secret" },
  { source: "client[_-]?key[_-]?data", needs: "client" },
  { source: "credential", needs: "credential" },
  { source: "session[_-]?id", needs: "session" },
  { source: "access[_-]?signature", needs: "signature" },
  { source: "_auth", needs: "_auth" },
];

const WORDS: readonly SecretName[] = [
  { source: "pass", needs: "pass" },
  { source: "pw", needs: "pw" },
];

const QUOTES = "[\"'\\\\]*";
/** `: `, `=`, `:=`, `=>`, the name in quotes or not. */
export const SEPARATOR = `${QUOTES}\\s*[:=]+>?\\s*`;
/** A colon or an equals sign as a URL writes it, once or twice encoded, the name in encoded quotes or not. */
const ENCODED_SEPARATOR = "%?2?5?2?2?%2?5?3[ad]";
const VALUE = "[^\\s\"'\\\\,;&)}\\]<>]{3,}";
/** `password1`, `api-key-v2`. */
const NUMBER = "[_-]?v?[0-9]*";
/** What an element holds, a section of character data included. */
const ELEMENT = "\\s*<?!?[^</][^<]*";

/** The ways in which a name and its value stand in text; quoted values go up to their quote, so they come first. */
const FORMS: readonly { readonly id: string; readonly before?: string; readonly after: string }[] = [
  { id: "list", after: `s?${SEPARATOR}\\\\*\\[[^\\]]*` },
  { id: "double-quoted", after: `${SEPARATOR}\\\\*"[^"]+` },
  { id: "single-quoted", after: `${SEPARATOR}\\\\*'[^']+` },
  { id: "plain", after: `${SEPARATOR}${QUOTES}${VALUE}` },
  { id: "encoded", after: `${ENCODED_SEPARATOR}${VALUE}` },
  // The name may be the first, second or third word of the argument's own.
  ...["--[a-z0-9]*", "--[a-z0-9]*[_-][a-z0-9]*", "--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*"].flatMap((before, i) => [
    { id: `argument-${i}-quoted`, before, after: `${QUOTES}[\\s,]+\\\\*["'][^"']+` },
    { id: `argument-${i}`, before, after: `${QUOTES}[\\s,]+${QUOTES}${VALUE}` },
  ]),
  { id: "element", before: "<[a-z0-9_:.-]*", after: `>${ELEMENT}` },
  { id: "element-with-attributes", before: "<[a-z0-9_:.-]*", after: `\\s[^<>]*>${ELEMENT}` },
  { id: "escaped-element", after: "&gt;[^&]+" },
];

interface FormedPattern extends SecretPattern {
  /** the id of its form */
  readonly form: string;
}

function ofName({ source, needs, counted }: SecretName): FormedPattern[] {
  return FORMS.map(
    ({ id, before = "", after }): FormedPattern => ({
      id: `${needs}-${id}`,
      form: id,
      source: `${before}${source}${counted === true || after.startsWith("s?") ? "" : "s?"}${NUMBER}${after}`,
      needs,
      ignoreCase: true,
    }),
  );
}

/** With a border before it: the start of a word, a separator, or a capital within one. */
function ofWord({ source, needs }: SecretName): FormedPattern[] {
  const capital = `[a-z]${source.charAt(0).toUpperCase()}${source.slice(1)}`;
  return FORMS.flatMap(({ id, before, after }): FormedPattern[] => {
    const rest = `${NUMBER}${after}`;
    const row = (start: string) =>
      ({ id: `${needs}-${id}`, form: id, source: `${start}${source}${rest}`, needs }) as const;
    if (id === "element") return [{ ...row("[<_:-]"), ignoreCase: true }];
    if (before?.startsWith("<") === true) return [{ ...row("<"), ignoreCase: true }];
    if (before !== undefined) return [{ ...row(before.replace(/\[a-z0-9\]\*$/, "")), ignoreCase: true }];
    return [
      { ...row("\\b"), ignoreCase: true },
      { ...row("_"), ignoreCase: true },
      { id: `${needs}-${id}`, form: id, source: `${capital}${rest}`, needs },
    ];
  });
}

const STOP = "\\s\"'\\\\,;&)}\\]<>";
/** Keys of something (`OPENAI_KEY`), and plurals that are otherwise counts. */
const LOOSE: readonly SecretPattern[] = [
  { id: "key-variable", source: `[A-Z0-9]_KEYS?${NUMBER}${SEPARATOR}${QUOTES}${VALUE}`, needs: "_key" },
  {
    id: "key-of-something",
    source: `[a-z0-9][_-]keys?${NUMBER}${SEPARATOR}${QUOTES}[A-Za-z0-9+/=_-]{20,}`,
    needs: "key",
    ignoreCase: true,
  },
  {
    id: "tokens",
    source: `tokens${SEPARATOR}${QUOTES}[^${STOP}]*[A-Za-z][^${STOP}]{7,}`,
    needs: "tokens",
    ignoreCase: true,
  },
];

/** One row a name and a form. */
export const NAMED_PATTERNS: readonly SecretPattern[] = [...NAMES.flatMap(ofName), ...WORDS.flatMap(ofWord), ...LOOSE];

/** The same in few rows, for engines that have alternation: the names of a form together, in the forms' order. */
export const NAMED_ALTERNATIVES: readonly SecretPattern[] = [
  ...FORMS.flatMap(({ id }) =>
    [true, undefined].flatMap((ignoreCase): SecretPattern[] => {
      const rows = [...NAMES.flatMap(ofName), ...WORDS.flatMap(ofWord)].filter(
        (row) => row.form === id && row.ignoreCase === ignoreCase,
      );
      const source = rows.map((row) => row.source).join("|");
      return rows.length === 0 ? [] : [{ id, source, ...(ignoreCase === true ? { ignoreCase } : {}) }];
    }),
  ),
  ...LOOSE,
];

/**
 * Fields whose value is a secret whatever it looks like: their name ends so, in lower case and without `_`, `-`, `.`, a
 * plural's `s`, and a number or one of `FIELD_TAILS` behind it.
 */
export const SECRET_FIELDS = [
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "token",
  "apikey",
  "accesskey",
  "accountkey",
  "privatekey",
  "signingkey",
  "encryptionkey",
  "secretkey",
  "clientkeydata",
  "authorization",
  "cookie",
  "credential",
  "sessionid",
  "connectionstring",
  "jwt",
] as const;

/** What may follow the name of a secret: `password_confirmation`, `token_hash`. */
export const FIELD_TAILS = ["confirmation", "confirm", "repeat", "hash", "value"] as const;

/** Names of secrets only where they are a word of their own: `DB_PASS`, `dbPass`, but not `bypass`. */
export const SECRET_WORDS = ["pass", "pw", "auth"] as const;

/** A word `key` behind another word names a secret, but for these words: they name a place or a row. */
export const OPEN_KEYS = [
  "public",
  "primary",
  "foreign",
  "unique",
  "composite",
  "natural",
  "surrogate",
  "partition",
  "shard",
  "sort",
  "range",
  "hash",
  "row",
  "index",
  "routing",
  "binding",
  "object",
  "bucket",
  "cache",
  "group",
  "lookup",
  "idempotency",
  "deduplication",
  "message",
  "record",
  "label",
  "translation",
  "locale",
] as const;

/** Plurals that count as often as they hold: a number under such a name stays. */
export const COUNTED_FIELDS = ["tokens"] as const;
/** What stands before a plural that counts. */
export const COUNTS = [
  "prompt",
  "completion",
  "total",
  "max",
  "min",
  "input",
  "output",
  "cached",
  "reasoning",
  "used",
  "new",
  "num",
  "generated",
  "remaining",
  "context",
] as const;

/** Fields that name what their neighbour holds, as in `{name: DB_PASSWORD, value: …}`. */
export const NAME_FIELDS = ["name", "key", "header", "field", "variable", "k"] as const;
export const VALUE_FIELDS = ["value", "val", "content", "data", "v"] as const;

/** Arguments whose next one is a secret, though their name does not say so: `["curl", "-u", "ann:…"]`. */
export const SECRET_ARGUMENTS = ["-u", "-U", "--user", "--proxy-user"] as const;
