/**
 * One request at a time on each connection. Clients may send the next one before the answer to the last (RFC 9112
 * §9.3.2), and Node hands all of them over at once; here each waits for its turn, so that a connection costs one
 * decision and one request under way however much is written to it, and what a lost connection leaves waiting never
 * runs.
 */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Requests that wait on one connection. */
const MAX_WAITING = 16;

interface Line {
  last: ServerResponse;
  waiting: number;
}

export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /**
   * Calls `serve` when everything before on the connection is answered: now, later, or never when the connection ends.
   * @returns false when too many wait already
   */
  take(socket: Duplex, response: ServerResponse, serve: () => void): boolean {
    const line = this.#lines.get(socket);
    if (line === undefined) {
      this.#lines.set(socket, { last: response, waiting: 0 });
      serve();
      return true;
    }
    const before = line.last;
    line.last = response;
    if (before.writableFinished && line.waiting === 0) {
      serve();
      return true;
    }
    if (line.waiting >= MAX_WAITING) return false;
    line.waiting++;
    before.once("close", () => {
      line.waiting--;
      // A refusal ends its connection: what stands behind it was written for somebody else.
      if (socket.writable) serve();
    });
    return true;
  }

  /** Whether everything that came before on the connection is answered. */
  isFree(socket: Duplex): boolean {
    return this.#lines.get(socket)?.last.writableFinished ?? true;
  }
}
