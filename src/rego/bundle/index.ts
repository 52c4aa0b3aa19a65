/**
 * Bundles: modules and data that belong together, as a `.tar.gz` or as the files of a folder. A bundle owns the roots
 * that its manifest names; what it holds outside of them is an error, and so are two bundles that own the same.
 */
import { RegoError, type RegoProblem } from "../error.js";
import type { ModuleText } from "../policy.js";
import type { RegoVersion } from "../syntax/ast.js";
import { parseModule } from "../syntax/parse-module.js";
import {
  isObject,
  type JsonObject,
  jsonObject,
  objectEntries,
  RegoObject,
  readJson,
  readYaml,
  type Value,
} from "../value/index.js";
import { setOwn } from "../value/read-json.js";
import type { BundleFile } from "./archive.js";
import { contains, overlap, readManifest } from "./manifest.js";
import { bundleError } from "./problem.js";
import { type Verification, verifyBundle } from "./signature.js";

export { ARCHIVE_LIMITS, type ArchiveLimits, type BundleFile, readArchive } from "./archive.js";
export type { Verification } from "./signature.js";

export interface Bundle {
  readonly name: string;
  readonly revision: string;
  readonly roots: readonly string[];
  readonly metadata: JsonObject;
  readonly modules: readonly ModuleText[];
  readonly data: JsonObject;
}

export interface BundleOptions {
  /** Stands in messages, and before the names of modules. */
  readonly name?: string;
  /** Version of modules of which the manifest does not say one. */
  readonly version?: RegoVersion;
  /** Verifies the signature, which the bundle then has to have. */
  readonly verification?: Verification;
  /** Takes a signed bundle unverified. */
  readonly skipVerification?: boolean;
}

const SIGNATURES = ".signatures.json";
const NOT_MODULES = new Map([
  ["patch.json", "delta bundles are not supported"],
  [".manifest.pb", "manifests in protocol buffers are not supported"],
]);

/**
 * Reads a bundle out of its files.
 * @throws RegoError for what is malformed, not signed as asked for, or outside of the bundle's roots
 */
export function readBundle(files: readonly BundleFile[], options: BundleOptions = {}): Bundle {
  const { name = "bundle" } = options;
  const plain = files.filter(({ path }) => baseOf(path) !== SIGNATURES);
  checkSignature(files, plain, options, name);
  const manifests = plain.filter(({ path }) => baseOf(path) === ".manifest");
  if (manifests.length > 1)
    throw bundleError(name, `\`${manifests[0]?.path}\` and \`${manifests[1]?.path}\` are both manifests`);
  for (const { path } of plain) {
    const reason = NOT_MODULES.get(baseOf(path));
    if (reason !== undefined) throw bundleError(name, `${reason} (\`${path}\`)`);
  }
  const [written] = manifests;
  const manifest = readManifest(written === undefined ? undefined : utf8(written, name), name);
  const modules = plain
    .filter(({ path }) => path.endsWith(".rego"))
    .map((file): ModuleText => {
      const version = manifest.versionOf(file.path) ?? options.version;
      const text = utf8(file, name);
      return { file: `${name}/${file.path}`, text, ...(version === undefined ? {} : { version }) };
    });
  const data = dataOf(plain, name);
  checkModules(modules, manifest.roots, name);
  checkData(data, manifest.roots, [], name);
  const { revision, roots, metadata } = manifest;
  return { name, revision, roots, metadata, modules, data };
}

function checkSignature(
  files: readonly BundleFile[],
  plain: readonly BundleFile[],
  { verification, skipVerification }: BundleOptions,
  name: string,
): void {
  if (skipVerification === true) return;
  const [signatures, second] = files.filter(({ path }) => baseOf(path) === SIGNATURES);
  if (second !== undefined) throw bundleError(name, `it has several \`${SIGNATURES}\``);
  if (signatures === undefined) {
    if (verification !== undefined) throw bundleError(name, `it is not signed: there is no \`${SIGNATURES}\``);
    return;
  }
  // FAIL CLOSED: a signature that nobody looked at would be taken for one that holds.
  if (verification === undefined) {
    throw bundleError(
      name,
      "it is signed, and no verification key was given",
      "give the key, or skip verification explicitly",
    );
  }
  verifyBundle(signatures, plain, verification, name);
}

