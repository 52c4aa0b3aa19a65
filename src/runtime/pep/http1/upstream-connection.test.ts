import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import { Deadlines } from "./deadlines.js";
import { UpstreamConnection } from "./upstream-connection.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A connection to a destination that answers at once; it takes the request, or leaves it where it is. */
async function answered(takes: boolean): Promise<{ connection: UpstreamConnection; freed: number; ended: number }> {
  const socket = new Duplex({
    read: () => undefined,
    write: (_bytes, _encoding, written) => (takes ? written() : undefined),
  });
  let freed = 0;
  let ended = 0;
  const connection = new UpstreamConnection(socket as Socket, DEFAULT_LIMITS, new Deadlines(1000), () => {
    freed++;
  });
  connection.send("GET", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n"), true, {
    onHead: () => undefined,
    onData: () => true,
    onPause: () => undefined,
    onEnd: () => {
      ended++;
    },
    onError: () => undefined,
    onDrain: () => undefined,
  });
  socket.push(ANSWER);
  await new Promise((resolve) => setImmediate(resolve));
  return { connection, freed, ended };
}

describe("a connection to a destination is used again", () => {
  it("when its answer is whole", async () => {
    const { connection, freed, ended } = await answered(true);
    expect({ freed, ended, isUsable: connection.isUsable }).toEqual({ freed: 1, ended: 1, isUsable: true });
    connection.abort();
  });

  it("never when the destination answered before it took the request", async () => {
    const { connection, freed, ended } = await answered(false);
    expect({ freed, ended, isUsable: connection.isUsable }).toEqual({ freed: 0, ended: 1, isUsable: false });
    expect(connection.socket.destroyed).toBe(true);
  });

  it("never when its time is over, though nobody has looked at the clock yet", async () => {
    const { connection } = await answered(true);
    const later = performance.now() + DEFAULT_LIMITS.keepAliveMs;
    vi.spyOn(performance, "now").mockReturnValue(later);
    expect(connection.isUsable).toBe(false);
    connection.abort();
  });
});
