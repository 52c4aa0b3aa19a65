/** From a provider to the Rego behind it, and what comes of an authorizer that fails open, only tries out, or answers 200. */
import { describe, expect, it } from "vitest";
import { decisionPointManifests } from "../../../test/verify/opa-manifests.js";
import { type Cluster, readCluster } from "../../cluster/index.js";
import { formatSpan } from "../../diagnostics/index.js";
import { combine, type Judgement } from "../layer.js";
import { Network } from "../layers/network/index.js";
import { layersOf } from "../reach.js";
import { replayIstio } from "../replay/istio.js";
import { dimension, only, RequestSet } from "../space/index.js";
import { authorizerOf } from "./decision-points.js";

const REGO =
  'package envoy.authz\n\ndefault decision := false\n\ndecision if input.attributes.request.http.path == "/open"\n';
type Options = Parameters<typeof decisionPointManifests>[1];
const SETTINGS = [
  "--set=plugins.envoy_ext_authz_grpc.addr=:9191",
  "--set=plugins.envoy_ext_authz_grpc.path=envoy/authz/decision",
];
const GRPC = { service: "opa.opa.svc.cluster.local", port: 9191 };

function clusterOf(options: Options = {}, data: Readonly<Record<string, string>> = { "policy.rego": REGO }): Cluster {
  const { cluster, problems } = readCluster(decisionPointManifests(data, options));
  expect(problems).toEqual([]);
  return cluster;
}

function place(cluster: Cluster, name: string) {
  const workload = cluster.workloads.find((one) => one.name === name);
  const pod = workload?.pods[0];
  if (workload === undefined || pod === undefined) throw new Error(`no ${name}`);
  return { workload, pod };
}

function judged(cluster: Cluster): { readonly judgement: Judgement; readonly texts: string } {
  const [from, to] = [place(cluster, "web"), place(cluster, "server")];
  const connection = {
    from: { kind: "pod", ...from },
    to: { kind: "pod", ...to },
    port: 8080,
    protocol: "TCP",
  } as const;
  const verdicts = layersOf(new Network(cluster)).map((layer) => layer.judge(connection));
  const reasons = verdicts.flatMap((one) => one.reasons());
  return {
    judgement: combine(verdicts),
    texts: reasons.map(({ text, span }) => `${text}${span === undefined ? "" : ` @${formatSpan(span)}`}`).join("\n"),
  };
}

/** allowed, denied or unknown for a path, by the layers and by the replay */
function verdictOf(cluster: Cluster, path: string, method = "GET"): readonly string[] {
  const { judgement } = judged(cluster);
  const asked = RequestSet.where(dimension.path, only(path)).intersect(
    RequestSet.where(dimension.method, only(method)),
  );
  const { may, must } = judgement;
  const symbolic = !must.intersect(asked).isEmpty ? "allow" : may.intersect(asked).isEmpty ? "deny" : "unknown";
  const request = { http: { method, target: path, host: "server", headers: new Map() }, token: undefined };
  const by = { service: "server.prod", port: 80 };
  const call = { from: place(cluster, "web"), to: place(cluster, "server"), port: 8080, by, request };
  return [symbolic, replayIstio(cluster, call).outcome];
}

