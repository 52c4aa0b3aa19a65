/**
 * The tokens of users on their way through the workflow. The edge checks a token and its binding to the client; every
 * hop behind it checks the token again, by itself, with the issuer's keys.
 */
import { MAX_TOKEN_LENGTH, type TokenVerifier } from "../../identity/index.js";
import type { TokenFacts } from "../decision/index.js";
import type { RequestHead } from "./request-head.js";

export interface TokenIssuer {
  /** the workflow's name for it */
  readonly identity: string;
  readonly issuer: string;
  readonly verifier: TokenVerifier;
}

export interface TokenContext {
  readonly binding: "here" | "before";
  /** SHA-256 of the client's certificate, base64url */
  readonly certificateThumbprint: string | undefined;
}

/** Tokens of which it is remembered whom they name as their issuer. */
const MAX_NAMED = 1024;

export class UserTokens {
  readonly #issuers: readonly TokenIssuer[];
  readonly #named = new Map<string, TokenIssuer>();

  constructor(issuers: readonly TokenIssuer[]) {
    this.#issuers = issuers;
  }

  /**
   * The validated token of a request; undefined when it carries none.
   * @throws IDENTITY_TOKEN, IDENTITY_ISSUER: a token that is there and not valid refuses the request
   */
  async read(head: RequestHead, context: TokenContext): Promise<TokenFacts | undefined> {
    const match = /^(Bearer|DPoP) +([^\s,]+) *$/i.exec(head.authorization ?? "");
    if (match === null) {
      // Another scheme is none of ours; a broken one of ours must not pass for "no token".
      if (/^(?:Bearer|DPoP)\b/i.test(head.authorization ?? "")) throw new Error("the token is malformed");
      return undefined;
    }
    const [, scheme = "", token = ""] = match;
    const issuer = this.#issuerOf(token);
    const { subject, claims } = await issuer.verifier.verify({
      scheme: scheme.toLowerCase() === "dpop" ? "dpop" : "bearer",
      token,
      ...context,
      dpop:
        head.dpop === undefined
          ? undefined
          : {
              proof: head.dpop,
              method: head.facts.method,
              url: `https://${head.authority}${head.forwardTarget.split("?", 1)[0]}`,
            },
    });
    return { identity: issuer.identity, issuer: issuer.issuer, subject, claims };
  }

  #issuerOf(token: string): TokenIssuer {
    const named = this.#named.get(token);
    if (named !== undefined) return named;
    const claimed = claimedIssuer(token);
    const issuer = this.#issuers.find((candidate) => candidate.issuer === claimed);
    if (issuer === undefined) throw new Error("the token comes from an issuer that is not accepted here");
    if (this.#named.size >= MAX_NAMED) this.#named.clear();
    this.#named.set(token, issuer);
    return issuer;
  }
}

/** Whom a token says it comes from. Only picks the verifier, which believes nothing of it. */
function claimedIssuer(token: string): unknown {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null && Object.hasOwn(claims, "iss")
      ? (claims as { iss: unknown }).iss
      : undefined;
  } catch {
    return undefined;
  }
}
