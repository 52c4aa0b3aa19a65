/**
 * Reads YAML or JSON text, once for `ringfence.yaml` (strict: one meaning for a reader and a parser) and once for
 * Kubernetes manifests (as kubectl reads them: YAML 1.1 scalars, anchors within bounds, many documents in a text).
 *
 * FAIL CLOSED: a text with a syntax error yields no document at all from the part in error.
 */

import {
  Composer,
  isAlias,
  isCollection,
  isScalar,
  Parser,
  visit,
  type YAMLParseError,
  type Document as YamlDocument,
} from "yaml";
import type { Problem, Source, Span } from "../diagnostics/index.js";
import { Document, type Json } from "./document.js";
import { readPlainYaml } from "./plain-yaml.js";
import { scalarOptions } from "./scalars.js";

export interface Reading {
  readonly documents: readonly Document[];
  readonly problems: readonly Problem[];
}

interface Profile {
  readonly version: "1.1" | "1.2";
  readonly maxUnits: number;
  readonly anchors: boolean;
  readonly exactNumbers: boolean;
}

const MIB = 1024 * 1024;
const MAX_DEPTH = 200;
/** Bounds on one text; `maxUnits` counts UTF-16 units. */
const PROFILES = {
  workflow: { version: "1.2", maxUnits: 4 * MIB, anchors: false, exactNumbers: true },
  manifest: { version: "1.1", maxUnits: 256 * MIB, anchors: true, exactNumbers: false },
} as const satisfies Record<string, Profile>;

/**
 * All documents of a text, in order; empty ones are left out.
 * @param kind `workflow` or `manifest`: which bounds and which YAML version hold
 */
export function readDocuments(source: Source, kind: keyof typeof PROFILES = "manifest"): Reading {
  const profile: Profile = PROFILES[kind];
  if (source.text.length > profile.maxUnits) {
    const limit = `${profile.maxUnits / MIB} MiB`;
    return refuse(
      source,
      0,
      "DOCUMENT_TOO_LARGE",
      `the file is larger than ${limit}`,
      "split it, or name the file you meant",
    );
  }
  const nul = source.text.indexOf("\0");
  if (nul !== -1) {
    return refuse(
      source,
      nul,
      "DOCUMENT_SYNTAX",
      "a NUL character stands here",
      "take it out: YAML and JSON have none",
    );
  }
  const deep = tooDeep(source.text);
  if (deep !== undefined) {
    return refuse(
      source,
      deep,
      "DOCUMENT_TOO_DEEP",
      `nesting goes deeper than ${MAX_DEPTH} levels`,
      "flatten the structure here",
    );
  }
  return readJsonText(source, profile) ?? readPlainText(source, profile) ?? readYamlText(source, profile);
}

function refuse(source: Source, at: number, code: Problem["code"], message: string, hint: string): Reading {
  return { documents: [], problems: [{ code, message, hint, span: { source, start: at, end: at + 1 } }] };
}

/** JSON by the platform's own parser: many times faster, and YAML 1.1 would misread some of its strings' neighbours. */
function readJsonText(source: Source, profile: Profile): Reading | undefined {
  const text = source.text;
  if (profile.exactNumbers || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    if (hasDuplicateKeys(text, value)) return undefined;
    return { documents: [new Document(source, value, { start: 0, end: text.length }, "1.2")], problems: [] };
  } catch {
    return undefined; // flow-style YAML, or broken: the YAML reader says where
  }
}

/** JSON.parse keeps the last of two equal keys in silence; then the text holds more keys than the value. */
function hasDuplicateKeys(text: string, value: Json): boolean {
  let keys = 0;
  // Every string token is consumed whole, so that a quote inside one never starts another.
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (token[1] !== undefined) keys++;
  return keys !== countKeys(value);
}

function countKeys(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + countKeys(item), 0);
  return Object.values(value).reduce<number>((sum, item: Json) => sum + 1 + countKeys(item), 0);
}

function readPlainText(source: Source, profile: Profile): Reading | undefined {
  if (profile.exactNumbers) return undefined;
  const documents = readPlainYaml(source.text)?.map(
    ({ value, start, end }) => new Document(source, value, { start, end }, profile.version),
  );
  return documents && { documents, problems: [] };
}

function readYamlText(source: Source, profile: Profile): Reading {
  const documents: Document[] = [];
  const problems: Problem[] = [];
  const composer = new Composer({
    ...scalarOptions(profile.version),
    uniqueKeys: true,
    strict: true,
    merge: profile.anchors,
    logLevel: "silent",
  });
  try {
    for (const tree of composer.compose(new Parser().parse(source.text), true, source.text.length)) {
      const found = problemsOf(tree, source, profile);
      problems.push(...found);
      if (found.length > 0 || tree.contents === null) continue;
      const range = { start: tree.range[0], end: tree.range[2] };
      const value = tree.toJS({ maxAliasCount: profile.anchors ? 1000 : 0 }) as Json;
      if (value !== null) documents.push(new Document(source, value, range, profile.version));
    }
  } catch (error) {
    problems.push(thrown(error, source));
  }
  return { documents, problems };
}