describe("the OPA behind a provider", () => {
  it.each<[string, Options, Readonly<Record<string, string>> | undefined]>([
    ["told on its command line", {}, undefined],
    [
      "in a command",
      { args: ["run", "--server", ...SETTINGS, "--log-level", "debug", "/policy/policy.rego"] },
      undefined,
    ],
    [
      "with a configuration file",
      { args: ["run", "-s", "-c", "/policy/config.yaml", "--ignore", "config.yaml,.*", "/policy"] },
      {
        "policy.rego": REGO,
        "config.yaml": "plugins:\n  envoy_ext_authz_grpc:\n    addr: :9191\n    path: envoy/authz/decision\n",
      },
    ],
    [
      "from another registry",
      { image: "registry.internal:5000/mirror/openpolicyagent/opa:latest-envoy-rootless" },
      undefined,
    ],
    [
      "named with its namespace",
      { provider: { envoyExtAuthzGrpc: { ...GRPC, service: "opa/opa.opa.svc.cluster.local" } } },
      undefined,
    ],
  ])("is found %s", (_, options, data) => {
    const cluster = clusterOf(options, data);
    expect(authorizerOf(cluster, "opa")?.kind).toBe("decides");
    expect([verdictOf(cluster, "/open"), verdictOf(cluster, "/shut")]).toEqual([
      ["allow", "allow"],
      ["deny", "deny"],
    ]);
  });

  it.each<[string, Options, Readonly<Record<string, string>> | undefined, RegExp]>([
    ["another image", { image: "example.com/opa:1" }, undefined, /does not run OPA/],
    ["no plugin", { image: "openpolicyagent/opa:1.22.2" }, undefined, /has no Envoy plugin/],
    [
      "a Service of nobody",
      { provider: { envoyExtAuthzGrpc: { ...GRPC, service: "x.y.svc.cluster.local" } } },
      undefined,
      /no manifest declares the Service/,
    ],
    [
      "another port",
      { provider: { envoyExtAuthzGrpc: { ...GRPC, port: 8181 } } },
      undefined,
      /listens on port 9191, not 8181/,
    ],
    [
      "a bundle from elsewhere",
      { args: ["run", "--server", ...SETTINGS, "--set=services.s.url=https://x", "--set=bundles.b.service=s"] },
      undefined,
      /loads policies from elsewhere/,
    ],
    [
      "an argument that is not known",
      { args: ["run", "--server", ...SETTINGS, "--what", "/policy"] },
      undefined,
      /argument `--what` is not known/,
    ],
    ["a variable", { args: ["run", "--server", ...SETTINGS, "$(POLICY)"] }, undefined, /comes from a variable/],
    [
      "a place that nothing mounts",
      { args: ["run", "--server", ...SETTINGS, "/elsewhere"] },
      undefined,
      /which nothing mounts/,
    ],
    ["Rego in error", {}, { "policy.rego": "package x\n\nallow if y\n" }, /does not compile.*policy\.rego:3/],
    [
      "another service behind the mesh",
      { provider: { envoyExtAuthzHttp: { ...GRPC, port: 8181 } } },
      undefined,
      /own paths are asked for/,
    ],
  ])("is unknown with %s, with the reason", (_, options, data, reason) => {
    const cluster = clusterOf(options, data);
    const found = authorizerOf(cluster, "opa");
    expect(found?.kind === "unknown" ? found.text : "").toMatch(reason);
    expect(verdictOf(cluster, "/open")).toEqual(["unknown", "unknown"]);
    expect(judged(cluster).texts).toMatch(reason);
  });

  it("never surely denies when it fails open", () => {
    const cluster = clusterOf({ provider: { envoyExtAuthzGrpc: { ...GRPC, failOpen: true } } });
    expect(verdictOf(cluster, "/open")).toEqual(["allow", "allow"]);
    expect(verdictOf(cluster, "/shut")[0]).toBe("unknown");
    expect(judged(cluster).texts).toContain("fails open");
  });

  it("lets an error of its own pass when it fails open: no rule decides", () => {
    const open = { provider: { envoyExtAuthzGrpc: { ...GRPC, failOpen: true } } };
    const cluster = clusterOf(open, { "policy.rego": REGO.replace("default decision := false", "") });
    expect(verdictOf(cluster, "/shut")).toEqual(["allow", "allow"]);
  });

  it("says yes whatever it decides in dry-run", () => {
    const cluster = clusterOf({
      args: ["run", "--server", ...SETTINGS, "--set=plugins.envoy_ext_authz_grpc.dry-run=true", "/policy"],
    });
    expect(verdictOf(cluster, "/shut")).toEqual(["allow", "allow"]);
    expect(judged(cluster).texts).toContain("dry-run");
  });

  it("answers 200 whatever it decides where its data API is asked", () => {
    const http = { service: GRPC.service, port: 8181, pathPrefix: "/v1/data/envoy/authz" };
    const cluster = clusterOf({ provider: { envoyExtAuthzHttp: http } });
    expect([verdictOf(cluster, "/shut"), verdictOf(cluster, "/shut", "PUT")]).toEqual([
      ["allow", "allow"],
      ["unknown", "unknown"],
    ]);
    expect(judged(cluster).texts).toContain("answers 200 whatever the decision is");
  });

  it("denies everything where the proxy cannot reach it", () => {
    const closed = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "closed", namespace: "opa" },
      spec: { podSelector: {}, policyTypes: ["Ingress"] },
    };
    const cluster = clusterOf({ others: [closed] });
    expect(verdictOf(cluster, "/open")).toEqual(["deny", "deny"]);
    expect(judged(cluster).texts).toContain("cannot reach the authorizer");
    const open = clusterOf({ others: [closed], provider: { envoyExtAuthzGrpc: { ...GRPC, failOpen: true } } });
    expect(verdictOf(open, "/shut")).toEqual(["allow", "allow"]);
  });

  it("is cited by the line of the rule that decides", () => {
    expect(judged(clusterOf()).texts).toMatch(
      /denies what `data\.envoy\.authz\.decision` does not allow \(\/policy\/policy\.rego:5\) @3\.json:/,
    );
  });
});
