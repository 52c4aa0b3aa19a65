/** Ways to look like what is exempt from the comparison. Each base is as declared; each addition is a leak that must show. */
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { compare } from "../../src/verify/compare/index.js";
import { layersOf, Network } from "../../src/verify/index.js";
import type { Layer } from "../../src/verify/layer.js";
import { Overflow } from "../../src/verify/space/index.js";
import { shopPolicy } from "./shop.js";

const policy = shopPolicy(`workloads:
  web: { zone: prod, ports: [{ name: main, port: 8080, protocol: tcp }], kubernetes: { kind: Pod } }
  db: { zone: prod, ports: [{ name: main, port: 5432, protocol: tcp }], kubernetes: { kind: Pod } }
flows: [{ from: web, to: db }]
`);

const namespace = (name: string) => `apiVersion: v1
kind: Namespace
metadata: { name: ${name} }
---
`;
const pod = (name: string, more = "", image = "a", at = "prod") => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${at}, labels: { app: ${name} }${more} }
spec: { containers: [{ name: c, image: ${image} }] }
---
`;
const rule = (name: string, spec: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: prod }
spec: ${spec}
---
`;
const BASE =
  namespace("prod") +
  namespace("tools") +
  pod("web") +
  pod("db") +
  rule("deny", "{ podSelector: {}, policyTypes: [Ingress, Egress] }") +
  rule(
    "web",
    "{ podSelector: { matchLabels: { app: web } }, egress: [{ to: [{ podSelector: { matchLabels: { app: db } } }], ports: [{ port: 5432 }] }], policyTypes: [Egress] }",
  ) +
  rule(
    "db",
    "{ podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }] }] }",
  );
const toWorld = (ports: string, app = "web") =>
  rule(
    "out",
    `{ podSelector: { matchLabels: { app: ${app} } }, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }, { ipBlock: { cidr: "::/0" } }], ports: [${ports}] }] }`,
  );
const OPEN_DB = rule("open", "{ podSelector: { matchLabels: { app: db } }, ingress: [{}] }");

function found(more: string): readonly string[] {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text: BASE + more }]);
  expect(problems.filter(({ code }) => code !== "CLUSTER_DUPLICATE")).toEqual([]);
  return compare(policy, new Network(cluster)).findings.map(
    ({ kind, from, to, protocol, port }) => `${kind} ${from} > ${to} ${protocol} ${port}`,
  );
}

describe("what is compared", () => {
  it("finds nothing in what is as declared", () => expect(found("")).toEqual([]));

  it.each([
    ["another port to the outside", toWorld("{ port: 80 }"), "leak prod/web[Pod] > anywhere.invalid TCP 80"],
    [
      "datagrams to the outside",
      toWorld("{ port: 443, protocol: UDP }"),
      "leak prod/web[Pod] > anywhere.invalid UDP 443",
    ],
    [
      "a controller's image in a zone",
      pod("x", "", "evil.example/contour") + toWorld("{ port: 443 }", "x"),
      "leak prod/x[Pod] > anywhere.invalid TCP 443",
    ],
    [
      "a gateway's label in a zone",
      pod("x").replace("app: x", 'app: x, istio: egressgateway, sidecar.istio.io/inject: "false"') +
        toWorld("{ port: 443 }", "x"),
      "leak prod/x[Pod] > anywhere.invalid TCP 443",
    ],
    [
      "an annotation about a secret store",
      `${pod("t", ', annotations: { vault.hashicorp.com/service: "http://old.prod.svc:5432" }', "a", "tools")}${pod("old")}apiVersion: v1
kind: Service
metadata: { name: old, namespace: prod }
spec: { selector: { app: old }, ports: [{ port: 5432 }] }
---
${rule("old", "{ podSelector: { matchLabels: { app: old } }, ingress: [{}] }")}`,
      "leak tools/t[Pod] > prod/old[Pod] TCP 5432",
    ],
    [
      "the name of a declared workload",
      `apiVersion: batch/v1
kind: Job
metadata: { name: web, namespace: prod }
spec: { template: { metadata: { labels: { app: web } }, spec: { restartPolicy: Never, containers: [{ name: c, image: evil }] } } }
---
`,
      "leak prod/web[Job] > prod/db[Pod] TCP 5432",
    ],
    [
      "an entrance that has nothing to do with it",
      `${OPEN_DB}${namespace("edge")}${pod("t", "", "traefik", "edge")}apiVersion: v1
kind: Service
metadata: { name: db, namespace: prod }
spec: { selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: i, namespace: prod }
spec: { defaultBackend: { service: { name: db, port: { number: 5432 } } } }
---
`,
      "unknown outside > prod/db[Pod] TCP 5432",
    ],
    [
      "a Gateway that selects a pod without a proxy",
      `${pod("tool", "", "a", "tools")}${OPEN_DB}apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: none, namespace: prod }
spec: {}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g, namespace: prod }
spec: { selector: { app: db }, servers: [{ port: { number: 5432, name: t, protocol: TCP }, hosts: ["*"] }] }
---
${pod("db", ', annotations: { sidecar.istio.io/inject: "false" }')}`,
      "leak tools/tool[Pod] > prod/db[Pod] TCP 5432",
    ],
    [
      "published datagrams",
      `${OPEN_DB}apiVersion: v1
kind: Service
metadata: { name: u, namespace: prod }
spec: { type: LoadBalancer, selector: { app: db }, ports: [{ port: 1194, protocol: UDP }] }
---
`,
      "leak outside > prod/db[Pod] UDP 1194",
    ],
  ])("is not got around by %s", (_, more, leak) => expect(found(more)).toContain(leak));

  it("is unknown, and no crash, where a layer has too many cases to tell", () => {
    const { cluster } = readCluster([{ path: "m.yaml", text: BASE }]);
    const network = new Network(cluster);
    const overflowing: Layer = {
      name: "jwt",
      judge: () => {
        throw new Overflow("cases", 1);
      },
    };
    const { findings } = compare(policy, network, [...layersOf(network), overflowing]);
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["unknown"]));
    expect(findings.map(({ from, to }) => `${from} > ${to}`)).toContain("prod/web[Pod] > prod/db[Pod]");
  });

  it("shows a leak beside a blockage of the same pair", () => {
    const moved = BASE.replaceAll("{ port: 5432 }", "{ port: 9000, endPort: 9100 }");
    const { cluster } = readCluster([{ path: "m.yaml", text: moved }]);
    const kinds = compare(policy, new Network(cluster)).findings.map(({ kind, port }) => `${kind} ${port}`);
    expect(kinds).toContain("blockage 5432");
    expect(kinds.some((one) => one.startsWith("leak 9"))).toBe(true);
  });
});
