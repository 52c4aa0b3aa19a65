/** The process of a sidecar: started by the supervisor, ended with it. */
import type { FromSidecar, ToSidecar } from "./messages.js";
import { Sidecar } from "./sidecar.js";

let sidecar: Sidecar | undefined;

function send(message: FromSidecar): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

/** The last word before the end; the channel takes it before this process is gone. */
function fail(error: unknown): void {
  sidecar?.kill();
  send({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  setTimeout(() => process.exit(1), 50);
}

process.on("message", (message: ToSidecar) => {
  if (message.kind === "configure") {
    sidecar = new Sidecar(message.config, { send });
    sidecar.start().catch(fail);
    return;
  }
  const received = sidecar?.receive(message) ?? Promise.resolve();
  received.then(() => {
    if (message.kind === "stop") process.exit(0);
  }, fail);
});
process.on("disconnect", () => {
  sidecar?.kill();
  process.exit(1);
});
// The terminal's signals reach the whole group; the supervisor decides what ends when.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
