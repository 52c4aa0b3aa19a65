/**
 * Generated clusters for property tests: few names, labels, ports and address blocks, so that policies and pods meet
 * often. Everything is made as manifests and goes through the reader, as a user's files do.
 */
import fc from "fast-check";

const NAMESPACES = ["red", "green", "blue"];
const VALUES = ["a", "b"];
const KEYS = ["app", "tier", "pod-template-hash"];
export const PORTS = [53, 80, 81, 90, 443, 8080];
export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
const PORT_NAMES = ["http", "dns"];
const BLOCKS = ["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "203.0.113.0/24", "2001:db8::/32", "::/0"];
export const OUTSIDE = ["203.0.113.7", "198.51.100.1", "10.1.2.3", "2001:db8::1", "2001:db9::1"];

const value = fc.constantFrom(...VALUES);
const labels = fc.dictionary(fc.constantFrom("app", "tier"), value, { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selector = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: labels.map((matchLabels) => ({ matchLabels })) },
  {
    weight: 2,
    arbitrary: fc.array(expression, { minLength: 1, maxLength: 2 }).map((matchExpressions) => ({ matchExpressions })),
  },
);
const namespaceSelector = fc.oneof(
  selector,
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { "kubernetes.io/metadata.name": name } })),
);

const block = fc.constantFrom(...BLOCKS).chain((cidr) => {
  const parts = cidr === "0.0.0.0/0" ? ["10.0.0.0/8", "203.0.113.0/24"] : cidr === "10.0.0.0/8" ? ["10.1.0.0/16"] : [];
  return fc.subarray(parts).map((except) => ({ cidr, ...(except.length > 0 ? { except } : {}) }));
});

const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector: selector, namespaceSelector }),
  fc.record({ ipBlock: block }),
);
const protocol = fc.constantFrom(...PROTOCOLS);
const port = fc.oneof(
  fc.record({ port: fc.constantFrom(...PORTS), protocol }),
  fc.record({ port: fc.constantFrom(...PORT_NAMES), protocol }),
  fc.record({ protocol }),
  fc.record({ port: fc.constantFrom(53, 80, 81) }),
  fc.constant({ port: 80, endPort: 90, protocol: "TCP" }),
);
const ports = fc.option(fc.array(port, { maxLength: 2 }), { nil: undefined });
const peers = fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined });

export const networkPolicy = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    podSelector: selector,
    ingress: fc.option(fc.array(fc.record({ from: peers, ports }), { maxLength: 2 }), { nil: undefined }),
    egress: fc.option(fc.array(fc.record({ to: peers, ports }), { maxLength: 2 }), { nil: undefined }),
    policyTypes: fc.option(fc.subarray(["Ingress", "Egress"]), { nil: undefined }),
  })
  .map(({ namespace, ...spec }) => ({ namespace, spec }));

const podsPeer = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({ pods: fc.record({ namespaceSelector, podSelector: selector }) }),
);
const adminPort = fc.oneof(
  fc.record({ portNumber: fc.record({ protocol, port: fc.constantFrom(...PORTS) }) }),
  fc.record({ portRange: fc.record({ protocol, start: fc.constant(80), end: fc.constantFrom(81, 90) }) }),
  fc.record({ namedPort: fc.constantFrom(...PORT_NAMES) }),
);
const adminPorts = fc.option(fc.array(adminPort, { minLength: 1, maxLength: 2 }), { nil: undefined });

