/**
 * OPA as a service in a namespace of its own. The workloads' proxies ask it over Envoy's gRPC API; a gateway that can
 * only ask over HTTP asks OPA's own authorization (see edge.rego). Neither asks the data API for its result: that
 * answers 200 whatever it decides, which a proxy takes for yes.
 */
import { createHash } from "node:crypto";
import type { Policy } from "../../policy/index.js";
import { gatewayPodLabels } from "../gateway-peer.js";
import {
  askingWorkloads,
  asksDecisionPoint,
  DECISION_PORT,
  decisionNamespace,
  decisionProvider,
  EDGE_DECISION_PORT,
  gatewayAsksDecisionPoint,
  isAskedAbout,
  LABELS,
  namespaceIs,
  podsOf,
} from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import { seesRequests, shapeOf } from "../shape.js";
import type { Value } from "../yaml.js";
import { POD_SECURITY } from "../zone-labels.js";
import { askedRules } from "./asked.js";
import type { BundleFile } from "./bundle.js";

/** With `-envoy` at its end, the build that has the Envoy plugin. */
const IMAGE = "docker.io/openpolicyagent/opa:1.22.2";
const HEALTH_PORT = 8282;
/** An object of the API server's holds at most 1 MiB; what surrounds the text takes a little of it. */
const MAX_CONFIG_MAP = 900_000;

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

/** Who asks it: the workloads' proxies over gRPC, or a gateway over HTTP. */
interface Asked {
  readonly name: "opa" | "opa-edge";
  readonly image: string;
  readonly port: number;
  readonly appProtocol: "grpc" | "http";
  readonly args: readonly string[];
  /** peers of its port, in the form of a NetworkPolicy */
  readonly askedBy: readonly Value[];
}

export function decisionPoint(policy: Policy, bundle: readonly BundleFile[]): KubeObject[] {
  const namespace = decisionNamespace(policy);
  const parts = configMaps(policy, namespace, bundle);
  const digest = createHash("sha256").update(CONFIG);
  for (const file of bundle) digest.update(`${file.path}\n${file.text.length}\n${file.text}`);
  const version = digest.digest("hex").slice(0, 16);
  const mesh = asksDecisionPoint(policy);
  const labels = { ...POD_SECURITY, ...(mesh ? { "istio-injection": "enabled" } : {}) };
  const holds = ["pod-security"] as const;
  const account = { automountServiceAccountToken: false };
  return [
    kubeObject(policy, { apiVersion: "v1", kind: "Namespace", name: namespace, labels, holds }),
    kubeObject(policy, { apiVersion: "v1", kind: "ServiceAccount", name: "opa", namespace, body: account }),
    ...parts.map(({ object }) => object),
    ...askedOf(policy).flatMap((asked) => server(policy, namespace, asked, parts, version)),
    ...guards(policy, namespace),
  ];
}

function askedOf(policy: Policy): Asked[] {
  const asked: Asked[] = [];
  if (asksDecisionPoint(policy)) {
    asked.push({
      name: "opa",
      image: `${IMAGE}-envoy`,
      port: DECISION_PORT,
      appProtocol: "grpc",
      args: ["--addr=localhost:8181", "--config-file=/bundle/config.yaml"],
      askedBy: askingWorkloads(policy).map(({ zone, name }) => peer(zone, { [LABELS.workload]: name })),
    });
  }
  if (gatewayAsksDecisionPoint(policy)) {
    asked.push({
      name: "opa-edge",
      image: IMAGE,
      port: EDGE_DECISION_PORT,
      appProtocol: "http",
      args: [`--addr=0.0.0.0:${EDGE_DECISION_PORT}`, "--authorization=basic", "--set=decision_logs.console=true"],
      askedBy: [peer(policy.targets.gateway.namespace, gatewayPodLabels(policy))],
    });
  }
  return asked;
}

function server(
  policy: Policy,
  namespace: string,
  asked: Asked,
  parts: readonly Part[],
  version: string,
): KubeObject[] {
  const { name, port, appProtocol } = asked;
  const selector = { app: name };
  const ports = [{ name: appProtocol, port, targetPort: port, appProtocol }];
  return [
    kubeObject(policy, { apiVersion: "v1", kind: "Service", name, namespace, body: { spec: { selector, ports } } }),
    deployment(policy, namespace, asked, parts, version),
    kubeObject(policy, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      name,
      namespace,
      body: { spec: { minAvailable: 1, selector: { matchLabels: selector } } },
    }),
    kubeObject(policy, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      name,
      namespace,
      body: {
        spec: {
          podSelector: { matchLabels: selector },
          policyTypes: ["Ingress"],
          ingress: [{ from: asked.askedBy, ports: [{ port, protocol: "TCP" }] }],
        },
      },
    }),
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
  const rules = askedRules(policy);
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

