/** What the tables of a proxy keep of the heads that it has read. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { readRequestSyntax } from "./http1/syntax.js";
import { judgeHead } from "./request-head.js";
import { UserTokens } from "./user-tokens.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** as many as each of the tables holds */
const HEADS = 900;
const HEAD_BYTES = 30_000;
const ISSUER = "https://login.example.com";

function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const tokens = new UserTokens([
  {
    identity: "corp",
    issuer: ISSUER,
    verifier: {
      verify: () => new Promise(() => undefined),
      verifiedBefore: () => ({ issuer: ISSUER, subject: "ada", expiresAt: 1, claims: {} }),
    },
  },
]);

function tokenOf(at: number, length: number): string {
  const claims = Buffer.from(JSON.stringify({ iss: ISSUER, at, pad: "p".repeat(length) })).toString("base64url");
  return `e30.${claims}.AA`;
}

/** A head as a connection reads it, judged as far as a stranger gets. */
function read(text: string): void {
  const syntax = readRequestSyntax(Buffer.from(text, "latin1").toString("latin1"));
  const head = judgeHead({ version: 1, ...syntax });
  if ("refused" in head) throw new Error(head.refused);
  void tokens.read(head, { binding: "here", certificateThumbprint: undefined });
}

it.each([
  ["a target", (at: number) => [`/a-target-of-some-length/${at}`, "x-a: 1"]],
  ["a long field's name", (at: number) => ["/", `x-a-name-of-some-length-${at}: ${"v".repeat(2100)}`]],
  ["a field with a long name", (at: number) => ["/", `x-${String(at).padStart(20_000, "n")}: 1`]],
  ["a token", (at: number) => ["/", `authorization: Bearer ${tokenOf(at, 2000)}`]],
  ["a long token", (at: number) => ["/", `authorization: Bearer ${tokenOf(at, 12_000)}`]],
])("%s does not keep the head that it stood in", (_what, part) => {
  const before = used();
  for (let at = 0; at < HEADS; at++) {
    const [target = "", field = ""] = part(at);
    const head = `GET ${target} HTTP/1.1\r\nhost: a\r\n${field}\r\nx-pad: `;
    read(head + "p".repeat(Math.max(0, HEAD_BYTES - head.length)));
  }
  // All the heads are 27 megabytes.
  expect(used() - before).toBeLessThan(10_000_000);
});
