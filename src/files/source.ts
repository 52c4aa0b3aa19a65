import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { globSync } from "tinyglobby";
import { RingfenceError, type Source } from "../diagnostics/index.js";

/**
 * The text of a file; `-` is standard input. A byte order mark is dropped.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function readSource(path: string): Source {
  try {
    const bytes = readFileSync(path === "-" ? 0 : path);
    return { path, text: decode(path, bytes) };
  } catch (error) {
    throw error instanceof RingfenceError ? error : readingProblem(path, error);
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `\`${path}\` is not UTF-8 text`;
    throw new RingfenceError({ code: "FILE_NOT_TEXT", message, hint: "save it as UTF-8" }, { cause });
  }
}

function readingProblem(path: string, cause: unknown): RingfenceError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") {
    return new RingfenceError({ code: "FILE_NOT_FOUND", message: `there is no file \`${path}\`` }, { cause });
  }
  if (code === "EISDIR") {
    return new RingfenceError({ code: "FILE_UNREADABLE", message: `\`${path}\` is a folder, not a file` }, { cause });
  }
  return new RingfenceError(
    { code: "FILE_UNREADABLE", message: `\`${path}\` cannot be read: ${code ?? "unknown error"}` },
    { cause },
  );
}

/**
 * The files that paths stand for: files as they are, folders with all files below that end in one of `endings`, in the
 * order of their names. Links are followed for files named by the user only, so that no loop is possible.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function listFiles(paths: readonly string[], endings: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (path === "-") return [path];
    try {
      return statSync(path).isDirectory() ? filesBelow(path, endings) : [path];
    } catch (error) {
      throw readingProblem(path, error);
    }
  });
}

function filesBelow(folder: string, endings: readonly string[]): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === "node_modules" || entry.name === ".git" ? [] : filesBelow(path, endings);
    return entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

/** The files that glob patterns match below `folder`, as paths relative to it with `/`, sorted. Nothing outside it is matched. */
export function globFiles(folder: string, patterns: readonly string[]): string[] {
  const root = resolve(folder);
  return globSync([...patterns], { cwd: root, absolute: true, onlyFiles: true, followSymbolicLinks: false })
    .map((path) => relative(root, path).split(sep).join("/"))
    .filter((path) => !path.startsWith("../"))
    .sort();
}
