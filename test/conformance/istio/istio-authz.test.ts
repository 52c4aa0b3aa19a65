/**
 * The `istio-authz` corpus against both evaluators. A case that differs from its expectation must be listed in
 * exceptions.json with the reason, and a listed case must really differ.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, describe, expect, it } from "vitest";
import type { AuthorizationPolicy, AuthorizationRule } from "../../../src/cluster/index.js";
import type { JsonObject } from "../../../src/documents/index.js";
import { attachedTo } from "../../../src/verify/istio/attachment.js";
import { evaluatedPath } from "../../../src/verify/istio/paths.js";
import { decide, ruleSet, type Surroundings } from "../../../src/verify/layers/authorization/index.js";
import type { Call } from "../../../src/verify/replay/istio.js";
import { normalizedPath } from "../../../src/verify/replay/match.js";
import { BEARER, type Token } from "../../../src/verify/request.js";
import { dimension, Language, RequestSet, regex, Text } from "../../../src/verify/space/index.js";
import { ask } from "./ask.js";
import { type App, absent, clusterOf, folder, json, manifestsOf, notRun, place, text } from "./corpus.js";
import { components, filtersSet } from "./envoy-rbac.js";
import exceptions from "./exceptions.json" with { type: "json" };

const counts: string[] = [];
afterAll(() => process.stdout.write(counts.map((line) => `${line}\n`).join("")));

function compare(
  name: string,
  results: readonly { readonly id: string; readonly expected: unknown; readonly got: unknown }[],
): void {
  const listed = new Map(Object.entries((exceptions as Record<string, Record<string, string>>)[name] ?? {}));
  const differing = results.filter(({ expected, got }) => JSON.stringify(expected) !== JSON.stringify(got));
  counts.push(
    `istio-authz ${name}: ${results.length - differing.length} of ${results.length} equal, ${listed.size} listed exceptions`,
  );
  expect(differing.filter(({ id }) => !listed.has(id))).toEqual([]);
  expect([...listed.keys()].filter((id) => !differing.some((one) => one.id === id))).toEqual([]);
}

const http = (method: string, target: string, host: string, headers: Readonly<Record<string, string>> = {}) => ({
  method,
  target,
  host,
  headers: new Map(Object.entries(headers)),
});

interface TrafficRequest {
  readonly source: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly ip: string;
    readonly mtls: boolean;
  };
  readonly destination: {
    readonly namespace: string;
    readonly name: string;
    readonly ip: string;
    readonly port: number;
    readonly host: string;
  };
  readonly protocol: "HTTP" | "GRPC" | "TCP";
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly jwt?: string | null;
  readonly expect: "allow" | "deny";
}

const PORTS = [
  { name: "http", port: 80, targetPort: 18080 },
  { name: "http2", port: 85, targetPort: 18085 },
  { name: "grpc", port: 7070, targetPort: 17070 },
  { name: "tcp", port: 9090, targetPort: 19090 },
];
const APPS: readonly App[] = [
  { namespace: "ns1", name: "a", sidecar: true },
  { namespace: "ns2", name: "a", sidecar: true },
  { namespace: "ns1", name: "b", sidecar: true, ports: PORTS },
];

async function tokens(): Promise<ReadonlyMap<string, Token>> {
  const keys = createLocalJWKSet(json<JSONWebKeySet>("traffic/jwks.json"));
  const found = new Map<string, Token>();
  for (const [name, { token, claims }] of Object.entries(
    json<Record<string, { token: string; claims: JsonObject }>>("traffic/tokens.json"),
  )) {
    const genuine = await jwtVerify(token, keys).then(
      () => true,
      () => false,
    );
    found.set(name, { at: BEARER, claims, genuine });
  }
  return found;
}

/** No identity has a line break, which the dot of Envoy's expressions leaves out. */
const LINE = RequestSet.where(
  dimension.principal,
  Text.of(Language.matching(regex.plus(regex.notClass([[10, 10]]))), true),
);
const oneLine = (set: RequestSet): RequestSet => set.intersect(LINE);

