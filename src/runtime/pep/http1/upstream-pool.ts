/** Kept connections to one destination, at most so many at once; who finds none waits in line. */
import type { Limits } from "../limits.js";
import type { Dial } from "../upstream.js";
import type { Deadlines } from "./deadlines.js";
import { UpstreamConnection } from "./upstream-connection.js";

interface Waiter {
  readonly ready: (connection: UpstreamConnection) => void;
  readonly failed: () => void;
}

export class UpstreamPool {
  readonly #dial: Dial;
  readonly #limits: Limits;
  readonly #deadlines: Deadlines;
  readonly #all = new Set<UpstreamConnection>();
  readonly #idle: UpstreamConnection[] = [];
  readonly #waiting: Waiter[] = [];
  #dialling = 0;
  #isClosed = false;
  #isDestroyed = false;

  constructor(dial: Dial, limits: Limits, deadlines: Deadlines) {
    this.#dial = dial;
    this.#limits = limits;
    this.#deadlines = deadlines;
  }

  /**
   * Hands over a connection that nobody else uses, now or later.
   * @param failed called instead when the destination cannot be reached
   * @returns takes the wish back
   */
  acquire(ready: (connection: UpstreamConnection) => void, failed: () => void): () => void {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.isUsable) continue;
      ready(idle);
      return () => undefined;
    }
    if (this.#isDestroyed) {
      failed();
      return () => undefined;
    }
    const waiter = { ready, failed };
    this.#waiting.push(waiter);
    this.#open();
    return () => {
      const at = this.#waiting.indexOf(waiter);
      if (at !== -1) this.#waiting.splice(at, 1);
    };
  }

  /** A connection of its own for a request that will not give it back. */
  async dedicated(): Promise<UpstreamConnection> {
    return new UpstreamConnection(await this.#dial(), this.#limits, this.#deadlines, (connection) =>
      connection.abort(),
    );
  }

  /** Keeps no connection any more; requests that hold the pool are served to their end. */
  close(): void {
    this.#isClosed = true;
    for (const idle of this.#idle.splice(0)) idle.abort();
  }

  /** Ends everything. */
  destroy(): void {
    this.#isDestroyed = true;
    this.close();
    for (const waiter of this.#waiting.splice(0)) waiter.failed();
    for (const connection of this.#all) connection.socket.destroy();
  }

  #open(): void {
    if (this.#isDestroyed) return;
    if (this.#all.size + this.#dialling >= this.#limits.upstreamConnections) return;
    if (this.#dialling >= this.#waiting.length) return;
    this.#dialling++;
    this.#dial().then(
      (socket) => {
        this.#dialling--;
        const connection = new UpstreamConnection(socket, this.#limits, this.#deadlines, (free) => this.#free(free));
        this.#all.add(connection);
        socket.once("close", () => this.#gone(connection));
        if (this.#isDestroyed) socket.destroy();
        else if (connection.isUsable) this.#free(connection);
        else this.#waiting.shift()?.failed();
      },
      () => {
        this.#dialling--;
        this.#waiting.shift()?.failed();
        this.#open();
      },
    );
  }

  #free(connection: UpstreamConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next.ready(connection);
    else if (this.#isClosed) connection.abort();
    else this.#idle.push(connection);
  }

  #gone(connection: UpstreamConnection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#open();
  }
}
