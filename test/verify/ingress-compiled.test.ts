/**
 * What `compile` writes for ingress-nginx, with the controller before it: users get in as declared and nobody else does,
 * since OPA's own authorization answers each auth request. Whatever is taken away from that is found.
 */
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openPolicy } from "../../src/ringfence.js";
import { compare, type Finding } from "../../src/verify/compare/index.js";
import { Network } from "../../src/verify/layers/network/index.js";
import { clusterOf, deployedObjects, type KubeObject } from "./deployed.js";
import { NGINX_CONTROLLER } from "./ingress-nginx-controller.js";

const policy = openPolicy(join(resolve(import.meta.dirname, "../golden"), "nginx", "ringfence.yaml"));
// Cilium's own policies are a question of the network.
const whole = [...deployedObjects(policy), ...NGINX_CONTROLLER].filter(({ kind }) => !kind.startsWith("Cilium"));

/** Between the outside and `desk`, which nginx leads to. */
function atTheEdge(objects: readonly KubeObject[]): readonly Finding[] {
  return compare(policy, new Network(clusterOf(objects))).findings.filter(
    ({ from, to }) => (from === "outside" || from === "people") && to.startsWith("front/desk["),
  );
}

function brief({ kind, from, port, witness }: Finding): string {
  const { http, token } = witness?.request ?? {};
  return `${kind} ${from} ${port} ${http?.method} ${http?.target}${token === undefined ? "" : " with a token"} ${witness?.replay.outcome}`;
}

type Change = (text: string) => string;

/** The objects of a kind, changed as texts. */
function changed(kind: string, change: Change): readonly KubeObject[] {
  let count = 0;
  const result = whole.map((object) => {
    if (object.kind !== kind) return object;
    const before = JSON.stringify(object);
    const after = change(before);
    if (after !== before) count++;
    return JSON.parse(after) as KubeObject;
  });
  expect(count).toBeGreaterThan(0);
  return result;
}

const inside = (text: string): string => JSON.stringify(text).slice(1, -1);
const bundle = (from: string, to: string): readonly KubeObject[] =>
  changed("ConfigMap", (text) => text.replaceAll(inside(from), inside(to)));

describe("the compiled Ingresses", () => {
  it("let in what is declared, and nothing is unknown", () => {
    expect(atTheEdge(whole).map(brief)).toEqual([]);
  });

  it("do so where only OPA tells paths apart", () => {
    const wide = changed("Ingress", (text) =>
      text.replace('"path":"/ask","pathType":"Exact"', '"path":"/","pathType":"Prefix"'),
    );
    expect(atTheEdge(wide).map(brief)).toEqual([]);
  });

  it.each<[string, readonly KubeObject[], string]>([
    [
      "nobody is asked",
      changed("Ingress", (text) => text.replaceAll("nginx.ingress.kubernetes.io/auth-url", "example.dev/was")),
      "leak outside 8080 GET /",
    ],
    [
      "OPA's API is asked, which always answers 200",
      changed("Deployment", (text) => text.replace('"--authorization=basic",', "")),
      "leak outside 8080 GET /",
    ],
    [
      "its authorization is switched off",
      changed("Deployment", (text) => text.replace("--authorization=basic", "--authorization=off")),
      "leak outside 8080 GET /",
    ],
    [
      "OPA is asked about another workload",
      changed("Ingress", (text) => text.replaceAll("/data/edge/desk/8080", "/data/edge/desk/9000")),
      "blockage people 8080 GET /ask with a token deny",
    ],
    ["a method is added", bundle('"POST"\n', '"POST",\n"PUT"\n'), "leak outside 8080 PUT /ask with a token allow"],
    ["roles are not asked for", bundle("role_matches(operation)\n}", "}"), "leak outside 8080 GET /ask with a token"],
    ["another role is asked for", bundle('"agent"', '"clerk"'), "blockage people 8080 GET /ask with a token deny"],
    ["the decision is not looked at", bundle("\tdecision.allow\n", ""), "leak outside 8080 GET /"],
    ["everything is allowed", bundle("default allow := false", "default allow := true"), "leak outside 8080 GET /"],
    [
      "the client says which method it was",
      bundle('header("X-Original-Method")', 'header("X-Method")'),
      "leak outside 8080 PUT /ask with a token allow",
    ],
    ["a path is renamed", bundle('"ask"', '"asks"'), "blockage people 8080 GET /ask with a token deny"],
    [
      "nginx cannot reach OPA",
      whole.filter(({ kind, metadata }) => !(kind === "NetworkPolicy" && metadata.name === "opa-edge")),
      "blockage people 8080 GET /ask with a token deny",
    ],
    [
      "answers are remembered by something else than the request",
      changed("Ingress", (text) =>
        text.replaceAll("ingress.kubernetes.io/auth-method", "ingress.kubernetes.io/auth-cache-key"),
      ),
      "unknown people 8080 GET /ask with a token unknown",
    ],
  ])("are found out when %s", (_, objects, wanted) => {
    const found = atTheEdge(objects);
    expect(found.map(brief).join("\n")).toContain(wanted);
    for (const { witness } of found.filter(({ kind }) => kind === "leak"))
      expect(witness?.replay.outcome).toBe("allow");
  });

  it("show a declared request with a token as an issuer writes one, which lasts", () => {
    const kept = changed("Ingress", (text) =>
      text.replaceAll("ingress.kubernetes.io/auth-method", "ingress.kubernetes.io/auth-cache-key"),
    );
    const tokens = atTheEdge(kept).flatMap(({ from, witness }) => (from === "people" ? [witness?.request.token] : []));
    expect(tokens.map((token) => [token?.genuine, typeof token?.claims.exp])).toEqual([
      [true, "number"],
      [true, "number"],
    ]);
  });

  it("name the rule that denies, where it stands", () => {
    const [blockage] = atTheEdge(bundle('"agent"', '"clerk"')).filter(({ kind }) => kind === "blockage");
    const [route] = blockage?.evidence.filter(({ layer }) => layer === "route") ?? [];
    expect(route?.outcome).toBe("denies");
    const rule = route?.reasons.find(({ effect }) => effect === "denies");
    expect(rule?.text).toMatch(
      /opa-edge.* denies what `data\.system\.authz\.allow` does not allow \(\S+edge\.rego:\d+\)/,
    );
    expect(rule?.span?.source.path).toMatch(/^ConfigMap-/);
    expect(route?.reasons.map(({ effect }) => effect)).not.toContain("unknown");
  });
});
