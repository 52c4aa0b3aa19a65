/**
 * The kustomize component that binds existing workloads to the policy. Patches name the object by kind, name and
 * namespace and leave everything else alone; a workload that the user's base does not hold is passed over, so the
 * component fits a base that is only a part of the workflow.
 *
 * Settings of containers go by kustomize replacements with `*`, since a strategic merge patch would have to know the
 * containers' names. Init containers are left out: kustomize fails where an object has none.
 */
import type { Policy, Workload } from "../policy/index.js";
import type { CompiledFile } from "./compile.js";
import { shapeOf, workloadNamed } from "./shape.js";
import type { Artifact, PatchArtifact } from "./target.js";
import { toYaml, type Value, type ValueMap } from "./yaml.js";

interface PodPlace {
  readonly apiVersion: string;
  readonly path: readonly string[];
}

/** Where each kind of object keeps its pods. */
const PLACES: Readonly<Record<NonNullable<Workload["kubernetes"]>["kind"], PodPlace>> = {
  Deployment: { apiVersion: "apps/v1", path: ["spec", "template"] },
  StatefulSet: { apiVersion: "apps/v1", path: ["spec", "template"] },
  DaemonSet: { apiVersion: "apps/v1", path: ["spec", "template"] },
  Job: { apiVersion: "batch/v1", path: ["spec", "template"] },
  CronJob: { apiVersion: "batch/v1", path: ["spec", "jobTemplate", "spec", "template"] },
  Pod: { apiVersion: "v1", path: [] },
};

const COMPONENT = "workloads/kustomization.yaml";
const SETTINGS = "workloads/container-settings.yaml";

/** The object that runs a workload, and where its pods are described. */
function runnerOf(workload: Workload) {
  const kind = workload.kubernetes?.kind ?? "Deployment";
  return { kind, name: workload.kubernetes?.name ?? workload.name, namespace: workload.zone, ...PLACES[kind] };
}

function workloadOf(policy: Policy, patch: PatchArtifact): Workload {
  return workloadNamed(shapeOf(policy), patch.workload);
}

/** The patch as kustomize reads it. */
export function patchText(policy: Policy, patch: PatchArtifact): string {
  const { apiVersion, kind, name, namespace, path } = runnerOf(workloadOf(policy, patch));
  if (path.length === 0) {
    const { metadata, ...rest } = patch.pod;
    return toYaml({ apiVersion, kind, metadata: { name, namespace, ...(metadata as ValueMap | undefined) }, ...rest });
  }
  const nested = path.reduceRight<ValueMap>((inner, key) => ({ [key]: inner }), patch.pod);
  return toYaml({ apiVersion, kind, metadata: { name, namespace }, ...nested });
}

/** The component's files; none when no target patches a workload. */
export function componentOf(policy: Policy, artifacts: readonly Artifact[]): CompiledFile[] {
  const patches = artifacts.filter((artifact) => artifact.kind === "patch");
  if (patches.length === 0) return [];
  const settings = settingsOf(policy, patches);
  const body = toYaml({
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    resources: settings.length === 0 ? undefined : ["container-settings.yaml"],
    patches: patches.map((patch) => ({
      path: patch.path.replace(/^workloads\//, ""),
      target: selectorOf(workloadOf(policy, patch)),
    })),
    replacements: settings.length === 0 ? undefined : settings.map(({ replacement }) => replacement),
  });
  const head = [
    "# Gives the workflow's workloads their service accounts, labels and security contexts. In the kustomization that holds",
    "# your workloads (each with its `metadata.namespace`), list this folder under `components`.",
  ];
  const files = [{ path: COMPONENT, text: `${head.join("\n")}\n${body}` }];
  if (settings.length > 0) files.push({ path: SETTINGS, text: settingsText(settings) });
  return files;
}

interface Setting {
  readonly key: string;
  readonly value: Value;
  readonly replacement: ValueMap;
}

/** One setting for each path and value; its targets are all the workloads that get it. */
function settingsOf(policy: Policy, patches: readonly PatchArtifact[]): Setting[] {
  const groups = new Map<string, { path: string; value: Value; workloads: Workload[] }>();
  for (const patch of patches) {
    for (const [path, value] of Object.entries(patch.containers ?? {})) {
      const key = JSON.stringify([path, value]);
      const group = groups.get(key) ?? { path, value, workloads: [] };
      group.workloads.push(workloadOf(policy, patch));
      groups.set(key, group);
    }
  }
  const used = new Map<string, number>();
  return [...groups.values()].map(({ path, value, workloads }) => {
    const count = (used.get(path) ?? 0) + 1;
    used.set(path, count);
    // One path with two values, for different workloads, is two settings.
    const key = path.replaceAll(".", "-") + (count === 1 ? "" : `-${count}`);
    const replacement = {
      source: { kind: "ContainerSettings", name: "ringfence-containers", fieldPath: `spec.${key}` },
      targets: workloads.map((workload) => ({
        select: selectorOf(workload),
        fieldPaths: [[...containersPath(workload), "*", path].join(".")],
        options: { create: true },
      })),
    };
    return { key, value, replacement };
  });
}

function containersPath(workload: Workload): readonly string[] {
  return [...runnerOf(workload).path, "spec", "containers"];
}

function selectorOf(workload: Workload): ValueMap {
  const { apiVersion, kind, name, namespace } = runnerOf(workload);
  const [version, group] = apiVersion.split("/").reverse();
  return { group, version: version ?? apiVersion, kind, name, namespace };
}

function settingsText(settings: readonly Setting[]): string {
  const head = "# Read by this component's replacements; it is not applied to the cluster.\n";
  return (
    head +
    toYaml({
      apiVersion: "ringfence.dev/v1",
      kind: "ContainerSettings",
      metadata: { name: "ringfence-containers", annotations: { "config.kubernetes.io/local-config": "true" } },
      spec: Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    })
  );
}
