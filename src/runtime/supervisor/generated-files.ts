/** The few files of /etc that a sandbox has, written anew for each run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OutboundPlan } from "../pep/index.js";
import { hostsFile } from "../sidecar/index.js";

/** Writes them and returns where each stands, by its name in /etc. */
export function writeGeneratedFiles(
  folder: string,
  workload: string,
  outbound: readonly OutboundPlan[],
): Record<string, string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: Record<string, string> = {
    hosts: hostsFile(workload, outbound),
    hostname: `${workload}\n`,
    passwd: "workload:x:1000:1000::/data:/bin/sh\n",
    group: "workload:x:1000:\n",
    // No name service but the hosts file: there is nobody to ask.
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
  };
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return [name, path];
    }),
  );
}
