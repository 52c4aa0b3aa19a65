/**
 * All targets of a workflow together: which ones it chooses, whether they hold every rule between them, their artifacts
 * as one set in which no object stands twice, and the generation that the set as a whole has.
 */
import { createHash } from "node:crypto";
import { type Problem, RingfenceError, type Span, suggest } from "../diagnostics/index.js";
import type { Policy } from "../policy/index.js";
import type { Feature } from "./capability.js";
import { type Controls, controlsOf } from "./controls.js";
import { controlsPage } from "./controls-page.js";
import { demandsOf } from "./demand.js";
import { kustomizationOf } from "./kustomization.js";
import { LABELS } from "./names.js";
import { identityOf, type KubeObject, titleOf, withLabel } from "./object.js";
import { readmeOf } from "./readme.js";
import { TARGETS } from "./registry.js";
import type { Artifact, ManifestArtifact, Target } from "./target.js";
import { componentOf, patchText } from "./workload-patches.js";
import { toYamlDocuments } from "./yaml.js";

export interface CompileOptions {
  /** names of the targets to write; all that the workflow chooses when left out */
  readonly targets?: readonly string[];
}

/** A file of the compiled set. */
export interface CompiledFile {
  readonly path: string;
  readonly text: string;
  /** the target that wrote it; undefined for what binds the set together */
  readonly target?: string;
}

export interface Compilation {
  /** 16 hexadecimal digits, equal for equal sets */
  readonly generation: string;
  /** the artifacts of the targets, in the order of application, each object with its generation */
  readonly artifacts: readonly Artifact[];
  /** the artifacts' files and what binds them together, sorted by path */
  readonly files: readonly CompiledFile[];
  readonly controls: Controls;
  /** what must stand in the cluster for the set to mean what it says, by target */
  readonly requires: readonly { readonly target: string; readonly sentences: readonly string[] }[];
}

/**
 * Compiles a policy for the engines that its workflow chooses.
 * @throws TARGET_UNENFORCED when a rule asks for something that no chosen engine holds
 * @throws TARGET_UNKNOWN, TARGET_NOT_CHOSEN for a name in `options.targets`
 */
export function compile(policy: Policy, options: CompileOptions = {}): Compilation {
  const chosen = TARGETS.filter((target) => target.chosen(policy));
  const written = selectTargets(chosen, options.targets);
  refuseUnenforced(policy, chosen);
  // All that the workflow chooses is emitted, whatever is written: what one target refuses, no selection gets around.
  const all = new Map(chosen.map((target) => [target, target.emit(policy)]));
  const emitted = new Map(written.map((target) => [target, all.get(target) ?? []]));
  refuseTwice([...emitted.values()].flat());
  const generation = generationOf(policy, [...emitted.values()].flat());
  const stamped = new Map(
    [...emitted].map(([target, artifacts]) => [target, artifacts.map((artifact) => stamp(artifact, generation))]),
  );
  const artifacts = [...stamped.values()].flat();
  const files: CompiledFile[] = [...stamped].flatMap(([target, list]) =>
    list.map((artifact) => ({ path: artifact.path, text: textOf(policy, artifact), target: target.name })),
  );
  files.push({ path: "kustomization.yaml", text: kustomizationOf(policy, artifacts, generation) });
  files.push({ path: "README.md", text: readmeOf(policy, stamped, generation) });
  const controls = controlsOf(policy, stamped);
  files.push({ path: "CONTROLS.md", text: controlsPage(policy, controls, written) });
  files.push(...componentOf(policy, artifacts));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const requires = written.map((target) => ({ target: target.name, sentences: target.requires(policy) }));
  return { generation, artifacts, files, controls, requires };
}

/** The bytes of an artifact. */
export function textOf(policy: Policy, artifact: Artifact): string {
  if (artifact.kind === "text") return artifact.text;
  if (artifact.kind === "patch") return patchText(policy, artifact);
  const comment = (artifact.comment ?? []).map((line) => (line === "" ? "#\n" : `# ${line}\n`)).join("");
  return comment + toYamlDocuments(artifact.objects);
}

