/**
 * A running workload and the sockets between it and its proxy. The process that creates this object is the proxy: the
 * sockets inside the sandbox come to it, and to nobody else, over the channel that only it holds.
 *
 * Reports of the sandbox are believed only as far as they answer an order of ours; a socket that nobody asked for is
 * closed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Server, Socket } from "node:net";
import type { Readable } from "node:stream";
import { bubblewrapArguments, DATA_PATH, type Enclosure, INSIDE_PATH, SECRETS_PATH } from "./bubblewrap.js";
import type { Order, Report } from "./inside.js";
import type { Isolation } from "./isolation.js";
import { withSeccompFile } from "./seccomp.js";

export interface WorkloadSpec extends Omit<Enclosure, "bwrap"> {
  readonly command: string;
  /** the workload's environment, whole: nothing of this process's own gets in */
  readonly env: Readonly<Record<string, string>>;
}

const ORDER_DEADLINE_MS = 10_000;
const MAX_DIALS = 512;

interface Waiting {
  readonly resolve: (handle: Server | Socket) => void;
  readonly reject: (error: Error) => void;
}

export class EnclosedWorkload {
  /** resolves with the exit code, once the workload and all it started are gone */
  readonly exited: Promise<number>;
  readonly isolation: Isolation;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, Waiting>();
  #nextDial = 1;
  #group: number | undefined;

  private constructor(child: ChildProcess, isolation: Isolation) {
    this.#child = child;
    this.isolation = isolation;
    child.on("message", (report: Report, handle) => this.#receive(report, handle as Server | Socket | undefined));
    child.on("error", () => undefined);
    this.exited = new Promise((resolve) => {
      child.once("exit", (code) => {
        this.#killGroup();
        for (const { reject } of this.#waiting.values()) reject(new Error("the workload has ended"));
        this.#waiting.clear();
        resolve(code ?? 1);
      });
    });
  }

  /** Makes the sandbox. The workload starts with {@link run}. */
  static enclose(spec: WorkloadSpec, isolation: Isolation): EnclosedWorkload {
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
    const stdio = ["ignore", "pipe", "pipe", "ipc"] as const;
    const child =
      isolation.kind === "enforced"
        ? withSeccompFile((filter) =>
            spawn(
              isolation.bwrap,
              [
                ...bubblewrapArguments({ ...spec, bwrap: isolation.bwrap }, filter !== undefined),
                process.execPath,
                INSIDE_PATH,
              ],
              { env, stdio: [...stdio, filter ?? "ignore"] },
            ),
          )
        : spawn(process.execPath, [spec.inside], { env, stdio: [...stdio], cwd: spec.folder });
    return new EnclosedWorkload(child, isolation);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get output(): { readonly stdout: Readable; readonly stderr: Readable } {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("the workload has no output");
    return { stdout, stderr };
  }

  /** Opens a listening socket inside the sandbox. @throws when it cannot be had in time */
  async listen(key: string, host: string, port: number): Promise<Server> {
    const handle = await this.#ask(`listen ${key}`, { kind: "listen", key, host, port });
    if (!(handle instanceof Server)) throw new Error("the sandbox gave no listening socket");
    return handle;
  }

  /** Connects to the workload on its own loopback. @throws when it does not accept in time */
  async dial(port: number): Promise<Socket> {
    if (this.#waiting.size >= MAX_DIALS) throw new Error("too many connections to the workload are being opened");
    const id = this.#nextDial++;
    const handle = await this.#ask(`dial ${id}`, { kind: "dial", id, port });
    if (!(handle instanceof Socket)) throw new Error("the sandbox gave no connection");
    return handle;
  }

  /** Starts the workload. */
  run({ command, env, folder }: Pick<WorkloadSpec, "command" | "env" | "folder">): void {
    this.#order({ kind: "run", command, env, cwd: folder });
  }

  /** Asks the workload to end, and after `graceMs` makes it. */
  async stop(graceMs: number): Promise<number> {
    this.#order({ kind: "stop", signal: "SIGTERM" });
    const timer = setTimeout(() => this.kill(), graceMs);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }

  kill(): void {
    this.#order({ kind: "stop", signal: "SIGKILL" });
    this.#killGroup();
    this.#child.kill("SIGKILL");
  }

  #order(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  #ask(name: string, order: Order): Promise<Server | Socket> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error("the workload has ended"));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(name);
        reject(new Error("the sandbox did not answer in time"));
      }, ORDER_DEADLINE_MS);
      this.#waiting.set(name, {
        resolve: (handle) => {
          clearTimeout(timer);
          resolve(handle);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#order(order);
    });
  }

  #receive(report: Report, handle: Server | Socket | undefined): void {
    const name = this.#answered(report);
    const waiting = name === undefined ? undefined : this.#waiting.get(name);
    if (name === undefined || waiting === undefined) {
      discard(handle);
      return;
    }
    this.#waiting.delete(name);
    if (report.kind !== "failed" && handle !== undefined) waiting.resolve(handle);
    else {
      discard(handle);
      waiting.reject(new Error("the workload does not accept the connection"));
    }
  }

  /** The name of the order that a report answers; undefined for anything else that comes out of the sandbox. */
  #answered(report: Report | null | undefined): string | undefined {
    switch (report?.kind) {
      case "listening":
        return `listen ${report.key}`;
      case "dialed":
        return `dial ${report.id}`;
      case "failed":
        return report.key === undefined ? `dial ${report.id}` : `listen ${report.key}`;
      case "started":
        // Only outside a sandbox does this number mean anything here; inside, the namespace ends with its first process.
        if (this.isolation.kind === "advisory" && Number.isInteger(report.pid) && report.pid > 1)
          this.#group = report.pid;
        return undefined;
      default:
        return undefined;
    }
  }

  #killGroup(): void {
    if (this.#group === undefined) return;
    try {
      process.kill(-this.#group, "SIGKILL");
    } catch {
      // The group is gone already.
    }
    this.#group = undefined;
  }
}

function discard(handle: Server | Socket | undefined): void {
  if (handle instanceof Socket) handle.destroy();
  else if (handle instanceof Server) handle.close();
}

/** Where a workload finds its folder and secrets, as its environment names them. */
export function placesOf(spec: Pick<WorkloadSpec, "data" | "secrets">, isolation: Isolation, advisorySecrets: string) {
  return isolation.kind === "enforced"
    ? { data: DATA_PATH, secrets: SECRETS_PATH }
    : { data: spec.data, secrets: advisorySecrets };
}
