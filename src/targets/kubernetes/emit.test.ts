import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { objectsFrom, policyFrom } from "../../../test/targets/policies.js";
import { compile } from "../index.js";

const BODY = `zones: { front: { trust: public }, back: { trust: restricted } }
workloads:
  web: { zone: front, port: 8080 }
  db: { zone: back, port: 5432, protocol: tcp, kubernetes: { kind: StatefulSet, name: postgres } }
  nightly: { zone: back, kubernetes: { kind: CronJob } }
  lone: { zone: back, kubernetes: { kind: Pod } }
flows:
  - { from: web, to: db }`;

describe("kubernetes", () => {
  it.each([
    ["mesh: none", {}, {}],
    ["mesh: istio", { "istio-injection": "enabled" }, { "istio-injection": "enabled" }],
    ["mesh: istio-ambient", { "istio.io/dataplane-mode": "ambient" }, { "istio.io/dataplane-mode": "ambient" }],
  ])("labels namespaces for %s", (targets, front, back) => {
    const objects = objectsFrom(policyFrom(BODY, targets), "kubernetes");
    const labels = (name: string) => {
      const all = objects.get(`Namespace ${name}`)?.metadata.labels ?? {};
      return Object.fromEntries(Object.entries(all).filter(([key]) => key.startsWith("istio")));
    };
    expect(labels("front")).toEqual(front);
    expect(labels("back")).toEqual(back);
    expect(objects.get("Namespace back")?.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "v1.30",
      "ringfence.dev/trust": "restricted",
    });
  });

  it("sends requests of a zone through its waypoint, also those from the way in", () => {
    const policy = policyFrom(BODY.replace("{ from: web, to: db }", "{ from: db, to: web }"), "mesh: istio-ambient");
    expect(objectsFrom(policy, "kubernetes").get("Namespace front")?.metadata.labels).toMatchObject({
      "istio.io/use-waypoint": "waypoint",
      "istio.io/ingress-use-waypoint": "true",
    });
  });

  it("gives each workload an account without a token of the cluster's", () => {
    const objects = objectsFrom(policyFrom(BODY, "mesh: none"), "kubernetes");
    expect(objects.get("ServiceAccount back/db")).toMatchObject({ automountServiceAccountToken: false });
    expect([...objects.keys()].filter((key) => key.startsWith("ServiceAccount "))).toHaveLength(4);
  });

  it.each([
    ["web", "Deployment", "web", ["spec", "template"]],
    ["db", "StatefulSet", "postgres", ["spec", "template"]],
    ["nightly", "CronJob", "nightly", ["spec", "jobTemplate", "spec", "template"]],
    ["lone", "Pod", "lone", []],
  ])("patches %s where a %s keeps its pods", (workload, kind, name, path) => {
    const { files } = compile(policyFrom(BODY, "mesh: istio"));
    const patch = parse(files.find((file) => file.path === `workloads/kubernetes/${workload}.yaml`)?.text ?? "");
    expect(patch).toMatchObject({ kind, metadata: { name } });
    const pod = path.reduce((inner, key) => inner[key], patch);
    expect(pod.metadata.labels).toMatchObject({
      "ringfence.dev/workload": workload,
      "sidecar.istio.io/inject": "true",
    });
    expect(pod.spec).toEqual({
      serviceAccountName: workload,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    // The user's own object must not be taken for one of ours when stale ones are removed.
    expect(patch.metadata.labels?.["app.kubernetes.io/managed-by"]).toBeUndefined();
    expect(JSON.stringify(patch)).not.toContain("ringfence.dev/generation");
  });
});
