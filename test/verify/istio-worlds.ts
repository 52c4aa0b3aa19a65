/** Random clusters of a mesh, small enough that their rules overlap, and random calls within them. */
import fc from "fast-check";

export interface World {
  readonly documents: readonly object[];
  readonly trustDomain: string;
}

export interface Shot {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly http:
    | {
        readonly method: string;
        readonly target: string;
        readonly host: string;
        readonly headers: Readonly<Record<string, string>>;
      }
    | undefined;
  readonly token:
    | { readonly at: number; readonly claims: Readonly<Record<string, unknown>>; readonly genuine: boolean }
    | undefined;
}

/** The pods of every world, by number. */
export const PODS = [
  { namespace: "red", name: "one", account: "one", ip: "10.0.0.1", labels: { app: "one", tier: "web" } },
  { namespace: "red", name: "two", account: "shared", ip: "10.0.0.2", labels: { app: "two", tier: "web" } },
  { namespace: "blue", name: "three", account: "three", ip: "10.0.1.3", labels: { app: "three", tier: "db" } },
  { namespace: "green", name: "four", account: "shared", ip: "10.1.0.4", labels: { app: "four", tier: "db" } },
] as const;

export const PORTS = [8080, 9090, 7070] as const;
const NAMESPACES = ["red", "blue", "green", "istio-system"] as const;
const ISSUERS = ["https://a.example", "b"] as const;

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(values: readonly T[], maxLength = 2): fc.Arbitrary<T[]> =>
  fc.array(fc.constantFrom(...values), { minLength: 1, maxLength });
/** A field that is mostly left out. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 });

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> => fc.record(fields).map(compact);
const filled = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  record(fields).filter((one) => Object.keys(one).length > 0);

const PRINCIPALS = [
  "td/ns/red/sa/one",
  "td/ns/red/sa/*",
  "*/sa/shared",
  "*",
  "cluster.local/ns/blue/sa/three",
  "old/ns/red/sa/one",
  "td*",
];
const NAMESPACE_PATTERNS = ["red", "blue", "*e*", "gr*", "*d", "*"];
const PATHS = ["/a", "/a/*", "*/x", "*", "/a/{*}", "/{**}/x", "/a/{*}/x", "/A"];
const BLOCKS = ["10.0.0.0/24", "10.0.1.3", "10.0.0.0/8", "0.0.0.0/0"];
const HOSTS = ["one.red", "ONE.*", "*.red", "*"];
const METHODS = ["GET", "P*", "*T", "*"];
const REQUEST_PRINCIPALS = ["https://a.example/u", "https://a.example/*", "*", "*/u", "b/v", "b*", "https*"];
const WORDS = ["x", "y*", "*z", "*"];

const source = filled({
  principals: rarely(some(PRINCIPALS)),
  notPrincipals: rarely(some(PRINCIPALS)),
  requestPrincipals: rarely(some(REQUEST_PRINCIPALS)),
  notRequestPrincipals: rarely(some(REQUEST_PRINCIPALS)),
  namespaces: rarely(some(NAMESPACE_PATTERNS)),
  notNamespaces: rarely(some(NAMESPACE_PATTERNS)),
  ipBlocks: rarely(some(BLOCKS)),
  notIpBlocks: rarely(some(BLOCKS)),
  remoteIpBlocks: rarely(some(BLOCKS)),
  trustDomains: rarely(some(["td", "old", "t*", "other", "*"])),
  notTrustDomains: rarely(some(["td", "o*"])),
});
const accounts = filled({
  serviceAccounts: rarely(some(["one", "red/one", "green/shared", "shared"])),
  notServiceAccounts: rarely(some(["one", "red/shared"])),
});
const operation = filled({
  hosts: rarely(some(HOSTS)),
  notHosts: rarely(some(HOSTS)),
  ports: rarely(some(PORTS.map(String))),
  notPorts: rarely(some(PORTS.map(String))),
  methods: rarely(some(METHODS)),
  notMethods: rarely(some(METHODS)),
  paths: rarely(some(PATHS)),
  notPaths: rarely(some(PATHS)),
});
const texts = (values: readonly string[]) =>
  fc.tuple(fc.boolean(), some(values)).map(([negated, list]) => (negated ? { notValues: list } : { values: list }));
