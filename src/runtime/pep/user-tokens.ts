/**
 * The tokens of users on their way through the workflow. The edge checks a token and its binding to the client; every
 * hop behind it checks the token again, by itself, with the issuer's keys.
 */
import {
  type DpopProof,
  MAX_TOKEN_LENGTH,
  type PresentedToken,
  type TokenVerifier,
  type VerifiedToken,
} from "../../identity/index.js";
import type { TokenFacts } from "../decision/index.js";
import { ownText } from "./own-text.js";
import type { RequestHead } from "./request-head.js";

export interface TokenIssuer {
  /** the workflow's name for it */
  readonly identity: string;
  readonly issuer: string;
  readonly verifier: Pick<TokenVerifier, "verify" | "verifiedBefore">;
}

export interface TokenContext {
  readonly binding: "here" | "before";
  /** SHA-256 of the client's certificate, base64url */
  readonly certificateThumbprint: string | undefined;
}

/** A token as it stands in a request, and who is asked about it. */
interface Credentials {
  readonly scheme: "bearer" | "dpop";
  readonly token: string;
  readonly issuer: TokenIssuer;
}
/** Headers of which it is remembered how they are read. */
const MAX_READ = 1024;
/** Longer ones are read every time: V8 hashes the longest texts by their length alone, and a table of them is a list. */
const MAX_READ_LENGTH = 8 * 1024;

export class UserTokens {
  readonly #issuers: readonly TokenIssuer[];
  readonly #read = new Map<string, Credentials>();

  constructor(issuers: readonly TokenIssuer[]) {
    this.#issuers = issuers;
  }

  /**
   * The validated token of a request; undefined when it carries none. At once where nothing has to be waited for.
   * @throws IDENTITY_TOKEN, IDENTITY_ISSUER: a token that is there and not valid refuses the request
   */
  read(head: RequestHead, context: TokenContext): TokenFacts | undefined | Promise<TokenFacts> {
    const credentials = this.#credentialsOf(head.authorization ?? "");
    if (credentials === undefined) return undefined;
    const { issuer, scheme, token } = credentials;
    const presented: PresentedToken = { scheme, token, ...context, dpop: proofOf(head) };
    const known = issuer.verifier.verifiedBefore(presented);
    if (known !== undefined) return factsOf(issuer, known);
    return issuer.verifier.verify(presented).then((verified) => factsOf(issuer, verified));
  }

  #credentialsOf(authorization: string): Credentials | undefined {
    const before = this.#read.get(authorization);
    if (before !== undefined) return before;
    const match = /^(Bearer|DPoP) +([^\s,]+) *$/i.exec(authorization);
    if (match === null) {
      // Another scheme is none of ours; a broken one of ours must not pass for "no token".
      if (/^(?:Bearer|DPoP)\b/i.test(authorization)) throw new Error("the token is malformed");
      return undefined;
    }
    const [, scheme = "", written = ""] = match;
    const token = ownText(written);
    const claimed = claimedIssuer(token);
    const issuer = this.#issuers.find((candidate) => candidate.issuer === claimed);
    if (issuer === undefined) throw new Error("the token comes from an issuer that is not accepted here");
    const read: Credentials = { scheme: scheme.toLowerCase() === "dpop" ? "dpop" : "bearer", token, issuer };
    if (authorization.length > MAX_READ_LENGTH) return read;
    if (this.#read.size >= MAX_READ) this.#read.clear();
    this.#read.set(ownText(authorization), read);
    return read;
  }
}

function proofOf({ dpop, facts, authority, forwardTarget }: RequestHead): DpopProof | undefined {
  if (dpop === undefined) return undefined;
  return { proof: dpop, method: facts.method, url: `https://${authority}${forwardTarget.split("?", 1)[0]}` };
}

function factsOf({ identity, issuer }: TokenIssuer, { subject, claims }: VerifiedToken): TokenFacts {
  return { identity, issuer, subject, claims };
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
