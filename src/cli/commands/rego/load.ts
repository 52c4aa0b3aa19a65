/**
 * Modules and data as OPA's `-d` loads them: a file stands at the root of `data`; in a folder, a data file stands where
 * its folders put it, and two that give one path different values are an error, never the last one's.
 */

import { statSync } from "node:fs";
import { basename, dirname, relative, sep } from "node:path";
import { RingfenceError, type Source } from "../../../diagnostics/index.js";
import { listFiles, readSource } from "../../../files/index.js";
import { type ModuleText, RegoError, type RegoVersion, readJson, readYaml } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { loadBundles, type VerifyOptions } from "./bundles.js";

export interface Loaded {
  readonly modules: readonly ModuleText[];
  readonly data: Document_;
  readonly sources: readonly Source[];
}

interface Document_ {
  [key: string]: unknown;
}

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const ENDINGS = [".rego", ".json", ".yaml", ".yml"];

/** What `-d` and `-b` name together. */
export function loadAll(
  { data, bundle, ...verify }: { data: readonly string[]; bundle: readonly string[] } & VerifyOptions,
  version: RegoVersion,
): Loaded {
  const plain = load(data, version);
  if (bundle.length === 0) return plain;
  const bundles = loadBundles(bundle, version, verify);
  const merged: Document_ = { ...plain.data };
  mergeInto(merged, bundles.data, { path: bundle.join(", "), text: "" }, "");
  return {
    modules: [...plain.modules, ...bundles.modules],
    data: merged,
    sources: [...plain.sources, ...bundles.sources],
  };
}

export function load(paths: readonly string[], version: RegoVersion): Loaded {
  const modules: ModuleText[] = [];
  const sources: Source[] = [];
  const data: Document_ = Object.create(null);
  for (const given of paths) {
    const { prefix, path } = prefixed(given);
    const folder = isFolder(path);
    for (const file of listFiles([path], ENDINGS)) {
      if (basename(file).startsWith(".")) continue;
      const source = readSource(file);
      sources.push(source);
      if (file.endsWith(".rego")) {
        modules.push({ file, text: source.text, version });
        continue;
      }
      const below = folder
        ? relative(path, dirname(file))
            .split(sep)
            .filter((part) => part !== "")
        : [];
      merge(data, [...prefix, ...below], readData(source), source);
    }
  }
  return { modules, data, sources };
}

/** `a.b:path` puts a file at `data.a.b`. */
function prefixed(given: string): { prefix: string[]; path: string } {
  const match = /^([A-Za-z_][\w.]*):(?![\\/]{2})(.+)$/.exec(given);
  return match === null ? { prefix: [], path: given } : { prefix: (match[1] ?? "").split("."), path: match[2] ?? "" };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

export function readData(source: Source): unknown {
  try {
    return source.path.endsWith(".json") || /^\s*[[{]/.test(source.text)
      ? readJson(source.text)
      : readYaml(source.text);
  } catch (error) {
    if (error instanceof RegoError) throw new RingfenceError(regoProblems(error, [source], "REGO_INVALID"));
    const detail = error instanceof Error ? error.message : String(error);
    const message = `\`${source.path}\` is no JSON or YAML: ${detail.split("\n", 1)[0]}`;
    throw new RingfenceError({ code: "REGO_INVALID", message }, { cause: error });
  }
}

function merge(root: Document_, path: readonly string[], value: unknown, source: Source): void {
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  if (!isDocument(nested)) throw conflict(source, "");
  mergeInto(root, nested, source, "");
}

function mergeInto(target: Document_, from: Document_, source: Source, at: string): void {
  for (const [key, value] of Object.entries(from)) {
    const place = at === "" ? key : `${at}.${key}`;
    const known = Object.hasOwn(target, key) ? target[key] : undefined;
    if (known === undefined) {
      Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
    } else if (isDocument(known) && isDocument(value)) {
      const copy: Document_ = { ...known };
      mergeInto(copy, value, source, place);
      target[key] = copy;
    } else if (JSON.stringify(known) !== JSON.stringify(value)) {
      throw conflict(source, place);
    }
  }
}

function conflict(source: Source, place: string): RingfenceError {
  const message =
    place === "" ? `\`${source.path}\` holds no object` : `\`${source.path}\` gives \`data.${place}\` a second value`;
  return new RingfenceError({ code: "REGO_INVALID", message, hint: "data files must not contradict each other" });
}

function isDocument(value: unknown): value is Document_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
