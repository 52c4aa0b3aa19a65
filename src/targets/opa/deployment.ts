/**
 * OPA with Envoy's gRPC API, as a service of its own namespace. Not OPA's HTTP API: that answers 200 whatever it
 * decides, which a proxy takes for yes.
 */
import { createHash } from "node:crypto";
import type { Policy } from "../../policy/index.js";
import { DECISION_PORT, decisionNamespace, decisionProvider, LABELS, namespaceIs, podsOf } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import { seesRequests } from "../shape.js";
import { POD_SECURITY } from "../zone-labels.js";
import type { BundleFile } from "./bundle.js";

/** A build of OPA with the Envoy plugin. */
const IMAGE = "docker.io/openpolicyagent/opa:1.22.2-envoy";
const HEALTH_PORT = 8282;
/** An object of the API server's holds at most 1 MiB; what surrounds the text takes a little of it. */
const MAX_CONFIG_MAP = 900_000;
const APP = { app: "opa" };

const CONFIG = `plugins:
  envoy_ext_authz_grpc:
    addr: ":${DECISION_PORT}"
    path: ringfence/envoy/allow
    dry-run: false
    enable-reflection: false
    skip-request-body-parse: true
decision_logs:
  console: true
`;

export function decisionPoint(policy: Policy, bundle: readonly BundleFile[]): KubeObject[] {
  const namespace = decisionNamespace(policy);
  const parts = configMaps(policy, namespace, bundle);
  const digest = createHash("sha256");
  for (const file of bundle) digest.update(`${file.path}\n${file.text.length}\n${file.text}`);
  digest.update(CONFIG);
  return [
    kubeObject(policy, {
      apiVersion: "v1",
      kind: "Namespace",
      name: namespace,
      labels: { ...POD_SECURITY, "istio-injection": "enabled" },
      holds: ["pod-security"],
    }),
    kubeObject(policy, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      name: "opa",
      namespace,
      body: { automountServiceAccountToken: false },
    }),
    ...parts.map(({ object }) => object),
    kubeObject(policy, {
      apiVersion: "v1",
      kind: "Service",
      name: "opa",
      namespace,
      body: {
        spec: {
          selector: APP,
          ports: [{ name: "grpc", port: DECISION_PORT, targetPort: DECISION_PORT, appProtocol: "grpc" }],
        },
      },
    }),
    deployment(policy, namespace, parts, digest.digest("hex").slice(0, 16)),
    kubeObject(policy, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      name: "opa",
      namespace,
      body: { spec: { minAvailable: 1, selector: { matchLabels: APP } } },
    }),
    ...guards(policy, namespace),
  ];
}

