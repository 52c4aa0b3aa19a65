/** Bundles: what they hold, what they may own, how they are signed, and archives that mean harm. */
import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BundleFile, compile, mergeBundles, RegoError, readArchive, readBundle } from "../../src/rego/index.js";
import { pax, type TarEntry, tarGz } from "./tar.js";

const MODULE = "package a.x\n\np := data.a.b.k\n";

function files(texts: Readonly<Record<string, string>>): BundleFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}

describe("a bundle", () => {
  it("has modules, and data where its folders put it", () => {
    const bundle = readBundle(
      files({
        ".manifest": '{"revision": "r1", "roots": ["/a/", "c"], "metadata": {"x": 1}}',
        "a/p.rego": MODULE,
        "a/b/data.json": '{"k": 12345678901234567890}',
        "c/data.yaml": "y: 2\n",
        "c/readme.json": "not data",
      }),
    );
    expect(bundle).toMatchObject({ revision: "r1", roots: ["a", "c"], metadata: { x: 1 } });
    const policy = compile(bundle.modules, { data: bundle.data });
    expect(policy.query("data.a.x.p == 12345678901234567890").evaluate({})).toHaveLength(1);
    expect(bundle.data).toMatchObject({ c: { y: 2 } });
  });

  it("says the version of its modules, and of single files", () => {
    const bundle = readBundle(
      files({
        ".manifest": '{"rego_version": 0, "file_rego_versions": {"*/new/*.rego": 1}}',
        "old.rego": "package o\np { true }\n",
        "a/new/n.rego": "package n\np if true\n",
      }),
    );
    expect(bundle.modules.map(({ version }) => version)).toEqual(["v0", "v1"]);
    expect(compile(bundle.modules).rule("data.n.p").evaluate({})).toBe(true);
  });

  it.each([
    [
      "a package outside of its roots",
      { ".manifest": '{"roots": ["z"]}', "p.rego": MODULE },
      /package `a\.x`, outside of the roots `z`/,
    ],
    ["data outside of its roots", { ".manifest": '{"roots": ["a/b"]}', "a/data.json": '{"c": 1}' }, /data at `a\/c`/],
    ["a scalar above its roots", { ".manifest": '{"roots": ["a/b"]}', "data.json": '{"a": 1}' }, /data at `a`/],
    [
      "data without any root",
      { ".manifest": '{"roots": []}', "data.json": '{"a": 1}' },
      /outside of the roots \(none\)/,
    ],
    ["roots that overlap", { ".manifest": '{"roots": ["a", "a/b"]}' }, /roots `a` and `a\/b` overlap/],
    ["two manifests", { ".manifest": "{}", "a/.manifest": "{}" }, /both manifests/],
    ["a manifest that is no JSON", { ".manifest": "{" }, /the manifest is no JSON/],
    ["a manifest of another shape", { ".manifest": '{"roots": "a"}' }, /`roots` is no list/],
    ["an unknown version", { ".manifest": '{"rego_version": 7}' }, /0 or 1/],
    ["WebAssembly", { ".manifest": '{"wasm": [{"module": "/policy.wasm"}]}' }, /WebAssembly/],
    ["a delta bundle", { "patch.json": '{"data": []}' }, /delta bundles/],
    ["data that is no object", { "data.json": "[1]" }, /holds no object/],
    ["data that is no JSON", { "a/data.json": "{" }, /`a\/data\.json` is no JSON/],
    [
      "two values for one path",
      { "data.json": '{"a": {"b": 1}}', "a/data.json": '{"b": 1}' },
      /two data files give `a\/b`/,
    ],
  ])("refuses %s", (_, texts, message) => {
    expect(() => readBundle(files(texts))).toThrow(RegoError);
    expect(() => readBundle(files(texts))).toThrow(message);
  });

  it("keeps hostile keys as keys", () => {
    const { data } = readBundle(
      files({ "__proto__/data.json": '{"polluted": true}', "data.json": '{"constructor": {"x": 1}}' }),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(data).sort()).toEqual(["__proto__", "constructor"]);
  });
});

