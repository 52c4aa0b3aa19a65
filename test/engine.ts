/** Where the real engines are: the folder that RINGFENCE_ENGINES names, its default, or PATH. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export type EngineName =
  | "opa"
  | "kubectl"
  | "kube-apiserver"
  | "etcd"
  | "gator"
  | "istioctl"
  | "collector"
  | "lua5.1"
  | "ruby"
  | "promtool";

/** The program's path; undefined, with a line that says so, when it is absent. */
export function engine(name: EngineName): string | undefined {
  const own = process.env.RINGFENCE_ENGINES ?? join(homedir(), ".cache/ringfence/engines/bin");
  const found = [own, ...(process.env.PATH ?? "").split(delimiter)].map((folder) => join(folder, name)).find(isProgram);
  if (found === undefined) console.log(`not run: there is no \`${name}\` (see engines/README.md)`);
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder of the corpus; undefined, with a line that says so, when there is none. */
export function corpus(...parts: readonly string[]): string | undefined {
  const root = process.env.RINGFENCE_CORPUS;
  if (root === undefined || root === "") {
    console.log("not run: RINGFENCE_CORPUS is not set");
    return undefined;
  }
  return join(root, ...parts);
}
