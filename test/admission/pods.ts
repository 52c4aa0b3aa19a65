/**
 * Pods and what must come of them: our own samples, and those of the corpus (Pod Security's own test data, and pods that
 * attack) dressed with the labels, account and image of a workload, so that only what they ask for decides.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { derive, type Policy } from "../../src/policy/index.js";
import { waypointSamples } from "../../src/targets/admission/mesh-samples.js";
import { type Sample, samplePod } from "../../src/targets/admission/sample-pod.js";
import { refusedPods } from "../../src/targets/admission/samples.js";
import { compile } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { corpus } from "../engine.js";

const IMAGES = ["registry.k8s.io/pause:3.9", "model-server", "ghcr.io/acme/app@sha256:".padEnd(88, "0")];

const MESHES = ["istio", "istio-ambient", "none"] as const;

/** For each mesh: one zone, and workloads whose images are written in three ways; `w` uses a secret and is called. */
export const POLICIES: readonly Policy[] = MESHES.map((mesh) => {
  const workflow = { istio: "placed", "istio-ambient": "ambient", none: "plain" }[mesh];
  const text = `apiVersion: ringfence.dev/v1
workflow: ${workflow}
zones: { z-${workflow}: { trust: restricted } }
workloads:
  w: { zone: z-${workflow}, port: 80, image: "${IMAGES[0]}" }
  v: { zone: z-${workflow}, port: 80, image: "${IMAGES[1]}" }
  u: { zone: z-${workflow}, port: 80, image: "${IMAGES[2]}" }
outside: { people: { kind: users, anonymous: true } }
flows:
  - { from: people, to: w${mesh === "none" ? "" : ", allow: [{ method: GET, path: /** }]"} }
secrets: { key: { usedBy: [w] } }
targets:
  mesh: ${mesh}
  authorization: none
  gateway: gateway-api
  admission: [gatekeeper, validating-admission-policy]
  secrets: { engine: vault, address: "https://vault.vault:8200" }
`;
  return derive(loadWorkflow({ path: `${workflow}.yaml`, text }));
});

export function zoneOf(policy: Policy): string {
  return policy.zones[0]?.name ?? "";
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
      ...[...refused.security, ...refused.placement, ...refused.zone, ...refused.mesh].map(({ name, object }) =>
        named(object, false, name),
      ),
    ];
  });
}

/** Pods as our own patches make them, before and after the injectors of the mesh and of the secrets' engine. */
export function patchedCases(policy: Policy): PodCase[] {
  return policy.workloads.flatMap((workload) => {
    const pod = patchedPod(policy, workload);
    return [
      { note: `${workload.name} as patched`, object: pod, allowed: true },
      { note: `${workload.name} as injected`, object: injectedPod(policy, pod), allowed: true },
      { note: `${workload.name}'s template as patched`, object: deploymentOf(pod), allowed: true },
      ...(policy.targets.mesh.engine === "istio" && policy.targets.mesh.mode === "sidecar"
        ? [
            {
              note: `${workload.name}'s template as injected`,
              object: deploymentOf(injectedPod(policy, pod)),
              allowed: false,
            },
          ]
        : []),
    ];
  });
}

/** The waypoint that the mesh starts in a zone, as a pod and as its Deployment, and what is not quite one. */
export function waypointCases(policy: Policy): PodCase[] {
  const [workload] = policy.workloads;
  if (workload === undefined) return [];
  const { allowed, refused } = waypointSamples(policy, workload);
  return [
    ...allowed.flatMap((sample) => [
      caseOf(sample, true),
      { ...caseOf(sample, true), object: deploymentOf(sample.object as unknown as PodObject) },
    ]),
    ...refused.map((sample) => caseOf(sample, false)),
  ];
}

function caseOf({ name, object }: Sample, allowed: boolean): PodCase {
  return { note: name, object: object as unknown as PodCase["object"], allowed };
}

interface PodObject extends Record<string, unknown> {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

function patchedPod(policy: Policy, { name, zone, image }: Policy["workloads"][number]): PodObject {
  const pod: PodObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: zone } as PodObject["metadata"],
    spec: { containers: [{ name: "main", image, securityContext: SECURE }] },
  };
  for (const artifact of compile(policy).artifacts) {
    if (artifact.kind !== "patch" || artifact.workload !== name) continue;
    const { metadata, spec } = JSON.parse(JSON.stringify(artifact.pod)) as Partial<PodObject>;
    pod.metadata = {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, ...metadata?.labels },
      annotations: { ...pod.metadata.annotations, ...metadata?.annotations },
    };
    pod.spec = { ...pod.spec, ...spec };
  }
  return pod;
}

