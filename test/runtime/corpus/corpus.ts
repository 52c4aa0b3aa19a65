/** The third-party material that the tests of this folder drive through live proxies; absent, they say so. */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";

export const corpus = process.env.RINGFENCE_CORPUS;

export function notRun(what: string): void {
  if (corpus === undefined) console.log(`not run: RINGFENCE_CORPUS is not set (${what})`);
}

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(corpus ?? "", ...path), "utf8")) as T;
}

/** Writes a request as it is and resolves with the status of the answer; 0 when the connection closes without one. */
export function exchange(socket: Socket, bytes: string): Promise<number> {
  return new Promise((resolve) => {
    let answer = "";
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})(?:.|[\r\n])*?\r\n\r\n/.exec(answer)?.[1];
      if (status === undefined || status === "100") return;
      resolve(Number(status));
      socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(0));
    socket.write(bytes, "latin1");
  });
}
