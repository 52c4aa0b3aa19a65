/**
 * The first program inside a sandbox. It opens the sockets on which the workload speaks to its proxy, hands them out to
 * the proxy, and then starts the workload: so the workload's loopback has no way out but those sockets, and no bytes of
 * the data path pass through here.
 *
 * It shares its sandbox with the workload and is worth no more trust: the proxy believes nothing of what it says. It
 * imports nothing but Node, because this one file is all of Ringfence that is visible in there. When its channel to the
 * proxy closes, whatever the reason, the workload dies with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, Server, Socket } from "node:net";

interface Listen {
  readonly kind: "listen";
  readonly key: string;
  readonly host: string;
  readonly port: number;
}
interface DialOwn {
  readonly kind: "dial";
  readonly id: number;
  readonly port: number;
}
interface Run {
  readonly kind: "run";
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}
interface Stop {
  readonly kind: "stop";
  readonly signal: "SIGTERM" | "SIGKILL";
}
/** What the proxy asks of this program. */
export type Order = Listen | DialOwn | Run | Stop;

/** What this program reports; a socket travels beside the message. */
export type Report =
  | { readonly kind: "listening"; readonly key: string }
  | { readonly kind: "dialed"; readonly id: number }
  | { readonly kind: "failed"; readonly key?: string; readonly id?: number; readonly reason: string }
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "exited"; readonly code: number };

let workload: ChildProcess | undefined;

function report(message: Report, handle?: Socket | Server): void {
  if (!process.connected) return;
  process.send?.(message, handle, {}, () => {
    // The proxy has its own hold on the socket now; with this one left open, half of the connections would come here.
    if (handle instanceof Server) handle.close();
  });
}

function listen({ key, host, port }: Listen): void {
  const server = createServer();
  server.once("error", (error) => report({ kind: "failed", key, reason: error.message }));
  server.listen(port, host, () => report({ kind: "listening", key }, server));
}

function dial({ id, port }: DialOwn): void {
  const socket = new Socket({ allowHalfOpen: true });
  // Paused before it connects: a byte that was read here would be lost to the proxy.
  socket.pause();
  socket.setNoDelay(true);
  const failed = (error: Error): void => {
    socket.destroy();
    report({ kind: "failed", id, reason: error.message });
  };
  socket.once("error", failed);
  socket.connect(port, "127.0.0.1", () => {
    socket.removeListener("error", failed);
    socket.on("error", () => undefined);
    report({ kind: "dialed", id }, socket);
  });
}

function run({ command, cwd, env }: Run): void {
  if (workload !== undefined) return;
  // A group of its own, so that what the command starts ends with it.
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  workload = child;
  child.once("error", () => end(127));
  child.once("spawn", () => report({ kind: "started", pid: child.pid ?? 0 }));
  child.once("exit", (code, signal) => end(code ?? (signal === null ? 1 : 128)));
}

function end(code: number): void {
  report({ kind: "exited", code });
  kill("SIGKILL");
  // The report leaves first.
  setTimeout(() => process.exit(code), 20);
}

function kill(signal: NodeJS.Signals): void {
  if (workload?.pid === undefined) return;
  try {
    process.kill(-workload.pid, signal);
  } catch {
    // The group is gone already.
  }
}

process.on("message", (order: Order) => {
  if (order.kind === "listen") listen(order);
  else if (order.kind === "dial") dial(order);
  else if (order.kind === "run") run(order);
  else kill(order.signal);
});
process.on("disconnect", () => {
  kill("SIGKILL");
  process.exit(1);
});
// The terminal's interrupt is the supervisor's to handle: it stops the workload in order.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
