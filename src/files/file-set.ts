/**
 * A folder that holds a set of generated files, beside files of its user's. The set is replaced as a whole: the new
 * files are staged next to it, one rename of the staging folder is the decision, and only then does each file take its
 * place. What a crash interrupts before the decision is thrown away; after it, the next run finishes it.
 *
 * A record in the folder says which files are ours and what they held, so that a stale one is removed, and one that was
 * edited is neither removed nor overwritten.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Problem, RingfenceError } from "../diagnostics/index.js";

export interface SetFile {
  /** relative, `/` between parts */
  readonly path: string;
  readonly text: string;
}

export type FileState =
  | "same"
  | "missing"
  /** ours, and the new text is another */
  | "outdated"
  /** ours, unchanged since, and no longer part of the set */
  | "stale"
  /** ours once, and changed by somebody since */
  | "edited"
  /** part of the new set, and somebody else's file stands there */
  | "foreign";

export interface FileComparison {
  readonly path: string;
  readonly state: FileState;
  /** what stands there now; undefined for a missing file */
  readonly before: string | undefined;
  /** undefined: no longer part of the set */
  readonly after: string | undefined;
}

/** The record of the set, in the folder itself. */
export const RECORD = ".ringfence-files.json";
const DECIDED = ".ringfence-next";
const STAGED = /^\.ringfence-next-(\d+)-[0-9a-f]{12}$/;
const FORMAT = "ringfence.dev/files/v1";

/** How the folder differs from the set, sorted by path. Writes nothing. */
export function compareFileSet(folder: string, files: readonly SetFile[]): readonly FileComparison[] {
  const owned = readRecord(folder);
  const wanted = new Map(files.map(({ path, text }) => [safePath(path), text]));
  const paths = [...new Set([...wanted.keys(), ...owned.keys()])].sort();
  return paths.flatMap((path): FileComparison[] => {
    const before = isInside(folder, path) ? readIfThere(join(folder, path)) : NO_FILE;
    const after = wanted.get(path);
    const digest = owned.get(path);
    if (before === undefined) return after === undefined ? [] : [{ path, state: "missing", before, after }];
    if (before === after) return [{ path, state: "same", before, after }];
    if (digest === undefined) return [{ path, state: "foreign", before, after }];
    if (digest !== digestOf(before)) return [{ path, state: "edited", before, after }];
    return [{ path, state: after === undefined ? "stale" : "outdated", before, after }];
  });
}

/**
 * Makes the folder hold the set.
 * @param force overwrites and removes edited and foreign files too
 * @returns how the folder differed before
 * @throws FILE_SET_EDITED before anything is written, unless `force`
 * @throws FILE_UNWRITABLE with the old set or, after the decision, the new one to be finished by the next run
 */
export async function writeFileSet(
  folder: string,
  files: readonly SetFile[],
  { force = false }: { readonly force?: boolean } = {},
): Promise<readonly FileComparison[]> {
  try {
    await mkdir(folder, { recursive: true });
    await recoverFileSet(folder);
    const comparisons = compareFileSet(folder, files);
    refuseEdited(folder, force ? comparisons.filter(({ before }) => before === NO_FILE) : comparisons);
    const changes = comparisons.filter(({ state }) => state !== "same");
    const record = recordOf(files);
    if (changes.length > 0 || readIfThere(join(folder, RECORD)) !== record) {
      await stageAndDecide(folder, changes, record);
      await recoverFileSet(folder);
    }
    return comparisons;
  } catch (cause) {
    if (cause instanceof RingfenceError) throw cause;
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const message = `cannot write the files in \`${folder}\`: ${reason}`;
    throw new RingfenceError({ code: "FILE_UNWRITABLE", message }, { cause });
  }
}

function refuseEdited(folder: string, comparisons: readonly FileComparison[]): void {
  const problems: Problem[] = comparisons.flatMap(({ path, state, before, after }): Problem[] => {
    if (state !== "edited" && state !== "foreign") return [];
    if (before === NO_FILE) {
      const message = `\`${join(folder, path)}\` would replace a folder or a link, or follow a link`;
      return [{ code: "FILE_SET_EDITED", message, hint: "remove what stands in the way, or choose another folder" }];
    }
    const what =
      state === "foreign"
        ? "stands there and was not generated"
        : after === undefined
          ? "is no longer generated, and was edited since it was"
          : "was edited since it was generated";
    const hint = "move your changes to a file of your own (a kustomize patch, say), or give them up with --force";
    return [{ code: "FILE_SET_EDITED", message: `\`${join(folder, path)}\` ${what}`, hint }];
  });
  if (problems.length > 0) throw new RingfenceError(problems);
}

interface Plan {
  readonly format: typeof FORMAT;
  /** files that take their place from the staging folder, each under its number there */
  readonly put: readonly string[];
  readonly remove: readonly string[];
}

