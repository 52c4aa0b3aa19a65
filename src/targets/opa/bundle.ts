/**
 * The bundle: the Rego modules and the data that decide, byte for byte the same for OPA in a cluster and for the
 * decision point that is embedded here.
 */
import { readFileSync } from "node:fs";
import { RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";
import { compile } from "../../rego/index.js";
import { policyData } from "./data.js";
import { narrowModule } from "./narrow.js";
import { regoProblems } from "./rego-problems.js";

export interface BundleFile {
  /** relative to the bundle, `/` between parts */
  readonly path: string;
  readonly text: string;
}

const MODULES = ["authz.rego", "edge.rego", "envoy.rego", "mask.rego", "paths.rego", "tokens.rego"] as const;

/**
 * The files of the bundle, sorted by path. They were compiled once together, so that a module which could not be
 * evaluated is refused here and not where it is asked.
 * @throws POLICY_MODULE for a module of the user's that is in error, or could do something other than narrow
 */
export function authorizationBundle(policy: Policy): BundleFile[] {
  const modules = [
    ...MODULES.map((path) => ({ path, text: readFileSync(new URL(`rego/${path}`, import.meta.url), "utf8") })),
    { path: "narrow.rego", text: narrowModule(policy) },
  ];
  const data = { ringfence: { policy: policyData(policy) } };
  try {
    // The user's modules keep the path that the user knows, so that what is wrong is said of that file.
    const own = policy.modules.map(({ path, text }) => ({ file: path, text }));
    compile([...modules.map(({ path, text }) => ({ file: `ringfence:${path}`, text })), ...own], {
      data,
      strict: true,
    });
  } catch (error) {
    throw new RingfenceError(regoProblems(error, policy.modules));
  }
  const own = policy.modules.map(({ path, text }) => ({ path: ownPath(path), text }));
  const files = [...modules, ...own, { path: "data.json", text: `${JSON.stringify(data, null, 1)}\n` }];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function ownPath(path: string): string {
  return `own/${path
    .split("/")
    .filter((part) => part !== "." && part !== "..")
    .join("/")}`;
}