describe("several bundles", () => {
  const one = readBundle(files({ ".manifest": '{"roots": ["a"]}', "a/p.rego": MODULE, "a/b/data.json": '{"k": 1}' }), {
    name: "one",
  });

  it("are one program", () => {
    const two = readBundle(files({ ".manifest": '{"roots": ["c"]}', "c/data.json": '{"y": 2}' }), { name: "two" });
    const { modules, data } = mergeBundles([one, two]);
    expect(compile(modules, { data }).query("x := data.a.x.p; y := data.c.y").evaluate({})).toEqual([{ x: 1, y: 2 }]);
    expect(one.data).toEqual({ a: { b: { k: 1 } } });
  });

  it("must not own the same", () => {
    const all = readBundle(files({ "c/data.json": "{}" }), { name: "all" });
    expect(() => mergeBundles([one, all])).toThrow(/bundle one: it owns `a`, and bundle all owns everything/);
  });
});

describe("a signed bundle", () => {
  const contents: Record<string, string> = {
    "p.rego": MODULE,
    "data.json": '{"b": "\u2028<&>", "a": [1, 2.50, null]}',
  };
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const named = [
    { name: "p.rego", hash: sha(MODULE), algorithm: "SHA-256" },
    { name: "data.json", hash: sha('{"a":[1,2.50,null],"b":"\\u2028<&>"}'), algorithm: "SHA-256" },
  ];
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();

  function token(claims: object, header: object, signer: (data: Buffer) => Buffer): string {
    const data = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${data}.${signer(Buffer.from(data)).toString("base64url")}`;
  }
  const rs256 = (claims: object, header: object = { alg: "RS256", kid: "k" }) =>
    token(claims, header, (data) => sign("sha256", data, keys.privateKey));
  const signed = (jwt: string, more: Record<string, string> = {}) =>
    files({ ...contents, ...more, ".signatures.json": JSON.stringify({ signatures: [jwt] }) });
  const verification = { key: pem, keyId: "k" };

  it("is read when its signature holds", () => {
    expect(readBundle(signed(rs256({ files: named })), { verification }).modules).toHaveLength(1);
    const extra = signed(rs256({ files: named }), { "notes.txt": "" });
    expect(readBundle(extra, { verification: { ...verification, exclude: ["notes.txt"] } }).modules).toHaveLength(1);
    expect(readBundle(signed("x.y.z"), { skipVerification: true }).modules).toHaveLength(1);
  });

  it("is read with a shared secret", () => {
    const jwt = token({ files: named }, { alg: "HS256" }, (data) =>
      createHmac("sha256", "secret").update(data).digest(),
    );
    expect(readBundle(signed(jwt), { verification: { key: "secret", algorithm: "HS256" } }).modules).toHaveLength(1);
  });

  it.each([
    ["that nobody verifies", signed(rs256({ files: named })), undefined, /signed, and no verification key was given/],
    ["of another key", signed(rs256({ files: named }, { kid: "other" })), verification, /signed by the key `other`/],
    ["for another scope", signed(rs256({ files: named, scope: "write" })), verification, /another scope/],
    [
      "with a changed file",
      signed(rs256({ files: named }), { "p.rego": `${MODULE}q := 1\n` }),
      verification,
      /not the file that was signed/,
    ],
    [
      "with a file more",
      signed(rs256({ files: named }), { "q.rego": "package q\n" }),
      verification,
      /not part of the signature/,
    ],
    [
      "with a file less",
      signed(rs256({ files: [...named, { ...named[0], name: "gone.rego" }] })),
      verification,
      /`gone\.rego` is signed/,
    ],
    [
      "with an unknown hash",
      signed(rs256({ files: [{ ...named[0], algorithm: "CRC" }, named[1]] })),
      verification,
      /unknown `CRC`/,
    ],
    ["without a signature", files(contents), verification, /not signed/],
    ["whose token is none", signed("x"), verification, /no token/],
    [
      "that claims no algorithm",
      signed(token({ files: named }, { alg: "none" }, () => Buffer.from("x"))),
      verification,
      /does not verify/,
    ],
    [
      "that uses the public key as a secret",
      signed(token({ files: named }, { alg: "HS256" }, (data) => createHmac("sha256", pem).update(data).digest())),
      verification,
      /does not verify/,
    ],
  ])("is refused: one %s", (_, bundle, checked, message) => {
    expect(() => readBundle(bundle, checked === undefined ? {} : { verification: checked })).toThrow(message);
  });
});

describe("an archive", () => {
  const read = (entries: readonly TarEntry[], limits?: { bytes: number; files: number }) =>
    readArchive(tarGz(entries), "b.tar.gz", limits);

  it("gives its files, with long names, whatever its folders are", () => {
    const long = `${"d/".repeat(80)}data.json`;
    const found = read([
      { path: "a/", type: "5" },
      { path: "/.manifest", text: "{}" },
      { path: "./a/p.rego", text: MODULE },
      pax({ path: `é/${long}`, mtime: "1.5" }),
      { path: "short", text: "1" },
      { path: "././@LongLink", type: "L", text: `${long}\0` },
      { path: "short", text: "2" },
    ]);
    expect(found.map(({ path }) => path)).toEqual([".manifest", "a/p.rego", `é/${long}`, long]);
    expect(Buffer.from(found[1]?.bytes ?? []).toString()).toBe(MODULE);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["no archive", () => readArchive(Buffer.from("hello"), "b"), /no gzip archive/],
    [
      "half an archive",
      () => readArchive(tarGz([{ path: "a", text: "x" }]).subarray(0, 40), "b"),
      /no whole gzip archive/,
    ],
    ["no tar", () => readArchive(gzipSync(Buffer.alloc(1024, 7)), "b"), /checksum is wrong/],
    ["a path that leaves", () => read([{ path: "../../etc/passwd", text: "x" }]), /leaves the bundle/],
    [
      "a path that leaves by pax",
      () => read([pax({ path: "a/../../b" }), { path: "ok", text: "x" }]),
      /leaves the bundle/,
    ],
    ["a path with a backslash", () => read([{ path: "a\\..\\b", text: "x" }]), /leaves the bundle/],
    ["a link", () => read([{ path: "a", type: "2" }]), /`a` is a link/],
    ["a hard link", () => read([{ path: "a", type: "1" }]), /`a` is a link/],
    ["a device", () => read([{ path: "a", type: "3" }]), /entry of type `3`/],
    ["a sparse file", () => read([{ path: "a", type: "S" }]), /entry of type `S`/],
    ["a sparse file by pax", () => read([pax({ "GNU.sparse.size": "9" }), { path: "a" }]), /sparse/],
    ["a file twice", () => read([{ path: "a" }, { path: "./a" }]), /comes twice/],
    ["a wrong checksum", () => read([{ path: "a", badChecksum: true }]), /checksum is wrong/],
    ["a size beyond the end", () => read([{ path: "a", size: "77777777777\0" }]), /ends inside `a`/],
    ["a size that is none", () => read([{ path: "a", size: "\x80\0\0\0\0\0\0\0\0\0\0\x05" }]), /size is no number/],
    ["a negative size", () => read([{ path: "a", size: "-0000000001\0" }]), /size is no number/],
    ["a pax size beyond the end", () => read([pax({ size: "99999999999" }), { path: "a" }]), /ends inside/],
    ["a malformed extension", () => read([{ path: "x", type: "x", text: "999 path=a\n" }, { path: "a" }]), /malformed/],
    ["an endless extension", () => read([{ path: "x", type: "x", text: "1".repeat(70_000) }]), /too long/],
    [
      "a bomb",
      () => readArchive(gzipSync(Buffer.alloc(64 << 20)), "b", { bytes: 1 << 20, files: 10 }),
      /larger than 1048576 bytes/,
    ],
    ["too many files", () => read([{ path: "a" }, { path: "b" }], { bytes: 1024, files: 1 }), /more than 1 files/],
  ])("is refused: %s", (_, run, message) => {
    expect(run).toThrow(RegoError);
    expect(run).toThrow(message);
  });

  it("ends in an error or in files, whatever its bytes are", () => {
    const base = tarGz([
      { path: "a/data.json", text: '{"x": 1}' },
      pax({ path: "p.rego" }),
      { path: "p", text: MODULE },
    ]);
    const raw = [
      { path: "a/data.json", text: '{"x": 1}' },
      { path: "p.rego", text: MODULE },
    ];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 6 }), fc.boolean(), (edits, inside) => {
        const bytes = Buffer.from(
          inside ? tarGz(raw.map((one, at) => ({ ...one, size: edits[at]?.[0].toString() }))) : base,
        );
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          readBundle(readArchive(bytes, "b"));
        } catch (error) {
          if (!(error instanceof RegoError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});
