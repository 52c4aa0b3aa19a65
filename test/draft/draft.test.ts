/** Models, custom resources, what cannot be told, and the file itself. */
import { describe, expect, it } from "vitest";
import { env, importObjects, importText, type Json, server, service, workload } from "./manifests.js";

const client = (variables: Record<string, string>, more: Json = {}) =>
  workload("client", { ...env(variables), ...more });

describe("models", () => {
  const image = "ghcr.io/huggingface/text-generation-inference:2.4";
  it("that a model server loads from the hub are a flow", () => {
    for (const container of [
      env({ MODEL_ID: "org/model-7b" }),
      { args: ["--model-id", "org/model-7b"] },
      { ...env({ M: "org/model" }), args: ["--model=$(M)"] },
    ]) {
      const { workflow } = importObjects(workload("tgi", { image, ...container }));
      expect(workflow.flows).toMatchObject([
        { from: "tgi", to: "huggingface-co", port: 443, returns: ["model-weights"] },
      ]);
    }
  });

  it("that are mounted, or not to be loaded, are none; hints elsewhere are reported", () => {
    expect(importObjects(workload("tgi", { image, ...env({ MODEL_ID: "/models/x" }) })).flows).toEqual([]);
    expect(importObjects(workload("tgi", { image, ...env({ MODEL_ID: "org/m", HF_HUB_OFFLINE: "1" }) })).flows).toEqual(
      [],
    );
    const app = importObjects(workload("app", env({ HF_TOKEN: "hf_secret_value", EMBEDDING_MODEL: "org/m" })));
    expect(app.flows).toEqual([]);
    expect(app.remarks("download")).toHaveLength(1);
    expect(
      importObjects(workload("app", { args: ["--weights", "s3://bucket/x"] }))
        .remarks("download")
        .join(),
    ).toContain("s3://");
  });

  it("come from the mirror that is named", () => {
    const { flows } = importObjects(
      workload("tgi", { image, ...env({ MODEL_ID: "org/m", HF_ENDPOINT: "https://hub.acme.dev" }) }),
    );
    expect(flows).toEqual(["tgi > hub-acme-dev:443"]);
  });
});

describe("what cannot be told", () => {
  it("names that nothing defines", () => {
    const { flows, remarks } = importObjects(
      client({ A_URL: "http://gone:80", B_HOST: "missing", C_ADDR: "lost.other.svc:90" }),
      service("empty", { selector: { app: "no" }, ports: [{ port: 1 }] }),
      client({ X: "http://empty:1" }),
    );
    expect(flows).toEqual([]);
    expect(remarks("dangling").length).toBeGreaterThan(0);
    const first = importObjects(client({ A_URL: "http://gone:80", B_HOST: "missing", C_ADDR: "lost.other.svc:90" }));
    expect(first.remarks("dangling").map((text) => text.split(":")[0])).toEqual(["gone", "lost.other.svc", "missing"]);
  });

  it("addresses in Secrets, ConfigMaps that are not there, variables that only run time knows", () => {
    const container = {
      env: [
        { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "db", key: "url" } } },
        { name: "API_URL", value: "http://$(UNKNOWN):80" },
      ],
      envFrom: [{ configMapRef: { name: "elsewhere" } }],
    };
    const { remarks, workflow } = importObjects(workload("client", container));
    expect(remarks("unresolved")).toHaveLength(3);
    expect(workflow.secrets.map(({ name }) => name)).toEqual(["db"]);
  });

  it("a port that the Service does not have", () => {
    const { remarks, flows } = importObjects(client({ API_URL: "http://api:9999" }), server("api"));
    expect(remarks("port")).toHaveLength(1);
    expect(flows).toEqual(["client > api:8080"]);
  });

  it("servers that nobody is seen to call", () => {
    const { remarks } = importObjects(server("alone"));
    expect(remarks("invisible")[0]).toContain("alone: serves (Service alone), and nothing in the manifests names it");
  });

  it("one object in two files: the later counts", () => {
    const text = (host: string) => JSON.stringify(workload("client", env({ API_HOST: host })));
    const others = [...server("one"), ...server("two")].map((object) => JSON.stringify(object)).join("\n---\n");
    const { flows, remarks } = importText(text("one"), text("two"), others);
    expect(flows).toEqual(["client > two:8080"]);
    expect(remarks("conflict")[0]).toContain("manifests-2.yaml: Deployment default/client is defined twice");
    expect(remarks("conflict")[0]).toContain("manifests-1.yaml");
  });

  it("documents that cannot be read do not stop the others", () => {
    const { flows, remarks } = importText(
      "a: [",
      `${[client({ API_HOST: "api" }), ...server("api")].map((object) => JSON.stringify(object)).join("\n---\n")}`,
    );
    expect(flows).toEqual(["client > api:8080"]);
    expect(remarks("skipped").length).toBeGreaterThan(0);
  });

  it("custom resources without a reader", () => {
    const { remarks } = importObjects({ apiVersion: "acme.dev/v1", kind: "Widget", metadata: { name: "w" }, spec: {} });
    expect(remarks("not-understood")).toEqual(["Widget w: has no reader: what it runs or calls is not drafted"]);
  });
});

