/** What the emitted bytes let through is exactly what the policy's rules permit, asked of an independent reader. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Policy, Rule } from "../../src/policy/index.js";
import { compile } from "../../src/targets/index.js";
import { matchesPath } from "../../src/workflow/index.js";
import { policyOf, workflows } from "../generators/workflow.js";
import { type Loose, meshAllows, networkAllows, objectsOf, type Pod, type Request } from "./reader.js";

const SEEN = new Set(["http", "grpc", "websocket"]);
const PORTS = [80, 8080, 8443, 5432, 9999];

const podOf = (policy: Policy, name: string): Pod => {
  const workload = policy.workloads.find((candidate) => candidate.name === name);
  return { namespace: workload?.zone ?? "", labels: { "ringfence.dev/workload": name } };
};
const gatewayPod = (policy: Policy): Pod => ({
  namespace: policy.targets.gateway.namespace,
  labels: { "gateway.networking.k8s.io/gateway-name": policy.workflow, "app.kubernetes.io/name": "ingress-nginx" },
});
const isUsers = (name: string) => name === "people" || name === "anyone";
const ruleBetween = (policy: Policy, from: string, to: string, port: number) =>
  policy.rules.find((rule) => rule.from.name === from && rule.to.name === to && rule.port.port === port);

describe("network policies", () => {
  it("let through the flows' packets, both ways asked, and no others", () => {
    fc.assert(
      fc.property(workflows({ meshes: ["istio", "none"] }), (written) => {
        const policy = policyOf(written);
        const objects = objectsOf(compile(policy).files);
        const names = policy.workloads.map(({ name }) => name);
        for (const to of names) {
          for (const port of PORTS) {
            for (const from of names) {
              const allowed = networkAllows(objects, podOf(policy, from), podOf(policy, to), port);
              expect([from, to, port, allowed]).toEqual([
                from,
                to,
                port,
                ruleBetween(policy, from, to, port) !== undefined,
              ]);
            }
            const declared = ["people", "anyone"].some((users) => ruleBetween(policy, users, to, port) !== undefined);
            expect(networkAllows(objects, gatewayPod(policy), podOf(policy, to), port)).toBe(declared);
            const stranger = { namespace: "elsewhere", labels: { "ringfence.dev/workload": to } };
            expect(networkAllows(objects, stranger, podOf(policy, to), port)).toBe(false);
            expect(networkAllows(objects, podOf(policy, to), stranger, port)).toBe(false);
            const unknown = { namespace: podOf(policy, to).namespace, labels: {} };
            expect(networkAllows(objects, unknown, podOf(policy, to), port)).toBe(false);
          }
        }
      }),
      { seed: 41, numRuns: 100 },
    );
  });

  it("in ambient mode open the tunnel between the ends, or to the waypoint of what is seen", () => {
    fc.assert(
      fc.property(workflows({ meshes: ["istio-ambient"] }), (written) => {
        const policy = policyOf(written);
        const objects = objectsOf(compile(policy).files);
        const waypoint = (zone: string): Pod => ({
          namespace: zone,
          labels: { "gateway.networking.k8s.io/gateway-name": "waypoint" },
        });
        // The namespace's label sends what goes to any Service of the zone through the zone's waypoint.
        const throughWaypoint = (zone: string) => {
          const named = objects.some(
            ({ kind, metadata }) =>
              kind === "Namespace" && metadata.name === zone && metadata.labels["istio.io/use-waypoint"] === "waypoint",
          );
          return named ? policy.rules.filter((rule) => podOf(policy, rule.to.name).namespace === zone) : [];
        };
        for (const to of policy.workloads) {
          expect(networkAllows(objects, waypoint(to.zone), podOf(policy, to.name), 15008)).toBe(
            throughWaypoint(to.zone).some((rule) => rule.to.name === to.name),
          );
          for (const from of policy.workloads) {
            const rules = policy.rules.filter((rule) => rule.from.name === from.name && rule.to.name === to.name);
            const [source, target] = [podOf(policy, from.name), podOf(policy, to.name)];
            // A Service's address leads through the waypoint, a pod's own past it: a connection may take either.
            expect(networkAllows(objects, source, target, 15008)).toBe(
              rules.some((rule) => !SEEN.has(rule.port.protocol)),
            );
            expect(networkAllows(objects, source, waypoint(to.zone), 15008)).toBe(
              throughWaypoint(to.zone).some((rule) => rule.from.name === from.name),
            );
            for (const port of PORTS) expect(networkAllows(objects, source, target, port)).toBe(false);
          }
        }
      }),
      { seed: 42, numRuns: 100 },
    );
  });
});

const tokens: readonly (Request["token"] | undefined)[] = [
  undefined,
  { iss: "https://login.example.com", sub: "a", realm_access: { roles: ["reader", "other"] } },
  { iss: "https://login.example.com", sub: "b", realm_access: { roles: ["admin", "writer"] } },
  { iss: "https://login.example.com", sub: "c", realm_access: { roles: [] }, roles: ["admin"] },
  { iss: "https://login.example.com/partner", sub: "d", realm_access: { roles: ["reader", "writer", "admin"] } },
];
const requests = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE", "PUT"),
  path: fc.constantFrom(
    "/",
    "/v1",
    "/v1/",
    "/v1/items",
    "/v1/items/",
    "/v1/items/7",
    "/v1/a/lines/b",
    "/v1//lines/b",
    "/v1/x/files/",
    "/v1/x/files/y/z",
    "/v2",
    "/shop.Cart/Add",
    "/shop.v1.Orders/Get",
    "/shop.v1.Orders/",
    "/a-b/c.d",
    "/a-bXc.d",
  ),
  host: fc.constantFrom(
    "shop.example.com",
    "shop.example.com:8080",
    "api.internal",
    "x.example.org",
    "example.org",
    "other",
  ),
  token: fc.constantFrom(...tokens),
});
interface Sample {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly token: Request["token"] | undefined;
}

/** The meaning of a rule, from the policy alone. */
function permits(policy: Policy, rule: Rule, { method, path, host, token }: Sample): boolean {
  const users = policy.outside.find(({ name }) => name === rule.from.name);
  const required = users?.kind === "users" ? users.identity : undefined;
  const issuer = (name: string | undefined) => policy.identities.find((candidate) => candidate.name === name)?.issuer;
  if (required !== undefined && token?.iss !== issuer(required)) return false;
  return rule.operations.some((operation) => {
    const bare = host.replace(/:\d+$/, "");
    const held = (token?.realm_access as { roles: string[] } | undefined)?.roles ?? [];
    return (
      (operation.methods === "any" || operation.methods.some((name) => name === method)) &&
      (operation.paths === "any" || operation.paths.some((pattern) => matchesPath(pattern, path))) &&
      (operation.hosts === "any" ||
        operation.hosts.some((name) => (name.startsWith("*.") ? bare.endsWith(name.slice(1)) : name === bare))) &&
      (operation.roles === "none" ||
        (token?.iss === issuer(operation.identity) && operation.roles.some((role) => held.includes(role))))
    );
  });
}

