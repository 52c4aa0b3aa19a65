/**
 * Whether this system can close a workload in. Asked by doing it: the real command with a real program, because whether
 * user namespaces are allowed depends on kernel, distribution and policy, and no file says so reliably.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { bubblewrapArguments } from "./bubblewrap.js";
import { withSeccompFile } from "./seccomp.js";

export type Isolation =
  /** demonstrated: the sandbox holds workloads on this system */
  | { readonly kind: "enforced"; readonly bwrap: string }
  /** workloads run as plain processes; the reason is shown wherever isolation is spoken of */
  | { readonly kind: "advisory"; readonly reason: string };

const DEADLINE_MS = 15_000;

/** Runs inside; a filter that was given and is not in force (proc(5), `Seccomp: 2`) is no sandbox. */
const PROBE = `
import { readFileSync } from "node:fs";
const isFiltered = /^Seccomp:\\s+2$/m.test(readFileSync("/proc/self/status", "utf8"));
process.exit(process.env.FILTERED === undefined || isFiltered ? 42 : 43);
`;

/** Tries the sandbox out. */
export function detectIsolation(environment: NodeJS.ProcessEnv = process.env): Isolation {
  if (environment.RINGFENCE_SANDBOX === "off") return advisory("RINGFENCE_SANDBOX=off turns the sandbox off");
  if (process.platform !== "linux") return advisory(`there is no bubblewrap on ${process.platform}`);
  const bwrap = findProgram("bwrap", environment.PATH ?? "");
  if (bwrap === undefined) return advisory("bubblewrap (bwrap) is not installed");
  const folder = mkdtempSync(join(tmpdir(), "ringfence-probe-"));
  try {
    const inside = join(folder, "inside.mjs");
    writeFileSync(inside, PROBE);
    const enclosure = { bwrap, name: "probe", folder, data: folder, etc: {}, secrets: {}, hidden: [], inside };
    const tried = withSeccompFile((filter) =>
      spawnSync(
        bwrap,
        [...bubblewrapArguments(enclosure, filter !== undefined), process.execPath, "/run/ringfence/inside.mjs"],
        {
          env: filter === undefined ? {} : { FILTERED: "1" },
          encoding: "utf8",
          timeout: DEADLINE_MS,
          stdio: ["ignore", "pipe", "pipe", "ignore", filter ?? "ignore"],
        },
      ),
    );
    if (tried.status === 43) return advisory("this kernel filters no system calls (seccomp)");
    if (tried.status === 42) return { kind: "enforced", bwrap };
    const words = (tried.error?.message ?? tried.stderr ?? "").trim().split("\n")[0] || `it ended with ${tried.status}`;
    return advisory(`bubblewrap does not work here: ${words.slice(0, 200)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function advisory(reason: string): Isolation {
  return { kind: "advisory", reason };
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    // A relative entry would let the current folder choose the program that builds the sandbox.
    if (!folder.startsWith("/")) continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
