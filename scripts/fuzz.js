// Sends malformed requests and TLS hellos to a live proxy: as many as are asked for, within the time that is given, in a
// network namespace with nothing but its own loopback where the system allows one.
//
//   node scripts/fuzz.js [--requests 1000000] [--hellos 100000] [--seconds 600] [--seed N]      seconds for each of the two
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    hellos: { type: "string", default: "100000" },
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const env = {
  ...process.env,
  RINGFENCE_FUZZ_REQUESTS: values.requests,
  RINGFENCE_FUZZ_HELLOS: values.hellos,
  RINGFENCE_FUZZ_SECONDS: values.seconds,
  RINGFENCE_FUZZ_SEED: values.seed,
};
const vitest = [process.execPath, "node_modules/vitest/vitest.mjs", "run", "test/runtime/fuzz.test.ts"];
const offline = [
  "unshare",
  "--user",
  "--map-root-user",
  "--net",
  "--",
  "sh",
  "-c",
  'ip link set lo up && exec "$@"',
  "sh",
];
const canClose = spawnSync(offline[0], [...offline.slice(1), "true"]).status === 0;
if (!canClose)
  console.log("not offline: network namespaces of one's own are not permitted; loopback alone is used all the same");
const [program, ...args] = canClose ? [...offline, ...vitest] : vitest;
process.exitCode = spawnSync(program, args, { env, stdio: "inherit" }).status ?? 1;
