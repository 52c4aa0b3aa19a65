import type { Socket } from "node:net";
import { alpnOf, type MutualTls } from "../pep/index.js";
import type { Probe, ProbeOutcome } from "./messages.js";

const WAIT_MS = 3000;

/** Makes one request under this sidecar's identity and reports what came of it. */
export async function probe(tls: MutualTls, { address, spiffeId, protocol, host, path }: Probe): Promise<ProbeOutcome> {
  let socket: Socket;
  try {
    socket = await tls.connect(address, spiffeId, alpnOf(protocol));
  } catch (error) {
    return { reached: false, answer: error instanceof Error ? error.message : "no connection" };
  }
  const isHttp1 = alpnOf(protocol) === "http/1.1";
  if (isHttp1) socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text === "" ? "closed" : text));
    // A connection that stays open was let through: a refused one is closed at once.
    socket.setTimeout(WAIT_MS, () => {
      resolve("open");
      socket.destroy();
    });
  });
  if (!isHttp1) return { reached: answer !== "closed", answer: answer === "closed" ? "closed" : "open" };
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
  const isRefusal = status !== undefined && /"decision":/.test(answer);
  return { reached: answer !== "closed" && !isRefusal, answer: status ?? answer };
}
