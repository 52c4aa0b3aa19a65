/**
 * `.signatures.json`: one JSON Web Token over the hashes of all other files. A bundle that carries one is verified or
 * refused; an unknown key, a file that is missing or not named, and a hash that differs all refuse it.
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { ALGORITHMS, verifies } from "../builtins/jws.js";
import {
  compareStrings,
  isArray,
  isObject,
  objectEntries,
  objectGet,
  readJson,
  readYaml,
  type Value,
  writeJson,
} from "../value/index.js";
import type { BundleFile } from "./archive.js";
import { bundleError } from "./problem.js";

export interface Verification {
  /** A PEM public key or certificate; for HS256, HS384 and HS512 the secret itself. */
  readonly key: string;
  /** Name that the token's `kid` has to have, when it has one. */
  readonly keyId?: string;
  /** RS256 by default. The token's own `alg` is never followed. */
  readonly algorithm?: string;
  readonly scope?: string;
  /** Files that need not be signed. */
  readonly exclude?: readonly string[];
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-224": "sha224",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
  "SHA-512-224": "sha512-224",
  "SHA-512-256": "sha512-256",
};

/** @throws RegoError unless the token verifies and every file is the one that was signed */
export function verifyBundle(
  signatures: BundleFile,
  files: readonly BundleFile[],
  options: Verification,
  bundle: string,
): void {
  const signed = new Map(signedFiles(tokenOf(signatures, bundle), options, bundle).map((file) => [file.name, file]));
  for (const { path, bytes } of files) {
    const file = signed.get(path);
    signed.delete(path);
    if (options.exclude?.includes(path) === true) continue;
    if (file === undefined) throw bundleError(bundle, `\`${path}\` is not part of the signature`);
    const algorithm = Object.hasOwn(HASHES, file.algorithm) ? HASHES[file.algorithm] : undefined;
    if (algorithm === undefined)
      throw bundleError(bundle, `\`${path}\` is hashed by the unknown \`${file.algorithm}\``);
    const hash = createHash(algorithm)
      .update(signedContent(path, bytes, bundle))
      .digest("hex");
    if (hash !== file.hash.toLowerCase()) throw bundleError(bundle, `\`${path}\` is not the file that was signed`);
  }
  const [missing] = signed.keys();
  if (missing !== undefined) throw bundleError(bundle, `\`${missing}\` is signed, but is not in the bundle`);
}

function tokenOf({ bytes }: BundleFile, bundle: string): string {
  const value = json(bytes, bundle);
  const tokens = isObject(value) ? objectGet(value, "signatures") : undefined;
  if (isObject(value) && !["", "_default"].includes(String(objectGet(value, "plugin") ?? ""))) {
    throw bundleError(bundle, "it is signed for a plugin, which is not known here");
  }
  if (tokens === undefined || !isArray(tokens) || tokens.length !== 1 || typeof tokens[0] !== "string") {
    throw bundleError(bundle, "`.signatures.json` has to hold one token");
  }
  return tokens[0];
}

interface SignedFile {
  readonly name: string;
  readonly hash: string;
  readonly algorithm: string;
}

function signedFiles(token: string, options: Verification, bundle: string): SignedFile[] {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0 || ![header, payload, signature].every((part) => /^[A-Za-z0-9_-]+$/.test(part))) {
    throw bundleError(bundle, "the signature is no token");
  }
  const { algorithm = "RS256", keyId } = options;
  const fields = json(Buffer.from(header, "base64url"), bundle);
  const claims = json(Buffer.from(payload, "base64url"), bundle);
  const kid = textField(fields, "kid") ?? textField(claims, "keyid");
  if (keyId !== undefined && kid !== undefined && kid !== keyId) {
    throw bundleError(bundle, `it is signed by the key \`${kid}\`, not by \`${keyId}\``);
  }
  const data = Buffer.from(`${header}.${payload}`);
  if (!verifies(algorithm, keyOf(options.key, algorithm, bundle), data, Buffer.from(signature, "base64url"))) {
    throw bundleError(bundle, "its signature does not verify");
  }
  if ((textField(claims, "scope") ?? "") !== (options.scope ?? ""))
    throw bundleError(bundle, "it is signed for another scope");
  const files = isObject(claims) ? objectGet(claims, "files") : undefined;
  if (files === undefined || !isArray(files)) throw bundleError(bundle, "its signature names no files");
  return files.map((file) => ({
    name: (textField(file, "name") ?? "").replace(/^\/+/, ""),
    hash: textField(file, "hash") ?? "",
    algorithm: textField(file, "algorithm") ?? "",
  }));
}

function keyOf(key: string, algorithm: string, bundle: string): KeyObject | Uint8Array {
  const found = ALGORITHMS.get(algorithm);
  if (found === undefined) throw bundleError(bundle, `\`${algorithm}\` is no signing algorithm`);
  if (found.family === "hmac") return Buffer.from(key);
  try {
    return key.includes("BEGIN CERTIFICATE") ? new X509Certificate(key).publicKey : createPublicKey(key);
  } catch {
    throw bundleError(bundle, "the verification key is no PEM public key or certificate");
  }
}

function textField(value: Value, name: string): string | undefined {
  const field = isObject(value) ? objectGet(value, name) : undefined;
  return typeof field === "string" && field !== "" ? field : undefined;
}

function json(bytes: Uint8Array, bundle: string): Value {
  try {
    return readJson(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw bundleError(bundle, "its signature is no JSON");
  }
}

/** Data is signed by its meaning: keys in order, no blanks. Other files are signed by their bytes. */
function signedContent(path: string, bytes: Uint8Array, bundle: string): Uint8Array {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!/^data\.(json|ya?ml)$/.test(name) && name !== ".manifest") return bytes;
  const source = Buffer.from(bytes).toString("utf8");
  try {
    const value = /\.ya?ml$/.test(name) ? readYaml(source) : readJson(source);
    return Buffer.from(canonical(value));
  } catch {
    throw bundleError(bundle, `\`${path}\` is no ${name.endsWith("l") ? "YAML" : "JSON"}`);
  }
}

function canonical(value: Value): string {
  if (typeof value === "string") return plainJson(value);
  if (isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return writeJson(value);
  const entries = objectEntries(value).map(([key, member]) => [String(key), member] as const);
  return `{${[...entries]
    .sort((a, b) => compareStrings(a[0], b[0]))
    .map(([key, member]) => `${plainJson(key)}:${canonical(member)}`)
    .join(",")}}`;
}

/** JSON of a string with the two line separators escaped, and nothing else beyond what JSON asks for. */
function plainJson(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