function thrown(error: unknown, source: Source): Problem {
  const span = { source, start: 0, end: 1 };
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) {
    return {
      code: "DOCUMENT_TOO_DEEP",
      message: `nesting goes deeper than ${MAX_DEPTH} levels`,
      span,
      hint: "flatten the structure",
    };
  }
  if (/alias/i.test(text)) {
    return {
      code: "DOCUMENT_ALIAS",
      message: "aliases expand to more than is read",
      span,
      hint: "write the repeated part out",
    };
  }
  return { code: "DOCUMENT_SYNTAX", message: oneLine(text), span };
}

function problemsOf(tree: YamlDocument.Parsed, source: Source, profile: Profile): Problem[] {
  const problems = tree.errors.map((error) => syntaxProblem(error, source));
  if (problems.length > 0) return problems;
  const at = (range: readonly [number, number, number] | null | undefined): Span => ({
    source,
    start: range?.[0] ?? 0,
    end: range?.[1] ?? 1,
  });
  visit(tree, {
    Node(_key, node) {
      if (
        !profile.anchors &&
        (isAlias(node) || ((isScalar(node) || isCollection(node)) && node.anchor !== undefined))
      ) {
        const message = isAlias(node) ? `alias \`*${node.source}\` is not accepted` : "anchors are not accepted";
        problems.push({
          code: "DOCUMENT_ALIAS",
          message,
          span: at(node.range),
          hint: "write the value out where it is used",
        });
      }
      if (profile.exactNumbers && isScalar(node) && typeof node.value === "number" && !exact(node.value, node.source)) {
        const message = `the number \`${node.source}\` cannot be represented exactly`;
        problems.push({
          code: "DOCUMENT_NUMBER",
          message,
          span: at(node.range),
          hint: "write a smaller number, or quote it if it is text",
        });
      }
      return undefined;
    },
    Pair(_key, pair) {
      if (!isScalar(pair.key)) {
        const span = at((pair.key as { range?: [number, number, number] } | null)?.range);
        problems.push({
          code: "DOCUMENT_SYNTAX",
          message: "a key must be plain text",
          span,
          hint: "write `name: value`",
        });
      } else if (!profile.anchors && pair.key.value === "<<") {
        problems.push({
          code: "DOCUMENT_ALIAS",
          message: "merge keys are not accepted",
          span: at(pair.key.range),
          hint: "write the keys out",
        });
      }
    },
  });
  return problems;
}

function exact(value: number, source: string | undefined): boolean {
  if (!Number.isFinite(value)) return false;
  return Number.isSafeInteger(value) || (!Number.isInteger(value) && (source ?? "").length <= 17);
}

/** The parser's own codes, in our words: what is wrong here, and what to write. */
const SYNTAX: Partial<Record<YAMLParseError["code"], { code?: Problem["code"]; message: string; hint: string }>> = {
  DUPLICATE_KEY: { code: "DOCUMENT_DUPLICATE_KEY", message: "this key stands here twice", hint: "keep one of the two" },
  TAB_AS_INDENT: { message: "a tab is used as indentation", hint: "indent with spaces" },
  BAD_INDENT: { message: "the indentation does not fit the lines above", hint: "align it with its neighbours" },
  MISSING_CHAR: {
    message: "a closing character or a separator is missing",
    hint: "close the quote, bracket or brace, or put `: ` after the key",
  },
  BAD_ALIAS: { code: "DOCUMENT_ALIAS", message: "this alias or anchor is malformed", hint: "write the value out" },
  MULTILINE_IMPLICIT_KEY: {
    message: "a key runs over several lines",
    hint: "put `: ` after the key, or quote text that holds `: `",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a nested mapping stands on the line of its key",
    hint: "quote text that holds `: `, or start a new line",
  },
  UNEXPECTED_TOKEN: {
    message: "this does not belong here",
    hint: "check the quotes, brackets and indentation before it",
  },
  MULTIPLE_DOCS: { message: "a second document starts here", hint: "keep one document in this file" },
};

function syntaxProblem(error: YAMLParseError, source: Source): Problem {
  const known = SYNTAX[error.code];
  const span = { source, start: error.pos[0], end: Math.max(error.pos[1], error.pos[0] + 1) };
  if (known === undefined) return { code: "DOCUMENT_SYNTAX", message: oneLine(error.message), span };
  return { code: known.code ?? "DOCUMENT_SYNTAX", message: known.message, hint: known.hint, span };
}

function oneLine(text: string): string {
  const first = (text.split("\n", 1)[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
  return first.charAt(0).toLowerCase() + first.slice(1);
}

/** Where brackets or indentation nest deeper than is read; strings are not told apart, so the count errs upwards only on purpose. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x5b || unit === 0x7b) {
      if (++depth > 10 * MAX_DEPTH) return at;
    } else if (unit === 0x5d || unit === 0x7d) {
      if (depth > 0) depth--;
    } else if (unit === 0x0a) {
      // `- - - - …` and `? ? ? …` nest without brackets.
      let marks = 0;
      for (let i = at + 1; i < text.length; i += 2) {
        const mark = text.charCodeAt(i);
        if ((mark !== 0x2d && mark !== 0x3f) || text.charCodeAt(i + 1) !== 0x20) break;
        if (++marks > MAX_DEPTH) return i;
      }
    }
  }
  return undefined;
}
