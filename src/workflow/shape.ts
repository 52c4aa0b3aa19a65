/**
 * Checks one part of the file against its form and says in the author's words what is wrong. A part in error yields
 * no value, so that nothing is built on it; its name still counts as declared, so that one mistake is one message.
 */

import { z } from "zod";
import { type Problem, suggest } from "../diagnostics/index.js";
import type { Document, Json, JsonObject, PathStep } from "../documents/index.js";

/** Zod's issues, as far as we read them. */
interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: unknown;
  readonly keys?: readonly string[];
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly Issue[])[];
  readonly origin?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly issues?: readonly Issue[];
}

export class Shapes {
  readonly document: Document;
  readonly problems: Problem[] = [];

  constructor(document: Document) {
    this.document = document;
  }

  /** The value at `path` in the form that `schema` gives it; undefined, with problems, when it doesn't fit. */
  read<S extends z.ZodType>(schema: S, path: readonly PathStep[], what: string): z.output<S> | undefined {
    const result = schema.safeParse(this.#valueAt(path));
    if (result.success) return result.data;
    for (const issue of result.error.issues as readonly Issue[]) this.#report(issue, path, what, schema);
    return undefined;
  }

  /** Of a mapping in error, the keys that are right each for itself, and the names of those that are not. */
  readRest(
    schema: z.ZodObject,
    path: readonly PathStep[],
  ): { value: JsonObject; broken: ReadonlySet<string> } | undefined {
    const value = this.#valueAt(path);
    if (!isMapping(value)) return undefined;
    const right: [string, unknown][] = [];
    const broken = new Set<string>();
    for (const [key, item] of Object.entries(value)) {
      const form = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
      const read = form === undefined ? undefined : z.safeParse(form, item);
      if (read?.success === true) right.push([key, read.data]);
      else broken.add(key);
    }
    return { value: Object.fromEntries(right) as JsonObject, broken };
  }

  add(code: Problem["code"], path: readonly PathStep[], message: string, hint?: string): void {
    this.problems.push({ code, message, span: this.document.spanOf(path), ...(hint === undefined ? {} : { hint }) });
  }

  addAtKey(code: Problem["code"], path: readonly PathStep[], message: string, hint?: string): void {
    this.problems.push({ code, message, span: this.document.keySpanOf(path), ...(hint === undefined ? {} : { hint }) });
  }

  /** A mapping's keys in the order of the file; problems and none when it isn't a mapping. */
  keysOf(path: readonly PathStep[], what: string): string[] {
    const value = this.#valueAt(path);
    if (value === undefined || value === null) return [];
    if (isMapping(value)) return Object.keys(value);
    this.add(
      "WORKFLOW_SHAPE",
      path,
      `${what} must be a mapping, found ${describe(value)}`,
      "write `name: { … }`, one a line",
    );
    return [];
  }

  /** A list's length; a problem and 0 when it isn't a list. */
  lengthOf(path: readonly PathStep[], what: string): number {
    const value = this.#valueAt(path);
    if (value === undefined || value === null) return 0;
    if (Array.isArray(value)) return value.length;
    this.add("WORKFLOW_SHAPE", path, `${what} must be a list, found ${describe(value)}`, "start each entry with `- `");
    return 0;
  }

  #valueAt(path: readonly PathStep[]): Json | undefined {
    let value: Json | undefined = this.document.value;
    for (const step of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as JsonObject)[step];
    }
    return value;
  }

  #report(issue: Issue, base: readonly PathStep[], what: string, schema: z.ZodType): void {
    const path = [...base, ...(issue.path as PathStep[])];
    if (issue.code === "invalid_union") {
      this.#reportUnion(issue, base, what, schema);
      return;
    }
    if (issue.code === "unrecognized_keys") {
      this.#reportUnknown(issue, path, what, keysAt(schema, issue.path));
      return;
    }
    if (issue.code === "invalid_key") {
      const why = issue.issues?.[0]?.message ?? "is not accepted";
      this.addAtKey("WORKFLOW_SHAPE", path, `the name \`${String(path.at(-1))}\` in ${what} ${why}`);
      return;
    }
    const value = this.#valueAt(path);
    const label = issue.path.length === 0 ? what : `\`${pathText(issue.path)}\` of ${what}`;
    if (value === undefined) {
      const key = String(path.at(-1));
      const describedAs = describedKey(schema, issue.path);
      const hint = `add \`${key}:\`${describedAs === undefined ? "" : `: ${describedAs}`}`;
      this.addAtKey("WORKFLOW_MISSING_KEY", base, `${what} lacks \`${key}\``, hint);
      return;
    }
    const { message, hint } = explain(issue, value);
    this.add("WORKFLOW_SHAPE", path, `${label} ${message}`, hint);
  }

  /** Of a union, the branch that the value comes closest to: it fails deepest. */
  #reportUnion(issue: Issue, base: readonly PathStep[], what: string, schema: z.ZodType): void {
    const branches = (issue.errors ?? []).filter((branch) =>
      branch.some((inner) => inner.path.length > 0 || !isTypeIssue(inner)),
    );
    const inside = branches.find((branch) => branch.some((inner) => inner.path.length > 0)) ?? branches[0];
    if (inside !== undefined) {
      for (const inner of inside) this.#report({ ...inner, path: [...issue.path, ...inner.path] }, base, what, schema);
      return;
    }
    const path = [...base, ...(issue.path as PathStep[])];
    const value = this.#valueAt(path);
    const label = issue.path.length === 0 ? what : `\`${pathText(issue.path)}\` of ${what}`;
    const forms = [...new Set((issue.errors ?? []).flat().map((inner) => form(inner)))].join(" or ");
    this.add("WORKFLOW_SHAPE", path, `${label} must be ${forms}, found ${describe(value)}`);
  }

  #reportUnknown(issue: Issue, path: readonly PathStep[], what: string, known: readonly string[]): void {
    for (const key of issue.keys ?? []) {
      const near = suggest(key, known);
      const inside = issue.path.length === 0 ? what : `\`${pathText(issue.path)}\` of ${what}`;
      const hint = near === undefined ? `it may have: ${known.join(", ")}` : `did you mean \`${near}\`?`;
      this.addAtKey("WORKFLOW_UNKNOWN_KEY", [...path, key], `unknown key \`${key}\` in ${inside}`, hint);
    }
  }
}

