/** Takes every so-manieth input. The number of the one in work stands in shared memory, for the watchdog. */
import { parentPort, workerData } from "node:worker_threads";
import { baseTexts, makeInput } from "./inputs.js";
import { SIGNATURES, Subject } from "./subject.js";

const { seed, pieces, first, step, last, deadline, progress } = workerData;
const texts = baseTexts(seed, pieces);
const subject = new Subject();
const clean = prototypes();
const outcomes = new Map();
let slowest = { ms: 0, number: first };
let done = 0;

for (let number = first; number < last; number += step) {
  Atomics.store(progress, 0, number);
  const input = makeInput(seed, number, texts, SIGNATURES);
  const started = performance.now();
  try {
    const key = `${input.kind}\t${subject.run(input)}`;
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    if (done % 128 === 0 && prototypes() !== clean)
      throw new Error("a prototype was changed by this or one of the 128 inputs before");
  } catch (error) {
    parentPort.postMessage({ failed: number, reason: String(error?.stack ?? error) });
    if (prototypes() !== clean) break;
  }
  const now = performance.now();
  if (now - started > slowest.ms) slowest = { ms: now - started, number };
  done++;
  if (done % 256 === 0 && now + performance.timeOrigin > deadline) break;
}
parentPort.postMessage({ outcomes: [...outcomes], slowest, done });

/** What the prototypes of all plain values have, as one text. */
function prototypes() {
  return [Object, Array, String, Number, Boolean, Function, Map, Set, RegExp, Error]
    .map(({ prototype }) => Reflect.ownKeys(prototype).map(String).join())
    .join("\n");
}
