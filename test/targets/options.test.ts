/** The choices that the golden trees do not make: other collectors, drivers and keys, and what is refused about them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { RingfenceError } from "../../src/diagnostics/index.js";
import { derive } from "../../src/policy/index.js";
import { compile } from "../../src/targets/index.js";
import { ALTERNATIVE_PATTERNS } from "../../src/targets/logging/secret-patterns.js";
import { loadWorkflow } from "../../src/workflow/index.js";

function compiled(targets: string, modules: { path: string; text: string }[] = []) {
  const text = `apiVersion: ringfence.dev/v1
workflow: w
zones: { z: { trust: restricted } }
identity: { corp: { issuer: https://i.example, audience: a, roles: r } }
workloads:
  web: { zone: z, port: 80, image: x/web:1 }
  db: { zone: z, kind: store, port: 5432, protocol: tcp, image: x/db:1, encryptedAtRest: true }
flows:
  - { from: web, to: db }
  - { from: db, to: web, allow: [{ method: GET, path: /x }] }
targets: { ${targets} }
`;
  return compile(derive(loadWorkflow({ path: "w.yaml", text }), modules));
}

function problem(targets: string, modules: { path: string; text: string }[] = []): string {
  try {
    compiled(targets, modules);
    return "compiled";
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return error.problems.map(({ message }) => message).join("; ");
  }
}

const textOf = (targets: string, path: string) =>
  compiled(targets).files.find((file) => file.path === path)?.text ?? "";

describe("the collector of OpenTelemetry", () => {
  it("applies every pattern to bodies, attributes and resources, before it exports", () => {
    const config = parse(
      textOf("logs: { engine: opentelemetry, endpoint: 'otel.logs:4317' }", "logging/opentelemetry/collector.yaml"),
    );
    const [{ statements }] = config.processors["transform/redact"].log_statements;
    expect(config.processors["transform/redact"].error_mode).toBe("propagate");
    for (const place of [
      "replace_pattern(log.body",
      'replace_all_patterns(log.body, "value"',
      'replace_all_patterns(log.attributes, "value"',
      'replace_all_patterns(resource.attributes, "value"',
    ]) {
      expect(statements.filter((statement: string) => statement.startsWith(place)).length).toBeGreaterThanOrEqual(
        ALTERNATIVE_PATTERNS.length,
      );
    }
    // A lone `$` would be taken for a variable of the configuration.
    expect(statements.filter((statement: string) => /(?<!\$)\$(?!\$)/.test(statement.replaceAll("$$", "")))).toEqual(
      [],
    );
    expect(config.service.pipelines.logs.processors[0]).toBe("transform/redact");
    expect(config.exporters.otlp).toEqual({ endpoint: "otel.logs:4317", tls: { insecure: false } });
  });
});

describe("encryption", () => {
  it("puts the key of secretbox where the template asks for it, and nowhere else", () => {
    const folder = mkdtempSync(join(tmpdir(), "encryption-"));
    try {
      for (const name of ["install.sh", "encryption-configuration.yaml"]) {
        writeFileSync(join(folder, name), textOf("encryption: { provider: secretbox }", `encryption/${name}`));
      }
      const key = Buffer.alloc(32, 7).toString("base64");
      const target = join(folder, "api-server");
      spawnSync("mkdir", [target]);
      const run = (input: string) => spawnSync("sh", [join(folder, "install.sh"), target], { input, encoding: "utf8" });
      expect(run("short\n").status).not.toBe(0);
      const { status, stdout, stderr } = run(`${key}\n`);
      expect(status, stderr).toBe(0);
      expect(stdout).not.toContain(key);
      const path = join(target, "encryption-configuration.yaml");
      const [{ providers }] = parse(readFileSync(path, "utf8")).resources;
      expect(providers).toEqual([{ secretbox: { keys: [{ name: "key1", secret: key }] } }, { identity: {} }]);
      expect(statSync(path).mode & 0o077).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("knows how each storage driver is told to encrypt, or refuses it", () => {
    const storage = (driver: string, more = "") =>
      `encryption: { provider: kms, storageProvisioner: ${driver}${more} }`;
    expect(problem(storage("ebs.csi.aws.com"))).toBe("compiled");
    expect(problem(storage("nfs.csi.k8s.io"))).toContain("is not known");
    expect(problem(storage("pd.csi.storage.gke.io"))).toContain("`disk-encryption-kms-key`");
    expect(problem(storage("pd.csi.storage.gke.io", ", storageParameters: { disk-encryption-kms-key: k }"))).toBe(
      "compiled",
    );
    expect(problem(storage("ebs.csi.aws.com", ', storageParameters: { encrypted: "false" }'))).toContain(
      "does not encrypt",
    );
  });
});

describe("a zone", () => {
  it("may not be a namespace that an engine lives in", () => {
    for (const [zone, targets] of [
      ["ringfence-w", "mesh: istio"],
      ["istio-egress", "mesh: istio"],
      ["istio-ingress", "gateway: gateway-api"],
      ["bao", 'secrets: { engine: openbao, address: "https://bao.bao:8200" }'],
    ] as const) {
      const text = `apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { ${zone}: { trust: internal } }\nworkloads: { a: { zone: ${zone}, image: "x:1" } }\ntargets: { ${targets} }\n`;
      const policy = derive(loadWorkflow({ path: "w.yaml", text }));
      expect(() => compile(policy), zone).toThrow("this namespace holds");
      // Nor does a selection get around it.
      expect(() => compile(policy, { targets: ["network-policy"] }), zone).toThrow("this namespace holds");
    }
  });
});

describe("the user's own Rego", () => {
  const own = [{ path: "p.rego", text: "package narrow\n\npermit := true\n" }];

  it("is refused where nobody would ask it", () => {
    expect(problem("mesh: istio", own)).toBe("compiled");
    for (const targets of ["mesh: istio-ambient", "mesh: istio, authorization: none"]) {
      expect(problem(targets, own)).toContain("own-rules");
    }
  });
});
