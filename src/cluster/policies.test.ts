import { describe, expect, it } from "vitest";
import { readCluster } from "./cluster.js";

const policyOf = (spec: object, kind = "NetworkPolicy", name = "p") => {
  const apiVersion = kind === "NetworkPolicy" ? "networking.k8s.io/v1" : "policy.networking.k8s.io/v1alpha1";
  const text = JSON.stringify({ apiVersion, kind, metadata: { name }, spec });
  const { cluster, problems } = readCluster([{ path: "p.json", text }]);
  return { cluster, messages: problems.map(({ message }) => message) };
};

describe("NetworkPolicy", () => {
  it.each([
    [{}, true, false],
    [{ policyTypes: [] }, true, false],
    [{ policyTypes: null }, true, false],
    [{ egress: [] }, true, false],
    [{ egress: [{}] }, true, true],
    [{ policyTypes: ["Egress"] }, false, true],
    [{ policyTypes: ["Egress"], ingress: [{}] }, false, true],
    [{ policyTypes: ["Ingress", "Egress"] }, true, true],
  ])("isolates by policyTypes %j", (spec, ingress, egress) => {
    const { cluster, messages } = policyOf({ podSelector: {}, ...spec });
    expect(messages).toEqual([]);
    expect(cluster.networkPolicies[0]).toMatchObject({ isolatesIngress: ingress, isolatesEgress: egress });
  });

  it("keeps apart an absent and an empty selector", () => {
    const { cluster } = policyOf({
      podSelector: null,
      ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }, { from: [] }, { ports: null }],
    });
    const [policy] = cluster.networkPolicies;
    expect(policy?.podSelector.requirements).toEqual([]);
    expect(policy?.ingress[0]?.peers?.map((peer) => [!!peer.podSelector, !!peer.namespaceSelector])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(policy?.ingress.slice(1).map(({ peers, ports }) => [peers, ports])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  const ingress = (rule: object) => ({ podSelector: {}, ingress: [rule] });
  it.each([
    [ingress({ from: [{}] }), "the peer is empty"],
    [ingress({ from: {} }), "`spec.ingress[0].from` must be a list, not a mapping"],
    [ingress({ to: [] }), "`spec.ingress[0].to` is not a known field"],
    [
      ingress({ from: [{ ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} }] }),
      "a peer with an `ipBlock` takes no selectors",
    ],
    [ingress({ from: [{ ipBlock: { cidr: "10.0.0.0" } }] }), "`10.0.0.0` is not a CIDR range"],
    [
      ingress({ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/8"] } }] }),
      "an exception must be a part of the `cidr`",
    ],
    [ingress({ ports: [{ port: 0 }] }), "`spec.ingress[0].ports[0].port` must be between 1 and 65535, not 0"],
    [ingress({ ports: [{ port: "80" }] }), "`80` is not a port name"],
    [ingress({ ports: [{ port: 8.5 }] }), "`spec.ingress[0].ports[0].port` must be a whole number, not a number"],
    [ingress({ ports: [{ endPort: 90 }] }), "`endPort` needs a number as `port`"],
    [ingress({ ports: [{ port: "http", endPort: 90 }] }), "`endPort` needs a number as `port`"],
    [ingress({ ports: [{ port: 80, endPort: 79 }] }), "`endPort` 79 is below `port` 80"],
    [ingress({ ports: [{ protocol: "ICMP" }] }), "`spec.ingress[0].ports[0].protocol` is `ICMP`"],
    [{ podSelector: {}, policyTypes: ["ingress"] }, "`spec.policyTypes[0]` is `ingress`"],
    [{ podSelector: [] }, "`spec.podSelector` must be a mapping, not a list"],
  ])("refuses %j", (spec, message) => {
    const { cluster, messages } = policyOf(spec);
    expect(messages).toEqual([message]);
    expect(cluster.networkPolicies).toEqual([]);
    expect(cluster.skipped).toHaveLength(1);
  });
});

describe("AdminNetworkPolicy", () => {
  const subject = { namespaces: {} };
  const peer = { namespaces: { matchLabels: { a: "b" } } };
  const rule = { action: "Deny", from: [peer] };

  it("reads rules in order", () => {
    const { cluster, messages } = policyOf(
      {
        priority: 0,
        subject: { pods: { podSelector: { matchLabels: { x: "y" } } } },
        ingress: [{ ...rule, ports: [{ portRange: { start: 1, end: 9 } }, { namedPort: "http" }] }],
        egress: [{ action: "Pass", to: [{ networks: ["10.0.0.0/8"] }, { nodes: {} }] }],
      },
      "AdminNetworkPolicy",
    );
    expect(messages).toEqual([]);
    expect(cluster.adminNetworkPolicies[0]?.ingress[0]?.ports).toEqual([
      { range: { protocol: "TCP", low: 1, high: 9 }, name: undefined },
      { range: undefined, name: "http" },
    ]);
    expect(cluster.adminNetworkPolicies[0]?.egress[0]?.peers[1]?.nodes?.requirements).toEqual([]);
  });

  it.each([
    [{ priority: 1001, subject }, "`spec.priority` must be between 0 and 1000, not 1001"],
    [{ subject }, "`spec.priority` is missing"],
    [{ priority: 1 }, "`spec.subject` is missing"],
    [{ priority: 1, subject: {} }, "a subject must be exactly one of `namespaces`, `pods`; here stands none"],
    [{ priority: 1, subject, ingress: [{ action: "Deny" }] }, "the rule has no `from`"],
    [{ priority: 1, subject, ingress: [{ action: "Deny", from: [] }] }, "`spec.ingress[0].from` must not be empty"],
    [{ priority: 1, subject, ingress: [{ action: "deny", from: [peer] }] }, "`spec.ingress[0].action` is `deny`"],
    [{ priority: 1, subject, egress: [{ ...rule, action: "Allow" }] }, "a rule here takes `to`"],
    [
      { priority: 1, subject, ingress: [{ ...rule, from: [{ networks: ["10.0.0.0/8"] }] }] },
      "`spec.ingress[0].from[0].networks` is not a known field",
    ],
    [
      { priority: 1, subject, ingress: [{ ...rule, ports: [{}] }] },
      "a port must be exactly one of `portNumber`, `portRange`, `namedPort`; here stands none",
    ],
  ])("refuses %j", (spec, message) => {
    expect(policyOf(spec, "AdminNetworkPolicy").messages).toContain(message);
    expect(policyOf(spec, "AdminNetworkPolicy").cluster.adminNetworkPolicies).toEqual([]);
  });

  it("takes one baseline, named default and without Pass", () => {
    const spec = { subject, ingress: [rule] };
    const kind = "BaselineAdminNetworkPolicy";
    expect(policyOf(spec, kind, "default").messages).toEqual([]);
    expect(policyOf(spec, kind, "other").messages).toEqual(["a BaselineAdminNetworkPolicy must be named `default`"]);
    const passing = { subject, ingress: [{ ...rule, action: "Pass" }] };
    expect(policyOf(passing, kind, "default").messages).toEqual(["`spec.ingress[0].action` is `Pass`"]);
  });
});
