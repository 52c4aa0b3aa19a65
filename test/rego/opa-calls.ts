/**
 * Calls of built-in functions for comparison with OPA. Arguments travel as `input` wherever JSON can carry them, so that
 * OPA's type checker sees `any`; sets and objects with other keys are written out around such references.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  isArray,
  isObject,
  isSet,
  objectEntries,
  RegoObject,
  readJson,
  type Value,
  writeJson,
} from "../../src/rego/value/index.js";

export interface Call {
  readonly name: string;
  readonly args: readonly Value[];
}

/** The `opa` binary of RINGFENCE_ENGINES, its default folder, or PATH. */
export function findOpa(): string | undefined {
  const folders = [
    process.env.RINGFENCE_ENGINES ?? join(homedir(), ".cache/ringfence/engines/bin"),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.map((folder) => join(folder, "opa")).find((path) => existsSync(path));
}

/** OPA's compiler takes time with the square of the rules. */
const BATCH = 400;

/** What OPA answers to each call, as JSON text; undefined where it has no value or reports an error. */
export function askOpa(opa: string, calls: readonly Call[]): readonly (string | undefined)[] {
  const answers: (string | undefined)[] = [];
  for (let i = 0; i < calls.length; i += BATCH) answers.push(...askBatch(opa, calls.slice(i, i + BATCH)));
  return answers;
}

function askBatch(opa: string, calls: readonly Call[]): readonly (string | undefined)[] {
  const leaves: Value[] = [];
  const leaf = (value: Value): string => `input[${leaves.push(value) - 1}]`;
  const rules = calls.map((call, i) => {
    const args = call.args.map((arg) => untyped(arg, leaf)).join(", ");
    return `r${i} = v {\n  v := ${call.name}(${args})\n}`;
  });
  const folder = mkdtempSync(join(tmpdir(), "ringfence-opa-"));
  try {
    writeFileSync(join(folder, "calls.rego"), `package calls\n\n${rules.join("\n\n")}\n`);
    writeFileSync(join(folder, "input.json"), writeJson(leaves));
    const flags = ["eval", "--format=json", "--v0-compatible", "-d", "calls.rego", "-i", "input.json", "data.calls"];
    const run = spawnSync(opa, flags, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
    if (run.status !== 0) throw new Error(`opa failed: ${run.stdout.slice(0, 2000)} ${run.stderr.slice(0, 2000)}`);
    const answer = readJson(run.stdout) as { result: [{ expressions: [{ value: { [key: string]: Value } }] }] };
    const results = answer.result[0].expressions[0].value;
    return calls.map((_, i) => {
      const value = results[`r${i}`];
      return value === undefined ? undefined : writeJson(value);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `object.get` hides the type, so that a wrong argument is an error of the call and not of the compiler. */
function untyped(value: Value, leaf: (value: Value) => string): string {
  return isJson(value) ? leaf(value) : `object.get({"v": ${term(value, leaf)}}, "v", null)`;
}

function isJson(value: Value): boolean {
  if (isSet(value) || value instanceof RegoObject) return false;
  if (isArray(value)) return value.every(isJson);
  return !isObject(value) || objectEntries(value).every(([, item]) => isJson(item));
}

function term(value: Value, leaf: (value: Value) => string): string {
  if (isJson(value)) return leaf(value);
  if (isSet(value)) {
    return value.size === 0
      ? "set()"
      : `{${value
          .sorted()
          .map((item) => term(item, leaf))
          .join(", ")}}`;
  }
  if (isArray(value)) return `[${value.map((item) => term(item, leaf)).join(", ")}]`;
  if (!isObject(value)) return leaf(value);
  return `{${objectEntries(value)
    .map(([key, item]) => `${term(key, leaf)}: ${term(item, leaf)}`)
    .join(", ")}}`;
}