export function isMapping(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

function explain(issue: Issue, value: Json): { message: string; hint?: string } {
  switch (issue.code) {
    case "invalid_type": {
      const message = `must be ${form(issue)}, found ${describe(value)}`;
      if (issue.expected === "boolean" && typeof value === "string" && /^(y|n|yes|no|on|off)$/i.test(value)) {
        return { message, hint: `write \`${/^(y|yes|on)$/i.test(value)}\`` };
      }
      if (
        (issue.expected === "number" || issue.expected === "int") &&
        typeof value === "string" &&
        /^\d+$/.test(value)
      ) {
        return { message, hint: `write ${value} without quotes` };
      }
      if (issue.expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
        // YAML has several words for true and false: which one stands here is not in the value.
        const hint =
          typeof value === "number" ? `put it in quotes: "${value}"` : `put it in quotes: it is read as ${value}`;
        return { message, hint };
      }
      if (issue.expected === "array") return { message, hint: `write [${typeof value === "string" ? value : "…"}]` };
      return { message };
    }
    case "invalid_value": {
      const options = (issue.values ?? []).map(String);
      const near = typeof value === "string" ? suggest(value, options) : undefined;
      const message = `must be one of ${options.join(", ")}, found ${describe(value)}`;
      return near === undefined ? { message } : { message, hint: `did you mean \`${near}\`?` };
    }
    case "too_small":
      return issue.origin === "array" || issue.origin === "string"
        ? { message: "must not be empty" }
        : { message: `must be at least ${issue.minimum}, found ${describe(value)}` };
    case "too_big":
      return {
        message: `must be at most ${issue.maximum}${issue.origin === "string" ? " characters" : `, found ${describe(value)}`}`,
      };
    default:
      return { message: `${issue.message}, found ${describe(value)}` };
  }
}

function form(issue: Issue): string {
  if (issue.code === "invalid_value") return `one of ${(issue.values ?? []).join(", ")}`;
  const words: Record<string, string> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a mapping",
    record: "a mapping",
  };
  return words[String(issue.expected)] ?? String(issue.expected ?? issue.message);
}

function describe(value: Json | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = String(value);
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`))
    .join("");
}

/** The schemas that stand at a path, through optionals, unions, lists and mappings. */
function schemasAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType[] {
  let found = open(schema);
  for (const step of path) {
    found = found.flatMap((candidate) => {
      if (candidate instanceof z.ZodObject) {
        const inner = Object.hasOwn(candidate.shape, step)
          ? (candidate.shape as Record<PropertyKey, z.ZodType>)[step]
          : undefined;
        return inner === undefined ? [] : open(inner);
      }
      if (candidate instanceof z.ZodArray) return open(candidate.element as z.ZodType);
      if (candidate instanceof z.ZodRecord) return open(candidate.valueType as z.ZodType);
      return [];
    });
  }
  return found;
}

function open(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return open(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap(open);
  return [schema];
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  return schemasAt(schema, path).flatMap((found) => (found instanceof z.ZodObject ? Object.keys(found.shape) : []));
}

function describedKey(schema: z.ZodType, path: readonly PropertyKey[]): string | undefined {
  const parents = schemasAt(schema, path.slice(0, -1));
  const key = path.at(-1);
  for (const parent of parents) {
    if (!(parent instanceof z.ZodObject) || key === undefined || !Object.hasOwn(parent.shape, key)) continue;
    return (parent.shape as Record<PropertyKey, z.ZodType>)[key]?.description;
  }
  return undefined;
}
