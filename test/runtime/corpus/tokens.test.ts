/**
 * Project Wycheproof's JSON Web Signature, key and encryption vectors, presented to a live edge as bearer tokens. None of
 * them carries the claims of an access token, so none gets in; the recorded reason says how far each came. A valid vector
 * must get past its signature and fail for its claims, an invalid one must not get past its form, key or signature.
 */
import { createServer } from "node:http";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { KeySet, TokenVerifier } from "../../../src/identity/index.js";
import type { TokenIssuer } from "../../../src/runtime/pep/index.js";
import { inbound, Mesh } from "../mesh.js";
import { corpus, exchange, notRun, readJson } from "./corpus.js";

interface Group {
  readonly comment: string;
  readonly public?: Record<string, unknown>;
  readonly private: Record<string, unknown>;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws?: string;
    readonly jwe?: string;
    readonly result: "valid" | "invalid";
  }[];
}

/** Reasons that come after the signature was found to be right. */
const PAST_SIGNATURE = /its claims are not a JSON object|it comes from another issuer|it is of another type/;

/** Why a valid vector is refused before its claims, by design; undefined when it must get that far. */
function principle(group: Group, token: string): string | undefined {
  const published = group.public ?? group.private;
  const keys = (Array.isArray(published.keys) ? published.keys : [published]) as Record<string, unknown>[];
  if (token.split(".").length === 5) return "encrypted tokens are not accepted";
  if (keys.some(({ kty }) => kty === "oct")) return "symmetric keys are not accepted: who verifies could sign";
  const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
  if (keys.every(({ alg }) => alg !== undefined && alg !== header.alg)) {
    return "the key is for another algorithm than the token names";
  }
  return undefined;
}

notRun("token vectors at a live edge");

describe.skipIf(corpus === undefined)("Wycheproof's vectors at a live edge", () => {
  let mesh: Mesh;
  afterEach(() => mesh?.close());

  it.each([
    "json_web_signature_test.json",
    "json_web_key_test.json",
    "json_web_crypto_test.json",
    "json_web_encryption_test.json",
  ])("%s", async (file) => {
    let group: Group | undefined;
    // The vectors name no issuer; this one is asked for what names none, with the keys of the group under test.
    const nobody: unknown = undefined;
    const issuer: TokenIssuer = {
      identity: "wycheproof",
      issuer: nobody as string,
      verifier: {
        verifiedBefore: () => undefined,
        verify: (presented: Parameters<TokenVerifier["verify"]>[0]) => {
          const published = group?.public ?? group?.private ?? {};
          const findKey = async ({ alg, kid }: { alg: string; kid: string | undefined }) =>
            KeySet.from(Array.isArray(published.keys) ? published : { keys: [published] }).find(alg, kid);
          return new TokenVerifier({ issuer: "https://nobody.example", audiences: ["api"], findKey }).verify(presented);
        },
      },
    };
    mesh = await Mesh.start({ issuers: [issuer] });
    let reached = 0;
    const own = await mesh.serve(
      createServer((_request, response) => {
        reached++;
        response.end();
      }),
    );
    const plan = inbound(8080, { entrance: "users", protocol: "https", identities: ["wycheproof"] });
    const { port } = (await mesh.proxy("server", { inbound: [plan] }, { 8080: own })).addressOf("users 8080") ?? {};
    const wrong: string[] = [];
    const refused: string[] = [];
    let asExpected = 0;
    for (group of readJson<{ testGroups: Group[] }>("jose", file).testGroups) {
      for (const { tcId, comment, jws, jwe, result } of group.tests) {
        const token = jws ?? jwe ?? "";
        mesh.events.length = 0;
        const socket = connectTls({ port: port ?? 0, host: "127.0.0.1", rejectUnauthorized: false });
        const request = `GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
        const status = await exchange(socket, request);
        const reason = mesh.events[0]?.reason ?? "";
        const name = `${group.comment} ${tcId} ${comment}`;
        const design = result === "valid" ? principle(group, token) : undefined;
        const isPast = PAST_SIGNATURE.test(reason);
        if (status !== 401 || mesh.events.length !== 1 || mesh.events[0]?.layer !== "token") {
          wrong.push(`${name}: ${status}, ${JSON.stringify(mesh.events)}`);
        } else if (design !== undefined && !isPast) refused.push(`${name}: ${design}`);
        else if (isPast === (result === "valid")) asExpected++;
        else wrong.push(`${name}: ${result}, but ${reason}`);
      }
    }
    console.log(`${file}: ${asExpected} as expected, ${refused.length} refused by design`);
    for (const line of refused) console.log(`  ${line}`);
    expect(wrong).toEqual([]);
    expect(asExpected + refused.length).toBeGreaterThan(4);
    expect(reached).toBe(0);
  });
});