const condition = fc
  .oneof(
    fc.tuple(pick("request.headers[X-Role]", "request.headers[:method]"), texts([...WORDS, "GET"])),
    fc.tuple(
      pick(
        "request.auth.claims[groups]",
        "request.auth.claims[scope]",
        "request.auth.claims[deep][role]",
        "request.auth.audiences",
        "request.auth.presenter",
      ),
      texts(WORDS),
    ),
    fc.tuple(pick("request.auth.claims[iss]"), texts(["b", "https*"])),
    fc.tuple(pick("request.auth.principal"), texts(REQUEST_PRINCIPALS)),
    fc.tuple(pick("source.ip", "remote.ip", "destination.ip"), texts(BLOCKS)),
    fc.tuple(pick("destination.port"), texts(PORTS.map(String))),
    fc.tuple(pick("source.principal"), texts(PRINCIPALS)),
    fc.tuple(pick("source.namespace"), texts(NAMESPACE_PATTERNS)),
    fc.tuple(pick("connection.sni", "experimental.envoy.filters.a[b]"), texts(WORDS)),
  )
  .map(([key, values]) => ({ key, ...values }));

const rule = record({
  from: rarely(
    fc.array(
      fc.oneof({ weight: 4, arbitrary: source }, { weight: 1, arbitrary: accounts }).map((one) => ({ source: one })),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  to: rarely(
    fc.array(
      operation.map((one) => ({ operation: one })),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  when: rarely(fc.array(condition, { minLength: 1, maxLength: 2 })),
});

const selector = rarely(pick({ app: "one" }, { app: "three" }, { tier: "web" }, { tier: "db" }));
const place = fc.record({ namespace: pick(...NAMESPACES), selector });

let count = 0;
const nextName = (prefix: string): string => `${prefix}-${++count}`;

function object(kind: string, group: string, namespace: string, spec: object, metadata: object = {}): object {
  return {
    apiVersion: `${group}.istio.io/v1`,
    kind,
    metadata: { name: nextName(kind.toLowerCase()), namespace, ...metadata },
    spec,
  };
}

const authorizationPolicy = fc
  .record({
    place,
    action: fc.oneof(
      { weight: 9, arbitrary: pick("ALLOW", "DENY") },
      { weight: 1, arbitrary: pick("AUDIT", "CUSTOM") },
    ),
    rules: fc.array(rule, { maxLength: 3 }),
    dryRun: fc.boolean().map((one) => one),
    target: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ place: at, action, rules, dryRun, target }) => {
    const attached =
      target === 0
        ? { targetRefs: [{ kind: "Service", group: "", name: "one" }] }
        : target === 1
          ? { targetRefs: [{ kind: "Gateway", group: "gateway.networking.k8s.io", name: "way" }] }
          : at.selector === undefined
            ? {}
            : { selector: { matchLabels: at.selector } };
    const provider = action === "CUSTOM" ? { provider: { name: "opa" } } : {};
    const annotations = dryRun && rules.length === 2 ? { annotations: { "istio.io/dry-run": "true" } } : {};
    return object(
      "AuthorizationPolicy",
      "security",
      at.namespace,
      { ...attached, action, ...provider, rules },
      annotations,
    );
  });

const jwtRule = record({
  issuer: pick(...ISSUERS),
  audiences: rarely(some(["x", "w"])),
  fromHeaders: rarely(pick([{ name: "X-Token" }], [{ name: "X-Token", prefix: "T " }])),
  fromParams: rarely(pick(["t"])),
  spaceDelimitedClaims: rarely(pick(["groups"])),
});
const requestAuthentication = fc
  .record({ place, rules: fc.array(jwtRule, { maxLength: 2 }), target: fc.integer({ min: 0, max: 4 }) })
  .map(({ place: at, rules, target }) =>
    object("RequestAuthentication", "security", at.namespace, {
      ...(target === 0
        ? { targetRefs: [{ kind: "Service", group: "", name: "one" }] }
        : at.selector === undefined
          ? {}
          : { selector: { matchLabels: at.selector } }),
      jwtRules: rules,
    }),
  );

const mode = pick("STRICT", "PERMISSIVE", "DISABLE", "UNSET");
const peerAuthentication = fc
  .record({
    place,
    mode,
    port: rarely(fc.tuple(pick(...PORTS), mode)),
    born: rarely(pick("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")),
  })
  .map(({ place: at, mode: whole, port, born }) =>
    object(
      "PeerAuthentication",
      "security",
      at.namespace,
      {
        ...(at.selector === undefined ? {} : { selector: { matchLabels: at.selector } }),
        mtls: { mode: whole },
        ...(port === undefined || at.selector === undefined
          ? {}
          : { portLevelMtls: { [String(port[0])]: { mode: port[1] } } }),
      },
      born === undefined ? {} : { creationTimestamp: born },
    ),
  );

const destinationRule = fc
  .record({
    namespace: pick(...NAMESPACES),
    host: pick(
      "one",
      "one.red.svc.cluster.local",
      "*.red.svc.cluster.local",
      "*.local",
      "three.blue.svc.cluster.local",
    ),
    tls: pick("DISABLE", "ISTIO_MUTUAL", "SIMPLE", undefined),
    port: rarely(fc.tuple(pick(80, 90), pick("DISABLE", "ISTIO_MUTUAL", undefined))),
    exportTo: rarely(pick(["."], ["*"], ["red"])),
  })
  .map(({ namespace, host, tls, port, exportTo }) =>
    object("DestinationRule", "networking", namespace, {
      host,
      trafficPolicy: {
        ...(tls === undefined ? {} : { tls: { mode: tls } }),
        ...(port === undefined
          ? {}
          : {
              portLevelSettings: [
                { port: { number: port[0] }, ...(port[1] === undefined ? {} : { tls: { mode: port[1] } }) },
              ],
            }),
      },
      ...(exportTo === undefined ? {} : { exportTo }),
    }),
  );

const sidecar = fc
  .record({
    place,
    mode: rarely(pick("REGISTRY_ONLY", "ALLOW_ANY")),
    hosts: rarely(some(["./*", "*/*", "red/*", "red/one.red.svc.cluster.local", "~/*", "*/*.blue.svc.cluster.local"])),
  })
  .map(({ place: at, mode: outbound, hosts }) =>
    object("Sidecar", "networking", at.namespace, {
      ...(at.selector === undefined ? {} : { workloadSelector: { labels: at.selector } }),
      ...(outbound === undefined ? {} : { outboundTrafficPolicy: { mode: outbound } }),
      ...(hosts === undefined ? {} : { egress: [{ hosts }] }),
    }),
  );

const extension = fc
  .record({ place, context: pick("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY") })
  .map(({ place: at, context }) => ({
    ...object("EnvoyFilter", "networking", at.namespace, {
      ...(at.selector === undefined ? {} : { workloadSelector: { labels: at.selector } }),
      configPatches: [{ applyTo: "HTTP_FILTER", match: { context }, patch: { operation: "ADD" } }],
    }),
    apiVersion: "networking.istio.io/v1alpha3",
  }));

const namespaceLabels = fc.oneof(
  { weight: 6, arbitrary: pick<Record<string, string> | undefined>({ "istio-injection": "enabled" }) },
  {
    weight: 4,
    arbitrary: pick<Record<string, string> | undefined>(
      {},
      { "istio-injection": "disabled" },
      { "istio.io/rev": "canary" },
      { "istio.io/dataplane-mode": "ambient" },
      { "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "way" },
      undefined,
    ),
  },
);
const podExtras = fc.oneof(
  { weight: 8, arbitrary: pick({}) },
  {
    weight: 2,
    arbitrary: pick(
      { labels: { "sidecar.istio.io/inject": "false" } },
      { labels: { "sidecar.istio.io/inject": "true" } },
      { annotations: { "traffic.sidecar.istio.io/excludeInboundPorts": "8080" } },
      { annotations: { "traffic.sidecar.istio.io/excludeOutboundPorts": "80,8080" } },
      { annotations: { "traffic.sidecar.istio.io/includeInboundPorts": "9090" } },
      { annotations: { "sidecar.istio.io/interceptionMode": "NONE" } },
      { labels: { istio: "ingressgateway" } },
    ),
  },
);
const portName = pick("http", "tcp-x", "grpc", undefined, "https", "web");

export const worlds: fc.Arbitrary<World> = fc
  .record({
    labels: fc.tuple(namespaceLabels, namespaceLabels, namespaceLabels),
    extras: fc.tuple(podExtras, podExtras, podExtras, podExtras),
    names: fc.tuple(portName, portName, portName, portName),
    waypoint: fc.boolean(),
    mesh: record({
      trustDomain: pick("td"),
      trustDomainAliases: rarely(pick(["old"], ["old", "cluster.local"])),
      pathNormalization: rarely(
        pick("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES").map((normalization) => ({ normalization })),
      ),
      outboundTrafficPolicy: rarely(pick({ mode: "REGISTRY_ONLY" })),
      enableAutoMtls: rarely(pick(false)),
      extensionProviders: rarely(
        pick(
          [{ name: "opa", envoyExtAuthzHttp: { service: "opa", port: 80 } }],
          [{ name: "opa", envoyExtAuthzGrpc: { service: "opa", port: 80 } }],
        ),
      ),
    }),
    policies: fc.array(authorizationPolicy, { maxLength: 4 }),
    tokens: fc.array(requestAuthentication, { maxLength: 2 }),
    peers: fc.array(peerAuthentication, { maxLength: 3 }),
    rules: fc.array(destinationRule, { maxLength: 2 }),
    sidecars: fc.array(sidecar, { maxLength: 1 }),
    extensions: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(extension, { maxLength: 1 }) },
    ),
  })
  .map(({ labels, extras, names, waypoint, mesh, ...objects }) => ({
    trustDomain: "td",
    documents: [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "istio", namespace: "istio-system" },
        data: { mesh: JSON.stringify(mesh) },
      },
      ...["red", "blue", "green"].flatMap((name, i) =>
        labels[i] === undefined ? [] : [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: labels[i] } }],
      ),
      ...PODS.map((pod, i) => {
        const extra = (extras[i] ?? {}) as { labels?: object; annotations?: object };
        return {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: pod.name,
            namespace: pod.namespace,
            labels: { ...pod.labels, ...extra.labels },
            ...(extra.annotations ? { annotations: extra.annotations } : {}),
          },
          spec: { serviceAccountName: pod.account, containers: [{ name: "app", image: "x" }] },
          status: { podIP: pod.ip },
        };
      }),
      service("red", "one", { app: "one" }, [
        { port: 80, targetPort: 8080, name: names[0] ?? "p" },
        { port: 90, targetPort: 9090, name: names[1] ?? "q" },
      ]),
      service("red", "web", { tier: "web" }, [{ port: 80, targetPort: 8080, name: names[2] ?? "p" }]),
      service("blue", "three", { app: "three" }, [{ port: 80, targetPort: 8080, name: names[3] ?? "p" }]),
      ...(waypoint
        ? [
            {
              apiVersion: "gateway.networking.k8s.io/v1",
              kind: "Gateway",
              metadata: { name: "way", namespace: "red" },
              spec: {
                gatewayClassName: "istio-waypoint",
                listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
              },
            },
          ]
        : []),
      ...Object.values(objects).flat(),
    ],
  }));