function adminSpec(actions: readonly string[]) {
  const action = fc.constantFrom(...actions);
  const egressPeer = fc.oneof(
    podsPeer,
    fc.record({ networks: fc.uniqueArray(fc.constantFrom(...BLOCKS), { minLength: 1, maxLength: 2 }) }),
  );
  return fc.record({
    subject: podsPeer,
    ingress: fc.array(
      fc.record({ action, from: fc.array(podsPeer, { minLength: 1, maxLength: 2 }), ports: adminPorts }),
      {
        maxLength: 3,
      },
    ),
    egress: fc.array(
      fc
        .record({ action, to: fc.array(egressPeer, { minLength: 1, maxLength: 2 }), ports: adminPorts })
        // The API refuses port names beside networks.
        .filter(
          ({ to, ports: some }) => !to.some((one) => "networks" in one) || !some?.some((one) => "namedPort" in one),
        ),
      {
        maxLength: 3,
      },
    ),
  });
}

const container = fc
  .array(fc.record({ name: fc.constantFrom(...PORT_NAMES), containerPort: fc.constantFrom(53, 80, 8080), protocol }), {
    maxLength: 2,
  })
  .map((containerPorts) => ({ name: "c", image: "i", ports: containerPorts }));

const pod = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  hash: value,
  container,
  hostNetwork: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  address: fc.constantFrom("10.1.0.7", "10.2.0.7", "172.16.3.4", "192.168.1.9"),
});

export const clusterSpec = fc.record({
  namespaceLabels: fc.tuple(labels, labels, labels),
  pods: fc.array(pod, { minLength: 1, maxLength: 6 }),
  policies: fc.array(networkPolicy, { maxLength: 5 }),
  admin: fc.array(adminSpec(["Allow", "Deny", "Pass"]), { maxLength: 3 }),
  networks: fc.oneof(
    { weight: 4, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.subarray(NAMESPACES, { minLength: 1, maxLength: 2 }) },
  ),
  baseline: fc.option(adminSpec(["Allow", "Deny"]), { nil: undefined }),
});
export type ClusterSpec = typeof clusterSpec extends fc.Arbitrary<infer T> ? T : never;

export interface Told {
  /** whether the Namespace objects, the hash labels and the pods' addresses are in the manifests */
  readonly everything: boolean;
}

/** The manifests of a generated cluster, as one JSON text. */
export function manifestsOf(spec: ClusterSpec, { everything }: Told): string {
  const admin = "policy.networking.k8s.io/v1alpha1";
  const objects = [
    ...(everything
      ? NAMESPACES.map((name, index) => ({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: {
            name,
            labels: {
              ...spec.namespaceLabels[index],
              ...(spec.networks.includes(name) ? { "k8s.ovn.org/primary-user-defined-network": "" } : {}),
            },
          },
        }))
      : []),
    ...spec.pods.map((one, index) => podOrDeployment(one, index, everything)),
    ...spec.networks.map((namespace) => ({
      apiVersion: "k8s.ovn.org/v1",
      kind: "UserDefinedNetwork",
      metadata: { name: "own", namespace },
      spec: { topology: "Layer2", layer2: { role: "Primary" } },
    })),
    ...spec.policies.map(({ namespace, spec: policy }, index) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: `np${index}`, namespace },
      spec: policy,
    })),
    ...spec.admin.map((policy, index) => ({
      apiVersion: admin,
      kind: "AdminNetworkPolicy",
      metadata: { name: `anp${index}` },
      spec: { priority: index, ...policy },
    })),
    ...(spec.baseline === undefined
      ? []
      : [
          { apiVersion: admin, kind: "BaselineAdminNetworkPolicy", metadata: { name: "default" }, spec: spec.baseline },
        ]),
  ];
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

/** With everything told it is a running pod; otherwise the Deployment that will make it. */
function podOrDeployment(one: ClusterSpec["pods"][number], index: number, everything: boolean) {
  const podSpec = { containers: [one.container], hostNetwork: one.hostNetwork };
  const metadata = { name: `w${index}`, namespace: one.namespace };
  if (everything) {
    const podLabels = { ...one.labels, "pod-template-hash": one.hash };
    const status = { podIP: one.address };
    return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, labels: podLabels }, spec: podSpec, status };
  }
  const template = { metadata: { labels: one.labels }, spec: podSpec };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { template } };
}
