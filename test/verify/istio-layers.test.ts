/**
 * What people get wrong about the mesh, one case each, asked of the sets and of the replay: a case names the manifests
 * beside two workloads, a call, and the verdict that the cluster would give.
 */
import { describe, expect, it } from "vitest";
import { type ClusterReading, readCluster } from "../../src/cluster/index.js";
import type { JsonObject } from "../../src/documents/index.js";
import { combine } from "../../src/verify/layer.js";
import { authorizationLayer } from "../../src/verify/layers/authorization/index.js";
import { egressLayer } from "../../src/verify/layers/egress/index.js";
import { mtlsLayer } from "../../src/verify/layers/mtls/index.js";
import { BEARER } from "../../src/verify/request.js";
import { ask, inSets, type Verdict } from "../conformance/istio/ask.js";
import { type App, clusterOf, manifestsOf, place } from "../conformance/istio/corpus.js";

interface Case {
  readonly name: string;
  readonly objects: readonly object[];
  readonly mesh?: object;
  readonly client?: Partial<App>;
  readonly server?: Partial<App>;
  readonly portName?: string;
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: true;
  readonly claims?: JsonObject;
  readonly by?: "address";
  readonly want: Verdict;
}

const policy = (spec: object, namespace = "prod"): object => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: `policy-${JSON.stringify(spec).length}-${namespace}`, namespace },
  spec,
});
const rule = (operation?: object, source?: object, when?: readonly object[]): object => ({
  ...(operation === undefined ? {} : { to: [{ operation }] }),
  ...(source === undefined ? {} : { from: [{ source }] }),
  ...(when === undefined ? {} : { when }),
});
const peer = (mode: string, namespace = "prod", more: object = {}): object => ({
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: `peer-${mode.toLowerCase()}-${Object.keys(more).length}`, namespace },
  spec: { mtls: { mode }, ...more },
});
const tokens = (issuer: string, more: object = {}): object => ({
  apiVersion: "security.istio.io/v1",
  kind: "RequestAuthentication",
  metadata: { name: "tokens", namespace: "prod" },
  spec: { jwtRules: [{ issuer, ...more }] },
});
const NO_WAY_AROUND = { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } };

const CASES: readonly Case[] = [
  { name: "no policy at all lets everything in", objects: [], want: "allow" },
  { name: "an empty policy denies everything", objects: [policy({})], want: "deny" },
  { name: "a rule without conditions allows everything", objects: [policy({ rules: [{}] })], want: "allow" },
  {
    name: "policies add up: one ALLOW that matches is enough",
    objects: [policy({}), policy({ rules: [rule({ methods: ["GET"] })] })],
    want: "allow",
  },
  {
    name: "DENY goes before ALLOW",
    objects: [policy({ rules: [{}] }), policy({ action: "DENY", rules: [rule({ paths: ["/"] })] })],
    want: "deny",
  },
  {
    name: "a DENY alone leaves the rest open",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/admin"] })] })],
    want: "allow",
  },
  { name: "AUDIT decides nothing", objects: [policy({ action: "AUDIT", rules: [{}] })], want: "allow" },
  { name: "the root namespace's policies hold everywhere", objects: [policy({}, "istio-system")], want: "deny" },
  { name: "a policy of another namespace holds there alone", objects: [policy({}, "dev")], want: "allow" },
  {
    name: "a selector that matches nothing decides nothing",
    objects: [policy({ selector: { matchLabels: { app: "nobody" } } })],
    want: "allow",
  },
  {
    name: "a CUSTOM policy without a known answer is unknown",
    objects: [policy({ action: "CUSTOM", provider: { name: "opa" }, rules: [{}] })],
    mesh: { extensionProviders: [{ name: "opa", envoyExtAuthzGrpc: { service: "opa", port: 9191 } }] },
    want: "unknown",
  },
  {
    name: "a CUSTOM policy whose provider does not exist denies",
    objects: [policy({ action: "CUSTOM", provider: { name: "none" }, rules: [{}] })],
    want: "deny",
  },
  {
    name: "an ALLOW on HTTP never matches a TCP port",
    objects: [policy({ rules: [rule({ methods: ["GET"] })] })],
    portName: "tcp-x",
    bytes: true,
    want: "deny",
  },
  {
    name: "an ALLOW on the port alone matches a TCP port",
    objects: [policy({ rules: [rule({ ports: ["8080"] })] })],
    portName: "tcp-x",
    bytes: true,
    want: "allow",
  },
  {
    name: "a DENY on paths denies all of a TCP port",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/admin"] })] })],
    portName: "tcp-x",
    bytes: true,
    want: "deny",
  },
  {
    name: "ports are the container's, not the Service's",
    objects: [policy({ rules: [rule({ ports: ["80"] })] })],
    want: "deny",
  },
  { name: "bytes that are no HTTP do not pass an HTTP port", objects: [], bytes: true, want: "deny" },
  {
    name: "STRICT refuses a client without proxy",
    objects: [peer("STRICT")],
    client: { sidecar: false },
    want: "deny",
  },
  { name: "the default is PERMISSIVE", objects: [], client: { sidecar: false }, want: "allow" },
  {
    name: "the workload's mode wins over the namespace's",
    objects: [peer("STRICT"), peer("PERMISSIVE", "prod", { selector: { matchLabels: { app: "server" } } })],
    client: { sidecar: false },
    want: "allow",
  },
  {
    name: "a port's mode wins over the workload's",
    objects: [
      peer("PERMISSIVE", "prod", {
        selector: { matchLabels: { app: "server" } },
        portLevelMtls: { "8080": { mode: "STRICT" } },
      }),
    ],
    client: { sidecar: false },
    want: "deny",
  },
  {
    name: "UNSET looks one scope up",
    objects: [peer("STRICT", "istio-system"), peer("UNSET")],
    client: { sidecar: false },
    want: "deny",
  },
  {
    name: "a selector in the root namespace reaches no other namespace",
    objects: [peer("STRICT", "istio-system", { selector: { matchLabels: { app: "server" } } })],
    client: { sidecar: false },
    want: "allow",
  },
  {
    name: "nothing holds before a destination without proxy",
    objects: [peer("STRICT"), policy({})],
    server: { sidecar: false },
    client: { sidecar: false },
    want: "allow",
  },
  {
    name: "a principal needs mutual TLS",
    objects: [policy({ rules: [rule(undefined, { principals: ["cluster.local/ns/prod/sa/client"] })] })],
    client: { sidecar: false },
    want: "deny",
  },
  {
    name: "with mutual TLS the principal is there",
    objects: [policy({ rules: [rule(undefined, { principals: ["cluster.local/ns/prod/sa/client"] })] })],
    want: "allow",
  },
  {
    name: "notPrincipals matches plaintext too",
    objects: [policy({ rules: [rule(undefined, { notPrincipals: ["cluster.local/ns/prod/sa/other"] })] })],
    client: { sidecar: false },
    want: "allow",
  },
  {
    name: "a DENY on a principal is dodged in plaintext by the pod's address",
    objects: [policy({ action: "DENY", rules: [rule(undefined, { principals: ["*/sa/client"] })] })],
    by: "address",
    want: "allow",
  },
  {
    name: "and is not where nothing outside the registry is called",
    objects: [policy({ action: "DENY", rules: [rule(undefined, { principals: ["*/sa/client"] })] })],
    mesh: NO_WAY_AROUND,
    want: "deny",
  },
  {
    name: "cluster.local stands for the mesh's own trust domain",
    objects: [policy({ rules: [rule(undefined, { principals: ["cluster.local/ns/prod/sa/client"] })] })],
    mesh: { trustDomain: "corp" },
    want: "allow",
  },
  { name: "RequestAuthentication lets a request without token pass", objects: [tokens("https://idp")], want: "allow" },
  {
    name: "but refuses a token of another issuer",
    objects: [tokens("https://idp")],
    claims: { iss: "https://evil" },
    want: "deny",
  },
  {
    name: "and one for another audience",
    objects: [tokens("https://idp", { audiences: ["mine"] })],
    claims: { iss: "https://idp", aud: "yours" },
    want: "deny",
  },
  {
    name: "only an ALLOW on requestPrincipals requires a token",
    objects: [tokens("https://idp"), policy({ rules: [rule(undefined, { requestPrincipals: ["https://idp/*"] })] })],
    want: "deny",
  },
  {
    name: "without RequestAuthentication no claim is ever known",
    objects: [policy({ rules: [rule(undefined, { requestPrincipals: ["*"] })] })],
    claims: { iss: "https://idp", sub: "u" },
    want: "deny",
  },
  {
    name: "a nested claim that is a list matches by an element",
    objects: [
      tokens("https://idp"),
      policy({
        rules: [
          rule(undefined, undefined, [{ key: "request.auth.claims[realm_access][roles]", values: ["adjuster"] }]),
        ],
      }),
    ],
    claims: { iss: "https://idp", sub: "u", realm_access: { roles: ["clerk", "adjuster"] } },
    want: "allow",
  },
  {
    name: "a preflight passes with a token that no rule accepts",
    objects: [tokens("https://idp")],
    method: "OPTIONS",
    headers: { origin: "https://a", "access-control-request-method": "POST" },
    claims: { iss: "https://evil" },
    want: "allow",
  },
  {
    name: "// is another path in mode BASE",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/admin"] })] })],
    target: "//admin",
    want: "allow",
  },
  {
    name: "and the same one with MERGE_SLASHES",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/admin"] })] })],
    mesh: { pathNormalization: { normalization: "MERGE_SLASHES" } },
    target: "//admin",
    want: "deny",
  },
  {
    name: "an escaped slash needs DECODE_AND_MERGE_SLASHES",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/a/admin"] })] })],
    mesh: { pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" } },
    target: "/a%2Fadmin",
    want: "deny",
  },
  {
    name: "dot segments are taken out before the policy looks",
    objects: [policy({ rules: [rule({ paths: ["/public/*"] })] })],
    target: "/public/../admin",
    want: "deny",
  },
  {
    name: "query and fragment are not part of the path",
    objects: [policy({ rules: [rule({ paths: ["/a"] })] })],
    target: "/a?x=1#y",
    want: "allow",
  },
  {
    name: "path parameters are part of it",
    objects: [policy({ action: "DENY", rules: [rule({ paths: ["/admin"] })] })],
    target: "/admin;x=1",
    want: "allow",
  },
  {
    name: "{*} is one segment",
    objects: [policy({ rules: [rule({ paths: ["/v1/{*}"] })] })],
    target: "/v1/a/b",
    want: "deny",
  },
  {
    name: "{**} is any number",
    objects: [policy({ rules: [rule({ paths: ["/v1/{**}"] })] })],
    target: "/v1/a/b",
    want: "allow",
  },
  {
    name: "hosts ignore case",
    objects: [policy({ action: "DENY", rules: [rule({ hosts: ["admin.example"] })] })],
    host: "Admin.EXAMPLE",
    want: "deny",
  },
  {
    name: "but not a port behind the host",
    objects: [policy({ action: "DENY", rules: [rule({ hosts: ["admin.example"] })] })],
    host: "admin.example:80",
    want: "allow",
  },
  {
    name: "an EnvoyFilter on the destination makes it unknown",
    objects: [
      {
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "EnvoyFilter",
        metadata: { name: "lua", namespace: "prod" },
        spec: {
          configPatches: [
            { applyTo: "HTTP_FILTER", match: { context: "SIDECAR_INBOUND" }, patch: { operation: "INSERT_BEFORE" } },
          ],
        },
      },
      policy({}),
    ],
    want: "unknown",
  },
];

const clusterFor = (one: Case) => {
  const client: App = { namespace: "prod", name: "client", sidecar: true, ...one.client };
  const server: App = {
    namespace: "prod",
    name: "server",
    sidecar: true,
    ports: [{ name: one.portName ?? "http", port: 80, targetPort: 8080 }],
    ...one.server,
  };
  return clusterOf([
    ...manifestsOf([client, server, { namespace: "dev", name: "idle", sidecar: true }], one.mesh ?? {}),
    ...one.objects,
  ]);
};

describe("the mesh", () => {
  it.each(CASES)("$name", (one) => {
    const cluster = clusterFor(one);
    const { sets, replay } = ask(cluster, {
      from: place(cluster, "prod", "client"),
      to: place(cluster, "prod", "server"),
      port: 8080,
      by: one.by ?? { service: "server.prod", port: 80 },
      request: {
        http: one.bytes
          ? undefined
          : {
              method: one.method ?? "GET",
              target: one.target ?? "/",
              host: one.host ?? "server.prod",
              headers: new Map(Object.entries(one.headers ?? {})),
            },
        token: one.claims === undefined ? undefined : { at: BEARER, claims: one.claims, genuine: true },
      },
      sourceAddress: "10.0.0.1",
      destinationAddress: "10.0.0.2",
    });
    expect({ sets, replay: replay.outcome }).toEqual({ sets: one.want, replay: one.want });
  });

  it("says why, with the object and its place", () => {
    const cluster = clusterFor({
      name: "",
      objects: [peer("STRICT"), policy({}), policy({ action: "DENY", rules: [{}] })],
      want: "deny",
    });
    const connection = {
      from: { kind: "pod", ...place(cluster, "prod", "client") },
      to: { kind: "pod", ...place(cluster, "prod", "server") },
      port: 8080,
      protocol: "TCP",
    } as const;
    const words = [mtlsLayer, authorizationLayer].flatMap((layer) => layer(cluster).judge(connection).reasons());
    const texts = words.map(({ effect, text }) => `${effect}: ${text}`);
    expect(
      texts.some((text) =>
        /^denies: port 8080 of prod\/server\[Deployment\] is STRICT by PeerAuthentication prod\/peer-strict-0 \(made-\d+\.json:1:\d+\): plaintext is refused$/.test(
          text,
        ),
      ),
    ).toBe(true);
    expect(
      texts.some((text) =>
        /^denies: AuthorizationPolicy prod\/policy-2-prod \(made-\d+\.json:1:\d+\) has no rule/.test(text),
      ),
    ).toBe(true);
    expect(words.every(({ effect, object }) => effect === "note" || object !== undefined)).toBe(true);
  });

  it("does not know about a source whose namespace no manifest declares, where it matters", () => {
    const cluster = clusterOf([
      ...manifestsOf(
        [{ namespace: "prod", name: "server", sidecar: true, ports: [{ name: "http", port: 80, targetPort: 8080 }] }],
        {},
      ),
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "client", namespace: "undeclared" },
        spec: { containers: [{ name: "c", image: "c" }] },
      },
      peer("STRICT"),
    ]);
    const call = {
      from: place(cluster, "undeclared", "client"),
      to: place(cluster, "prod", "server"),
      port: 8080,
      by: { service: "server.prod", port: 80 },
      request: { http: { method: "GET", target: "/", host: "s", headers: new Map() }, token: undefined },
    } as const;
    expect(inSets(cluster, call)).toBe("unknown");
  });

  it("makes everything unknown that a policy which cannot be read might decide", () => {
    const { cluster } = readBroken();
    const call = {
      from: place(cluster, "prod", "client"),
      to: place(cluster, "prod", "server"),
      port: 8080,
      by: { service: "server.prod", port: 80 },
      request: { http: { method: "GET", target: "/", host: "s", headers: new Map() }, token: undefined },
    } as const;
    expect(inSets(cluster, call)).toBe("unknown");
  });

  it("limits what leaves the mesh to the registry", () => {
    const entry = {
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "geo", namespace: "prod" },
      spec: { hosts: ["*.geo.example"], ports: [{ number: 443, name: "https", protocol: "TLS" }], resolution: "NONE" },
    };
    const cluster = clusterFor({ name: "", objects: [entry], mesh: NO_WAY_AROUND, want: "deny" });
    const reach = (name: string, port: number) => {
      const from = { kind: "pod", ...place(cluster, "prod", "client") } as const;
      return !combine([egressLayer(cluster).judge({ from, to: { kind: "outside", name }, port, protocol: "TCP" })]).may
        .isEmpty;
    };
    expect([reach("api.geo.example", 443), reach("api.geo.example", 80), reach("evil.example", 443)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

function readBroken(): ClusterReading {
  const apps: readonly App[] = [
    { namespace: "prod", name: "client", sidecar: true },
    { namespace: "prod", name: "server", sidecar: true, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  ];
  const broken = policy({ rules: [{ to: [{ operation: { pahts: ["/"] } }] }] });
  const documents = [...manifestsOf(apps, {}), broken];
  return readCluster(documents.map((document, i) => ({ path: `${i}.json`, text: JSON.stringify(document) })));
}