/** How many conditions of the policies have no equal among Envoy's, and the other way round. */
function partsDiffer(policies: readonly AuthorizationPolicy[], surroundings: Surroundings, envoy: string): number {
  const wanted = components(envoy);
  const mine = policies
    .flatMap((policy) => policy.rules.flatMap((rule) => single(rule)))
    .map((rule) => {
      const set = ruleSet(rule, "ALLOW", "foo", surroundings);
      if (set === undefined) throw new Error("a rule was dropped");
      return set;
    });
  const missing = (from: readonly RequestSet[], to: readonly RequestSet[]) =>
    from.filter((a) => !to.some((b) => oneLine(a).equals(oneLine(b)))).length;
  return missing(wanted, mine) + missing(mine, wanted);
}

/** The rules that each test one list of one field of a rule. */
function single(rule: AuthorizationRule): readonly AuthorizationRule[] {
  const fields = <T extends object>(part: T): readonly T[] => {
    const none = Object.fromEntries(Object.keys(part).map((key) => [key, []])) as unknown as T;
    return Object.entries(part).flatMap(([key, values]) =>
      (values as readonly string[]).length === 0 ? [] : [{ ...none, [key]: values }],
    );
  };
  const bare: AuthorizationRule = { from: undefined, to: undefined, when: [] };
  return [
    ...(rule.from ?? []).flatMap(fields).map((source) => ({ ...bare, from: [source] })),
    ...(rule.to ?? []).flatMap(fields).map((operation) => ({ ...bare, to: [operation] })),
    ...rule.when.flatMap(({ key, values, notValues }) => [
      ...(values.length === 0 ? [] : [{ ...bare, when: [{ key, values, notValues: [] }] }]),
      ...(notValues.length === 0 ? [] : [{ ...bare, when: [{ key, values: [], notValues }] }]),
    ]),
  ];
}

