import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policyOf, workflows } from "../../../test/generators/workflow.js";
import { objectsFrom, policyFrom } from "../../../test/targets/policies.js";
import { compile } from "../index.js";

const BODY = `zones: { front: { trust: public }, back: { trust: restricted } }
workloads:
  web: { zone: front, port: 8080 }
  api: { zone: back, ports: [{ port: 8080 }, { port: 5432, protocol: tcp }] }
outside:
  anyone: { kind: users, anonymous: true }
  feed: { kind: api, host: feed.example }
flows:
  - { from: anyone, to: web }
  - { from: web, to: api, port: 8080 }
  - { from: web, to: api, port: 5432 }`;
const OUT = `${BODY}\n  - { from: api, to: feed }`;
const specOf = (body: string, targets: string, title: string) =>
  objectsFrom(policyFrom(body, targets), "network-policy").get(title)?.spec;
const peer = (namespace: string, labels?: Record<string, string>) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  ...(labels === undefined ? {} : { podSelector: { matchLabels: labels } }),
});
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

describe("network-policy", () => {
  it("denies both ways in each zone before anything is opened", () => {
    for (const zone of ["front", "back"]) {
      expect(specOf(BODY, "mesh: none", `NetworkPolicy ${zone}/zone.default-deny`)).toEqual({
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
      });
    }
  });

  it("opens the pod's own ports with sidecars, and the tunnel in ambient mode", () => {
    const web = peer("front", { "ringfence.dev/workload": "web" });
    const waypoint = peer("back", { "gateway.networking.k8s.io/gateway-name": "waypoint" });
    expect(plain(specOf(BODY, "mesh: istio", "NetworkPolicy back/workload.api")).ingress).toEqual([
      { from: [web], ports: tcp(5432) },
      { from: [web], ports: tcp(8080) },
    ]);
    expect(plain(specOf(BODY, "mesh: istio-ambient", "NetworkPolicy back/workload.api")).ingress).toEqual([
      { from: [waypoint, web], ports: tcp(15008) },
    ]);
    expect(plain(specOf(BODY, "mesh: istio-ambient", "NetworkPolicy back/zone.waypoint")).ingress).toEqual([
      { from: [web], ports: tcp(15008) },
    ]);
  });

  it.each([
    ["mesh: istio", "istio-ingress", { "gateway.networking.k8s.io/gateway-name": "shop" }],
    ["mesh: istio, gateway: { engine: gateway-api, namespace: edge, className: envoy }", "edge", undefined],
    ["mesh: none, gateway: ingress-nginx", "ingress-nginx", { "app.kubernetes.io/name": "ingress-nginx" }],
  ])("lets users in through the gateway alone: %s", (targets, namespace, labels) => {
    const spec = plain(specOf(BODY, targets, "NetworkPolicy front/workload.web"));
    expect(spec.ingress).toEqual([{ from: [peer(namespace, labels)], ports: tcp(8080) }]);
  });

  it("lets traffic out to the egress gateway, to the egress waypoint, or by name", () => {
    const egress = (targets: string) => plain(specOf(OUT, targets, "NetworkPolicy back/workload.api")).egress;
    expect(egress("mesh: istio")).toEqual([
      { to: [peer("istio-egress", { istio: "egressgateway" })], ports: tcp(443, 8443) },
    ]);
    expect(egress("mesh: istio-ambient")).toEqual([
      { to: [peer("istio-egress", { "gateway.networking.k8s.io/gateway-name": "egress-shop" })], ports: tcp(15008) },
    ]);
    expect(egress("mesh: none, network: cilium")).toBeUndefined();
    const named = plain(specOf(OUT, "mesh: none, network: cilium", "CiliumNetworkPolicy back/workload.api"));
    expect(named.egress[1]).toEqual({
      toFQDNs: [{ matchName: "feed.example" }],
      toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }],
    });
  });

  it("never opens a range of addresses, but the two of the node's own probes", () => {
    fc.assert(
      fc.property(workflows({ meshes: ["istio", "istio-ambient", "none"] }), (written) => {
        const text = compile(policyOf(written), { targets: ["network-policy"] })
          .files.map((file) => file.text)
          .join("");
        const ranges = [...text.matchAll(/cidr: "?([^"\n]*)"?/g)].map((match) => match[1]);
        expect(
          ranges.filter(
            (range) => range !== "169.254.7.127/32" && range !== "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128",
          ),
        ).toEqual([]);
        expect(text).not.toMatch(/(from|to|peers): \[\]/);
      }),
      { seed: 81, numRuns: 60 },
    );
  });
});
