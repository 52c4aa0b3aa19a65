// Gives mutated texts and documents to the Rego engine: its parser, compiler, formatter, readers and evaluator. Each
// outcome has to be a value or an error of the language, soon, with all prototypes as they were. Opens no socket.
//
//   npm run build && node scripts/fuzz-rego.js [--inputs 10000000] [--seconds 3600] [--seed N] [--workers 2]
//       [--hang 10]          seconds after which an input counts as hanging
//       [--out .]            where the inputs of failures are written
//       [--replay N]         runs input N of the seed alone
//
// With RINGFENCE_CORPUS set, pieces of its modules are among the texts.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { baseTexts, makeInput } from "./fuzz-rego/inputs.js";
import { SIGNATURES, Subject } from "./fuzz-rego/subject.js";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "10000000" },
    seconds: { type: "string", default: "3600" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
    hang: { type: "string", default: "10" },
    out: { type: "string", default: "." },
    replay: { type: "string" },
  },
});
const [inputs, seconds, seed, workers, hang] = ["inputs", "seconds", "seed", "workers", "hang"].map(count);
const pieces = modulePieces(process.env.RINGFENCE_CORPUS);
const MAX_FAILURES = 20;

if (values.replay !== undefined) {
  const input = makeInput(seed, Number(values.replay), baseTexts(seed, pieces), SIGNATURES);
  console.log(JSON.stringify(input, null, 2));
  const started = performance.now();
  console.log(new Subject().run(input), `${(performance.now() - started).toFixed(1)} ms`);
} else {
  process.exitCode = await fuzz();
}

function count(option) {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** 31) {
    console.error(`--${option}: not a number to count with: ${values[option]}`);
    process.exit(2);
  }
  return number;
}

async function fuzz() {
  console.log(`${inputs} inputs, ${workers} workers, seed ${seed}, ${pieces.length} pieces of modules`);
  const started = Date.now();
  const texts = baseTexts(seed, pieces);
  const results = await Promise.all(Array.from({ length: workers }, (_, at) => run(at, texts, started)));
  const spent = (Date.now() - started) / 1000;
  const failures = results.flatMap((result) => result.failures);
  report(results, spent);
  for (const { number, reason } of failures) console.log(`FAILED input ${number}: ${reason}`);
  if (failures.length > 0) return 1;
  const done = results.reduce((sum, result) => sum + result.done, 0);
  if (done < inputs) console.log(`time was over after ${done} of ${inputs} inputs`);
  return 0;
}

/** One worker and its watchdog. */
function run(at, texts, started) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const result = { failures: [], outcomes: [], slowest: { ms: 0, number: at }, done: 0 };
  const workerData = {
    seed,
    pieces,
    first: at,
    step: workers,
    last: inputs,
    deadline: started + seconds * 1000,
    progress,
  };
  const worker = new Worker(new URL("./fuzz-rego/worker.js", import.meta.url), { workerData });
  const failed = (number, reason) => {
    result.failures.push({ number, reason });
    const path = join(values.out, `fuzz-rego-${seed}-${number}.json`);
    writeFileSync(
      path,
      JSON.stringify({ seed, number, reason, input: makeInput(seed, number, texts, SIGNATURES) }, null, 2),
    );
  };
  return new Promise((resolve) => {
    let seen = -1;
    let since = Date.now();
    const watchdog = setInterval(() => {
      const number = Atomics.load(progress, 0);
      if (number !== seen) {
        seen = number;
        since = Date.now();
      } else if (Date.now() - since > hang * 1000) {
        failed(number, `no end after ${hang} s`);
        void worker.terminate();
      }
    }, 500);
    worker.on("message", (message) => {
      if (message.failed === undefined) Object.assign(result, message);
      else {
        failed(message.failed, message.reason);
        if (result.failures.length >= MAX_FAILURES) void worker.terminate();
      }
    });
    // Memory or stack is gone: as bad as an exception.
    worker.on("error", (error) => failed(Atomics.load(progress, 0), String(error?.stack ?? error)));
    worker.on("exit", () => {
      clearInterval(watchdog);
      resolve(result);
    });
  });
}

function report(results, spent) {
  const outcomes = new Map();
  for (const result of results) {
    for (const [key, count] of result.outcomes) outcomes.set(key, (outcomes.get(key) ?? 0) + count);
  }
  console.log(`\n${"kind".padEnd(10)}${"outcome".padEnd(24)}${"inputs".padStart(12)}`);
  for (const [key, count] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [kind, outcome] = key.split("\t");
    console.log(kind.padEnd(10) + outcome.padEnd(24) + String(count).padStart(12));
  }
  const done = results.reduce((sum, result) => sum + result.done, 0);
  const slowest = results.map((result) => result.slowest).sort((a, b) => b.ms - a.ms)[0];
  console.log(
    `\n${done} inputs in ${spent.toFixed(1)} s: ${Math.round(done / spent)} a second with ${workers} workers`,
  );
  console.log(
    `slowest: input ${slowest.number} with ${slowest.ms.toFixed(0)} ms; prototypes unchanged: ${!results.some(polluted)}`,
  );
}

function polluted({ failures }) {
  return failures.some(({ reason }) => reason.includes("a prototype was changed"));
}

/** Rules of the modules below a folder, short ones. */
function modulePieces(corpus) {
  if (corpus === undefined || corpus === "") return [];
  const found = [];
  const names = readdirSync(corpus, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names) {
    if (!/\.(rego|ya?ml)$/.test(name) || !/rego|gatekeeper/.test(name) || name.includes("node_modules")) continue;
    const text = readFileSync(join(corpus, name), "utf8");
    for (const piece of (name.endsWith(".rego") ? text : blocks(text)).split(/\n\s*\n/)) {
      const rules = piece.replace(/^\s*package .*\n?/gm, "").trim();
      if (rules.length > 10 && rules.length < 400 && /[:=]=|\{/.test(rules)) found.push(rules);
    }
  }
  const every = Math.max(1, Math.floor(found.length / 8000));
  return found.filter((_, at) => at % every === 0);
}

/** What stands deep in a YAML file, which are the modules of cases and templates. */
function blocks(text) {
  return text
    .split("\n")
    .map((line) => (/^ {6,}\S/.test(line) ? line.trim() : ""))
    .join("\n");
}
