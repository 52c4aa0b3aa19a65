/**
 * The bundle: the Rego modules and the data that decide, byte for byte the same for OPA in a cluster and for the
 * decision point that is embedded here.
 */
import { readFileSync } from "node:fs";
import type { Policy } from "../../policy/index.js";
import { policyData } from "./data.js";
import { narrowModule } from "./narrow.js";

export interface BundleFile {
  /** relative to the bundle, `/` between parts */
  readonly path: string;
  readonly text: string;
}

const MODULES = ["authz.rego", "edge.rego", "envoy.rego", "mask.rego", "paths.rego", "tokens.rego"] as const;

/**
 * The files of the bundle, sorted by path.
 * @throws POLICY_MODULE for a module of the user's that could widen what flows permit
 */
export function authorizationBundle(policy: Policy): BundleFile[] {
  const files: BundleFile[] = [
    ...MODULES.map((path) => ({ path, text: readFileSync(new URL(`rego/${path}`, import.meta.url), "utf8") })),
    { path: "narrow.rego", text: narrowModule(policy) },
    ...policy.modules.map(({ path, text }) => ({ path: `own/${path.replaceAll("../", "")}`, text })),
    { path: "data.json", text: `${JSON.stringify({ ringfence: { policy: policyData(policy) } }, null, 1)}\n` },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
