/** Bytes of HTTP/1.1, changed in ways that parsers differ about. */

/** mulberry32: small, seeded, good enough to pick mutations. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  "Content-Length: 0\r\n",
  "Content-Length: 50\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Host: other.test\r\n",
  "X_U: 1\r\n",
  "Connection: upgrade\r\nUpgrade: websocket\r\n",
  "Expect: 100-continue\r\n",
  "GET /denied HTTP/1.1\r\nHost: outside.test\r\n\r\n",
  "%2e%2e/",
  "%2f",
  "//",
  "/../",
  "\\",
  "#",
  "?",
  "HTTP/1.0",
  "HTTP/2.0",
  "0\r\n\r\n",
  "ffffffff\r\n",
  "\xff\xfe",
  "\u00e9",
];

export function mutate(bytes: Buffer, pick: (below: number) => number): Buffer {
  let changed = bytes;
  for (let rounds = pick(4); rounds > 0; rounds--) {
    const at = pick(changed.length + 1);
    const piece = Buffer.from(PIECES[pick(PIECES.length)] ?? "", "latin1");
    switch (pick(5)) {
      case 0:
        changed = Buffer.concat([changed.subarray(0, at), piece, changed.subarray(at)]);
        break;
      case 1:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + 1 + pick(8))]);
        break;
      case 2:
        changed = Buffer.from(changed);
        if (at < changed.length) changed[at] = pick(256);
        break;
      case 3:
        changed = changed.subarray(0, at);
        break;
      default:
        changed = Buffer.concat([changed, changed.subarray(at)]);
    }
  }
  return changed;
}
