/**
 * Runs cases in the format of OPA's own suite: YAML files of `cases`, each with modules, a query, documents, and the
 * wanted result or error. A case is named by its file and its position there, since notes repeat.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { compile, RegoError, RegoSet, readJson, readYaml, type Value, writeJson } from "../../src/rego/index.js";
import { canonicalKey, compare, isArray, isObject, objectGet } from "../../src/rego/value/index.js";

export interface Case {
  /** `v1/every/file.yaml#3`, positions from 0. */
  readonly id: string;
  readonly folder: string;
  readonly note: string;
  readonly version: "v0" | "v1";
  readonly fields: Value;
}

export interface Outcome {
  readonly id: string;
  readonly folder: string;
  readonly note: string;
  readonly passed: boolean;
  /** Why it failed, in one line. */
  readonly reason: string;
  /** The code is right and the wanted text is not part of the message. */
  readonly messageDiffers: boolean;
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return yamlFiles(path);
      return name.endsWith(".yaml") || name.endsWith(".yml") ? [path] : [];
    });
}

/** Reads all cases below a folder that has `v0` and `v1` in it. */
export function loadCases(root: string): Case[] {
  return (["v0", "v1"] as const).flatMap((version) =>
    yamlFiles(join(root, version)).flatMap((path) => {
      const file = relative(root, path);
      const folder = file.split("/")[1] ?? "";
      const document = readYaml(readFileSync(path, "utf8"));
      const cases = field(document, "cases");
      if (!isArray(cases)) return [];
      return cases.map((fields, position) => ({
        id: `${file}#${position}`,
        folder,
        note: text(fields, "note"),
        version: text(fields, "rego_version") === "v0" ? ("v0" as const) : version,
        fields,
      }));
    }),
  );
}

function field(value: Value | undefined, key: string): Value | undefined {
  return value !== undefined && isObject(value) ? objectGet(value, key) : undefined;
}

function text(value: Value | undefined, key: string): string {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
}

function modulesOf({ fields, version }: Case) {
  const modules = field(fields, "modules");
  if (!isArray(modules)) return [];
  return modules.map((module, index) => ({ file: `test-${index}.rego`, text: String(module), version }));
}

export function runCase(one: Case): Outcome {
  const { id, folder, note } = one;
  const outcome = { id, folder, note, messageDiffers: false };
  const wantedCode = text(one.fields, "want_error_code");
  const wantedText = text(one.fields, "want_error");
  const wanted = field(one.fields, "want_result");
  try {
    const found = evaluate(one);
    if (wantedCode !== "" || wantedText !== "") {
      return { ...outcome, passed: false, reason: `wanted error ${wantedCode || wantedText}, got ${shown(found)}` };
    }
    if (wanted === undefined) return { ...outcome, passed: false, reason: "the case wants nothing" };
    const passed = sameSet(found, isArray(wanted) ? wanted : [], field(one.fields, "sort_bindings") === true);
    return { ...outcome, passed, reason: passed ? "" : `wanted ${shown(wanted)}, got ${shown(found)}` };
  } catch (error) {
    if (!(error instanceof RegoError)) {
      const detail =
        error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 3).join(" ") : String(error);
      return { ...outcome, passed: false, reason: `crashed: ${detail}` };
    }
    const message = error.problems.map(lineOf).join("; ");
    const wantsError = wantedCode !== "" || wantedText !== "";
    const passed = wantsError && (wantedCode === "" ? message.includes(wantedText) : error.code === wantedCode);
    const reason = passed ? "" : `${wantsError ? `wanted ${wantedCode} ${wantedText}, ` : ""}got ${message}`;
    return { ...outcome, passed, reason, messageDiffers: passed && !message.includes(wantedText) };
  }
}

function evaluate(one: Case): Value {
  const { fields } = one;
  const policy = compile(modulesOf(one), {
    data: field(fields, "data") ?? {},
    builtins: [
      { name: "opa.runtime", arity: 0, impl: () => ({}) },
      { name: "test.sleep", arity: 1, impl: () => null },
    ],
  });
  const term = text(fields, "input_term");
  const input = term === "" ? field(fields, "input") : policy.query(`x = ${term}`).solutions()[0]?.get("x");
  const query = policy.query(text(fields, "query"), {
    logicalKeywords: field(fields, "experimental_keywords") === true,
  });
  const solutions = query.solutions(input, { strictErrors: field(fields, "strict_error") === true });
  return solutions.map((solution) => {
    const binding: Record<string, Value> = {};
    for (const [name, value] of solution) binding[name] = readJson(writeJson(value));
    return binding;
  });
}

/** Compares lists of bindings as sets. */
function sameSet(found: Value, wanted: readonly Value[], sortArrays: boolean): boolean {
  const normal = (bindings: readonly Value[]): RegoSet =>
    RegoSet.of(
      bindings.map((binding) => {
        if (!isObject(binding)) return binding;
        const result: Record<string, Value> = {};
        for (const key of Object.keys(binding)) {
          const value = objectGet(binding, key) as Value;
          result[key] = sortArrays && isArray(value) ? [...value].sort(compare) : value;
        }
        return result;
      }),
    );
  return canonicalKey(normal(isArray(found) ? found : [])) === canonicalKey(normal(wanted));
}

function shown(value: Value): string {
  const text = writeJson(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** `file:line: code: message`, as the suite writes errors. */
function lineOf({ location, code, message }: RegoError["problems"][number]): string {
  return `${location === undefined ? "" : `${location.file}:${location.line}: `}${code}: ${message}`;
}

/** Runs a case of the compile suite: modules, and the errors that compiling them has to report. */
export function runCompileCase(one: Case): Outcome {
  const { id, folder, note, fields } = one;
  const outcome = { id, folder, note, messageDiffers: false };
  const wanted = field(fields, "want_errors");
  const wantedErrors = isArray(wanted) ? wanted : [];
  const print = field(fields, "print_statements") === true ? { print: () => {} } : {};
  let found: RegoError["problems"] = [];
  try {
    compile(modulesOf(one), print);
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    found = error.problems;
  }
  const missing = wantedErrors.filter((want) => !found.some((problem) => meets(problem, want)));
  const extra = field(fields, "exhaustive") === true ? found.length - (wantedErrors.length - missing.length) : 0;
  const passed = missing.length === 0 && extra <= 0;
  const reason = passed ? "" : `wanted ${shown(wantedErrors)}, got ${found.map(lineOf).join("; ") || "no error"}`;
  return { ...outcome, passed, reason };
}

function meets({ code, message, location }: RegoError["problems"][number], want: Value): boolean {
  return (
    field(want, "code") === code &&
    field(want, "message") === message &&
    field(want, "row") === location?.line &&
    field(want, "col") === location?.column
  );
}
