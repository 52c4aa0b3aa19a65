/**
 * Project Wycheproof's JSON Web Signature and key vectors against the verifier of tokens. A vector that is valid by the
 * letter but uses what this verifier refuses on principle is listed with the principle, not skipped.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KeySet } from "../src/identity/token/key-set.js";
import { verifySignature } from "../src/identity/token/signature.js";

interface Group {
  readonly comment: string;
  readonly public?: Record<string, unknown>;
  readonly private: Record<string, unknown>;
  readonly tests: readonly { tcId: number; comment: string; jws?: string; result: "valid" | "invalid" }[];
}

const FILES = ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"];

async function accepts(group: Group, jws: string): Promise<boolean> {
  const published = group.public ?? group.private;
  try {
    const keys = KeySet.from(Array.isArray(published.keys) ? published : { keys: [published] });
    await verifySignature(jws, ({ alg, kid }) => keys.find(alg, kid));
    return true;
  } catch {
    return false;
  }
}

/** Why a valid vector is refused by design; undefined when it must be accepted. */
function principle(group: Group, jws: string): string | undefined {
  const published = group.public ?? group.private;
  const keys = (Array.isArray(published.keys) ? published.keys : [published]) as Record<string, unknown>[];
  if (keys.some((key) => key.kty === "oct")) return "symmetric keys are not accepted: who verifies could sign";
  const header = JSON.parse(Buffer.from(jws.split(".")[0] ?? "", "base64url").toString());
  if (keys.every((key) => key.alg !== undefined && key.alg !== header.alg)) {
    return "the key is for another algorithm than the token names";
  }
  return undefined;
}

const corpus = process.env.RINGFENCE_CORPUS;
if (corpus === undefined) console.log("not run: RINGFENCE_CORPUS is not set (token vectors)");

describe.skipIf(corpus === undefined)("Wycheproof", () => {
  it.each(FILES)("%s", async (file) => {
    const { testGroups } = JSON.parse(readFileSync(join(corpus ?? "", "jose", file), "utf8")) as {
      testGroups: Group[];
    };
    const wrong: string[] = [];
    const refused: string[] = [];
    let asExpected = 0;
    for (const group of testGroups) {
      for (const { tcId, comment, jws, result } of group.tests) {
        if (jws === undefined) continue;
        const accepted = await accepts(group, jws);
        const reason = result === "valid" ? principle(group, jws) : undefined;
        if (reason !== undefined && !accepted) refused.push(`${group.comment} ${tcId} ${comment}: ${reason}`);
        else if (accepted === (result === "valid")) asExpected++;
        else wrong.push(`${group.comment} ${tcId} ${comment}: ${result}, accepted: ${accepted}`);
      }
    }
    console.log(`${file}: ${asExpected} as expected, ${refused.length} refused by design`);
    for (const line of refused) console.log(`  ${line}`);
    expect(wrong).toEqual([]);
    expect(asExpected).toBeGreaterThan(0);
  });
});
