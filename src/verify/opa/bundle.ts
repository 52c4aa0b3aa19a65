/** The modules and the data that an OPA loads from its mounted files, compiled. */
import {
  compile,
  type HostFunction,
  isObject,
  type JsonObject,
  type ModuleText,
  type Policy,
  RegoError,
  RegoObject,
  readJson,
  readYaml,
  type Value,
} from "../../rego/index.js";
import type { Arguments } from "./arguments.js";
import { isBelow, type Mounted, type MountedFile } from "./mounted-files.js";

export interface Bundle {
  readonly policy: Policy;
  readonly data: Value;
  /** data that no manifest holds, by the ConfigMap that it comes from */
  readonly missing: readonly string[];
  readonly modules: readonly MountedFile[];
}

/** Stands in `data` for what a ConfigMap outside the manifests holds. */
export const MISSING: Value = RegoObject.of([["not in the manifests", true]]);

const NEVER_HERE: readonly (readonly [name: string, arity: number])[] = [
  ["http.send", 1],
  ["net.lookup_ip_addr", 1],
  ["opa.runtime", 0],
];

/** Functions that need the world outside; whoever evaluates gives them. */
export function outsideFunctions(impl: () => Value | undefined): readonly HostFunction[] {
  return NEVER_HERE.map(([name, arity]) => ({ name, arity, impl }));
}

/** @param extra functions in place of built-in ones */
export function compileBundle(
  modules: readonly MountedFile[],
  v0: boolean,
  data: Value,
  extra: readonly HostFunction[],
): Policy {
  const texts = modules.map(({ path, text }): ModuleText => ({ file: path, text, ...(v0 ? { version: "v0" } : {}) }));
  return compile(texts, { data, builtins: [...extra] });
}

/** The bundle, or why it cannot be known. */
export function readBundle(given: Arguments, mounted: Mounted, v0: boolean): Bundle | string {
  const modules = new Map<string, MountedFile>();
  const missing = new Set<string>();
  let data: JsonObject = {};
  for (const written of given.paths) {
    const { prefix, path } = splitPrefix(written);
    if (/^[a-z]+:\/\//.test(path)) return `it loads \`${path}\`, which is not in the manifests`;
    const found = mounted.files.filter((file) => isBelow(file.path, path));
    const hidden = mounted.opaque.filter((one) => isBelow(path, one.path) || isBelow(one.path, path));
    for (const one of hidden) {
      // A file of data below a name of its own: what it says is unknown, where it stands is not.
      if (!one.missing || prefix.length === 0 || found.length > 0)
        return `it loads ${one.from}, which is not in the manifests`;
      missing.add(one.from);
      data = merged(data, prefix, MISSING);
    }
    if (hidden.length === 0 && found.length === 0) return `it loads \`${path}\`, which nothing mounts`;
    for (const file of found) {
      const inside = file.path
        .slice(path.replace(/\/+$/, "").length)
        .split("/")
        .filter((part) => part !== "");
      if (inside.some((part) => isIgnored(part, given.ignore))) continue;
      if (file.path.endsWith(".rego")) modules.set(file.path, file);
      else {
        const value = documentOf(file, given.bundle);
        if (typeof value === "string") return value;
        if (value === undefined) continue;
        try {
          data = merged(data, [...prefix, ...inside.slice(0, -1)], value.document);
        } catch {
          return `its data files contradict each other at \`${file.path}\``;
        }
      }
    }
  }
  const list = [...modules.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (list.length === 0) return "it loads no Rego from the manifests";
  try {
    const policy = compileBundle(
      list,
      v0,
      data,
      outsideFunctions(() => undefined),
    );
    return { policy, data, missing: [...missing], modules: list };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    const [first] = error.problems;
    const place = first?.location === undefined ? "" : ` (${first.location.file}:${first.location.line})`;
    return `its Rego does not compile: ${first?.message ?? error.message}${place}`;
  }
}

/** `a.b["c-d"]:/file` */
function splitPrefix(written: string): { readonly prefix: readonly string[]; readonly path: string } {
  const match = /^([^/:]+):(\/.*|[^/].*)$/.exec(written);
  const [, words, path] = match ?? [];
  if (words === undefined || path === undefined || path.startsWith("//")) return { prefix: [], path: written };
  const prefix = [...words.matchAll(/\["([^"]*)"\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return { prefix, path };
}

function isIgnored(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${source}$`).test(name);
  });
}

function documentOf({ path, text }: MountedFile, bundle: boolean): { document: Value } | string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/\.tar\.gz$/.test(name)) return `it loads the archive \`${path}\`, which is not read`;
  if (!/\.(json|ya?ml)$/.test(name) || (bundle && !/^data\.(json|ya?ml)$/.test(name))) return undefined;
  try {
    return { document: name.endsWith(".json") ? readJson(text) : readYaml(text) };
  } catch {
    return `its data file \`${path}\` cannot be read`;
  }
}

function merged(into: JsonObject, path: readonly string[], value: Value): JsonObject {
  const [first, ...rest] = path;
  const parts: (readonly [string, Value])[] =
    first === undefined ? entriesOf(value) : [[first, rest.length === 0 ? value : merged({}, rest, value)]];
  const result: Record<string, Value> = { ...into };
  for (const [key, inner] of parts) {
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    if (before === undefined) result[key] = inner;
    else if (isObject(before) && isObject(inner) && before !== MISSING && inner !== MISSING) {
      result[key] = merged(before as JsonObject, [], inner);
    } else throw new TypeError("two documents at one place");
  }
  return result;
}

function entriesOf(value: Value): (readonly [string, Value])[] {
  if (!isObject(value) || value === MISSING) throw new TypeError("data is no object");
  if (value instanceof RegoObject) return value.entries().map(([key, inner]) => [String(key), inner]);
  return Object.entries(value as JsonObject);
}
