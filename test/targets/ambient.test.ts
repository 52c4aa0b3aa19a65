/** Ambient mode, end to end: the compiled files beside the Services that the workflow names, asked call by call. */
import { describe, expect, it } from "vitest";
import { RingfenceError } from "../../src/diagnostics/index.js";
import { derive, type Policy } from "../../src/policy/index.js";
import { compile } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { ask } from "../conformance/istio/ask.js";
import { clusterOf, place } from "../conformance/istio/corpus.js";
import { meshAllows, networkAllows, objectsOf, type Pod } from "./reader.js";

/** Two ports whose Service ports cross: 8080 is one workload port and the other's Service port. */
const CROSSED = `apiVersion: ringfence.dev/v1
workflow: crossed
trustDomain: crossed.example
zones: { front: { trust: internal }, back: { trust: internal } }
workloads:
  caller: { zone: front, port: 8000 }
  operator: { zone: front, port: 8000 }
  server:
    zone: back
    ports:
      - { name: app, port: 8080, servicePort: 80 }
      - { name: admin, port: 9090, servicePort: 8080 }
flows:
  - { from: caller, to: server, port: app }
  - { from: operator, to: server, port: admin }
targets: { mesh: istio-ambient, authorization: none, admission: [], gateway: none }
`;

const policyOf = (text: string): Policy => derive(loadWorkflow({ path: "w.yaml", text }));

/** What runs the workloads, as the workflow describes it. */
function runners(policy: Policy): object[] {
  return policy.workloads.flatMap(({ name, zone, ports }) => {
    const labels = { "ringfence.dev/workload": name, "ringfence.dev/zone": zone };
    const spec = { serviceAccountName: name, containers: [{ name: "main", image: "x:1" }] };
    return [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace: zone },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: zone },
        spec: {
          selector: labels,
          ports: ports.map((port) => ({ name: `http-${port.port}`, port: port.servicePort, targetPort: port.port })),
        },
      },
    ];
  });
}

describe("a waypoint before a workload with several ports", () => {
  const policy = policyOf(CROSSED);
  const { files } = compile(policy);
  const objects = objectsOf(files);
  const CALLS = [
    ["caller", 80, 8080, true],
    ["caller", 8080, 9090, false],
    ["operator", 80, 8080, false],
    ["operator", 8080, 9090, true],
  ] as const;

  it.each(CALLS)(
    "lets %s call the Service's port %i, which leads to the pod's %i: %s",
    (from, called, port, allowed) => {
      const applied = objects.filter(({ apiVersion }) => !apiVersion.startsWith("install."));
      const mesh = objects.find(({ kind }) => kind === "IstioOperator")?.spec.meshConfig;
      const settings = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "istio", namespace: "istio-system" },
        data: { mesh: JSON.stringify(mesh) },
      };
      const cluster = clusterOf([settings, ...applied, ...runners(policy)]);
      const { sets, replay } = ask(cluster, {
        from: place(cluster, "front", from),
        to: place(cluster, "back", "server"),
        port,
        by: { service: "server.back", port: called },
        request: { http: { method: "GET", target: "/", host: "server", headers: new Map() }, token: undefined },
      });
      expect([sets, replay.outcome]).toEqual(allowed ? ["allow", "allow"] : ["deny", "deny"]);
      // The independent reader, asked what the waypoint compares: the Service's port.
      const atWaypoint = ({ spec }: { spec: { targetRefs?: { kind: string }[] } }) => spec.targetRefs !== undefined;
      const principal = `crossed.example/ns/front/sa/${from}`;
      const http = { method: "GET", path: "/", host: "server" };
      expect(meshAllows(objects, atWaypoint, { principal, port: called, http })).toBe(allowed);
    },
  );

  it("says which Services it relies on", () => {
    expect(files.find(({ path }) => path === "README.md")?.text).toContain(
      "- The Services of `server` lead from 80 to the pod's 8080, from 8080 to the pod's 9090, and nowhere else",
    );
  });

  it("is refused two ports of flows under one port of the Services", () => {
    const shared = CROSSED.replace("servicePort: 8080", "servicePort: 80");
    let problem: RingfenceError | undefined;
    try {
      compile(policyOf(shared));
    } catch (error) {
      if (error instanceof RingfenceError) problem = error;
    }
    const [{ code, message, span, hint } = {}] = problem?.problems ?? [];
    expect([code, message, hint]).toEqual([
      "TARGET_INEXPRESSIBLE",
      "workload `server`: ports 8080 and 9090 have the Service port 80, by which alone a waypoint would tell them apart",
      "give each of them a `servicePort` of its own",
    ]);
    expect(shared.slice(span?.start ?? 0)).toMatch(/^\{ name: admin/);
    // Nobody calls the second one: ztunnel lets nothing through to it.
    expect(() =>
      compile(policyOf(shared.replace("  - { from: operator, to: server, port: admin }\n", ""))),
    ).not.toThrow();
    expect(() => compile(policyOf(shared.replace("istio-ambient", "istio")))).not.toThrow();
  });
});

describe("a connection to a zone with a waypoint", () => {
  const policy = policyOf(`apiVersion: ringfence.dev/v1
workflow: mixed
trustDomain: mixed.example
zones: { front: { trust: internal }, back: { trust: internal }, far: { trust: internal } }
workloads:
  caller: { zone: front, port: 8000 }
  other: { zone: front, port: 8000 }
  model: { zone: back, port: 8500 }
  store: { zone: back, port: 5432, protocol: tcp }
  archive: { zone: far, port: 5432, protocol: tcp }
flows:
  - { from: caller, to: store }
  - { from: caller, to: archive }
  - { from: other, to: model }
targets: { mesh: istio-ambient, authorization: none, admission: [], gateway: none }
`);
  const { files, controls } = compile(policy);
  const objects = objectsOf(files);
  const pod = (namespace: string, workload: string) => ({ namespace, labels: { "ringfence.dev/workload": workload } });
  const waypoint = { namespace: "back", labels: { "gateway.networking.k8s.io/gateway-name": "waypoint" } };
  const open = (from: Pod, to: Pod) => networkAllows(objects, from, to, 15008);

  it("may pass the waypoint, as a Service's address leads, or go past it, as a pod's own does", () => {
    expect(open(pod("front", "caller"), waypoint)).toBe(true);
    expect(open(waypoint, pod("back", "store"))).toBe(true);
    expect(open(pod("front", "caller"), pod("back", "store"))).toBe(true);
    expect(open(pod("front", "other"), pod("back", "store"))).toBe(false);
    expect(open(pod("front", "other"), pod("back", "model"))).toBe(false);
  });

  it("goes straight to the pod in a zone without one", () => {
    expect(open(pod("front", "caller"), pod("far", "archive"))).toBe(true);
    expect(objects.some(({ kind, metadata }) => kind === "Gateway" && metadata.namespace === "far")).toBe(false);
  });

  it("has its caller told apart by the mesh, and only without a waypoint by the network as well", () => {
    const heldBy = (rule: string) =>
      controls.rules.find((one) => one.rule.id === rule)?.demands.find(({ feature }) => feature === "callers")?.heldBy;
    expect(heldBy("caller>store:5432")).toEqual(["istio"]);
    expect(heldBy("caller>archive:5432")).toEqual(["network-policy", "istio"]);
    const carrying = controls.rules.find(({ rule }) => rule.id === "caller>store:5432")?.layers;
    expect(carrying?.flatMap((layer) => layer.objects.map(({ title }) => title))).toContain(
      "NetworkPolicy back/zone.waypoint",
    );
  });
});
