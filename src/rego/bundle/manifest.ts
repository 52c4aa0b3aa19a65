/** `.manifest`: what a bundle says about itself, above all the roots that it owns below `data`. */
import { Glob } from "../builtins/glob.js";
import type { RegoVersion } from "../syntax/ast.js";
import { isArray, isObject, type JsonObject, objectEntries, objectGet, readJson, type Value } from "../value/index.js";
import { bundleError } from "./problem.js";

export interface Manifest {
  readonly revision: string;
  /** Paths below `data`, without slashes at their ends; `""` owns everything. */
  readonly roots: readonly string[];
  readonly metadata: JsonObject;
  /** Version of a module by its path in the bundle; undefined where the manifest does not say. */
  versionOf(path: string): RegoVersion | undefined;
}

/**
 * @param text undefined when the bundle has no manifest
 * @throws RegoError
 */
export function readManifest(text: string | undefined, file: string): Manifest {
  let manifest: Value;
  try {
    manifest = text === undefined ? {} : readJson(text);
  } catch (error) {
    throw bundleError(file, `the manifest is no JSON: ${error instanceof Error ? error.message : "invalid"}`);
  }
  if (!isObject(manifest)) throw bundleError(file, "the manifest is no object");
  const field = (name: string) => objectGet(manifest, name) ?? undefined;
  const revision = field("revision") ?? "";
  if (typeof revision !== "string") throw bundleError(file, "`revision` is no string");
  const metadata = field("metadata") ?? {};
  if (!isObject(metadata)) throw bundleError(file, "`metadata` is no object");
  if (isArray(field("wasm")) && (field("wasm") as readonly Value[]).length > 0) {
    throw bundleError(file, "its decisions are compiled to WebAssembly", "build the bundle without `-t wasm`");
  }
  return {
    revision,
    roots: rootsOf(field("roots"), file),
    metadata: metadata as JsonObject,
    versionOf: versionsOf(field("rego_version"), field("file_rego_versions"), file),
  };
}

function rootsOf(value: Value | undefined, file: string): string[] {
  if (value === undefined || value === null) return [""];
  if (!isArray(value)) throw bundleError(file, "`roots` is no list of paths");
  const roots = value.map((root) => {
    if (typeof root !== "string") throw bundleError(file, "`roots` is no list of paths");
    return root.replace(/^\/+|\/+$/g, "");
  });
  roots.forEach((root, index) => {
    const other = roots.slice(index + 1).find((candidate) => overlap(root, candidate));
    if (other !== undefined) throw bundleError(file, `the manifest's roots \`${root}\` and \`${other}\` overlap`);
  });
  return roots;
}

function versionsOf(own: Value | undefined, files: Value | undefined, file: string): Manifest["versionOf"] {
  const version = own === undefined || own === null ? undefined : versionNamed(own, file);
  if (files !== undefined && files !== null && !isObject(files))
    throw bundleError(file, "`file_rego_versions` is no object");
  const patterns = (isObject(files ?? {}) ? objectEntries((files ?? {}) as JsonObject) : []).map(
    ([pattern, value]) => ({
      glob: globOf(String(pattern), file),
      version: versionNamed(value, file),
    }),
  );
  return (path) => {
    let found = version;
    for (const { glob, version: named } of patterns) if (glob(path) || glob(`/${path}`)) found = named;
    return found;
  };
}

function globOf(pattern: string, file: string): (path: string) => boolean {
  let glob: Glob;
  try {
    glob = new Glob(pattern, []);
  } catch {
    throw bundleError(file, `\`file_rego_versions\` has the pattern \`${pattern}\`, which is no glob`);
  }
  return (path) => glob.matches(path, { spend: () => undefined });
}

function versionNamed(value: Value, file: string): RegoVersion {
  if (value === 0) return "v0";
  if (value === 1) return "v1";
  throw bundleError(file, "a Rego version is 0 or 1");
}

/** Whether one path is, or is below, the other. */
export function overlap(a: string, b: string): boolean {
  return contains(a, b.split("/")) || contains(b, a.split("/"));
}

/** Whether `root` owns the path. */
export function contains(root: string, path: readonly string[]): boolean {
  if (root === "") return true;
  const parts = root.split("/");
  return parts.length <= path.length && parts.every((part, index) => part === path[index]);
}
