/**
 * Where a proxy sends what it lets through. A destination is known by how one connects to it: the workload itself, in
 * its sandbox or on loopback; another workload's proxy, over mutual TLS; a host outside, over verified TLS to the pinned
 * address.
 */

import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

/** Opens one connection. */
export type Dial = () => Promise<Socket>;

/** Dials a TCP address. */
export function dialTcp(address: { readonly host: string; readonly port: number }, connectMs: number): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connectTcp({ ...address, noDelay: true });
      settle(socket, "connect", connectMs, resolve, reject);
    });
}

/** Dials a host outside: the given address, and a certificate for the given name. */
export function dialTls(
  destination: { readonly address: string; readonly port: number; readonly servername: string; readonly ca?: string },
  alpn: string | undefined,
  connectMs: number,
): Dial {
  const { address, port, servername, ca } = destination;
  return () =>
    new Promise((resolve, reject) => {
      const socket = connectTls({
        host: address,
        port,
        ...(/^[0-9.]+$|:/.test(servername) ? {} : { servername }),
        ...(ca === undefined ? {} : { ca }),
        ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
        minVersion: "TLSv1.2",
        rejectUnauthorized: true,
      });
      socket.setNoDelay(true);
      settle(socket, "secureConnect", connectMs, resolve, reject);
    });
}

function settle(
  socket: Socket,
  ready: "connect" | "secureConnect",
  connectMs: number,
  resolve: (socket: Socket) => void,
  reject: (error: Error) => void,
): void {
  socket.setTimeout(connectMs, () => socket.destroy(new Error("the destination did not answer in time")));
  socket.once("error", reject);
  socket.once(ready, () => {
    socket.setTimeout(0);
    socket.removeListener("error", reject);
    resolve(socket);
  });
}

/** Joins two byte streams until either ends; the end of one direction does not end the other. */
export function join(left: Duplex, right: Duplex, silenceMs: number): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    // A socket that was dialled would end its own half as soon as the other end has ended.
    from.allowHalfOpen = true;
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      // A clean end has been passed on by `pipe`; anything else must not look like one.
      if (!from.readableEnded || to.writableFinished) to.destroy();
      else to.once("finish", () => to.destroy());
    });
    if ("setTimeout" in from && typeof from.setTimeout === "function") {
      from.setTimeout(silenceMs, () => {
        left.destroy();
        right.destroy();
      });
    }
  }
}
