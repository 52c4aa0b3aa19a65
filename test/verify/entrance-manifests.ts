/** A shop behind a gateway: `web` is for users below /shop/ with GET, `admin` is for nobody outside. */
import { type Cluster, readCluster } from "../../src/cluster/index.js";
import { compare, type Finding } from "../../src/verify/compare/index.js";
import { Network } from "../../src/verify/index.js";
import { shopPolicy } from "./shop.js";

export const policy = shopPolicy(`workloads:
  web: { zone: prod, port: 8080, kubernetes: { kind: Pod } }
  admin: { zone: prod, port: 9000, kubernetes: { kind: Pod } }
outside: { people: { kind: users, anonymous: true } }
flows: [{ from: people, to: web, allow: [{ method: GET, path: "/shop/**" }] }]
accept: [{ rule: anonymous-users, where: people, reason: "a shop window", until: 2099-01-01 }]
`);

export const namespace = (name: string, labels = "") => `apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }
---
`;

export const pod = (at: string, name: string, port: number, labels = `app: ${name}`, image = "a:1") => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${at}, labels: { ${labels} } }
spec: { containers: [{ name: c, image: "${image}", ports: [{ containerPort: ${port} }] }] }
---
`;

export const service = (
  at: string,
  name: string,
  selector: string,
  ports: string,
  type = "ClusterIP",
) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${at} }
spec: { type: ${type}, selector: { ${selector} }, ports: [${ports}] }
---
`;

export const object = (apiVersion: string, kind: string, at: string, name: string, spec: string, more = "") =>
  `apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${name}, namespace: ${at}${more} }
spec: ${spec}
---
`;

/** The two workloads and their Services, on port 80 each. */
export const SHOP =
  namespace("prod", "istio-injection: enabled") +
  pod("prod", "web", 8080) +
  pod("prod", "admin", 9000) +
  service("prod", "web", "app: web", "{ name: http, port: 80, targetPort: 8080 }") +
  service("prod", "admin", "app: admin", "{ name: http, port: 80, targetPort: 9000 }");

/** The same without a mesh. */
export const PLAIN_SHOP = SHOP.replace("istio-injection: enabled", "");

export function clusterOf(text: string): Cluster {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text }]);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  return cluster;
}

/** What is found of the outside and of users. */
export function outsideOf(text: string): readonly Finding[] {
  return compare(policy, new Network(clusterOf(text))).findings.filter(
    ({ from }) => from === "outside" || from === "people",
  );
}

/** `leak admin GET shop.example.com /x`. */
export const brief = ({ kind, to, witness }: Finding): string => {
  const http = witness?.request.http;
  const request = http === undefined ? "" : ` ${http.method} ${http.host} ${http.target}`;
  return `${kind} ${to.replace(/^prod\/(.*)\[.*$/, "$1")}${request}`;
};

export const notesOf = (text: string): readonly string[] => compare(policy, new Network(clusterOf(text))).notes;
