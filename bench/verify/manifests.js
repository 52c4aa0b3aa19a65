/**
 * A cluster of a given size as manifests: every workload has labels, a service account and a namespace of 25 of its
 * own; each namespace denies by default, and about 0.6 policies a pod open single ways between neighbours, to DNS and,
 * for some, into the next namespace. Deterministic.
 */
const PER_NAMESPACE = 25;

/**
 * @param {number} pods
 * @param {{ mesh?: boolean }} options mesh: a Service for each workload, strict mutual TLS, and an AuthorizationPolicy
 *   beside each of the single ways, by principal, method and path
 * @returns {string} YAML of all objects
 */
export function clusterOf(pods, { mesh = false } = {}) {
  const documents = mesh ? [STRICT] : [];
  for (let index = 0; index < pods; index++) {
    const place = index % PER_NAMESPACE;
    const zone = Math.floor(index / PER_NAMESPACE);
    if (place === 0) documents.push(...namespaceOf(zone, mesh));
    documents.push(...workloadOf(zone, place));
    if (mesh) documents.push(serviceOf(zone, place));
    if (mesh && place < 14) documents.push(authorizationOf(zone, place));
    // 14 of 25 and the default deny: 0.6 policies a pod
    if (place < 14) documents.push(policyOf(zone, place, Math.ceil(pods / PER_NAMESPACE)));
  }
  return documents.join("---\n");
}

const name = (zone, place) => `w-${zone}-${place}`;

const STRICT = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;

function serviceOf(zone, place) {
  const id = name(zone, place);
  return `apiVersion: v1
kind: Service
metadata: { name: ${id}, namespace: zone-${zone} }
spec:
  selector: { app: ${id} }
  ports: [{ name: http-main, port: 80, targetPort: 8080 }, { name: http-metrics, port: 9090 }]
`;
}

function authorizationOf(zone, place) {
  const caller = `cluster.local/ns/zone-${zone}/sa/${name(zone, (place + 1) % PER_NAMESPACE)}`;
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: allow-${place}, namespace: zone-${zone} }
spec:
  selector: { matchLabels: { app: ${name(zone, place)} } }
  action: ALLOW
  rules:
  - from: [{ source: { principals: ["${caller}"] } }]
    to: [{ operation: { ports: ["8080"], methods: [GET, POST], paths: [/v1/${place}, "/v1/${place}/*"] } }]
  - from: [{ source: { namespaces: [zone-${zone}] } }]
    to: [{ operation: { ports: ["9090"], methods: [GET], paths: [/metrics] } }]
`;
}

function namespaceOf(zone, mesh) {
  const denyAll = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-all, namespace: zone-${zone} }
spec: {}
`;
  return [
    ...(mesh ? [denyAll] : []),
    `apiVersion: v1
kind: Namespace
metadata:
  name: zone-${zone}
  labels: { team: t-${zone % 20}${mesh ? ", istio-injection: enabled" : ""} }
`,
    `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: zone-${zone} }
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
`,
  ];
}

function workloadOf(zone, place) {
  const id = name(zone, place);
  return [
    `apiVersion: v1
kind: ServiceAccount
metadata: { name: ${id}, namespace: zone-${zone} }
`,
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${id}, namespace: zone-${zone} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${id} } }
  template:
    metadata: { labels: { app: ${id}, tier: t-${place % 5}, zone: z-${zone} } }
    spec:
      serviceAccountName: ${id}
      containers:
      - name: main
        image: registry.example/${id}:1
        ports: [{ name: http, containerPort: 8080 }, { name: metrics, containerPort: 9090 }]
`,
  ];
}

function policyOf(zone, place, zones) {
  const from = name(zone, (place + 1) % PER_NAMESPACE);
  const to = name(zone, (place + PER_NAMESPACE - 1) % PER_NAMESPACE);
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-${place}, namespace: zone-${zone} }
spec:
  podSelector: { matchLabels: { app: ${name(zone, place)} } }
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{ podSelector: { matchLabels: { app: ${from} } } }]
    ports: [{ port: http }]
  - from:
    - namespaceSelector: { matchLabels: { team: t-${(zone + 1) % Math.min(20, zones)} } }
      podSelector: { matchLabels: { tier: t-${place % 5} } }
    ports: [{ port: 9090, endPort: 9099 }]
  egress:
  - to: [{ podSelector: { matchLabels: { app: ${to} } } }]
    ports: [{ port: http }]
  - to: [{ namespaceSelector: {}, podSelector: { matchLabels: { tier: t-${place % 5} } } }]
    ports: [{ port: 9090 }]
  - to: [{ ipBlock: { cidr: 203.0.${zone % 250}.0/24 } }]
    ports: [{ port: 443 }]
`;
}
