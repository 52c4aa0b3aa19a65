/**
 * Reads manifests from where the user says: files, folders (with everything below), `-` for standard input. The order
 * is that of the arguments and, within a folder, that of the names, so that the same input gives the same result.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Problem, Source } from "../diagnostics/index.js";

export interface SourceReading {
  readonly sources: readonly Source[];
  readonly problems: readonly Problem[];
}

const MANIFEST = /\.(ya?ml|json)$/i;
const STDIN = 0;

/**
 * @param paths files, folders, or `-`. A file is read whatever its name is; in folders only `.yaml`, `.yml` and `.json`
 *   count, and hidden entries and `node_modules` are passed over.
 */
export function readSources(paths: readonly string[]): SourceReading {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    if (path === "-") {
      read(STDIN, path, sources, problems);
      continue;
    }
    const isFolder = folderOrFile(path, problems);
    if (isFolder === undefined) continue;
    if (isFolder) walk(path, new Set(), sources, problems);
    else read(path, path, sources, problems);
  }
  return { sources, problems };
}

function folderOrFile(path: string, problems: Problem[]): boolean | undefined {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    problems.push(unreadable(path, error));
    return undefined;
  }
}

function read(from: string | number, path: string, sources: Source[], problems: Problem[]): void {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(from));
    sources.push({ path, text });
  } catch (error) {
    problems.push(unreadable(path, error));
  }
}

/** `open` holds the real folders above this one: a link that leads back up would never end. */
function walk(folder: string, open: ReadonlySet<string>, sources: Source[], problems: Problem[]): void {
  let names: string[];
  let real: string;
  try {
    real = realpathSync(folder);
    names = readdirSync(folder).sort();
  } catch (error) {
    problems.push(unreadable(folder, error));
    return;
  }
  if (open.has(real)) return;
  for (const name of names) {
    if (name.startsWith(".") || name === "node_modules") continue;
    const path = join(folder, name);
    const isFolder = folderOrFile(path, problems);
    if (isFolder) walk(path, new Set([...open, real]), sources, problems);
    else if (isFolder === false && MANIFEST.test(name)) read(path, path, sources, problems);
  }
}

function unreadable(path: string, error: unknown): Problem {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  const shown = path === "-" ? "standard input" : `\`${path}\``;
  if (code === "ENOENT") return { code: "FILE_NOT_FOUND", message: `${shown} does not exist` };
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return { code: "FILE_UNREADABLE", message: `${shown} is not UTF-8 text` };
  }
  return { code: "FILE_UNREADABLE", message: `${shown} cannot be read${typeof code === "string" ? `: ${code}` : ""}` };
}
