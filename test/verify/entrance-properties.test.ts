/**
 * Route tables as sets of requests, against the evaluators that follow one request: on random tables both must agree on
 * where each request goes, and on what a rewrite makes of it. What the sets deny, no evaluator may let through.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/index.js";
import { pointOf } from "../../src/verify/istio/lift.js";
import { sentByRoutes } from "../../src/verify/replay/gateway-route.js";
import { sentByIngress } from "../../src/verify/replay/ingress.js";
import { sentByGateway } from "../../src/verify/replay/istio-gateway.js";
import type { Sent } from "../../src/verify/replay/virtual-service.js";
import type { HttpRequest } from "../../src/verify/request.js";
import { routedFrom, type Way } from "../../src/verify/routes/index.js";
import { dimension, Language, only, RequestSet, regex, Text } from "../../src/verify/space/index.js";
import { clusterOf, namespace, object, pod, SHOP } from "./entrance-manifests.js";

const RUNS = Math.min(Number(process.env.RINGFENCE_PROPERTY_RUNS ?? "150"), 5000);
const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/A", "/b", "/b/a/b", "/a/b/c"];
const HOSTS = ["x.example.com", "y.example.com", "z.org"];
const pick = fc.constantFrom;

const requests: fc.Arbitrary<HttpRequest> = fc
  .record({
    method: pick("GET", "POST"),
    path: pick(...PATHS),
    host: pick(...HOSTS),
    team: pick(undefined, "1", "2"),
    query: pick("", "?q=1", "?q=2&r=1"),
  })
  .map(({ method, path, host, team, query }) => ({
    method,
    target: path + query,
    host,
    headers: new Map(team === undefined ? [] : [["x-team", team]]),
  }));

function pointAt(cluster: Cluster, http: HttpRequest) {
  return pointOf({
    request: { http, token: undefined },
    ...{ port: 80, principal: null, sourceAddress: undefined, destinationAddress: undefined, sni: null },
    ...{ jwtRules: [], normalization: cluster.mesh.pathNormalization },
  });
}

const BEHIND: readonly RequestSet[] = [
  RequestSet.where(dimension.path, only("/b")),
  RequestSet.where(dimension.path, Text.of(Language.matching(regex.sequence(regex.literal("/b"), regex.anything)))),
  RequestSet.where(dimension.path, Text.of(Language.matching(regex.sequence(regex.literal("/a/"), regex.anything)))),
  RequestSet.where(dimension.host, only("in.prod")),
  RequestSet.where(dimension.header("x-team"), only("2")),
];

const tally = { there: 0, nowhere: 0, untold: 0, maybe: 0 };

function agree(cluster: Cluster, ways: readonly Way[], sent: Sent, http: HttpRequest): void {
  const point = pointAt(cluster, http);
  if (point === undefined) return;
  for (const name of ["web", "admin"]) {
    const target = cluster.workloads.find((one) => one.name === name)?.pods[0];
    const own = ways.filter(({ to }) => to.pod === target);
    const hits = sent.hits.filter((hit) => hit.pod === target);
    const [may, must] = [own.some((one) => one.sent.may.has(point)), own.some((one) => one.sent.must.has(point))];
    const told = JSON.stringify({ name, http: { ...http, headers: [...http.headers] }, reason: sent.reason });
    if (hits.length > 0) expect([told, may]).toEqual([told, true]);
    if (sent.known && hits.length === 0) expect([told, must]).toEqual([told, false]);
    if (!sent.known) tally.untold++;
    else if (hits.length > 0) tally[hits.every(({ sure }) => sure === true) ? "there" : "maybe"]++;
    else tally.nowhere++;
    for (const hit of hits) {
      const seen = hit.http === undefined ? undefined : pointAt(cluster, hit.http);
      if (seen === undefined || hits.length > 1) continue;
      const reached = own.filter((one) => one.sent.may.has(point));
      for (const set of BEHIND) {
        const before = reached.map((way) => way.before({ may: set, must: set }));
        if (set.has(seen)) expect([told, before.some((one) => one.may.has(point))]).toEqual([told, true]);
        else
          expect([
            told,
            reached.length === 1 &&
              reached.every((one) => one.sent.must.has(point)) &&
              before.every((one) => one.must.has(point)),
          ]).toEqual([told, false]);
      }
    }
  }
}

const text = pick("exact", "prefix", "regex").chain((kind) =>
  (kind === "regex" ? pick("/a.*", "/[ab]", "/a/[^/]+") : pick(...PATHS)).map((value) => ({ [kind]: value })),
);
const condition = fc.record(
  {
    uri: text,
    method: pick({ exact: "GET" }, { regex: "P.*" }),
    headers: pick({ "x-team": { exact: "1" } }, { "x-team": {} }),
    withoutHeaders: pick({ "x-team": { exact: "2" } }),
    queryParams: pick({ q: { exact: "1" } }),
    ignoreUriCase: pick(true),
    weather: pick({ exact: "fine" }),
  },
  { requiredKeys: [] },
);
const destination = pick("web", "admin").map((host) => ({ destination: { host, port: { number: 80 } } }));
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const virtualRoute = fc
  .record({
    match: rarely(fc.array(condition, { minLength: 1, maxLength: 2 })),
    rewrite: rarely(
      fc.record({ uri: pick("/", "/b", "/b/", "/a/b"), authority: pick("in.prod") }, { requiredKeys: [] }),
    ),
    headers: rarely(pick({ request: { set: { "x-team": "2" } } }, { request: { remove: ["x-team"] } })),
    mirror: rarely(pick({ host: "admin", port: { number: 80 } })),
    redirect: rarely(pick({ uri: "/" })),
    fault: rarely(pick({ abort: { httpStatus: 500, percentage: { value: 100 } } }, { abort: { httpStatus: 500 } })),
    delegate: rarely(pick({ name: "sub" })),
    to: destination,
  })
  .map(({ to, redirect, delegate, ...rest }) =>
    delegate !== undefined
      ? { match: rest.match, delegate }
      : { ...rest, ...(redirect === undefined ? { route: [to] } : { redirect }) },
  );
const matched = condition.filter((one) => Object.keys(one).length > 0);
const virtualServices = fc.array(
  fc.record({
    hosts: pick(["x.example.com"], ["*.example.com"], ["x.example.com", "z.org"], ["*"]),
    http: fc.array(virtualRoute, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 2 },
);

const NETWORKING = "networking.istio.io/v1";
const GATE =
  namespace("edge") +
  pod("edge", "gate", 80, "istio: ingressgateway", "docker.io/istio/proxyv2:1.27.1") +
  object(
    NETWORKING,
    "Gateway",
    "edge",
    "main",
    `{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }`,
  );

it("VirtualServices at a gateway", () => {
  fc.assert(
    fc.property(
      virtualServices,
      fc.array(fc.record({ match: fc.array(matched, { minLength: 1, maxLength: 1 }), to: destination }), {
        maxLength: 2,
      }),
      fc.array(requests, { minLength: 12, maxLength: 12 }),
      (services, sub, asked) => {
        const documents = services.map(({ hosts, http }, i) =>
          object(
            NETWORKING,
            "VirtualService",
            "prod",
            `v${i}`,
            JSON.stringify({ hosts, gateways: ["edge/main"], http }),
          ),
        );
        const below = object(
          NETWORKING,
          "VirtualService",
          "prod",
          "sub",
          JSON.stringify({ http: sub.map(({ match, to }) => ({ match, route: [to] })) }),
        );
        const cluster = clusterOf(SHOP + GATE + documents.join("") + below);
        const ways = routedFrom(cluster, () => "allowed").flatMap((table) => table.ways);
        const [gateway] = cluster.istioGateways;
        const seat = cluster.workloads.find(({ name }) => name === "gate");
        const own = seat?.pods[0];
        if (gateway === undefined || seat === undefined || own === undefined) throw new Error("no gateway");
        for (const http of asked)
          agree(cluster, ways, sentByGateway(cluster, gateway, { workload: seat, pod: own }, 80, http), http);
      },
    ),
    { numRuns: RUNS },
  );
  process.stdout.write(`VirtualServices: ${JSON.stringify(tally)}\n`);
}, 600_000);

const API = "gateway.networking.k8s.io/v1";
const routeMatch = fc.record(
  {
    path: fc.oneof(
      pick(...PATHS).map((value) => ({ type: "Exact", value })),
      pick(...PATHS).map((value) => ({ type: "PathPrefix", value })),
      pick("/a.*", "/[ab]").map((value) => ({ type: "RegularExpression", value })),
    ),
    method: pick("GET"),
    headers: pick([{ name: "x-team", value: "1" }]),
    queryParams: pick([{ name: "q", value: "1" }]),
  },
  { requiredKeys: [] },
);
const filter = pick(
  { type: "URLRewrite", urlRewrite: { hostname: "in.prod" } },
  { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/b" } } },
  { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "X-Team", value: "2" }] } },
  { type: "RequestRedirect", requestRedirect: { hostname: "a.example" } },
  { type: "Weather" },
);
const routes = fc.array(
  fc.record({
    hostnames: pick([], ["x.example.com"], ["*.example.com"]),
    rules: fc.array(
      fc.record({
        matches: fc.array(routeMatch, { maxLength: 2 }),
        filters: fc.array(filter, { maxLength: 1 }),
        backendRefs: pick("web", "admin").map((name) => [{ name, port: 80 }]),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { minLength: 1, maxLength: 2 },
);

it("routes of the Gateway API", () => {
  fc.assert(
    fc.property(
      routes,
      pick(undefined, "*.example.com"),
      fc.array(requests, { minLength: 12, maxLength: 12 }),
      (list, hostname, asked) => {
        const gateway = object(
          API,
          "Gateway",
          "prod",
          "main",
          JSON.stringify({
            gatewayClassName: "istio",
            listeners: [{ name: "http", port: 80, protocol: "HTTP", ...(hostname === undefined ? {} : { hostname }) }],
          }),
        );
        const documents = list.map((spec, i) =>
          object(API, "HTTPRoute", "prod", `r${i}`, JSON.stringify({ parentRefs: [{ name: "main" }], ...spec })),
        );
        const gate =
          namespace("prod", "istio-injection: enabled") +
          pod("prod", "gate", 80, "gateway.networking.k8s.io/gateway-name: main", "proxyv2");
        const cluster = clusterOf(SHOP.slice(SHOP.indexOf("---") + 4) + gate + gateway + documents.join(""));
        const ways = routedFrom(cluster, () => "allowed").flatMap((table) => table.ways);
        const [own] = cluster.gateways;
        if (own === undefined) throw new Error("no gateway");
        for (const http of asked) agree(cluster, ways, sentByRoutes(cluster, own, 80, http), http);
      },
    ),
    { numRuns: RUNS },
  );
  process.stdout.write(`routes: ${JSON.stringify(tally)}\n`);
}, 600_000);

const ingressPath = fc.record({
  path: pick(...PATHS, "/a(/|$)(.*)", "/[ab]$"),
  pathType: pick("Exact", "Prefix", "ImplementationSpecific"),
  backend: pick("web", "admin").map((name) => ({ service: { name, port: { number: 80 } } })),
});
const annotations = fc.record(
  {
    "use-regex": pick("true"),
    "rewrite-target": pick("/b", "/$2"),
    "upstream-vhost": pick("in.prod"),
    "permanent-redirect": pick("https://a.example"),
    "server-alias": pick("z.org"),
    canary: pick("true"),
    "auth-url": pick("https://a.example"),
    "server-snippet": pick("x"),
  },
  { requiredKeys: [] },
);
const ingresses = fc.array(
  fc.record({
    host: pick("x.example.com", "*.example.com", undefined),
    paths: fc.array(ingressPath, { minLength: 1, maxLength: 3 }),
    notes: rarely(annotations),
    fallback: rarely(pick("admin")),
  }),
  { minLength: 1, maxLength: 2 },
);

it("Ingresses of ingress-nginx", () => {
  fc.assert(
    fc.property(ingresses, fc.array(requests, { minLength: 12, maxLength: 12 }), (list, asked) => {
      const documents = list.map(({ host, paths, notes, fallback }, i) => {
        const told = Object.fromEntries(
          Object.entries(notes ?? {}).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
        );
        const spec = {
          ingressClassName: "nginx",
          rules: [{ ...(host === undefined ? {} : { host }), http: { paths } }],
          ...(fallback === undefined ? {} : { defaultBackend: { service: { name: fallback, port: { number: 80 } } } }),
        };
        return object(
          "networking.k8s.io/v1",
          "Ingress",
          "prod",
          `i${i}`,
          JSON.stringify(spec),
          `, annotations: ${JSON.stringify(told)}`,
        );
      });
      const cluster = clusterOf(
        SHOP +
          namespace("edge") +
          pod("edge", "gate", 80, "app: gate", "registry.k8s.io/ingress-nginx/controller:v1") +
          documents.join(""),
      );
      const ways = routedFrom(cluster, () => "allowed").flatMap((table) => table.ways);
      const seat = cluster.workloads.find(({ name }) => name === "gate");
      const own = seat?.pods[0];
      if (seat === undefined || own === undefined) throw new Error("no controller");
      for (const http of asked)
        agree(cluster, ways, sentByIngress(cluster, cluster.ingresses, true, { workload: seat, pod: own }, http), http);
    }),
    { numRuns: RUNS },
  );
  process.stdout.write(`Ingresses: ${JSON.stringify(tally)}\n`);
}, 600_000);

it("puts something before both", () => {
  // A closed table would agree too.
  expect(Math.min(tally.there, tally.nowhere, tally.untold)).toBeGreaterThan(RUNS);
});