const principalOf = (policy: Policy, name: string) =>
  isUsers(name)
    ? `example.test/ns/${policy.targets.gateway.namespace}/sa/${policy.targets.gateway.engine === "gateway-api" ? "generated-istio" : "ingress-nginx"}`
    : `example.test/ns/${podOf(policy, name).namespace}/sa/${name}`;

const inZone = (policy: Policy, to: string) => (object: Loose) =>
  object.metadata.namespace === podOf(policy, to).namespace;
const onPod = (policy: Policy, to: string) => (object: Loose) =>
  inZone(policy, to)(object) &&
  object.spec.targetRefs === undefined &&
  (object.spec.selector === undefined || object.spec.selector.matchLabels["ringfence.dev/workload"] === to);
const onWaypoint = (policy: Policy, to: string) => (object: Loose) =>
  inZone(policy, to)(object) &&
  (object.spec.targetRefs ?? []).some(({ kind, name }: Loose) =>
    kind === "Service" ? name === to : kind === "Gateway" && name === "waypoint",
  );

/** `people` and `anyone` come through one gateway: what either may do is what its principal may do. */
const sources = (policy: Policy) => [...policy.workloads.map(({ name }) => [name]), ["people", "anyone"]];

describe("istio", () => {
  it("with sidecars allows exactly what the rules permit", () => {
    fc.assert(
      fc.property(
        workflows({ meshes: ["istio"] }),
        fc.array(requests, { minLength: 12, maxLength: 12 }),
        (written, samples) => {
          const policy = policyOf(written);
          const objects = objectsOf(compile(policy).files);
          for (const { name: to, ports } of policy.workloads) {
            for (const port of PORTS) {
              const protocol = ports.find((candidate) => candidate.port === port)?.protocol ?? "http";
              for (const from of sources(policy)) {
                const rules = from.flatMap((name) => ruleBetween(policy, name, to, port) ?? []);
                const principal = principalOf(policy, from[0] ?? "");
                const ask = (extra: Partial<Request>) =>
                  meshAllows(objects, onPod(policy, to), { principal, port, ...extra });
                if (!SEEN.has(protocol)) {
                  expect(ask({})).toBe(rules.length > 0);
                  continue;
                }
                for (const { token, ...http } of samples) {
                  const wanted = rules.some((rule) => permits(policy, rule, { token, ...http }));
                  // A host below `*.` matches with the pod's own port only: narrower than declared, never wider.
                  const allowed = ask({ http, ...(token === undefined ? {} : { token }) });
                  if (http.host.includes(":") && wanted !== allowed) expect(allowed).toBe(false);
                  else expect([from, to, port, http, token, allowed]).toEqual([from, to, port, http, token, wanted]);
                }
              }
              expect(
                meshAllows(objects, onPod(policy, to), { principal: "example.test/ns/elsewhere/sa/x", port }),
              ).toBe(false);
            }
          }
        },
      ),
      { seed: 43, numRuns: 80 },
    );
  });

  it("in ambient mode allows exactly that between ztunnel and waypoint, and nothing past the waypoint", () => {
    fc.assert(
      fc.property(
        workflows({ meshes: ["istio-ambient"] }),
        fc.array(requests, { minLength: 12, maxLength: 12 }),
        (written, samples) => {
          const policy = policyOf(written);
          const objects = objectsOf(compile(policy).files);
          const hasWaypoint = (zone: string) =>
            objects.some(({ kind, metadata }) => kind === "Gateway" && metadata.namespace === zone);
          for (const { name: to, zone, ports } of policy.workloads) {
            for (const port of PORTS) {
              const declared = ports.find((candidate) => candidate.port === port);
              const protocol = declared?.protocol;
              const seen = protocol !== undefined && SEEN.has(protocol);
              for (const from of sources(policy)) {
                const rules = from.flatMap((name) => ruleBetween(policy, name, to, port) ?? []);
                const principal = principalOf(policy, from[0] ?? "");
                const direct = meshAllows(objects, onPod(policy, to), { principal, port });
                expect([from, to, port, direct]).toEqual([from, to, port, rules.length > 0 && !seen]);
                const carried = meshAllows(objects, onPod(policy, to), {
                  principal: `example.test/ns/${zone}/sa/waypoint`,
                  port,
                });
                // The waypoint compares the port of the Service that was called.
                const called = declared?.servicePort ?? port;
                if (!seen) {
                  const passed = carried && meshAllows(objects, onWaypoint(policy, to), { principal, port: called });
                  expect([from, to, port, passed]).toEqual([from, to, port, rules.length > 0 && hasWaypoint(zone)]);
                  continue;
                }
                for (const { token, ...http } of samples) {
                  const wanted = rules.some((rule) => permits(policy, rule, { token, ...http }));
                  const request = { principal, port: called, http, ...(token === undefined ? {} : { token }) };
                  const allowed = carried && meshAllows(objects, onWaypoint(policy, to), request);
                  if (http.host.includes(":") && wanted !== allowed) expect(allowed).toBe(false);
                  else expect([from, to, port, http, token, allowed]).toEqual([from, to, port, http, token, wanted]);
                }
              }
            }
          }
        },
      ),
      { seed: 44, numRuns: 80 },
    );
  });

  it("lets out to an outside API whom the rules name, for its host alone", () => {
    fc.assert(
      fc.property(workflows(), fc.array(requests, { minLength: 8, maxLength: 8 }), (written, samples) => {
        const policy = policyOf(written);
        const objects = objectsOf(compile(policy).files);
        for (const api of policy.outside) {
          if (api.kind !== "api" || api.host.startsWith("*.")) continue;
          const rulesOf = (name: string) =>
            policy.rules.filter((rule) => rule.from.name === name && rule.to.name === api.name);
          if (policy.rules.every((rule) => rule.to.name !== api.name)) continue;
          const atExit = ({ metadata, spec }: Loose) =>
            metadata.namespace === "istio-egress" &&
            (spec.selector !== undefined ||
              spec.targetRefs.some(({ kind, name }: Loose) => kind === "Gateway" || name === `generated.${api.name}`));
          for (const { name } of policy.workloads) {
            const rules = rulesOf(name);
            const restricted = rules.filter((rule) =>
              rule.operations.some(
                (o) => o.methods !== "any" || o.paths !== "any" || o.hosts !== "any" || o.roles !== "none",
              ),
            );
            const seen = ["http", "grpc"].includes(api.protocol);
            const originated = api.protocol === "https" && restricted.length > 0;
            const base = { principal: principalOf(policy, name), sni: api.host };
            const connection = meshAllows(objects, atExit, { ...base, port: api.port });
            if (!seen) expect(connection).toBe(rules.length > 0 && !originated);
            else expect(connection).toBe(false);
            if (!seen && !originated) continue;
            const port = originated ? 80 : api.port;
            for (const { token, ...sample } of samples) {
              const http = { ...sample, host: api.host };
              const wanted = rules.some((rule) => permits(policy, rule, { token, ...http }));
              const request = { ...base, port, http, ...(token === undefined ? {} : { token }) };
              expect(meshAllows(objects, atExit, request)).toBe(wanted);
              const elsewhere = { ...request, http: { ...http, host: "evil.example" }, sni: "evil.example" };
              expect(meshAllows(objects, atExit, elsewhere)).toBe(false);
            }
          }
        }
      }),
      { seed: 45, numRuns: 100 },
    );
  });
});
