/** What people get wrong about network policies, one case each, in words of (from, to, port) and the answer. */
import { describe, expect, it } from "vitest";
import { parseAddress, readCluster } from "../../../cluster/index.js";
import { explain } from "./explain.js";
import { networkLayer } from "./layer.js";
import { CLOSED_WORLD, type NetworkModel, OPEN_WORLD } from "./model.js";
import { Network } from "./network.js";

const pod = (name: string, namespace = "shop", extra: { labels?: object; spec?: object; ip?: string } = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app: name, ...extra.labels } },
  spec: {
    containers: [{ name: "c", ports: [{ name: "http", containerPort: name === "web" ? 8080 : 9090 }] }],
    ...extra.spec,
  },
  status: extra.ip === undefined ? {} : { podIP: extra.ip },
});
const namespace = (name: string, labels: object = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
const policy = (spec: object, name = "p", at = "shop") => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace: at },
  spec,
});
const admin = (spec: object, name = "a") => ({
  apiVersion: "policy.networking.k8s.io/v1alpha1",
  kind: "AdminNetworkPolicy",
  metadata: { name },
  spec,
});
const baseline = (spec: object) => ({ ...admin(spec, "default"), kind: "BaselineAdminNetworkPolicy" });
const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
const DENY_ALL = policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }, "deny-all");
const PLACES = [namespace("shop", { team: "a" }), namespace("lab", { team: "b" })];
const PODS = [pod("web"), pod("db"), pod("probe", "lab")];

function networkOf(objects: readonly object[], model: NetworkModel = CLOSED_WORLD): Network {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const { cluster, problems } = readCluster([{ path: "case.json", text }]);
  expect(problems).toEqual([]);
  return new Network(cluster, model);
}

function pointOf(network: Network, name: string): number {
  const address = parseAddress(name);
  const point =
    address === undefined
      ? network.points.pods.find(({ workload }) => workload.name === name)
      : network.points.outside.find(({ ranges }) => ranges.some(({ low, high }) => low <= address && address <= high));
  if (point === undefined) throw new Error(name);
  return point.index;
}

function ask(network: Network, from: string, to: string, port = 80, protocol: "TCP" | "UDP" = "TCP") {
  return network.permits(pointOf(network, from), pointOf(network, to), protocol, port);
}

const ask80 = (objects: readonly object[], from: string, to: string) =>
  ask(networkOf([...PLACES, ...PODS, ...objects]), from, to);

