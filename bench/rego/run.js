/**
 * Nanoseconds per decision: this engine, `opa bench`, and the Wasm that OPA builds. Results are compared first; a bench of
 * different answers means nothing. Needs `npm run build`, and `opa` (RINGFENCE_ENGINES or PATH) for the comparison.
 * Usage: node bench/rego/run.js
 *        node --expose-gc bench/rego/run.js --memory
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { compile } from "../../dist/rego/index.js";
import { allowList, POLICIES } from "./policies.js";

function findOpa() {
  const own = process.env.RINGFENCE_ENGINES ?? join(homedir(), ".cache/ringfence/engines/bin");
  return [own, ...(process.env.PATH ?? "").split(delimiter)]
    .map((folder) => join(folder, "opa"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Rounds without a faster one after which the code counts as warm; the most rounds, should it never settle. */
const SETTLED = 7;
const MOST_ROUNDS = 60;

/** The fastest round, so that other work on the machine, and compilation of this code beside it, count less. */
function measure(decide) {
  let count = 1;
  for (;;) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) decide();
    if (process.hrtime.bigint() - start > 50_000_000n) break;
    count *= 2;
  }
  let best = Number.POSITIVE_INFINITY;
  let settled = 0;
  for (let round = 0; round < MOST_ROUNDS && settled < SETTLED; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) decide();
    const time = Number(process.hrtime.bigint() - start) / count;
    settled = time < best * 0.99 ? 0 : settled + 1;
    best = Math.min(best, time);
  }
  return best;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function same(a, b) {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** Where two results first differ, in their sorted forms. */
function difference(a, b) {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
    return a === b ? undefined : [JSON.stringify(a), JSON.stringify(b)];
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference(a[key], b[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

class Opa {
  constructor(binary, policy) {
    this.binary = binary;
    this.policy = policy;
    this.folder = mkdtempSync(join(tmpdir(), "rego-bench-"));
    writeFileSync(join(this.folder, "policy.rego"), policy.text);
    writeFileSync(join(this.folder, "data.json"), JSON.stringify(policy.data));
    this.flags = policy.version === "v0" ? ["--v0-compatible"] : [];
  }

  run(verb, input, more) {
    const path = join(this.folder, "input.json");
    writeFileSync(path, JSON.stringify(input));
    const args = [
      verb,
      ...this.flags,
      "-d",
      join(this.folder, "policy.rego"),
      "-d",
      join(this.folder, "data.json"),
      "-i",
      path,
    ];
    return JSON.parse(execFileSync(this.binary, [...args, ...more, this.policy.rule], { encoding: "utf8" }));
  }

  evaluate(input) {
    return this.run("eval", input, ["--format", "json"]).result?.[0]?.expressions[0]?.value;
  }

  bench(input) {
    const result = this.run("bench", input, ["--format", "json"]);
    return result.T / result.N;
  }

  async wasm() {
    const bundle = join(this.folder, "bundle.tar.gz");
    const entry = this.policy.rule.replace(/^data\./, "").replaceAll(".", "/");
    execFileSync(this.binary, [
      "build",
      ...this.flags,
      "-t",
      "wasm",
      "-e",
      entry,
      "-o",
      bundle,
      join(this.folder, "policy.rego"),
    ]);
    execFileSync("tar", ["-xzf", bundle, "-C", this.folder, "/policy.wasm"], { stdio: "ignore" });
    const { loadPolicy } = await import("@open-policy-agent/opa-wasm");
    const loaded = await loadPolicy(readFileSync(join(this.folder, "policy.wasm")));
    loaded.setData(this.policy.data);
    return (input) => loaded.evaluate(input)[0]?.result;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function cell(text, width) {
  return String(text).padStart(width);
}

async function row(policy, binary) {
  const start = performance.now();
  const compiled = compile([{ file: "policy.rego", text: policy.text, version: policy.version ?? "v1" }], {
    data: policy.data,
  });
  const rule = compiled.rule(policy.rule);
  rule.evaluate(policy.inputs[0]);
  const compileMs = performance.now() - start;
  const opa = binary === undefined ? undefined : new Opa(binary, policy);
  let wasm;
  try {
    wasm = await opa?.wasm();
  } catch (error) {
    console.log(`not run: Wasm of ${policy.name}: ${error.message.split("\n")[0]}`);
  }
  for (const [index, input] of policy.inputs.entries()) {
    const found = rule.evaluate(input);
    if (opa !== undefined && !same(found, opa.evaluate(input)))
      throw new Error(`${policy.name}: other result than opa`);
    if (wasm !== undefined && !same(found, wasm(input))) {
      // The package's `sprintf` is sprintf-js, which writes collections as JavaScript does.
      const [opas, wasms] = difference(sorted(found), sorted(wasm(input)));
      console.log(`not run: Wasm of ${policy.name}: its JavaScript host gives ${wasms} where OPA gives ${opas}`);
      wasm = undefined;
    }
    const ours = measure(() => rule.evaluate(input));
    const theirs = opa?.bench(input);
    const theirWasm = wasm === undefined ? undefined : measure(() => wasm(input));
    const ratio = theirs === undefined ? "-" : `${(theirs / ours).toFixed(1)}x`;
    console.log(
      `${`${policy.name} #${index}`.padEnd(28)}${cell(ours.toFixed(0), 10)}${cell(theirs?.toFixed(0) ?? "-", 12)}${cell(theirWasm?.toFixed(0) ?? "-", 12)}${cell(ratio, 10)}${cell(`>= ${policy.goal}x`, 9)}${cell(compileMs.toFixed(0), 12)}`,
    );
  }
  opa?.remove();
}

/** Heap after each million of ten million decisions. */
function memory() {
  if (globalThis.gc === undefined) {
    console.error("run.js: --memory needs node --expose-gc");
    process.exit(2);
  }
  const policy = allowList();
  const rule = compile([{ file: "policy.rego", text: policy.text }]).rule(policy.rule);
  for (let million = 0; million <= 10; million++) {
    globalThis.gc();
    console.log(`${cell(million, 3)} million decisions: heap ${(process.memoryUsage().heapUsed / 1e6).toFixed(1)} MB`);
    if (million < 10) for (let i = 0; i < 1_000_000; i++) rule.evaluate(policy.inputs[i & 1]);
  }
}

if (process.argv.includes("--memory")) memory();
else {
  const binary = findOpa();
  if (binary === undefined) console.log("not run: the comparison with OPA, since there is no `opa`");
  console.log(
    `${"ns per decision".padEnd(28)}${cell("ours", 10)}${cell("opa bench", 12)}${cell("opa wasm", 12)}${cell("ratio", 10)}${cell("goal", 9)}${cell("compile ms", 12)}`,
  );
  for (const policy of POLICIES) await row(policy, binary);
}
