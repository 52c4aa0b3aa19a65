/**
 * Pods and what must come of them: our own samples, and those of the corpus (Pod Security's own test data, and pods that
 * attack) dressed with the labels, account and image of a workload, so that only what they ask for decides.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { derive, type Policy } from "../../src/policy/index.js";
import { refusedPods, samplePod } from "../../src/targets/admission/samples.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { corpus } from "../engine.js";

const IMAGES = ["registry.k8s.io/pause:3.9", "model-server", "ghcr.io/acme/app@sha256:".padEnd(88, "0")];

/** One zone, and workloads whose images are written in three ways. */
export function admissionPolicy(): Policy {
  const text = `apiVersion: ringfence.dev/v1
workflow: placed
zones: { z: { trust: restricted } }
workloads:
  w: { zone: z, port: 80, image: "${IMAGES[0]}" }
  v: { zone: z, port: 80, image: "${IMAGES[1]}" }
  u: { zone: z, port: 80, image: "${IMAGES[2]}" }
targets: { admission: [gatekeeper, validating-admission-policy], secrets: { engine: vault, address: "https://vault.vault:8200" } }
`;
  return derive(loadWorkflow({ path: "placed.yaml", text }));
}

export interface PodCase {
  readonly note: string;
  readonly object: Record<string, unknown>;
  readonly allowed: boolean;
}

export function ownCases(policy: Policy): PodCase[] {
  return policy.workloads.flatMap((workload) => {
    const refused = refusedPods(policy, workload);
    const named = (object: unknown, allowed: boolean, note: string) => ({
      note: `${workload.name}: ${note}`,
      object: object as PodCase["object"],
      allowed,
    });
    const [digest] = (workload.image ?? "").split("@");
    const repository = digest?.replace(/:[^/:]*$/, "") ?? "";
    return [
      named(samplePod(policy, workload), true, "as it is"),
      named(samplePod(policy, workload, { container: { image: `${repository}:other` } }), true, "with another tag"),
      named(
        samplePod(policy, workload, { container: { image: `${repository}:1@sha256:${"a".repeat(64)}` } }),
        true,
        "with tag and digest",
      ),
      ...[...refused.security, ...refused.placement].map(({ name, object }) => named(object, false, name)),
    ];
  });
}

/** Undefined, with a line that says so, without the corpus. */
export function corpusCases(): PodCase[] | undefined {
  const pods = corpus("pod-security");
  const attacks = corpus("attack-manifests");
  if (pods === undefined || attacks === undefined) return undefined;
  const expected = JSON.parse(readFileSync(join(pods, "psa-expected.json"), "utf8")) as {
    file: string;
    level: string;
    allowed: boolean;
  }[];
  const standards = expected
    // What `baseline` allows, `restricted` may refuse: only its refusals say something about `restricted`.
    .filter(({ level, allowed }) => level === "restricted" || !allowed)
    .flatMap(({ file, allowed }) =>
      documents(join(pods, file)).map((object) => ({ note: file, object: dress(object), allowed })),
    );
  const index = JSON.parse(readFileSync(join(attacks, "index.json"), "utf8")) as {
    file: string;
    violatesRestricted?: boolean;
  }[];
  const attacking = index
    .filter(({ file, violatesRestricted }) => violatesRestricted === true && existsSync(join(attacks, file)))
    .flatMap(({ file }) => {
      const found = documents(join(attacks, file)).filter((object) => podOf(object) !== undefined);
      return found.map((object) => ({ note: file, object: dress(object), allowed: false }));
    });
  return [...standards, ...attacking];
}

function documents(path: string): Record<string, unknown>[] {
  return parseAllDocuments(readFileSync(path, "utf8")).flatMap((document) => {
    const value: unknown = document.toJS();
    return typeof value === "object" && value !== null ? [value as Record<string, unknown>] : [];
  });
}

interface PodLike {
  metadata?: { labels?: Record<string, string> };
  spec: Record<string, unknown>;
}

function podOf(object: Record<string, unknown>): PodLike | undefined {
  if (object.kind === "Pod") return object as unknown as PodLike;
  const spec = object.spec as { template?: PodLike; jobTemplate?: { spec: { template: PodLike } } } | undefined;
  const found = object.kind === "CronJob" ? spec?.jobTemplate?.spec.template : spec?.template;
  return found?.spec === undefined ? undefined : found;
}

function dress(object: Record<string, unknown>): Record<string, unknown> {
  const dressed = structuredClone(object);
  // A version that Kubernetes no longer serves; the object is the same.
  if (dressed.apiVersion === "batch/v1beta1") dressed.apiVersion = "batch/v1";
  dressed.metadata = { ...(dressed.metadata as object), namespace: "z", name: "sample" };
  const pod = podOf(dressed);
  if (pod === undefined) throw new Error(`there is no pod in a ${String(object.kind)}`);
  const labels = { "ringfence.dev/workflow": "placed", "ringfence.dev/workload": "w", "ringfence.dev/zone": "z" };
  pod.metadata = { ...pod.metadata, labels: { ...pod.metadata?.labels, ...labels } };
  pod.spec.serviceAccountName = "w";
  delete pod.spec.serviceAccount;
  delete pod.spec.automountServiceAccountToken;
  for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
    for (const container of (pod.spec[list] as Record<string, unknown>[] | undefined) ?? [])
      container.image = IMAGES[0];
  }
  return dressed;
}
