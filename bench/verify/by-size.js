/** Runs a measurement at growing sizes, each in a process of its own so that its peak is its own, and says how time grows. */
import { spawnSync } from "node:child_process";

/**
 * @param {string} file of the bench itself, run again with `--one SIZE`
 * @param {{ head: string, line: (result: any) => string, measure: (pods: number) => Promise<void> }} bench
 *   `measure` prints its result as JSON with at least `pods` and `cpu`
 */
export async function bySize(file, { head, line, measure }) {
  if (process.argv[2] === "--one") return measure(Number(process.argv[3]));
  const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1_000, 5_000, 10_000];
  console.log(head);
  let last;
  for (const size of sizes) {
    const run = spawnSync(process.execPath, ["--max-old-space-size=2048", file, "--one", String(size)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (run.status !== 0) process.exit(run.status ?? 1);
    const result = JSON.parse(run.stdout);
    console.log(line(result));
    if (last !== undefined) {
      const growth = Math.log(result.cpu / last.cpu) / Math.log(result.pods / last.pods);
      console.log(`        time grows with the power ${growth.toFixed(2)} of the pods`);
    }
    last = result;
  }
}

export const milliseconds = (value) => `${value.toFixed(0)} ms`.padStart(9);

export function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