/**
 * Modules and data of several bundles.
 * @throws RegoError where two bundles own the same root
 */
export function mergeBundles(bundles: readonly Bundle[]): { modules: readonly ModuleText[]; data: JsonObject } {
  bundles.forEach((bundle, index) => {
    for (const other of bundles.slice(index + 1))
      for (const root of bundle.roots) {
        const taken = other.roots.find((candidate) => overlap(root, candidate));
        if (taken === undefined) continue;
        const shown = (path: string) => (path === "" ? "everything" : `\`${path}\``);
        throw bundleError(
          bundle.name,
          `it owns ${shown(root)}, and bundle ${other.name} owns ${shown(taken)}`,
          "give each bundle roots of its own in its `.manifest`",
        );
      }
  });
  const data: JsonObject = {};
  for (const bundle of bundles) merge(data, structuredCopy(bundle.data), bundle.name, "");
  return { modules: bundles.flatMap(({ modules }) => modules), data };
}

function dataOf(files: readonly BundleFile[], name: string): JsonObject {
  const data: JsonObject = {};
  for (const file of files) {
    const base = baseOf(file.path);
    if (!/^data\.(json|ya?ml)$/.test(base)) continue;
    const source = utf8(file, name);
    let value: Value;
    try {
      value = base === "data.json" ? readJson(source) : readYaml(source);
    } catch (error) {
      throw bundleError(name, `\`${file.path}\` is no ${base === "data.json" ? "JSON" : "YAML"}: ${messageOf(error)}`);
    }
    const folders = file.path.split("/").slice(0, -1);
    const nested = folders.reduceRight<Value>((inner, key) => jsonObject([[key, inner]]), value);
    if (!isPlain(nested)) throw bundleError(name, `\`${file.path}\` holds no object`);
    merge(data, nested, name, "");
  }
  return data;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** Copies the objects of a document, so that a merge leaves the bundle's own data alone; other values are shared. */
function structuredCopy(value: JsonObject): JsonObject {
  return jsonObject(
    Object.entries(value).map(([key, member]) => [key, isPlain(member) ? structuredCopy(member) : member] as const),
  );
}

/** Adds `from` to `into`, in place: both were read for this bundle, and nobody else holds them. */
function merge(into: JsonObject, from: JsonObject, name: string, at: string): JsonObject {
  for (const [key, value] of Object.entries(from)) {
    const known = Object.hasOwn(into, key) ? into[key] : undefined;
    const place = at === "" ? key : `${at}/${key}`;
    if (known === undefined) setOwn(into as Record<string, Value>, key, value);
    else if (isPlain(known) && isPlain(value)) merge(known, value, name, place);
    else throw bundleError(name, `two data files give \`${place}\` a value`);
  }
  return into;
}

function isPlain(value: Value): value is JsonObject {
  return isObject(value) && !(value instanceof RegoObject);
}

function checkModules(modules: readonly ModuleText[], roots: readonly string[], name: string): void {
  if (roots.includes("")) return;
  const problems: RegoProblem[] = [];
  for (const { file, text, version } of modules) {
    try {
      const { path } = parseModule(text, file, version === undefined ? {} : { version }).package;
      if (roots.some((root) => contains(root, path))) continue;
      throw bundleError(
        name,
        `\`${file}\` has the package \`${path.join(".")}\`, outside of the roots ${listed(roots)}`,
      );
    } catch (error) {
      if (!(error instanceof RegoError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new RegoError(problems);
}

function checkData(value: Value, roots: readonly string[], path: readonly string[], name: string): void {
  if (path.length > 0 && roots.some((root) => contains(root, path))) return;
  const leads = path.length === 0 || roots.some((root) => contains(path.join("/"), root.split("/")));
  if (!isObject(value) || !leads) {
    throw bundleError(
      name,
      `it has data at \`${path.join("/")}\`, outside of the roots ${listed(roots)}`,
      "a data file stands where its folders put it",
    );
  }
  for (const [key, member] of objectEntries(value)) checkData(member, roots, [...path, String(key)], name);
}

function listed(roots: readonly string[]): string {
  return roots.length === 0 ? "(none)" : roots.map((root) => `\`${root}\``).join(", ");
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function utf8({ path, bytes }: BundleFile, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bundleError(name, `\`${path}\` is not UTF-8 text`);
  }
}
