/** Bundles that the real OPA built and signed. */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile, readArchive, readBundle } from "../../src/rego/index.js";
import { engine } from "../engine.js";

const opa = engine("opa");
const folder = mkdtempSync(join(tmpdir(), "opa-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DATA = '{"k": "<&> \\u2028 é", "n": [1, 2.5, 1e3, 12345678901234567890], "o": {"b": null, "a": {}}}';

function build(...flags: string[]): Buffer {
  const source = join(folder, "source");
  mkdirSync(join(source, "a/b"), { recursive: true });
  writeFileSync(join(source, "a/b/data.json"), DATA);
  writeFileSync(join(source, "a/p.rego"), "package a.x\n\np := data.a.b.k\n");
  writeFileSync(join(source, ".manifest"), '{"roots": ["a"], "revision": "7", "metadata": {"z": 1, "y": 2}}');
  const out = join(folder, "bundle.tar.gz");
  const { status, stderr } = spawnSync(opa ?? "", ["build", "-b", source, "-o", out, ...flags], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return readFileSync(out);
}

describe.skipIf(opa === undefined)("opa build", () => {
  it("writes bundles that we read", () => {
    const bundle = readBundle(readArchive(build(), "bundle.tar.gz"));
    expect(bundle).toMatchObject({ revision: "7", roots: ["a"] });
    const policy = compile(bundle.modules, { data: bundle.data });
    expect(policy.rule("data.a.x.p").evaluate({})).toBe("<&> \u2028 é");
  });

  it("signs bundles that we verify", () => {
    const secret = { key: "secret", algorithm: "HS256" };
    const signed = readArchive(build("--signing-alg", "HS256", "--signing-key", "secret"), "bundle.tar.gz");
    expect(readBundle(signed, { verification: secret }).revision).toBe("7");
    expect(() => readBundle(signed, { verification: { ...secret, key: "other" } })).toThrow(/does not verify/);
    expect(() => readBundle(signed)).toThrow(/no verification key/);
  });

  it("signs with a private key", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const path = join(folder, "key.pem");
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }));
    const bytes = build("--signing-alg", "ES256", "--signing-key", path);
    const key = publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(readBundle(readArchive(bytes, "b"), { verification: { key, algorithm: "ES256" } }).revision).toBe("7");
  });
});