describe("istio-authz", () => {
  if (absent !== undefined) {
    it("is not run", () => notRun("the istio-authz conformance cases"));
    return;
  }

  it("traffic: every request gets the verdict that Istio gave it", async () => {
    const known = await tokens();
    const names = readdirSync(join(folder ?? "", "traffic")).flatMap(
      (file) => /^(.*)\.policies\.yaml$/.exec(file)?.[1] ?? [],
    );
    const results = names.flatMap((name) => {
      const cluster = clusterOf(manifestsOf(APPS, {}), text(`traffic/${name}.policies.yaml`));
      return json<readonly TrafficRequest[]>(`traffic/${name}.requests.json`).map((one, i) => {
        const token = one.jwt === undefined || one.jwt === null ? undefined : known.get(one.jwt);
        if (one.jwt && token === undefined) throw new Error(`no token ${one.jwt}`);
        const served = PORTS.find(({ targetPort }) => targetPort === one.destination.port);
        const call: Call = {
          from: place(cluster, one.source.namespace, one.source.serviceAccount),
          to: place(cluster, one.destination.namespace, one.destination.name),
          port: one.destination.port,
          by:
            served === undefined
              ? "address"
              : { service: `${one.destination.name}.${one.destination.namespace}`, port: served.port },
          request: {
            http:
              one.protocol === "TCP"
                ? undefined
                : http(one.method ?? "", one.path ?? "", one.host ?? one.destination.host, one.headers),
            token,
          },
          sourceAddress: one.source.ip,
          destinationAddress: one.destination.ip,
        };
        const { sets, replay } = ask(cluster, call);
        const got = {
          sets,
          replay: replay.outcome,
          mtls: replay.layer === "mtls" ? one.source.mtls : replay.principal !== undefined,
        };
        return { id: `${name}#${i}`, expected: { sets: one.expect, replay: one.expect, mtls: one.source.mtls }, got };
      });
    });
    compare("traffic", results);
  });

  it("path normalization: every path is evaluated as Envoy forwarded it", () => {
    type Case = { readonly mode: Parameters<typeof evaluatedPath>[1]; readonly in: string; readonly out: string };
    const results = json<readonly Case[]>("path-normalization.json").map((one, i) => ({
      id: `${i}`,
      expected: [one.in, one.out, one.out],
      got: [one.in, evaluatedPath(one.in, one.mode), normalizedPath(one.in, one.mode)],
    }));
    compare("path-normalization", results);
  });

  it("mutual TLS: who gets through, and whether by mutual TLS", () => {
    interface Case {
      readonly case: string;
      readonly peerAuthentication: {
        readonly scope: "mesh" | "namespace" | "workload";
        readonly mode: string;
        readonly portLevelMtls?: string;
      } | null;
      readonly destinationRuleTLS: string | null;
      readonly autoMtls: boolean;
      readonly source: "sidecar" | "no-sidecar";
      readonly destination: "sidecar" | "no-sidecar";
      readonly success: boolean;
      readonly mtls: boolean | null;
    }
    const results = json<readonly Case[]>("mtls-reachability.json").map((one) => {
      const apps: readonly App[] = [
        { namespace: "echo", name: "client", sidecar: one.source === "sidecar" },
        {
          namespace: "echo",
          name: "server",
          sidecar: one.destination === "sidecar",
          ports: [{ name: "http", port: 80, targetPort: 8080 }],
        },
      ];
      // A call to the pod's address is a way of its own; the cases are about calls to the Service.
      const mesh = { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" }, enableAutoMtls: true };
      const { peerAuthentication: peer, destinationRuleTLS: tls } = one;
      const objects: object[] = [];
      if (peer !== null) {
        const selector = peer.scope === "workload" ? { selector: { matchLabels: { app: "server" } } } : {};
        const ports =
          peer.portLevelMtls === undefined ? {} : { portLevelMtls: { "8080": { mode: peer.portLevelMtls } } };
        objects.push({
          apiVersion: "security.istio.io/v1",
          kind: "PeerAuthentication",
          metadata: { name: "peer", namespace: peer.scope === "mesh" ? "istio-system" : "echo" },
          spec: { ...selector, mtls: { mode: peer.mode }, ...ports },
        });
      }
      if (tls !== null) {
        objects.push({
          apiVersion: "networking.istio.io/v1",
          kind: "DestinationRule",
          metadata: { name: "rule", namespace: "istio-system" },
          spec: { host: "*.local", trafficPolicy: { tls: { mode: tls } } },
        });
      }
      const cluster = clusterOf([...manifestsOf(apps, mesh), ...objects]);
      const { sets, replay } = ask(cluster, {
        from: place(cluster, "echo", "client"),
        to: place(cluster, "echo", "server"),
        port: 8080,
        by: { service: "server.echo", port: 80 },
        request: { http: http("GET", "/", "server.echo"), token: undefined },
      });
      const verdict = one.success ? "allow" : "deny";
      return {
        id: `${one.case}: ${one.source} to ${one.destination}`,
        expected: { sets: verdict, replay: verdict, mtls: one.success ? one.mtls : null },
        got: { sets, replay: replay.outcome, mtls: replay.outcome === "allow" ? replay.principal !== undefined : null },
      };
    });
    compare("mtls-reachability", results);
  });

  it("advisories: every request gets the verdict of a mended proxy", () => {
    interface Ask {
      readonly path?: string;
      readonly host?: string;
      readonly source?: { readonly namespace: string; readonly mtls: boolean };
      readonly jwt?: JsonObject | null;
      readonly destination?: { readonly workload: string; readonly containerPort: number };
      readonly expect: "allow" | "deny";
    }
    interface Advisory {
      readonly id: string;
      readonly meshConfig: { readonly pathNormalization?: string; readonly peerAuthentication?: string };
      readonly policies: readonly object[];
      readonly requests: readonly Ask[];
    }
    const results = json<readonly Advisory[]>("advisories.json").flatMap((advisory) =>
      advisory.requests.map((one, i) => {
        const namespace = one.source?.namespace ?? "ns1";
        const gateway = one.destination?.workload === "istio-ingressgateway";
        const apps: readonly App[] = [
          { namespace, name: "client", sidecar: one.source?.mtls ?? true },
          { namespace: "ns1", name: "server", sidecar: true, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
          {
            namespace: "istio-system",
            name: "istio-ingressgateway",
            sidecar: true,
            labels: { istio: "ingressgateway" },
          },
        ];
        const { pathNormalization: normalization, peerAuthentication: mode } = advisory.meshConfig;
        // A call to the pod's address would be plaintext, and a way around what asks for an identity.
        const mesh = {
          outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
          ...(normalization === undefined ? {} : { pathNormalization: { normalization } }),
        };
        const peer = {
          apiVersion: "security.istio.io/v1",
          kind: "PeerAuthentication",
          metadata: { name: "mesh", namespace: "istio-system" },
          spec: { mtls: { mode } },
        };
        const cluster = clusterOf([
          ...manifestsOf(apps, mesh),
          ...(mode === undefined ? [] : [peer]),
          ...advisory.policies,
        ]);
        const to = gateway ? place(cluster, "istio-system", "istio-ingressgateway") : place(cluster, "ns1", "server");
        const { sets, replay } = ask(cluster, {
          from: gateway ? undefined : place(cluster, namespace, "client"),
          to,
          port: one.destination?.containerPort ?? 8080,
          by: gateway ? "address" : { service: "server.ns1", port: 80 },
          request: {
            http: http("GET", one.path ?? "/", one.host ?? "server.ns1"),
            token:
              one.jwt === undefined || one.jwt === null ? undefined : { at: BEARER, claims: one.jwt, genuine: true },
          },
        });
        return { id: `${advisory.id}#${i}`, expected: [one.expect, one.expect], got: [sets, replay.outcome] };
      }),
    );
    compare("advisories", results);
  });

  it("rbac-builder: every policy means what the Envoy configuration made of it means", () => {
    interface Case {
      readonly name: string;
      readonly kind: "http" | "tcp";
      readonly input: string;
      readonly want: readonly string[];
      readonly extendedWant?: readonly string[];
      readonly trustDomain: { readonly trustDomain: string; readonly aliases: readonly string[] } | null;
      readonly meshConfig: string | null;
      readonly node: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
    }
    const authorizer = {
      name: "default",
      envoyExtAuthzHttp: { service: "authorizer.foo.svc.cluster.local", port: 9000 },
    };
    const results = json<readonly Case[]>("rbac-builder/cases.json").flatMap((one) => {
      const mesh = { ...one.trustDomain, extensionProviders: one.meshConfig === null ? [] : [authorizer] };
      const cluster = clusterOf(
        manifestsOf([], {
          trustDomain: mesh.trustDomain,
          trustDomainAliases: one.trustDomain?.aliases,
          extensionProviders: mesh.extensionProviders,
        }),
        text(`rbac-builder/${one.kind}/${one.input}`),
      );
      const seat = {
        namespace: one.node.namespace,
        labels: new Map(Object.entries(one.node.labels)),
        kind: "sidecar",
      } as const;
      const policies = attachedTo(cluster.authorizationPolicies, seat, "istio-system");
      const surroundings: Surroundings = {
        trustDomains: { own: cluster.mesh.trustDomain, aliases: cluster.mesh.trustDomainAliases },
        chain: one.kind,
        seat: "sidecar",
        jwt: true,
        writtenHeaders: new Set(),
      };
      const got = decide(policies, surroundings, cluster.mesh);
      return [one.want, ...(one.extendedWant === undefined ? [] : [one.extendedWant])].map((files) => {
        const texts = files.map((file) => text(`rbac-builder/${one.kind}/${file}`));
        const parts = one.name === "allow-full-rule" ? partsDiffer(policies, surroundings, texts[0] ?? "") : 0;
        return {
          id: `${one.kind} ${one.name} ${files[0] ?? "nothing"}`,
          expected: [true, 0],
          got: [oneLine(filtersSet(texts)).equals(oneLine(got)), parts],
        };
      });
    });
    compare("rbac-builder", results);
  });

  it("validation: every object is taken or refused as the API server does", async () => {
    const { readCluster } = await import("../../../src/cluster/index.js");
    const results = json<readonly { file: string; valid: boolean; error: string | null }[]>(
      "validation/expected.json",
    ).map(({ file, valid }) => {
      const { problems } = readCluster([{ path: file, text: text(`validation/${file}`) }]);
      return { id: file, expected: valid, got: problems.length === 0 };
    });
    compare("validation", results);
  });
});
