/**
 * The one folder in which a running workflow keeps everything, readable by its owner alone. What belongs to a run (the
 * lock, the control socket, generated files, secrets) stands in `run/` and is cleared at the start of the next, so that
 * nothing stale survives a supervisor that was killed; records and data stay.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";

/** Unix sockets have short names (`sun_path` of unix(7), the smallest of the systems that we run on). */
const MAX_SOCKET_PATH = 100;

export class StateFolder {
  readonly path: string;
  readonly workflow: string;

  constructor(path: string, workflow: string) {
    this.path = path;
    this.workflow = workflow;
  }

  get authority(): string {
    return join(this.path, "authority.json");
  }

  get run(): string {
    return join(this.path, "run");
  }

  /** The control socket: inside the folder, or where its name is short enough. */
  get socket(): string {
    const inside = join(this.run, "control.sock");
    if (inside.length <= MAX_SOCKET_PATH) return inside;
    const digest = createHash("sha256").update(this.path).digest("hex").slice(0, 16);
    return join(tmpdir(), `ringfence-${process.getuid?.() ?? 0}-${digest}.sock`);
  }

  decisions(workload: string): string {
    return join(this.path, "decisions", `${workload}.jsonl`);
  }

  log(workload: string): string {
    return join(this.path, "logs", `${workload}.log`);
  }

  data(workload: string): string {
    return join(this.path, "data", workload);
  }

  /** Folder of generated files of one workload. */
  generated(workload: string): string {
    return join(this.run, "etc", workload);
  }

  secrets(workload: string): string {
    return join(this.run, "secrets", workload);
  }

  /**
   * Takes the folder for this process, recovering it from one that was killed.
   * @throws RUNTIME_RUNNING while another supervisor holds it; FILE_UNWRITABLE
   */
  async take(): Promise<void> {
    const parent = dirname(this.path);
    for (const path of [...(basename(parent) === ".ringfence" ? [parent] : []), this.path, this.run]) refuseLink(path);
    try {
      for (const folder of [
        this.path,
        this.run,
        join(this.path, "decisions"),
        join(this.path, "logs"),
        join(this.path, "data"),
      ]) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        chmodSync(folder, 0o700);
      }
      // Nothing of it belongs into version control, whatever the project ignores.
      writeFileSync(join(this.path, ".gitignore"), "*\n", { mode: 0o600 });
    } catch (cause) {
      throw new RingfenceError({ code: "FILE_UNWRITABLE", message: `cannot write \`${this.path}\`` }, { cause });
    }
    await this.#lock();
    for (const stale of ["etc", "secrets"]) rmSync(join(this.run, stale), { recursive: true, force: true });
    rmSync(this.socket, { force: true });
  }

  /** Gives the folder up; records and data stay. */
  release(): void {
    rmSync(this.socket, { force: true });
    rmSync(this.run, { recursive: true, force: true });
  }

  /** The process that holds the folder; undefined when none that lives does. */
  holder(): number | undefined {
    const lock = readLock(this.#lockPath);
    return lock !== undefined && startOf(lock.pid) === lock.start ? lock.pid : undefined;
  }

  get #lockPath(): string {
    return join(this.run, "lock");
  }

  async #lock(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const mine = JSON.stringify({
        pid: process.pid,
        start: startOf(process.pid),
        token: randomBytes(8).toString("hex"),
      });
      try {
        writeFileSync(this.#lockPath, mine, { flag: "wx", mode: 0o600 });
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
          throw new RingfenceError(
            { code: "FILE_UNWRITABLE", message: `cannot write \`${this.#lockPath}\`` },
            { cause },
          );
        }
      }
      const holder = this.holder();
      if (holder !== undefined || (await answers(this.socket))) throw running(this.workflow, holder);
      this.#removeStale();
    }
    throw running(this.workflow, undefined);
  }

  /** Takes a dead holder's lock away in one step, and puts it back if it was somebody's new one. */
  #removeStale(): void {
    const before = readText(this.#lockPath);
    const aside = `${this.#lockPath}.${process.pid}.stale`;
    try {
      renameSync(this.#lockPath, aside);
    } catch {
      return;
    }
    if (readText(aside) !== before && !existsSync(this.#lockPath)) renameSync(aside, this.#lockPath);
    else rmSync(aside, { force: true });
  }
}

/** A link would let whoever made the folder say what is written to, and opened to its owner alone, elsewhere. */
function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new RingfenceError({
    code: "FILE_UNWRITABLE",
    message: `the state folder \`${path}\` is a link`,
    hint: "name the folder itself with `--state`",
  });
}

function running(workflow: string, pid: number | undefined): RingfenceError {
  return new RingfenceError({
    code: "RUNTIME_RUNNING",
    message: `\`${workflow}\` is running already${pid === undefined ? "" : ` (process ${pid})`}`,
    hint: "`ringfence status` shows it, `ringfence down` ends it",
  });
}

interface Lock {
  readonly pid: number;
  readonly start: string;
}

function readLock(path: string): Lock | undefined {
  try {
    const lock: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof lock !== "object" || lock === null) return undefined;
    const { pid, start } = lock as Record<string, unknown>;
    return typeof pid === "number" && typeof start === "string" ? { pid, start } : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * What tells a process from a later one with the same number: its start time where the system says it, else only that
 * it lives. Undefined when there is no such process.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie holds nothing (proc(5): field 3 is the state, field 22 the start time).
    return fields[0] === "Z" ? undefined : (fields[19] ?? "alive");
  } catch {
    return "alive";
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
