/**
 * Whole workflows, as people write them: small enough to shrink to something readable, wide enough that every kind of
 * port, party, operation and engine occurs. They are written as text and loaded, so that only what a user could write
 * reaches the code under test.
 */
import fc from "fast-check";
import { derive, type Policy } from "../../src/policy/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

export interface WrittenFlow {
  readonly from: string;
  readonly to: string;
  readonly port?: number;
  readonly allow?: readonly Record<string, unknown>[];
}

export interface WrittenWorkflow {
  readonly apiVersion: "ringfence.dev/v1";
  readonly workflow: string;
  readonly trustDomain: string;
  readonly zones: Record<string, { readonly trust: string }>;
  readonly identity: Record<string, Record<string, unknown>>;
  readonly workloads: Record<string, { readonly zone: string; readonly ports: readonly WrittenPort[] }>;
  readonly outside: Record<string, Record<string, unknown>>;
  readonly flows: readonly WrittenFlow[];
  readonly targets: Record<string, unknown>;
}

interface WrittenPort {
  readonly port: number;
  readonly servicePort: number;
  readonly protocol: string;
}

export interface WorkflowChoices {
  readonly meshes?: readonly ("istio" | "istio-ambient" | "none")[];
  readonly networks?: readonly ("kubernetes" | "cilium")[];
  readonly maxWorkloads?: number;
}

export function policyOf(written: WrittenWorkflow): Policy {
  return derive(loadWorkflow({ path: "generated.yaml", text: JSON.stringify(written, null, 1) }));
}

const PATHS = [
  "/",
  "/v1",
  "/v1/items",
  "/v1/items/",
  "/v1/items/{id}",
  "/v1/*/lines/*",
  "/v1/**",
  "/v1/*/files/**",
  "/**",
  "/a-b/c.d",
];
const HOSTS = ["shop.example.com", "api.internal", "*.example.org"];
const ROLES = ["reader", "writer", "admin"];

const operation = (protocol: string, identities: boolean): fc.Arbitrary<Record<string, unknown>> => {
  const roles = identities ? { roles: fc.subarray(ROLES, { minLength: 1 }) } : {};
  const shape: Record<string, fc.Arbitrary<unknown>> = protocol === "grpc"
    ? { service: fc.constantFrom("shop.Cart", "shop.v1.Orders"), method: fc.constantFrom("Add", "Get", "*"), ...roles }
    : {
        method: fc.subarray(["GET", "POST", "DELETE"], { minLength: 1 }),
        path: fc.subarray(PATHS, { minLength: 1, maxLength: 3 }),
        host: fc.subarray(HOSTS, { minLength: 1, maxLength: 2 }),
        ...roles,
      };
  return fc.record(shape, { requiredKeys: protocol === "grpc" ? ["service"] : [] });
};

const SEEN = new Set(["http", "grpc", "websocket"]);