describe("NetworkPolicies", () => {
  it("allow everything where none selects the pod", () => {
    expect(ask80([], "db", "web")).toBe("allowed");
    expect(ask80([policy({ ...app("db") })], "db", "web")).toBe("allowed");
    expect(ask80([], "203.0.113.1", "web")).toBe("allowed");
  });

  it("must allow on both sides", () => {
    const inward = policy({ ...app("web"), ingress: [{ from: [app("db")] }] }, "in");
    const outward = policy({ ...app("db"), policyTypes: ["Egress"], egress: [{ to: [app("web")] }] }, "out");
    expect(ask80([DENY_ALL, inward], "db", "web")).toBe("denied");
    expect(ask80([DENY_ALL, outward], "db", "web")).toBe("denied");
    expect(ask80([DENY_ALL, inward, outward], "db", "web")).toBe("allowed");
    expect(ask80([DENY_ALL, inward, outward], "web", "db")).toBe("denied");
  });

  it("add up", () => {
    const one = policy({ ...app("web"), ingress: [{ from: [app("nobody")] }] }, "one");
    const two = policy({ ...app("web"), ingress: [{ from: [app("db")] }] }, "two");
    expect(ask80([one], "db", "web")).toBe("denied");
    expect(ask80([one, two], "db", "web")).toBe("allowed");
  });

  it.each([
    ["no rule", undefined, "denied"],
    ["an empty list of rules", [], "denied"],
    ["an empty rule", [{}], "allowed"],
    ["an empty list of peers", [{ from: [] }], "allowed"],
    ["an empty pod selector: the policy's namespace", [{ from: [{ podSelector: {} }] }], "denied"],
    ["an empty namespace selector: every namespace", [{ from: [{ namespaceSelector: {} }] }], "allowed"],
    ["two peers: either", [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }], "allowed"],
    ["one peer with two selectors: both", [{ from: [{ ...app("web"), namespaceSelector: {} }] }], "denied"],
    ["a label that nobody sets", [{ from: [{ namespaceSelector: { matchLabels: { name: "lab" } } }] }], "denied"],
    [
      "the label that the API server sets",
      [{ from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "lab" } } }] }],
      "allowed",
    ],
  ])("ingress with %s", (_, ingress, answer) => {
    expect(ask80([policy({ ...app("web"), ingress })], "probe", "web")).toBe(answer);
  });

  it("isolate by policyTypes, and by egress rules without them", () => {
    const bare = policy({ ...app("web") });
    expect([ask80([bare], "db", "web"), ask80([bare], "web", "db")]).toEqual(["denied", "allowed"]);
    const egress = policy({ ...app("web"), egress: [{ to: [app("nobody")] }] });
    expect([ask80([egress], "db", "web"), ask80([egress], "web", "db")]).toEqual(["denied", "denied"]);
    const only = policy({ ...app("web"), policyTypes: ["Egress"] });
    expect([ask80([only], "db", "web"), ask80([only], "web", "db")]).toEqual(["allowed", "denied"]);
  });

  it("know ranges of ports, protocols, and names on the destination alone", () => {
    const on = (direction: "ingress" | "egress", selector: object, ports: object[]) =>
      networkOf([
        ...PLACES,
        ...PODS,
        policy({
          ...selector,
          policyTypes: [direction === "ingress" ? "Ingress" : "Egress"],
          [direction]: [{ ports }],
        }),
      ]);
    const range = on("ingress", app("web"), [{ port: 80, endPort: 90 }]);
    expect([79, 80, 90, 91].map((port) => ask(range, "db", "web", port))).toEqual([
      "denied",
      "allowed",
      "allowed",
      "denied",
    ]);
    expect(ask(range, "db", "web", 80, "UDP")).toBe("denied");
    const named = on("ingress", app("web"), [{ port: "http" }]);
    expect([8080, 9090].map((port) => ask(named, "db", "web", port))).toEqual(["allowed", "denied"]);
    const outward = on("egress", app("web"), [{ port: "http" }]);
    expect([8080, 9090].map((port) => ask(outward, "web", "db", port))).toEqual(["denied", "allowed"]);
    expect(ask(outward, "web", "203.0.113.1", 9090)).toBe("denied");
  });
});

describe("address blocks", () => {
  const egress = (cidr: string, except: string[] = []) =>
    policy({ ...app("web"), policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr, except } }] }] });
  const objects = (rule: object) => [
    ...PLACES,
    pod("web"),
    pod("db", "shop", { ip: "10.1.0.7" }),
    pod("probe", "lab"),
    rule,
  ];

  it("cut out their exceptions and keep the families apart", () => {
    const network = networkOf(objects(egress("203.0.113.0/24", ["203.0.113.128/25"])));
    expect(["203.0.113.1", "203.0.113.200", "198.51.100.1"].map((to) => ask(network, "web", to))).toEqual([
      "allowed",
      "denied",
      "denied",
    ]);
    const v6 = networkOf(objects(egress("::/0")));
    expect([ask(v6, "web", "2001:db8::1"), ask(v6, "web", "203.0.113.1")]).toEqual(["allowed", "denied"]);
  });

  it.each([
    ["outside", "denied", "denied"],
    ["matched", "allowed", "unknown"],
    ["unknown", "unknown", "unknown"],
  ] as const)("hold pods as declared: %s", (blocksMatchPods, known, notKnown) => {
    const network = networkOf(objects(egress("10.0.0.0/8")), { ...OPEN_WORLD, blocksMatchPods });
    expect([ask(network, "web", "db"), ask(network, "web", "probe")]).toEqual([known, notKnown]);
  });

  it("of everything but private addresses hold no pod", () => {
    const block = egress("0.0.0.0/0", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]);
    expect(ask(networkOf(objects(block), OPEN_WORLD), "web", "probe")).toBe("denied");
  });
});