const SECURE = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** What Istio 1.27 with its CNI plugin and Vault's injector 1.6 add, as far as a rule could look at it. */
function injectedPod(policy: Policy, pod: PodObject): PodObject {
  const injected = structuredClone(pod);
  const { annotations = {}, labels = {} } = injected.metadata;
  const agent = Object.keys(annotations).some((key) => key.startsWith("vault.hashicorp.com/"));
  const { mesh } = policy.targets;
  if (mesh.engine === "istio" && mesh.mode === "ambient") {
    injected.metadata.annotations = { ...annotations, "ambient.istio.io/redirection": "enabled" };
  }
  const initContainers: unknown[] = [];
  const containers = injected.spec.containers as unknown[];
  const volumes = (injected.spec.volumes as unknown[] | undefined) ?? [];
  if (mesh.engine === "istio" && mesh.mode === "sidecar") {
    injected.metadata.annotations = {
      ...annotations,
      "istio.io/rev": "default",
      "kubectl.kubernetes.io/default-container": "main",
      "prometheus.io/scrape": "true",
      "sidecar.istio.io/interceptionMode": "REDIRECT",
      "sidecar.istio.io/status": '{"initContainers":["istio-validation","istio-proxy"],"containers":null}',
      "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
      "traffic.sidecar.istio.io/includeInboundPorts": "*",
      "traffic.sidecar.istio.io/includeOutboundIPRanges": "*",
    };
    injected.metadata.labels = {
      ...labels,
      "security.istio.io/tlsMode": "istio",
      "service.istio.io/canonical-name": "w",
      "service.istio.io/canonical-revision": "latest",
    };
    const proxy = {
      image: "docker.io/istio/proxyv2:1.27.0",
      securityContext: { ...SECURE, runAsNonRoot: true, runAsUser: 1337, runAsGroup: 1337 },
    };
    initContainers.push(
      {
        ...proxy,
        name: "istio-validation",
        args: ["istio-iptables", "-p", "15001", "--run-validation", "--skip-rule-apply"],
      },
      {
        ...proxy,
        name: "istio-proxy",
        restartPolicy: "Always",
        args: ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
        env: [{ name: "PROXY_CONFIG", value: "{}\n" }],
        lifecycle: {
          preStop: { exec: { command: ["pilot-agent", "request", "--debug-port=15020", "POST", "drain"] } },
        },
        startupProbe: { httpGet: { path: "/healthz/ready", port: 15021 } },
      },
    );
    volumes.push(
      { name: "istio-envoy", emptyDir: { medium: "Memory" } },
      {
        name: "istio-token",
        projected: { sources: [{ serviceAccountToken: { path: "istio-token", audience: "istio-ca" } }] },
      },
      { name: "istiod-ca-cert", configMap: { name: "istio-ca-root-cert" } },
    );
  }
  if (agent) {
    const vault = {
      image: "hashicorp/vault:1.17",
      command: ["/bin/sh", "-ec"],
      args: ["echo $VAULT_CONFIG | base64 -d > /home/vault/config.json && vault agent -config=/home/vault/config.json"],
      securityContext: { ...SECURE, runAsNonRoot: true, runAsUser: 1000 },
    };
    initContainers.push({ ...vault, name: "vault-agent-init" });
    containers.push({ ...vault, name: "vault-agent" });
    volumes.push({ name: "vault-secrets", emptyDir: { medium: "Memory" } });
  }
  injected.spec = {
    ...injected.spec,
    ...(initContainers.length === 0 ? {} : { initContainers }),
    containers,
    volumes,
  };
  return injected;
}

function deploymentOf(pod: PodObject): Record<string, unknown> {
  const { metadata, spec } = pod as unknown as { metadata: Record<string, unknown>; spec: unknown };
  const { name, namespace, ...template } = metadata;
  const app = { app: "sample" };
  const labels = { ...(template.labels as object), ...app };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: app }, template: { metadata: { ...template, labels }, spec } },
  };
}

/**
 * Undefined, with a line that says so, without the corpus.
 * @param policy one with sidecars, as whose `w` the pods are dressed
 */
export function corpusCases(policy: Policy): PodCase[] | undefined {
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
      documents(join(pods, file)).map((object) => ({ note: file, object: dress(policy, object), allowed })),
    );
  const index = JSON.parse(readFileSync(join(attacks, "index.json"), "utf8")) as {
    file: string;
    violatesRestricted?: boolean;
  }[];
  const attacking = index
    .filter(({ file, violatesRestricted }) => violatesRestricted === true && existsSync(join(attacks, file)))
    .flatMap(({ file }) => {
      const found = documents(join(attacks, file)).filter((object) => podOf(object) !== undefined);
      return found.map((object) => ({ note: file, object: dress(policy, object), allowed: false }));
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

function dress(policy: Policy, object: Record<string, unknown>): Record<string, unknown> {
  const dressed = structuredClone(object);
  // A version that Kubernetes no longer serves; the object is the same.
  if (dressed.apiVersion === "batch/v1beta1") dressed.apiVersion = "batch/v1";
  dressed.metadata = { ...(dressed.metadata as object), namespace: zoneOf(policy), name: "sample" };
  const pod = podOf(dressed);
  if (pod === undefined) throw new Error(`there is no pod in a ${String(object.kind)}`);
  const labels = {
    "ringfence.dev/workflow": policy.workflow,
    "ringfence.dev/workload": "w",
    "ringfence.dev/zone": zoneOf(policy),
    "sidecar.istio.io/inject": "true",
  };
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