describe("custom resources", () => {
  it("InferenceService: predictor and transformer", () => {
    const { flows, workflow } = importObjects(
      {
        apiVersion: "serving.kserve.io/v1beta1",
        kind: "InferenceService",
        metadata: { name: "iris" },
        spec: {
          predictor: { model: { modelFormat: { name: "sklearn" }, storageUri: "gs://b/m" } },
          transformer: { containers: [{ name: "t", image: "acme/t:1", env: [{ name: "DB_HOST", value: "db" }] }] },
        },
      },
      client({ MODEL_URL: "http://iris-predictor.default.svc.cluster.local/v1" }),
      server("db", { port: 5432 }),
    );
    expect(flows).toEqual([
      "client > iris-predictor:8080",
      "iris-transformer > db:5432",
      "iris-transformer > iris-predictor:8080",
    ]);
    expect(workflow.workloads.find(({ name }) => name === "iris-predictor")?.kind).toBe("model");
  });

  it("RayCluster: workers join the head, clients reach it by its Service", () => {
    const group = (name: string): Json => ({
      groupName: name,
      template: { spec: { containers: [{ name: "ray", image: "rayproject/ray:2" }] } },
    });
    const { flows } = importObjects(
      {
        apiVersion: "ray.io/v1",
        kind: "RayCluster",
        metadata: { name: "r" },
        spec: {
          headGroupSpec: group("h"),
          workerGroupSpecs: [group("w")],
          gcsFaultToleranceOptions: { redisAddress: "cache:6379" },
        },
      },
      client({ RAY_ADDRESS: "ray://r-head-svc:10001" }),
      server("cache", { port: 6379 }),
    );
    expect(flows).toEqual(["client > r-head:10001", "r-head > cache:6379", "r-w > r-head:6379"]);
  });
});

describe("the file", () => {
  it("holds no value of a Secret and no literal credential", () => {
    const values = [
      "plain-secret-value",
      Buffer.from("encoded-secret").toString("base64"),
      "encoded-secret",
      "literal-credential",
      "dsn-password",
      "user-in-dsn",
    ];
    const secret: Json = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys", annotations: { "kubectl.kubernetes.io/last-applied-configuration": values[0] } },
      stringData: { a: values[0] },
      data: { b: values[1] },
    };
    const container = {
      env: [
        { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "a" } } },
        { name: "API_KEY", value: values[3] },
        { name: "DATABASE_URL", value: `postgres://${values[5]}:${values[4]}@db:5432/x` },
        { name: "GONE_URL", value: `postgres://${values[5]}:${values[4]}/x@gone/x` },
      ],
    };
    const { text, summary, report, workflow } = importObjects(
      secret,
      workload("client", container),
      server("db", { port: 5432 }),
    );
    for (const value of values) {
      expect(text, "draft").not.toContain(value);
      expect(summary + JSON.stringify(report), "report").not.toContain(value);
    }
    expect(workflow.secrets.map(({ name }) => name)).toEqual(["keys"]);
  });

  it("survives names that would break out of a comment or a scalar", () => {
    const hostile = "x\ninjected: true\n#";
    const container = { env: [{ name: `${hostile}_HOST`, value: "api" }], name: hostile, image: "a b: {c}" };
    const { workflow, flows } = importObjects(
      workload("client", container),
      workload("yes"),
      workload("123"),
      server("api"),
    );
    expect(flows).toEqual(["client > api:8080"]);
    expect(workflow.workloads.map(({ name }) => name)).toEqual(["123", "api", "client", "yes"]);
  });

  it("keeps workloads of one name in two namespaces, and of two kinds, apart", () => {
    const { workflow } = importObjects(
      server("web", { namespace: "a" }),
      server("web", { namespace: "b" }),
      workload("job"),
      workload("job", {}, { kind: "CronJob" }),
    );
    const names = workflow.workloads.map(
      ({ name, zone, kubernetes }) => `${name} ${zone} ${kubernetes?.kind}/${kubernetes?.name}`,
    );
    expect(names).toEqual([
      "web-a a Deployment/web",
      "web-b b Deployment/web",
      "job-default default CronJob/job",
      "job-default-deployment default Deployment/job",
    ]);
  });

  it("puts nothing of the cluster's own namespaces into a zone", () => {
    const { workflow, remarks } = importObjects(
      workload("gateway", {}, { namespace: "istio-system" }),
      workload("app"),
    );
    expect(workflow.zones.map(({ name }) => name)).toEqual(["default"]);
    expect(remarks("skipped")).toHaveLength(1);
  });

  it("leaves out the tests of a chart", () => {
    const test = workload("web-test", { args: ["wget", "http://web:8080"] }, { kind: "Pod" });
    const hook = { ...test, metadata: { name: "web-test", annotations: { "helm.sh/hook": "test" } } };
    expect(importObjects(hook, server("web")).flows).toEqual([]);
  });

  it("guesses kinds by image and protocols by names, probes and ports", () => {
    const { workflow } = importObjects(
      workload("a", { image: "docker.io/bitnami/postgresql:16", ports: [{ containerPort: 5432 }] }),
      workload("b", { image: "vllm/vllm-openai:v0.6", ports: [{ containerPort: 8000, name: "http" }] }),
      workload("c", { image: "nginx:1", ports: [{ containerPort: 80 }] }),
      workload("d", { image: "confluentinc/cp-kafka:7", ports: [{ containerPort: 9092 }] }),
      workload("e", { image: "acme/redis-exporter:1", ports: [{ containerPort: 9121, name: "metrics" }] }),
      workload("f", { ports: [{ containerPort: 9000 }], readinessProbe: { grpc: { port: 9000 } } }),
      workload("g", {}, { kind: "Job" }),
    );
    expect(
      workflow.workloads.map(
        ({ name, kind, ports }) => `${name} ${kind} ${ports.map(({ protocol }) => protocol).join()}`,
      ),
    ).toEqual([
      "a store tcp",
      "b model http",
      "c gateway http",
      "d queue tcp",
      "e service http",
      "f service grpc",
      "g job ",
    ]);
  });

  it("of nothing at all still loads", () => {
    expect(importText("").workflow.workloads).toEqual([]);
  });
});
