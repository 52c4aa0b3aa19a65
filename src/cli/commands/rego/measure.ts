/**
 * Time of one call. Calls are timed in runs that are long enough for the clock; the percentiles are of runs, each
 * divided by its calls, so that what the clock itself takes does not show.
 */
export interface Measurement {
  readonly samples: number;
  readonly totalNs: number;
  /** Bytes of heap that a call allocates; absent when the heap was collected meanwhile too often to tell. */
  readonly bytesPerOp?: number;
  readonly percentiles: Readonly<Record<string, number>>;
}

/** Shortest run that is timed; the clock's own cost is some ten nanoseconds. */
const RUN_NS = 20_000n;
const MEMORY_RUNS = 101;
const WARM_UP_NS = 200_000_000n;
const PERCENTILES: readonly (readonly [string, number])[] = [
  ["min", 0],
  ["median", 0.5],
  ["75%", 0.75],
  ["90%", 0.9],
  ["95%", 0.95],
  ["99%", 0.99],
  ["99.9%", 0.999],
  ["max", 1],
];

/** Calls `work` for about `durationMs`, after a warm-up of a fifth of a second. */
export function measure(work: () => unknown, durationMs: number): Measurement {
  const size = warmUp(work);
  const runs: number[] = [];
  const end = process.hrtime.bigint() + BigInt(durationMs) * 1_000_000n;
  let total = 0;
  while (process.hrtime.bigint() < end || runs.length === 0) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < size; call++) work();
    const ns = Number(process.hrtime.bigint() - start);
    total += ns;
    runs.push(ns / size);
  }
  const ordered = [...runs].sort((a, b) => a - b);
  const at = (share: number): number => ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? 0;
  const bytesPerOp = allocation(work, size);
  return {
    samples: runs.length * size,
    totalNs: total,
    ...(bytesPerOp === undefined ? {} : { bytesPerOp }),
    percentiles: Object.fromEntries(PERCENTILES.map(([name, share]) => [name, at(share)])),
  };
}

/** Growth of the heap a call, of the runs in which nothing was collected. */
function allocation(work: () => unknown, size: number): number | undefined {
  const growth: number[] = [];
  for (let run = 0; run < MEMORY_RUNS; run++) {
    const before = process.memoryUsage().heapUsed;
    for (let call = 0; call < size; call++) work();
    growth.push((process.memoryUsage().heapUsed - before) / size);
  }
  const grown = growth.filter((bytes) => bytes >= 0).sort((a, b) => a - b);
  return grown[grown.length >> 1];
}

/** How many calls make a run. */
function warmUp(work: () => unknown): number {
  const end = process.hrtime.bigint() + WARM_UP_NS;
  let calls = 0;
  while (process.hrtime.bigint() < end) {
    work();
    calls++;
  }
  const each = WARM_UP_NS / BigInt(calls);
  return Number(RUN_NS / (each === 0n ? 1n : each)) + 1;
}