describe("what manifests do not tell", () => {
  it("makes the labels of a namespace that nobody declares unknown, not its name", () => {
    const from = (matchLabels: object) => [
      ...PODS,
      policy({ ...app("web"), ingress: [{ from: [{ namespaceSelector: { matchLabels } }] }] }),
    ];
    expect(ask(networkOf(from({ team: "b" }), OPEN_WORLD), "probe", "web")).toBe("unknown");
    expect(ask(networkOf(from({ team: "b" })), "probe", "web")).toBe("denied");
    expect(ask(networkOf(from({ "kubernetes.io/metadata.name": "lab" }), OPEN_WORLD), "probe", "web")).toBe("allowed");
    expect(ask(networkOf(from({ "kubernetes.io/metadata.name": "x" }), OPEN_WORLD), "probe", "web")).toBe("denied");
  });

  it("leaves open whether policies bind a pod on the host's network", () => {
    const hosted = pod("agent", "lab", { spec: { hostNetwork: true } });
    const network = networkOf([...PLACES, ...PODS, hosted, DENY_ALL], OPEN_WORLD);
    expect(ask(network, "agent", "web")).toBe("unknown");
    expect(ask(network, "probe", "web")).toBe("denied");
  });

  it("makes everything unknown where a policy of another kind binds, and says which", () => {
    const foreign = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "l7", namespace: "lab" },
    };
    const network = networkOf([...PLACES, ...PODS, foreign], OPEN_WORLD);
    expect([ask(network, "db", "probe"), ask(network, "db", "web")]).toEqual(["unknown", "allowed"]);
    const [reason] = explain(network, {
      source: pointOf(network, "db"),
      destination: pointOf(network, "probe"),
      protocol: "TCP",
      port: 80,
    }).filter(({ effect }) => effect === "unknown");
    expect(reason?.text).toContain("CiliumNetworkPolicy lab/l7");
  });

  it("makes everything unknown when a policy could not be read", () => {
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [...PLACES, ...PODS, policy({ podSelector: 7 })],
    });
    const network = new Network(readCluster([{ path: "case.json", text }]).cluster);
    expect([ask(network, "db", "web"), ask(network, "probe", "probe")]).toEqual(["unknown", "allowed"]);
  });
});

describe("user-defined networks", () => {
  const own = (place: string) => ({
    apiVersion: "k8s.ovn.org/v1",
    kind: "UserDefinedNetwork",
    metadata: { name: "own", namespace: place },
    spec: { topology: "Layer2", layer2: { role: "Primary" } },
  });
  const labelled = namespace("lab", { "k8s.ovn.org/primary-user-defined-network": "" });

  it("keep their pods from all others where the plugin does, and only perhaps otherwise", () => {
    const objects = [namespace("shop"), labelled, ...PODS, pod("twin", "lab"), own("lab")];
    const apart = networkOf(objects);
    expect([ask(apart, "probe", "web"), ask(apart, "web", "probe"), ask(apart, "probe", "twin")]).toEqual([
      "denied",
      "denied",
      "allowed",
    ]);
    expect([ask(apart, "web", "db"), ask(apart, "probe", "203.0.113.1")]).toEqual(["allowed", "allowed"]);
    const open = networkOf(objects, OPEN_WORLD);
    expect([ask(open, "probe", "web"), ask(open, "probe", "twin")]).toEqual(["unknown", "allowed"]);
  });

  it("need the namespace's label, and are not known where nobody declares the namespace", () => {
    expect(ask(networkOf([...PLACES, ...PODS, own("lab")]), "probe", "web")).toBe("allowed");
    expect(ask(networkOf([...PODS, own("lab")], OPEN_WORLD), "probe", "web")).toBe("unknown");
  });
});

describe("admin policies", () => {
  const all = { namespaces: {} };
  const shop = { namespaces: { matchLabels: { team: "a" } } };

  it("decide before NetworkPolicies, by priority and order", () => {
    const allow = admin({ priority: 5, subject: shop, ingress: [{ action: "Allow", from: [all] }] }, "allow");
    const deny = (priority: number) =>
      admin({ priority, subject: shop, ingress: [{ action: "Deny", from: [all] }] }, "deny");
    expect(ask80([policy({ podSelector: {} }), allow], "db", "web")).toBe("allowed");
    expect(ask80([deny(4), allow], "db", "web")).toBe("denied");
    expect(ask80([deny(6), allow], "db", "web")).toBe("allowed");
    expect(ask80([deny(4)], "203.0.113.1", "web")).toBe("allowed");
  });

  it("hand on with Pass, and the baseline speaks only where no NetworkPolicy does", () => {
    const pass = admin({ priority: 1, subject: shop, ingress: [{ action: "Pass", from: [all] }] }, "pass");
    const deny = admin({ priority: 2, subject: shop, ingress: [{ action: "Deny", from: [all] }] }, "deny");
    const last = baseline({ subject: shop, ingress: [{ action: "Deny", from: [all] }] });
    expect(ask80([pass, deny], "db", "web")).toBe("allowed");
    expect(ask80([pass, deny, last], "db", "web")).toBe("denied");
    expect(ask80([last, policy({ ...app("web"), ingress: [{}] })], "db", "web")).toBe("allowed");
  });

  it("of one priority leave everything open", () => {
    const twin = (name: string) =>
      admin({ priority: 1, subject: shop, ingress: [{ action: "Deny", from: [all] }] }, name);
    expect(ask80([twin("x"), twin("y")], "db", "web")).toBe("unknown");
  });
});

