import { spawnSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Authority, type AuthorityOptions, derOf, isWithdrawn } from "./authority.js";
import { Credential } from "./credential.js";
import { parseSpiffeId, parseTrustDomain, workloadId } from "./spiffe-id.js";
import { type SvidExpectation, verifySvid } from "./svid.js";

const TRUST_DOMAIN = "ai.example.com";
const SECRET = Buffer.alloc(32, 7);
const DAY_MS = 86_400_000;
const id = workloadId({ trustDomain: TRUST_DOMAIN, zone: "ai-public", workload: "gateway" });

function newKey(namedCurve = "P-256"): Buffer {
  return generateKeyPairSync("ec", { namedCurve }).publicKey.export({ format: "der", type: "spki" });
}

let folder = "";
let options: AuthorityOptions;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-authority-"));
  options = { path: join(folder, "authority.json"), trustDomain: TRUST_DOMAIN, secret: SECRET };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function expectation(authority: Authority, now = new Date()): SvidExpectation {
  return {
    trustDomain: authority.trustDomain,
    authorities: authority.bundle.map(derOf),
    use: "clientAuth",
    now,
    isRevoked: (svid) => isWithdrawn(svid, authority.withdrawals),
  };
}

describe("Authority", () => {
  it("issues an SVID that its own verifier, OpenSSL and Node accept", async () => {
    const authority = await Authority.open(options);
    const pem = authority.issue(id, newKey(), { dns: ["localhost"], ip: [Buffer.from([127, 0, 0, 1])] });
    const svid = verifySvid([derOf(pem)], expectation(authority));
    expect(svid.id).toEqual(id);
    expect(svid.notAfter.getTime() - svid.notBefore.getTime()).toBeLessThanOrEqual(3_600_000);
    const certificate = new X509Certificate(pem);
    expect(certificate.subjectAltName).toBe(`URI:${id.uri}, DNS:localhost, IP Address:127.0.0.1`);
    expect(certificate.verify(new X509Certificate(authority.bundle[0] ?? "").publicKey)).toBe(true);
    writeFileSync(join(folder, "ca.pem"), authority.bundle.join(""));
    writeFileSync(join(folder, "leaf.pem"), pem);
    const openssl = spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", "ca.pem", "leaf.pem"], { cwd: folder });
    if (openssl.error !== undefined) console.log("not run: openssl is not installed");
    else expect(openssl.stdout.toString() + openssl.stderr.toString()).toContain("leaf.pem: OK");
  });

  it("survives a restart with the same key and keeps that key sealed", async () => {
    const first = await Authority.open(options);
    const pem = first.issue(id, newKey());
    const second = await Authority.open(options);
    expect(second.bundle).toEqual(first.bundle);
    expect(verifySvid([derOf(pem)], expectation(second)).id.uri).toBe(id.uri);
    expect(statSync(options.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["authority.json"]);
    expect(readFileSync(options.path, "utf8")).not.toMatch(/PRIVATE KEY/);
    await expect(Authority.open({ ...options, secret: Buffer.alloc(32, 8) })).rejects.toMatchObject({
      code: "IDENTITY_SEALED",
    });
  });

  it("refuses a damaged file, another trust domain's file and a short secret", async () => {
    await Authority.open(options);
    await expect(Authority.open({ ...options, trustDomain: "other.example" })).rejects.toMatchObject({
      code: "IDENTITY_AUTHORITY",
    });
    await expect(Authority.open({ ...options, secret: Buffer.from("short") })).rejects.toMatchObject({
      code: "IDENTITY_AUTHORITY",
    });
    const text = readFileSync(options.path, "utf8");
    for (const damaged of ["", "{}", text.slice(0, -40), text.replace('"generation": 1', '"generation": 0')]) {
      writeFileSync(options.path, damaged);
      await expect(Authority.open(options)).rejects.toMatchObject({ code: "IDENTITY_AUTHORITY" });
    }
  });

  it("does not take another authority's sealed key", async () => {
    await Authority.open(options);
    const otherOptions = { ...options, path: join(folder, "other.json"), trustDomain: "other.example" };
    await Authority.open(otherOptions);
    const mine = JSON.parse(readFileSync(options.path, "utf8"));
    const other = JSON.parse(readFileSync(otherOptions.path, "utf8"));
    writeFileSync(options.path, JSON.stringify({ ...mine, key: other.key }));
    await expect(Authority.open(options)).rejects.toMatchObject({ code: "IDENTITY_SEALED" });
  });

  it("issues for its own workloads' P-256 keys only, for an hour at most", async () => {
    const authority = await Authority.open(options);
    const code = (attempt: () => unknown): string => {
      try {
        attempt();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "issued";
    };
    expect(code(() => authority.issue(parseSpiffeId("spiffe://other/ns/a/sa/b"), newKey()))).toBe(
      "IDENTITY_FOREIGN_DOMAIN",
    );
    expect(code(() => authority.issue(parseSpiffeId(`spiffe://${TRUST_DOMAIN}`), newKey()))).toBe(
      "IDENTITY_FOREIGN_DOMAIN",
    );
    expect(code(() => authority.issue(id, newKey("P-384")))).toBe("IDENTITY_ISSUE");
    expect(code(() => authority.issue(id, Buffer.from("no key")))).toBe("IDENTITY_ISSUE");
    for (const ttlSeconds of [0, 9, 3601, 60.5, Number.NaN]) {
      expect(code(() => authority.issue(id, newKey(), { ttlSeconds }))).toBe("IDENTITY_ISSUE");
    }
    expect(code(() => authority.issue(id, newKey(), { ttlSeconds: 3600 }))).toBe("issued");
  });

  it("withdraws an identity at once, for good, and whatever the clock says", async () => {
    const authority = await Authority.open(options);
    const other = workloadId({ trustDomain: TRUST_DOMAIN, zone: "ai-public", workload: "other" });
    const old = derOf(authority.issue(id, newKey()));
    const others = derOf(authority.issue(other, newKey()));
    await authority.withdraw(id.uri);
    expect(() => verifySvid([old], expectation(authority))).toThrow(/withdrawn/);
    expect(() => authority.issue(id, newKey())).toThrow(/withdrawn/);
    expect(verifySvid([others], expectation(authority)).id).toEqual(other);

    await authority.restore(id.uri);
    const reopened = await Authority.open({ ...options, now: () => Date.now() - 3_600_000 });
    expect(() => verifySvid([old], expectation(reopened))).toThrow(/withdrawn/);
    const fresh = derOf(reopened.issue(id, newKey()));
    expect(verifySvid([fresh], expectation(reopened, new Date(Date.now() - 3_590_000))).id).toEqual(id);
  });

  it("treats a serial that is none of ours as withdrawn with its identity", () => {
    const withdrawals = { barred: [], withdrawn: { [id.uri]: 3 } };
    const serial = (generation: number): string => `1${generation.toString(16).padStart(8, "0")}${"ab".repeat(11)}`;
    expect(isWithdrawn({ id, serial: serial(3) }, withdrawals)).toBe(true);
    expect(isWithdrawn({ id, serial: serial(4) }, withdrawals)).toBe(false);
    expect(isWithdrawn({ id, serial: "ff" }, withdrawals)).toBe(true);
    expect(isWithdrawn({ id, serial: `2${serial(4).slice(1)}` }, withdrawals)).toBe(true);
  });

  it("is succeeded in time, without distrusting what it issued", async () => {
    let now = Date.parse("2030-01-01T00:00:00Z");
    const clocked = { ...options, now: () => now };
    const first = await Authority.open(clocked);
    now += 340 * DAY_MS;
    const old = derOf(first.issue(id, newKey()));
    const second = await Authority.open(clocked);
    expect(second.bundle).toHaveLength(2);
    expect(second.bundle[0]).not.toBe(first.bundle[0]);
    const fresh = derOf(second.issue(id, newKey()));
    for (const leaf of [old, fresh]) expect(verifySvid([leaf], expectation(second, new Date(now))).id).toEqual(id);
    now += 30 * DAY_MS;
    expect((await Authority.open(clocked)).bundle).toEqual([second.bundle[0]]);
  });

  it("keeps every withdrawal when several come at once", async () => {
    const authority = await Authority.open(options);
    const uris = Array.from({ length: 20 }, (_, n) => `${id.uri}-${n}`);
    await Promise.all(uris.map((uri) => authority.withdraw(uri)));
    expect((await Authority.open(options)).withdrawals.barred).toEqual([...uris].sort());
  });
});

describe("Credential", () => {
  it("renews when two thirds are over or the clock has jumped, with a new key each time", async () => {
    let now = Date.now();
    const authority = await Authority.open({ ...options, now: () => now });
    const rotations: string[] = [];
    const failures: unknown[] = [];
    const credential = await Credential.obtain({
      issue: async (key) => authority.issue(id, key),
      now: () => now,
      checkEveryMs: 5,
      onRotated: (current) => rotations.push(current.certificatePem),
      onFailed: (error) => failures.push(error),
    });
    const until = async (met: () => boolean): Promise<void> => {
      while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const first = credential.current;
    now += 2_401_000;
    await until(() => rotations.length === 1);
    now -= 7_200_000;
    await until(() => rotations.length === 2);
    expect(new Set([first.keyPem, credential.current.keyPem]).size).toBe(2);
    expect(credential.current.certificatePem).toBe(rotations[1]);
    await authority.withdraw(id.uri);
    now += 3_000_000;
    await until(() => failures.length > 1);
    expect(credential.current.certificatePem).toBe(rotations[1]);
    credential.close();
  });
});

describe("trust domains", () => {
  it("does not cross", async () => {
    const authority = await Authority.open(options);
    const foreign = await Authority.open({ ...options, path: join(folder, "b.json"), trustDomain: "b.example" });
    const theirs = parseSpiffeId("spiffe://b.example/ns/a/sa/b");
    const leaf = derOf(foreign.issue(theirs, newKey()));
    expect(() => verifySvid([leaf], expectation(authority))).toThrow(/trust domain `b.example`/);
    expect(() => verifySvid([leaf], { ...expectation(authority), trustDomain: parseTrustDomain("b.example") })).toThrow(
      /no authority/,
    );
  });
});
