/** The real OPA as a server on a socket file: one process answers for thousands of policies. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class OpaServer {
  private readonly process: ChildProcess;
  private readonly folder: string;
  private readonly socket: string;

  constructor(binary: string) {
    this.folder = mkdtempSync(join(tmpdir(), "opa-"));
    this.socket = join(this.folder, "opa.sock");
    const args = ["run", "--server", "--addr", `unix://${this.socket}`, "--log-level", "error", "--disable-telemetry"];
    this.process = spawn(binary, args, { stdio: "ignore" });
  }

  async ready(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        const { status } = await this.send("GET", "/health", "");
        if (status === 200) return;
      } catch {
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("opa does not answer");
  }

  send(method: string, path: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: this.socket, method, path, headers: { connection: "keep-alive" } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  stop(): void {
    this.process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * The code of the error that the package `t` of a module ends in under strict built-in errors, when OPA evaluates every
 * body of every rule: without its rule index and without leaving off early. Empty when there is none.
 */
export function evaluateUnoptimized(binary: string, module: string, base: unknown, input: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "opa-"));
  try {
    writeFileSync(join(folder, "t.rego"), module);
    writeFileSync(join(folder, "data.json"), JSON.stringify({ base }));
    writeFileSync(join(folder, "input.json"), JSON.stringify(input));
    const files = ["-d", "t.rego", "-d", "data.json", "-i", "input.json"];
    const flags = ["--format=json", "--strict-builtin-errors", "--disable-indexing", "--disable-early-exit"];
    const { stdout } = spawnSync(binary, ["eval", ...files, ...flags, "data.t"], { cwd: folder, encoding: "utf8" });
    const answer = JSON.parse(stdout) as { errors?: { code?: string }[] };
    return answer.errors?.[0]?.code ?? "";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
