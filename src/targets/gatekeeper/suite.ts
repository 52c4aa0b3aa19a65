/** Gator suites beside the templates: for each, objects that it lets in and objects, one step away, that it refuses. */
import type { Policy } from "../../policy/index.js";
import { waypointSamples } from "../admission/mesh-samples.js";
import { type Sample, samplePod } from "../admission/sample-pod.js";
import { refusedPods } from "../admission/samples.js";
import type { KubeObject } from "../object.js";
import type { Artifact } from "../target.js";
import { toYaml, type Value } from "../yaml.js";
import { ownershipSamples } from "./ownership-samples.js";

interface Case {
  readonly name: string;
  readonly object: Value;
  readonly violations: "yes" | "no";
}

/** @param files where each object of the target stands, relative to the suite's folder */
export function suite(
  policy: Policy,
  templates: readonly KubeObject[],
  constraints: readonly KubeObject[],
): Artifact[] {
  const artifacts: Artifact[] = [];
  const tests: Value[] = [];
  for (const constraint of constraints) {
    const cases = casesOf(policy, constraint);
    if (cases.length === 0) continue;
    const folder = `${constraint.kind.toLowerCase()}.${constraint.metadata.name}`;
    const template = templates.find(({ metadata }) => metadata.name === constraint.kind.toLowerCase());
    const write = (name: string, object: Value) => {
      artifacts.push({ kind: "text", path: `gatekeeper/test/${folder}/${name}.yaml`, text: toYaml(object) });
      return `${folder}/${name}.yaml`;
    };
    tests.push({
      name: folder,
      template: write("template", template as Value),
      constraint: write("constraint", constraint),
      cases: cases.map(({ name, object, violations }) => ({
        name,
        object: write(name.replaceAll(" ", "-"), object),
        assertions: [{ violations }],
      })),
    });
  }
  const text = toYaml({
    apiVersion: "test.gatekeeper.sh/v1alpha1",
    kind: "Suite",
    metadata: { name: policy.workflow },
    tests,
  });
  return [...artifacts, { kind: "text", path: "gatekeeper/test/suite.yaml", text: `# gator verify .\n${text}` }];
}

function casesOf(policy: Policy, constraint: KubeObject): Case[] {
  const yes = (cases: readonly Sample[]) => cases.map((item): Case => ({ ...item, violations: "yes" }));
  const no = (cases: readonly Sample[]) => cases.map((item): Case => ({ ...item, violations: "no" }));
  const kind = constraint.kind;
  const workloads = policy.workloads.filter(({ image }) => image !== undefined);
  if (kind.endsWith("PodSecurity")) {
    const [first] = workloads;
    if (first === undefined) return [];
    return [
      { name: "a pod without privileges", object: samplePod(policy, first), violations: "no" },
      ...yes(refusedPods(policy, first).security),
    ];
  }
  if (kind.endsWith("InMesh")) {
    const [first] = workloads;
    if (first === undefined) return [];
    return [
      { name: "a pod in the mesh", object: samplePod(policy, first), violations: "no" },
      ...no(waypointSamples(policy, first).allowed),
      ...yes(refusedPods(policy, first).mesh),
    ];
  }
  if (kind.endsWith("Workloads")) {
    const placed = workloads.filter(({ zone }) => zone === constraint.metadata.name);
    const first = placed.slice(0, 1);
    const waypoints = first.map((workload) => waypointSamples(policy, workload));
    return [
      ...placed.flatMap((workload) => [
        { name: `${workload.name} as it is`, object: samplePod(policy, workload), violations: "no" as const },
        ...yes(refusedPods(policy, workload).placement),
      ]),
      ...first.flatMap((workload) => yes(refusedPods(policy, workload).zone)),
      ...waypoints.flatMap(({ allowed, refused }) => [...no(allowed), ...yes(refused)]),
    ];
  }
  if (kind.endsWith("Ownership")) {
    const { allowed, refused } = ownershipSamples(policy, constraint.metadata.name);
    return [...no(allowed), ...yes(refused)];
  }
  if (kind.endsWith("StrictMtls")) {
    const zone = policy.zones[0]?.name ?? "default";
    const setting = (mode: string): Value => ({
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name: "default", namespace: zone },
      spec: { mtls: { mode } },
    });
    return [
      { name: "strict", object: setting("STRICT"), violations: "no" },
      { name: "permissive", object: setting("PERMISSIVE"), violations: "yes" },
      { name: "disabled", object: setting("DISABLE"), violations: "yes" },
    ];
  }
  return [];
}
