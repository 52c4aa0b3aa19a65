/**
 * The contract of every target: from the policy, and nothing else, to artifacts. A target is pure: no file, no clock, no
 * randomness, the same policy gives the same bytes. What it cannot enforce it says in its capability table and, for a
 * single rule, in `holds`; `compile` refuses a rule that no target of the workflow holds.
 */
import type { Policy, Rule } from "../policy/index.js";
import type { CapabilityTable, Feature, Layer } from "./capability.js";
import type { KubeObject } from "./object.js";
import type { Value, ValueMap } from "./yaml.js";

export type Artifact = ManifestArtifact | PatchArtifact | TextArtifact;

/** A file of Kubernetes objects that are applied as they are. */
export interface ManifestArtifact {
  readonly kind: "manifests";
  /** relative to the output folder, `/` between parts, `<target>/…` */
  readonly path: string;
  readonly objects: readonly KubeObject[];
  /** lines of a comment at the head of the file */
  readonly comment?: readonly string[];
  /** false: a file that a person must place or merge (a static file of the API server, a mesh configuration) */
  readonly apply?: boolean;
}

/**
 * What an existing workload's own object gets: a strategic merge patch of its pods, wherever its kind keeps them. All
 * patches of all targets become one kustomize component (`workloads/`) that a user adds to the workloads' own base.
 */
export interface PatchArtifact {
  readonly kind: "patch";
  /** `workloads/<target>/<workload>.yaml` */
  readonly path: string;
  /** the workload's name */
  readonly workload: string;
  /** `metadata` and `spec` of a pod (template), as far as they change */
  readonly pod: ValueMap;
  /** set on each container, whatever its name: path within the container, with `.` between keys, to the value */
  readonly containers?: { readonly [path: string]: Value };
  readonly rules?: readonly string[];
  readonly holds?: readonly Feature[];
}

/** Any other file: Rego, HCL, a configuration. Its text ends with a line break. */
export interface TextArtifact {
  readonly kind: "text";
  readonly path: string;
  readonly text: string;
  /** true: a person places it where it belongs; otherwise it is there to be read, or by a tool beside it */
  readonly byHand?: true;
  readonly rules?: readonly string[];
  readonly holds?: readonly Feature[];
}

export interface Target {
  readonly name: string;
  /** one line for people: what it writes */
  readonly summary: string;
  readonly layer: Layer;
  readonly capabilities: CapabilityTable;
  /** whether the workflow's `targets` choose this engine */
  chosen(policy: Policy): boolean;
  /** how far `feature` of `rule` is enforced by what `emit` writes; called only with a rule that asks for the feature */
  holds(policy: Policy, rule: Rule, feature: Feature): Holding;
  /** what must stand in the cluster for the artifacts to mean what they say, a sentence each */
  requires(policy: Policy): readonly string[];
  emit(policy: Policy): readonly Artifact[];
}

export type Holding =
  | { readonly level: "enforced" }
  /** not, or not exactly; why, in a clause that continues "`target` …" */
  | { readonly level: "left"; readonly why: string };

export const HELD: Holding = { level: "enforced" };
export const leftBecause = (why: string): Holding => ({ level: "left", why });