interface Part {
  readonly object: KubeObject;
  /** key of the ConfigMap → path in the bundle */
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

/** The bundle spread over as few ConfigMaps as hold it; a file that fits into none is split nowhere: compile refuses it. */
function configMaps(policy: Policy, namespace: string, bundle: readonly BundleFile[]): Part[] {
  const groups: BundleFile[][] = [];
  let room = 0;
  for (const file of [...bundle, { path: "config.yaml", text: CONFIG }]) {
    const size = Buffer.byteLength(file.text);
    const group = groups.at(-1);
    if (group === undefined || size > room) {
      groups.push([file]);
      room = MAX_CONFIG_MAP - size;
    } else {
      group.push(file);
      room -= size;
    }
  }
  const rules = policy.rules.map((rule) => rule.id);
  return groups.map((files, index) => {
    const items = files.map(({ path }) => ({ key: path.replaceAll("/", "_"), path }));
    const data = Object.fromEntries(files.map(({ path, text }) => [path.replaceAll("/", "_"), text]));
    const decides = files.some(({ path }) => path === "data.json");
    const object = kubeObject(policy, {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: `opa-bundle-${index + 1}`,
      namespace,
      ...(decides ? { rules } : {}),
      body: { data },
    });
    return { object, items };
  });
}

function deployment(policy: Policy, namespace: string, parts: readonly Part[], digest: string): KubeObject {
  const identities = policy.identities.map(({ name }) => name);
  const secured = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  };
  const volumes = [
    {
      name: "bundle",
      projected: { sources: parts.map(({ object, items }) => ({ configMap: { name: object.metadata.name, items } })) },
    },
    ...(identities.length === 0 ? [] : [{ name: "keys", configMap: { name: "token-keys" } }]),
  ];
  const mounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}`, readOnly: true }));
  const container = {
    name: "opa",
    image: IMAGE,
    args: [
      "run",
      "--server",
      "--config-file=/bundle/config.yaml",
      "--addr=localhost:8181",
      `--diagnostic-addr=0.0.0.0:${HEALTH_PORT}`,
      "--ignore=config.yaml",
      "--ignore=.*",
      "--disable-telemetry",
      "--log-level=error",
      "--watch",
      "/bundle",
      ...identities.map((name) =>
        `ringfence.keys[${JSON.stringify(name)}]:/keys/${name}.json`.replace(/\["([a-z][a-z0-9]*)"\]/, ".$1"),
      ),
    ],
    ports: [
      { name: "grpc", containerPort: DECISION_PORT },
      { name: "health", containerPort: HEALTH_PORT },
    ],
    readinessProbe: { httpGet: { path: "/health?plugins", port: HEALTH_PORT }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: "/health", port: HEALTH_PORT }, periodSeconds: 10 },
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    securityContext: secured,
    volumeMounts: mounts,
  };
  return kubeObject(policy, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name: "opa",
    namespace,
    body: {
      spec: {
        replicas: 2,
        selector: { matchLabels: APP },
        template: {
          metadata: {
            labels: { ...APP, [LABELS.managedBy]: "ringfence" },
            annotations: { "ringfence.dev/bundle": digest },
          },
          spec: {
            serviceAccountName: "opa",
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
            containers: [container],
            volumes,
          },
        },
      },
    },
  });
}

/** Nobody but the zones' proxies asks it, and it asks nobody: closed at the network and by principal. */
function guards(policy: Policy, namespace: string): KubeObject[] {
  const { mesh } = policy.targets;
  const zones = policy.zones.map(({ name }) => name);
  const tcp = (port: number) => ({ port, protocol: "TCP" });
  const egress = [
    ...(mesh.engine === "istio" ? [{ to: [peer(mesh.rootNamespace, { app: "istiod" })], ports: [tcp(15012)] }] : []),
    { to: [peer("kube-system", { "k8s-app": "kube-dns" })], ports: [{ port: 53, protocol: "UDP" }, tcp(53)] },
  ];
  return [
    kubeObject(policy, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      name: "opa",
      namespace,
      holds: ["default-deny"],
      body: {
        spec: {
          podSelector: {},
          policyTypes: ["Ingress", "Egress"],
          ingress: [
            { from: zones.map((zone) => ({ namespaceSelector: namespaceIs(zone) })), ports: [tcp(DECISION_PORT)] },
          ],
          egress,
        },
      },
    }),
    kubeObject(policy, {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      name: "default",
      namespace,
      holds: ["mtls"],
      body: { spec: { mtls: { mode: "STRICT" } } },
    }),
    kubeObject(policy, {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      name: "opa",
      namespace,
      holds: ["default-deny"],
      body: {
        spec: {
          action: "ALLOW",
          rules: [
            {
              from: [{ source: { namespaces: zones } }],
              to: [{ operation: { ports: [String(DECISION_PORT)] } }],
            },
          ],
        },
      },
    }),
  ];
}

function peer(namespace: string, labels: { readonly [key: string]: string }) {
  return { namespaceSelector: namespaceIs(namespace), podSelector: { matchLabels: labels } };
}

/** Each workload's proxy asks about the ports on which it sees requests. CUSTOM comes before DENY and ALLOW. */
export function askingPolicies(policy: Policy): KubeObject[] {
  return policy.workloads.flatMap((workload) => {
    const ports = workload.ports.filter(({ protocol }) => ["http", "grpc", "websocket"].includes(protocol));
    if (ports.length === 0) return [];
    const rules = policy.rules.filter((rule) => rule.to.name === workload.name && seesRequests(rule));
    return [
      kubeObject(policy, {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        name: `decision.${workload.name}`,
        namespace: workload.zone,
        rules: rules.map(({ id }) => id),
        labels: { [LABELS.workload]: workload.name },
        body: {
          spec: {
            selector: podsOf(workload.name),
            action: "CUSTOM",
            provider: { name: decisionProvider(policy) },
            rules: [{ to: [{ operation: { ports: ports.map(({ port }) => String(port)) } }] }],
          },
        },
      }),
    ];
  });
}
