/**
 * Who may import whom. The table is the architecture: a folder of src/ imports only the faces (index.ts) of the folders
 * in its row, and nothing else of them. A folder that is not in the table fails, so that nobody adds one in passing.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

const MAY_IMPORT: Record<string, readonly string[]> = {
  diagnostics: [],
  markup: [],
  rego: [],
  files: ["diagnostics"],
  documents: ["diagnostics"],
  identity: ["diagnostics", "files"],
  cluster: ["diagnostics", "documents"],
  workflow: ["diagnostics", "documents", "identity"],
  policy: ["diagnostics", "identity", "workflow"],
  threats: ["diagnostics", "policy"],
  map: ["diagnostics", "markup", "policy", "threats"],
  draft: ["diagnostics", "cluster", "workflow"],
  targets: ["diagnostics", "identity", "policy", "rego"],
  gatekeeper: ["diagnostics", "documents", "rego"],
  verify: ["diagnostics", "markup", "documents", "cluster", "policy", "rego", "gatekeeper"],
  runtime: ["diagnostics", "files", "identity", "policy", "rego"],
  cli: ["*"],
};
/** Files of src/ itself: the public face, and the one place that wires the stages together. */
const TOP_FILES = ["index.ts", "ringfence.ts"];

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) ? [path] : [];
  });
}

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, "utf8");
  const found: Import[] = [];
  for (const match of text.matchAll(/(?:from\s*|import\s*\(\s*|import\s+)["'](\.{1,2}\/[^"']+)["']/g)) {
    const target = resolve(dirname(path), match[1] ?? "").replace(/\.js$/, ".ts");
    found.push({ from: relative(SRC, path), to: relative(SRC, target) });
  }
  return found;
}

function violation({ from, to }: Import): string | undefined {
  if (to.startsWith("..")) return "leaves src/";
  const fromFolder = from.includes("/") ? (from.split("/")[0] ?? "") : "";
  const toFolder = to.includes("/") ? (to.split("/")[0] ?? "") : "";
  if (fromFolder === toFolder) return undefined;
  if (fromFolder === "") return to === `${toFolder}/index.ts` || toFolder === "" ? undefined : "goes past a face";
  if (toFolder === "") return fromFolder === "cli" ? undefined : "imports the wiring";
  const allowed = MAY_IMPORT[fromFolder];
  if (allowed === undefined) return `\`${fromFolder}\` is not in the table`;
  if (!allowed.includes("*") && !allowed.includes(toFolder)) return `\`${fromFolder}\` may not import \`${toFolder}\``;
  return to === `${toFolder}/index.ts` ? undefined : "goes past a face";
}

describe("architecture", () => {
  const files = sources(SRC);

  it("imports go one way and through faces", () => {
    const wrong = files.flatMap(importsOf).flatMap((edge) => {
      const reason = violation(edge);
      return reason === undefined ? [] : [`${edge.from} -> ${edge.to}: ${reason}`];
    });
    expect(wrong).toEqual([]);
  });

  it("knows every folder and has no cycle", () => {
    const folders = readdirSync(SRC).filter((name) => statSync(join(SRC, name)).isDirectory());
    expect(folders.filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([]);
    expect(readdirSync(SRC).filter((name) => name.endsWith(".ts") && !TOP_FILES.includes(name))).toEqual([]);
    const order = Object.keys(MAY_IMPORT);
    for (const [index, folder] of order.entries()) {
      const later = (MAY_IMPORT[folder] ?? []).filter((name) => name !== "*" && order.indexOf(name) >= index);
      expect(later, `${folder} imports a folder that stands below it`).toEqual([]);
    }
  });

  it("has no file too long to read", () => {
    const long = files.filter((path) => readFileSync(path, "utf8").split("\n").length > 800);
    expect(long.map((path) => relative(SRC, path))).toEqual([]);
  });
});
