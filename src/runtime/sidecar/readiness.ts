import type { Socket } from "node:net";

export interface Readiness {
  /** ways to connect to the workload's ports; all of them must accept */
  readonly dials: readonly (() => Promise<Socket>)[];
  /** HTTP path that must answer 2xx on the first port */
  readonly path: string | undefined;
  readonly deadlineMs: number;
  /** resolves when the workload has ended, which ends the waiting */
  readonly ended: Promise<unknown>;
}

const PAUSE_MS = 50;
const ATTEMPT_MS = 2000;

/** Waits until a workload serves; false when it ended before, or the deadline passed. */
export async function waitUntilReady({ dials, path, deadlineMs, ended }: Readiness): Promise<boolean> {
  const until = Date.now() + deadlineMs;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && Date.now() < until) {
    const tries = dials.map((dial, index) => attempt(dial, index === 0 ? path : undefined));
    if ((await Promise.all(tries)).every(Boolean)) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return false;
}

async function attempt(dial: () => Promise<Socket>, path: string | undefined): Promise<boolean> {
  let socket: Socket;
  try {
    socket = await dial();
  } catch {
    return false;
  }
  if (path === undefined) {
    socket.destroy();
    return true;
  }
  return new Promise((resolve) => {
    let head = "";
    const done = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(ATTEMPT_MS, () => done(false));
    socket.on("error", () => done(false));
    socket.on("close", () => done(false));
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (head.length > 12) done(/^HTTP\/1\.[01] 2\d\d/.test(head));
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  });
}