/** Stages the changes and decides on them; a failure leaves the folder as it was. */
async function stageAndDecide(folder: string, changes: readonly FileComparison[], record: string): Promise<void> {
  const path = join(folder, `${DECIDED}-${process.pid}-${randomBytes(6).toString("hex")}`);
  staging.add(path);
  try {
    await stage(path, changes, record);
    await rename(path, join(folder, DECIDED));
  } catch (cause) {
    await rm(path, { recursive: true, force: true });
    throw cause;
  } finally {
    staging.delete(path);
  }
}

async function stage(path: string, changes: readonly FileComparison[], record: string): Promise<void> {
  await mkdir(path);
  const put = changes.flatMap((change) =>
    change.after === undefined ? [] : [{ path: change.path, text: change.after }],
  );
  const plan: Plan = {
    format: FORMAT,
    put: put.map((file) => file.path),
    remove: changes.flatMap((change) => (change.after === undefined ? [change.path] : [])),
  };
  const pending = put.map(({ text }, index) => ({ name: String(index), text }));
  pending.push({ name: "record", text: record }, { name: "plan", text: JSON.stringify(plan) });
  for (let at = 0; at < pending.length; at += 16) {
    await Promise.all(pending.slice(at, at + 16).map(({ name, text }) => writeFlushed(join(path, name), text)));
  }
}

/** Finishes what was decided, and clears away what was not. Does nothing in a folder that no crash has touched. */
export async function recoverFileSet(folder: string): Promise<void> {
  const decided = join(folder, DECIDED);
  if (existsSync(decided)) {
    const plan = JSON.parse(readFileSync(join(decided, "plan"), "utf8")) as Plan;
    for (const [index, path] of plan.put.entries()) {
      const staged = join(decided, String(index));
      // Not there: it took its place before the crash.
      if (!existsSync(staged)) continue;
      const target = join(folder, safePath(path));
      refuseLeadingOut(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await rename(staged, target);
    }
    for (const path of plan.remove) {
      refuseLeadingOut(folder, safePath(path));
      await rm(join(folder, safePath(path)), { force: true });
      removeEmptyFolders(folder, dirname(path));
    }
    const record = join(decided, "record");
    // Staged and flushed like the rest: it takes its place in one step and leaves no draft behind.
    if (existsSync(record)) await rename(record, join(folder, RECORD));
    // Renamed first: a crash halfway through the removal must not leave a decision without its plan.
    const done = join(folder, `${DECIDED}-${process.pid}-${randomBytes(6).toString("hex")}`);
    await rename(decided, done);
    await rm(done, { recursive: true });
  }
  for (const name of readdirSync(folder)) {
    const pid = STAGED.exec(name)?.[1];
    if (pid !== undefined && !staging.has(join(folder, name)) && !isAlive(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Staging folders that this process is filling. */
const staging = new Set<string>();

/** Whether another process of this machine, which may still be staging, has this id. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function removeEmptyFolders(folder: string, path: string): void {
  for (let at = path; at !== "." && at !== "/"; at = dirname(at)) {
    try {
      rmdirSync(join(folder, at));
    } catch {
      return; // somebody's file is in it
    }
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function recordOf(files: readonly SetFile[]): string {
  const entries = files.map(({ path, text }) => [path, digestOf(text)] as const);
  const sorted = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, files: sorted }, null, 2)}\n`;
}

function readRecord(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, RECORD);
  const text = readIfThere(path);
  if (text === undefined) return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const files = isRecord(parsed) && parsed.format === FORMAT && isRecord(parsed.files) ? parsed.files : undefined;
  if (files === undefined) {
    const hint = "restore it, or empty the folder and write the set anew";
    throw new RingfenceError({ code: "FILE_SET_RECORD", message: `\`${path}\` is damaged`, hint });
  }
  return new Map(Object.entries(files).map(([file, digest]) => [safePath(file), String(digest)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A record is a file like any other: what it names must not lead out of the folder. */
function safePath(path: string): string {
  const parts = path.split("/");
  if (path !== "" && !path.includes("\\") && parts.every((part) => part !== "" && part !== "." && part !== "..")) {
    return path;
  }
  throw new RingfenceError({ code: "FILE_SET_RECORD", message: `\`${path}\` is no path of a generated file` });
}

/** Whether the folders above a path are folders of ours or not there yet: a link among them leads out. */
function isInside(folder: string, path: string): boolean {
  for (let at = dirname(path); at !== "."; at = dirname(at)) {
    if (lstatSync(join(folder, at), { throwIfNoEntry: false })?.isDirectory() === false) return false;
  }
  return true;
}

function refuseLeadingOut(folder: string, path: string): void {
  if (isInside(folder, path)) return;
  const message = `\`${join(folder, path)}\` does not lie in a folder of its own: a link or a file stands above it`;
  throw new RingfenceError({ code: "FILE_UNWRITABLE", message, hint: "put a folder in the place of the link" });
}

function readIfThere(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  // A folder or a link in the place of a file differs from any text that we could have written.
  return stat.isFile() ? readFileSync(path, "utf8") : NO_FILE;
}

const NO_FILE = "\0";

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