/** Workflows that the chosen engines can enforce. */
export function workflows(choices: WorkflowChoices = {}): fc.Arbitrary<WrittenWorkflow> {
  const { meshes = ["istio", "istio-ambient"], networks = ["kubernetes", "cilium"], maxWorkloads = 5 } = choices;
  return fc
    .record({
      zones: fc.integer({ min: 1, max: 3 }),
      workloads: fc.array(
        fc.record({
          zone: fc.nat(2),
          ports: fc.uniqueArray(
            fc.record({
              port: fc.constantFrom(80, 8080, 8443, 5432),
              // From the same few, so that one port's Service port is another port.
              servicePort: fc.constantFrom(80, 8080, 8443, 5432),
              protocol: fc.constantFrom("http", "grpc", "websocket", "tcp", "tls", "https"),
            }),
            {
              minLength: 1,
              maxLength: 2,
              comparator: (a, b) => a.port === b.port || a.servicePort === b.servicePort,
            },
          ),
        }),
        { minLength: 1, maxLength: maxWorkloads },
      ),
      apis: fc.array(
        fc.record({
          host: fc.constantFrom("api.partner.example", "db.partner.example", "*.cloud.example"),
          port: fc.constantFrom(443, 80, 8443, 5432),
          protocol: fc.constantFrom("https", "http", "tls", "tcp", "grpc"),
        }),
        { maxLength: 3 },
      ),
      mesh: fc.constantFrom(...meshes),
      network: fc.constantFrom(...networks),
      gateway: fc.constantFrom("gateway-api", "ingress-nginx"),
    })
    .chain((base) => {
      const zones = Array.from({ length: base.zones }, (_, index) => `zone-${index}`);
      const workloads = Object.fromEntries(
        base.workloads.map(({ zone, ports }, index) => [
          `w${index}`,
          { zone: zones[zone % zones.length] ?? "zone-0", ports },
        ]),
      );
      const meshed = base.mesh !== "none";
      const usable = base.apis.filter(({ host }) =>
        host.startsWith("*.") ? base.network === "cilium" : meshed || base.network === "cilium",
      );
      // One API a host: two on one host would be one ServiceEntry too many in the mesh.
      const apis = [...new Map(usable.map((api) => [api.host, api])).values()];
      const outside: Record<string, Record<string, unknown>> = {
        people: { kind: "users", identity: "corp" },
        anyone: { kind: "users", anonymous: true },
      };
      for (const [index, api] of apis.entries()) outside[`api${index}`] = { kind: "api", ...api };
      const names = Object.keys(workloads);
      const edges: { from: string; to: string; port?: number; seen: boolean; protocol: string; users: boolean }[] = [];
      for (const to of names) {
        for (const { port, protocol } of workloads[to]?.ports ?? []) {
          const seen = meshed && SEEN.has(protocol);
          for (const from of names) edges.push({ from, to, port, seen, protocol, users: false });
          edges.push({ from: "anyone", to, port, seen, protocol, users: true });
          if (seen) edges.push({ from: "people", to, port, seen, protocol, users: true });
        }
      }
      for (const [index, { host, protocol }] of apis.entries()) {
        const seen = meshed && !host.startsWith("*.") && ["http", "https", "grpc"].includes(protocol);
        for (const from of names) edges.push({ from, to: `api${index}`, seen, protocol, users: false });
      }
      return fc
        .subarray(edges, { maxLength: Math.min(12, edges.length) })
        .chain((chosen) => fc.tuple(...chosen.map((edge) => flowOf(edge))))
        .map(
          (flows): WrittenWorkflow => ({
            apiVersion: "ringfence.dev/v1",
            workflow: "generated",
            trustDomain: "example.test",
            zones: Object.fromEntries(
              zones.map((zone, index) => [zone, { trust: ["public", "internal", "restricted"][index] ?? "public" }]),
            ),
            identity: {
              corp: { issuer: "https://login.example.com", audience: "app", roles: "realm_access.roles" },
              partner: {
                issuer: "https://login.example.com/partner",
                audience: ["app", "other"],
                roles: ["https://claims.example/roles"],
              },
            },
            workloads,
            outside,
            flows,
            targets: {
              network: base.network,
              mesh: base.mesh,
              gateway: base.gateway,
              authorization: "none",
              admission: [],
            },
          }),
        );
    });
}

function flowOf(edge: {
  from: string;
  to: string;
  port?: number;
  seen: boolean;
  protocol: string;
  users: boolean;
}): fc.Arbitrary<WrittenFlow> {
  const base = { from: edge.from, to: edge.to, ...(edge.port === undefined ? {} : { port: edge.port }) };
  if (!edge.seen) return fc.constant(base);
  const operations = fc.array(
    operation(edge.protocol, edge.from !== "anyone").map((written) =>
      written.roles === undefined || edge.from === "people" ? written : { ...written, identity: "corp" },
    ),
    { minLength: 1, maxLength: 3 },
  );
  return fc.option(operations, { nil: undefined }).map((allow) => (allow === undefined ? base : { ...base, allow }));
}
