/** What is not for the API but for the API server itself: it starts with these files, and they do what they are for. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/targets/index.js";
import { policyFrom } from "../targets/policies.js";
import { type Kube, kubePrograms, startKube } from "./kube.js";

const programs = kubePrograms();

describe.skipIf(programs === undefined)("an API server with the files that are placed by hand", () => {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-api-server-"));
  const placed = join(folder, "placed");
  const workflow = "zones: { a: { trust: internal } }\nworkloads: { one: { zone: a, port: 80 } }";
  const secretbox = policyFrom(workflow, "mesh: none, logs: fluent-bit, encryption: { provider: secretbox }");
  let kube: Kube | undefined;

  beforeAll(async () => {
    if (programs === undefined) return;
    for (const { path, text } of compile(secretbox).files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    mkdirSync(placed);
    const key = Buffer.alloc(32, 7).toString("base64");
    const installed = spawnSync("sh", [join(folder, "encryption/install.sh"), placed], {
      input: `${key}\n`,
      encoding: "utf8",
    });
    if (installed.status !== 0) throw new Error(installed.stderr);
    kube = await startKube(programs, [
      `--encryption-provider-config=${placed}/encryption-configuration.yaml`,
      `--audit-policy-file=${folder}/logging/audit-policy.yaml`,
      `--audit-log-path=${placed}/audit.log`,
    ]);
  }, 180_000);
  afterAll(async () => {
    await kube?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("starts with them, keeps Secrets encrypted, and records no value of theirs", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "key" },
      stringData: { value: "only-for-its-reader" },
    };
    const created = kube?.kubectl(["create", "-n", "default", "-f", "-"], JSON.stringify(secret));
    expect(created?.stderr).toBe("");
    const stored = (await kube?.stored("/registry/secrets/default/key")) ?? "";
    expect(stored).toContain("k8s:enc:secretbox:v1:");
    expect(stored).not.toContain("only-for-its-reader");
    // The control: what is not a Secret stands there as it was written.
    kube?.kubectl(["create", "serviceaccount", "plainly-there", "-n", "default"]);
    expect(await kube?.stored("/registry/serviceaccounts/default/plainly-there")).toContain("plainly-there");

    let log = "";
    for (let waited = 0; waited < 50 && !log.includes('"name":"key"'); waited++) {
      await new Promise((done) => setTimeout(done, 100));
      log = existsSync(join(placed, "audit.log")) ? readFileSync(join(placed, "audit.log"), "utf8") : "";
    }
    expect(log).toContain('"name":"key"');
    expect(log).not.toContain("only-for-its-reader");
    expect(log).not.toContain(Buffer.from("only-for-its-reader").toString("base64"));
  });
});