function selectTargets(chosen: readonly Target[], names: readonly string[] | undefined): readonly Target[] {
  if (names === undefined) return chosen;
  const problems: Problem[] = names.flatMap((name): Problem[] => {
    if (chosen.some((target) => target.name === name)) return [];
    const list = chosen.map((target) => target.name).join(", ");
    if (TARGETS.some((target) => target.name === name)) {
      const message = `the workflow's \`targets\` do not choose \`${name}\``;
      return [{ code: "TARGET_NOT_CHOSEN", message, hint: `it chooses: ${list}` }];
    }
    const near = suggest(
      name,
      TARGETS.map((target) => target.name),
    );
    const hint =
      near === undefined ? `there are: ${TARGETS.map((t) => t.name).join(", ")}` : `did you mean \`${near}\`?`;
    return [{ code: "TARGET_UNKNOWN", message: `unknown target \`${name}\``, hint }];
  });
  if (problems.length > 0) throw new RingfenceError(problems);
  return chosen.filter((target) => names.includes(target.name));
}

function refuseUnenforced(policy: Policy, chosen: readonly Target[]): void {
  const problems: Problem[] = [];
  for (const rule of policy.rules) {
    // What is asked for at one place and left for the same reasons is one problem.
    const groups = new Map<string, { features: Feature[]; span: Span; reasons: string }>();
    for (const { feature, span } of demandsOf(policy, rule)) {
      const reasons: string[] = [];
      const held = chosen.some((target) => {
        const holding = target.holds(policy, rule, feature);
        if (holding.level === "enforced") return true;
        reasons.push(`\`${target.name}\` ${holding.why}`);
        return false;
      });
      if (held) continue;
      const key = JSON.stringify([span.start, reasons]);
      const group = groups.get(key) ?? { features: [], span, reasons: reasons.join("; ") };
      group.features.push(feature);
      groups.set(key, group);
    }
    for (const { features, span, reasons } of groups.values()) {
      const nouns = features.map((feature) => NOUNS[feature] ?? feature).join(", ");
      const message = `no chosen engine enforces this of \`${rule.id}\`: ${nouns}`;
      problems.push({ code: "TARGET_UNENFORCED", message, span, hint: reasons });
    }
  }
  if (problems.length > 0) throw new RingfenceError(problems);
}

const NOUNS: Partial<Record<Feature, string>> = { "outside-hosts": "outside host", "tls-origination": "added TLS" };

/** Two targets that write one object, or one path, would overwrite each other in an order that nobody sees. */
function refuseTwice(artifacts: readonly Artifact[]): void {
  const paths = new Set<string>();
  const objects = new Map<string, string>();
  for (const artifact of artifacts) {
    if (paths.has(artifact.path)) throw bug(`two artifacts have the path ${artifact.path}`);
    paths.add(artifact.path);
    if (artifact.kind !== "manifests") continue;
    for (const object of artifact.objects) {
      const id = identityOf(object);
      const first = objects.get(id);
      if (first !== undefined) throw bug(`${titleOf(object)} stands in ${first} and in ${artifact.path}`);
      objects.set(id, artifact.path);
    }
  }
}

function bug(message: string): RingfenceError {
  return new RingfenceError({ code: "INTERNAL", message });
}

function generationOf(policy: Policy, artifacts: readonly Artifact[]): string {
  const hash = createHash("sha256");
  for (const artifact of artifacts) {
    const text = textOf(policy, artifact);
    hash.update(`${artifact.path}\n${Buffer.byteLength(text)}\n${text}`);
  }
  return hash.digest("hex").slice(0, 16);
}

function stamp(artifact: Artifact, generation: string): Artifact {
  if (artifact.kind !== "manifests" || artifact.apply === false) return artifact;
  const objects = artifact.objects.map((object) =>
    isPurged(object) ? withLabel(object, LABELS.generation, generation) : object,
  );
  return { ...artifact, objects } satisfies ManifestArtifact;
}

/** A namespace is never purged: what runs in it would go with it. So it gets no generation to be purged by. */
function isPurged(object: KubeObject): boolean {
  return object.kind !== "Namespace";
}