function deployment(
  policy: Policy,
  namespace: string,
  asked: Asked,
  parts: readonly Part[],
  version: string,
): KubeObject {
  const { name, appProtocol, port } = asked;
  const identities = policy.identities.map((identity) => identity.name);
  const sources = parts.map(({ object, items }) => ({ configMap: { name: object.metadata.name, items } }));
  const volumes = [
    { name: "bundle", projected: { sources } },
    ...(identities.length === 0 ? [] : [{ name: "keys", configMap: { name: "token-keys" } }]),
  ];
  const health = (path: string, periodSeconds: number) => ({ httpGet: { path, port: HEALTH_PORT }, periodSeconds });
  const container = {
    name: "opa",
    image: asked.image,
    args: [
      "run",
      "--server",
      ...asked.args,
      `--diagnostic-addr=0.0.0.0:${HEALTH_PORT}`,
      "--ignore=config.yaml",
      "--ignore=.*",
      "--skip-version-check",
      "--log-level=error",
      "--watch",
      "/bundle",
      ...identities.map((identity) => `${keysRef(identity)}:/keys/${identity}.json`),
    ],
    ports: [
      { name: appProtocol, containerPort: port },
      { name: "health", containerPort: HEALTH_PORT },
    ],
    readinessProbe: health("/health?plugins", 5),
    livenessProbe: health("/health", 10),
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    },
    volumeMounts: volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}`, readOnly: true })),
  };
  const template = {
    metadata: {
      labels: { app: name, [LABELS.managedBy]: "ringfence" },
      annotations: { "ringfence.dev/bundle": version },
    },
    spec: {
      serviceAccountName: "opa",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container],
      volumes,
    },
  };
  return kubeObject(policy, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name,
    namespace,
    body: { spec: { replicas: 2, selector: { matchLabels: { app: name } }, template } },
  });
}

/** Where the loader puts an identity provider's keys in `data`: names with `-` need brackets. */
function keysRef(identity: string): string {
  return `ringfence.keys${/^[a-z][a-z0-9]*$/.test(identity) ? `.${identity}` : `["${identity}"]`}`;
}

/** It asks nobody, and nobody asks it but those that a policy of its own names: closed at the network and by principal. */
function guards(policy: Policy, namespace: string): KubeObject[] {
  const { mesh } = policy.targets;
  const principals = askingWorkloads(policy).map(({ principal }) => principal);
  const tcp = (port: number) => ({ port, protocol: "TCP" });
  const egress = [
    ...(mesh.engine === "istio" ? [{ to: [peer(mesh.rootNamespace, { app: "istiod" })], ports: [tcp(15012)] }] : []),
    { to: [peer("kube-system", { "k8s-app": "kube-dns" })], ports: [{ port: 53, protocol: "UDP" }, tcp(53)] },
  ];
  const network = kubeObject(policy, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    name: "default-deny",
    namespace,
    holds: ["default-deny"],
    body: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress } },
  });
  if (!asksDecisionPoint(policy)) return [network];
  // A gateway outside the mesh asks in plaintext: its port, and only that one, is left to the network.
  const edge = gatewayAsksDecisionPoint(policy);
  const security = "security.istio.io/v1";
  const allow = (name: string, app: string, rule: Value) =>
    kubeObject(policy, {
      apiVersion: security,
      kind: "AuthorizationPolicy",
      name,
      namespace,
      body: { spec: { selector: { matchLabels: { app } }, action: "ALLOW", rules: [rule] } },
    });
  const port = (number: number) => [{ operation: { ports: [String(number)] } }];
  return [
    network,
    kubeObject(policy, {
      apiVersion: security,
      kind: "PeerAuthentication",
      name: "default",
      namespace,
      holds: ["mtls"],
      body: { spec: { mtls: { mode: "STRICT" } } },
    }),
    kubeObject(policy, {
      apiVersion: security,
      kind: "AuthorizationPolicy",
      name: "default-deny",
      namespace,
      holds: ["default-deny"],
      body: { spec: {} },
    }),
    allow("opa", "opa", { from: [{ source: { principals } }], to: port(DECISION_PORT) }),
    ...(edge
      ? [
          kubeObject(policy, {
            apiVersion: security,
            kind: "PeerAuthentication",
            name: "opa-edge",
            namespace,
            body: {
              spec: {
                selector: { matchLabels: { app: "opa-edge" } },
                mtls: { mode: "STRICT" },
                portLevelMtls: { [String(EDGE_DECISION_PORT)]: { mode: "PERMISSIVE" } },
              },
            },
          }),
          allow("opa-edge", "opa-edge", { to: port(EDGE_DECISION_PORT) }),
        ]
      : []),
  ];
}

function peer(namespace: string, labels: { readonly [key: string]: string } | undefined): Value {
  const pods = labels === undefined ? {} : { podSelector: { matchLabels: labels } };
  return { namespaceSelector: namespaceIs(namespace), ...pods };
}

/** Each workload's proxy asks about the ports on which it sees requests. CUSTOM comes before DENY and ALLOW. */
export function askingPolicies(policy: Policy): KubeObject[] {
  return askingWorkloads(policy).flatMap((workload) => {
    const ports = workload.ports.filter(isAskedAbout);
    const rules = (shapeOf(policy).into.get(workload.name) ?? []).filter(seesRequests);
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
