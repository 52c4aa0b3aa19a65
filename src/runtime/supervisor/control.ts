/**
 * How other commands speak to a running supervisor: HTTP over a Unix socket in the state folder, which only the folder's
 * owner can reach. There is no other way to ask it for anything.
 */

import { chmodSync, lstatSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { RingfenceError } from "../../diagnostics/index.js";

const MAX_BODY = 64 * 1024;

export type Handler = (body: Record<string, unknown>) => unknown;

/** Serves handlers by name: `POST /<name>` with a JSON object. */
export async function serveControl(socketPath: string, handlers: Readonly<Record<string, Handler>>): Promise<Server> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) incoming.destroy();
      else chunks.push(chunk);
    });
    incoming.on("end", () => {
      const name = (incoming.url ?? "").slice(1);
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      const answer = async (): Promise<unknown> => {
        if (handler === undefined || incoming.method !== "POST") throw new Error("there is no such order");
        return handler(JSON.parse(Buffer.concat(chunks).toString() || "{}"));
      };
      answer().then(
        (result) => response.end(JSON.stringify({ result: result ?? null })),
        (error: unknown) => {
          response.statusCode = 400;
          const known = error instanceof RingfenceError ? error.problems[0] : undefined;
          response.end(
            JSON.stringify({
              code: known?.code ?? "RUNTIME_CONTROL",
              message: error instanceof Error ? error.message : "unknown error",
              ...(known?.hint === undefined ? {} : { hint: known.hint }),
            }),
          );
        },
      );
    });
    incoming.on("error", () => undefined);
  });
  // From its first moment on, not only once it is changed: the folder may be one that others can look into.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socketPath, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(socketPath, 0o600);
  return server;
}

/**
 * Gives an order to a running supervisor.
 * @returns undefined when none runs
 * @throws RingfenceError with what it answers instead
 */
export async function order(socketPath: string, name: string, body: Record<string, unknown> = {}): Promise<unknown> {
  refuseForeign(socketPath);
  const answer = await new Promise<{ status: number; text: string } | undefined>((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/${name}`, method: "POST", timeout: 60_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("the supervisor does not answer")));
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
    outgoing.end(JSON.stringify(body));
  });
  if (answer === undefined) return undefined;
  const parsed = JSON.parse(answer.text) as { result?: unknown; code?: string; message?: string; hint?: string };
  if (answer.status === 200) return parsed.result;
  throw new RingfenceError({
    code: parsed.code === "USAGE" ? "USAGE" : "RUNTIME_CONTROL",
    message: parsed.message ?? "the supervisor refuses",
    ...(parsed.hint === undefined ? {} : { hint: parsed.hint }),
  });
}

/** A socket with a name that anybody could have taken: only what this user made is the supervisor's. */
function refuseForeign(socketPath: string): void {
  const facts = lstatSync(socketPath, { throwIfNoEntry: false });
  if (facts === undefined || process.getuid === undefined) return;
  if (facts.isSocket() && facts.uid === process.getuid()) return;
  throw new RingfenceError({
    code: "RUNTIME_CONTROL",
    message: `\`${socketPath}\` is not a supervisor's socket of yours`,
    hint: "remove it, or let its owner do so",
  });
}
