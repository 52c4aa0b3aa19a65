/** Policies from a few lines, and what a target writes for them, for tests of single targets. */
import { derive, type Policy } from "../../src/policy/index.js";
import { compile, type KubeObject } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

/** @param body everything below `trustDomain`; engines that it doesn't choose are none */
export function policyFrom(body: string, targets: string): Policy {
  const text = `apiVersion: ringfence.dev/v1\nworkflow: shop\ntrustDomain: shop.example\n${body}\ntargets: { authorization: none, admission: [], ${targets} }\n`;
  return derive(loadWorkflow({ path: "shop.yaml", text }));
}

/** The objects of one target, by `Kind namespace/name`. */
export function objectsFrom(policy: Policy, target: string): ReadonlyMap<string, KubeObject> {
  const { artifacts } = compile(policy, { targets: [target] });
  const objects = artifacts.flatMap((artifact) => (artifact.kind === "manifests" ? artifact.objects : []));
  return new Map(
    objects.map((object) => {
      const { namespace, name } = object.metadata;
      return [`${object.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`, object];
    }),
  );
}
