import { derive, type Policy } from "../../src/policy/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

/** The policy of a workflow with one zone, `prod`; `rest` has its workloads and all below them. */
export function shopPolicy(rest: string): Policy {
  const text = `apiVersion: ringfence.dev/v1
workflow: shop
zones: { prod: { trust: internal } }
${rest}`;
  return derive(loadWorkflow({ path: "ringfence.yaml", text }));
}
