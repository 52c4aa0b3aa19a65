/**
 * Files stay whole: a reader sees the old content or the new one, whatever is killed in between. The new content goes to
 * a file of its own beside the target, is flushed, and takes the target's name in one step; the folder is flushed too,
 * so that the name survives a power cut.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RingfenceError } from "../diagnostics/index.js";

export interface WholeFileOptions {
  /** permission bits of the new file; 0o600 unless told otherwise, whatever the umask */
  readonly mode?: number;
}

/**
 * Writes `content` to `path`: afterwards the file holds all of it; after a failure, exactly what it held before.
 * @throws FILE_UNWRITABLE
 */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: WholeFileOptions = {},
): Promise<void> {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.draft`);
  try {
    const file = await open(draft, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(folder);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new RingfenceError(
      { code: "FILE_UNWRITABLE", message: `cannot write \`${path}\`: ${reasonOf(cause)}` },
      { cause },
    );
  }
}

async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch (cause) {
    // Some file systems cannot flush a folder; the rename itself is still one step.
    if (!["EINVAL", "EISDIR", "EPERM", "EACCES", "ENOTSUP"].includes(codeOf(cause))) throw cause;
  } finally {
    await handle?.close();
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function reasonOf(cause: unknown): string {
  return codeOf(cause) || (cause instanceof Error ? cause.message : String(cause));
}
