/** Runs a measurement at growing sizes, each in a process of its own so that its peak is its own, and says how time grows. */
import { spawnSync } from "node:child_process";

/**
 * Sizes come from the command line, where they are not the usual ones.
 * @param {string} file of the bench itself, run again with `--one SIZE VARIANT`
 * @param {{ sizes: number[], variants?: string[], size: string, time: string, head: string,
 *   line: (result: any) => string, measure: (size: number, variant?: string) => Promise<void> }} bench
 *   `measure` prints its result as JSON, with at least the fields that `size` and `time` name
 */
export async function bySize(file, { sizes: usual, variants = [""], size, time, head, line, measure }) {
  if (process.argv[2] === "--one") return measure(Number(process.argv[3]), process.argv[4]);
  const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : usual;
  for (const variant of variants) {
    console.log(variant === "" ? head : `${variant}\n${head}`);
    let last;
    for (const each of sizes) {
      const run = spawnSync(process.execPath, ["--max-old-space-size=2048", file, "--one", String(each), variant], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
      if (run.status !== 0) process.exit(run.status ?? 1);
      const result = JSON.parse(run.stdout);
      console.log(line(result));
      if (last !== undefined) {
        const growth = Math.log(result[time] / last[time]) / Math.log(result[size] / last[size]);
        console.log(`        time grows with the power ${growth.toFixed(2)} of the ${size}`);
      }
      last = result;
    }
  }
}

export const milliseconds = (value) => `${value.toFixed(0)} ms`.padStart(9);

export function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