function service(namespace: string, name: string, labels: object, ports: readonly object[]): object {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector: labels, ports } };
}

export const SERVICES = [
  {
    service: "one.red",
    pods: [0],
    ports: [
      { port: 80, target: 8080 },
      { port: 90, target: 9090 },
    ],
  },
  { service: "web.red", pods: [0, 1], ports: [{ port: 80, target: 8080 }] },
  { service: "three.blue", pods: [2], ports: [{ port: 80, target: 8080 }] },
] as const;

export const TOKEN_PLACES = [
  { kind: "header", name: "authorization", prefix: "Bearer " },
  { kind: "header", name: "x-token" },
  { kind: "header", name: "x-token", prefix: "T " },
  { kind: "param", name: "t" },
  { kind: "param", name: "access_token" },
] as const;

export const shots: fc.Arbitrary<Shot> = fc.record({
  from: fc.integer({ min: -1, max: 3 }),
  to: fc.integer({ min: 0, max: 3 }),
  port: pick(...PORTS),
  http: fc.option(
    fc.record({
      method: pick("GET", "POST", "PUT", "OPTIONS", "GETT"),
      target: fc
        .array(pick("/", "a", "/a", "/x", "x", "/..", "/%2e", "%2f", "//", "\\", "A", "?x", "*", "/a/b"), {
          maxLength: 4,
        })
        .map((parts) => `/${parts.join("")}`),
      host: pick("one.red", "One.Red", "ONE.blue", "x"),
      headers: record({
        "x-role": rarely(pick("x", "yes", "buzz", "", "GET")),
        "x-forwarded-for": rarely(pick("10.0.0.9", "10.0.1.3, 8.8.8.8")),
        origin: rarely(pick("https://o", "")),
        "access-control-request-method": rarely(pick("POST")),
      }) as fc.Arbitrary<Record<string, string>>,
    }),
    { nil: undefined, freq: 8 },
  ),
  token: fc.option(
    fc.record({
      at: fc.integer({ min: 0, max: TOKEN_PLACES.length - 1 }),
      genuine: fc.oneof({ weight: 6, arbitrary: pick(true) }, { weight: 1, arbitrary: pick(false) }),
      claims: record({
        iss: pick<unknown>(...ISSUERS, "c"),
        sub: rarely(pick<unknown>("u", "v", "", 7)),
        aud: rarely(pick<unknown>("x", ["w", "buzz"], 3)),
        azp: rarely(pick<unknown>("x", "yes")),
        groups: rarely(pick<unknown>(["x", "yes"], "x yes", [], [1, "buzz"], { x: "x" })),
        scope: rarely(pick<unknown>("x buzz", "yes", ["x y"])),
        deep: rarely(pick<unknown>({ role: "x" }, { role: ["buzz"] }, "x", { role: { x: 1 } })),
      }) as fc.Arbitrary<Record<string, unknown>>,
    }),
    { nil: undefined, freq: 1 },
  ),
});