describe("explain", () => {
  const texts = (objects: readonly object[], from: string, to: string, port = 80) => {
    const network = networkOf([...PLACES, ...PODS, ...objects], OPEN_WORLD);
    const packet = {
      source: pointOf(network, from),
      destination: pointOf(network, to),
      protocol: "TCP" as const,
      port,
    };
    return explain(network, packet).map(
      ({ effect, text }) => `${effect}: ${text.replace(/case\.json:\d+:\d+/g, "FILE")}`,
    );
  };

  it("names the rule that allows, and the lack of any policy", () => {
    const allow = policy({
      ...app("web"),
      ingress: [{ from: [app("x")] }, { from: [app("db")], ports: [{ port: 80 }] }],
    });
    expect(texts([allow], "db", "web")).toEqual([
      "allows: egress of shop/db[Pod]: no policy binds it, so TCP 80 to shop/web[Pod] is allowed",
      "allows: ingress of shop/web[Pod]: NetworkPolicy shop/p (FILE) allows TCP 80 from shop/db[Pod] in spec.ingress[1]",
    ]);
  });

  it("says of a denial what each rule lacks", () => {
    const near = policy({
      ...app("web"),
      ingress: [{ from: [app("db")], ports: [{ port: 81 }] }, { from: [app("x")] }],
    });
    expect(texts([near], "db", "web")[1]).toBe(
      "denies: ingress of shop/web[Pod]: NetworkPolicy shop/p (FILE) isolates it and does not allow TCP 80 from shop/db[Pod]: spec.ingress[0] names the peer but not the port, spec.ingress[1] names the port but not the peer",
    );
    expect(texts([DENY_ALL], "db", "web")[0]).toContain("it has no egress rule");
  });

  it("follows admin policies to the one that decides", () => {
    const pass = admin({
      priority: 1,
      subject: { namespaces: {} },
      ingress: [{ action: "Pass", from: [{ namespaces: {} }] }],
    });
    expect(texts([pass, policy({ ...app("web"), ingress: [{}] })], "db", "web").slice(1)).toEqual([
      "note: ingress of shop/web[Pod]: AdminNetworkPolicy a (FILE) hands on TCP 80 from shop/db[Pod] in spec.ingress[0]",
      "allows: ingress of shop/web[Pod]: NetworkPolicy shop/p (FILE) allows TCP 80 from shop/db[Pod] in spec.ingress[0]",
    ]);
  });
});

describe("the layer", () => {
  const network = networkOf([
    ...PLACES,
    ...PODS,
    policy({ ...app("web"), ingress: [{ from: [{ ipBlock: { cidr: "203.0.113.0/24" } }], ports: [{ port: 80 }] }] }),
  ]);
  const layer = networkLayer(network);
  const end = (name: string) => {
    const point = network.points.pods[pointOf(network, name)];
    if (point === undefined) throw new Error(name);
    return { kind: "pod", workload: point.workload, pod: point.pod } as const;
  };

  it("is open, closed, or a set of source addresses", () => {
    const judge = (from: Parameters<typeof layer.judge>[0]["from"], port: number) =>
      layer.judge({ from, to: end("web"), port, protocol: "TCP" });
    expect(judge(end("db"), 80).may.isEmpty).toBe(true);
    expect(judge({ kind: "outside", name: "users" }, 81).may.isEmpty).toBe(true);
    const some = judge({ kind: "outside", name: "users" }, 80);
    expect([some.may.isEmpty, some.must.isEmpty, some.may.dimensions.map(({ key }) => key)]).toEqual([
      false,
      false,
      ["sourceIp"],
    ]);
    expect(some.reasons().map(({ effect }) => effect)).toEqual(["allows"]);
  });
});
