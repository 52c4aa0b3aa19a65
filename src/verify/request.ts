/** One concrete request, as a client sends it: what a witness is printed as and what the evaluators replay. */
import type { JsonObject } from "../documents/index.js";

/** A token, where it stands in the request, and what its issuer would say of it. */
export interface Token {
  readonly at: { readonly kind: "header" | "param" | "cookie"; readonly name: string; readonly prefix?: string };
  readonly claims: JsonObject;
  /** signed with the key of the issuer it names, and within its time */
  readonly genuine: boolean;
}

export interface HttpRequest {
  readonly method: string;
  /** the request target as sent: path, query, fragment */
  readonly target: string;
  readonly host: string;
  /** by name in lower case; lines of one name joined with commas */
  readonly headers: ReadonlyMap<string, string>;
}

export interface Request {
  /** undefined: bytes of some other protocol */
  readonly http: HttpRequest | undefined;
  readonly token: Token | undefined;
}

/** The time at which requests are looked at, in seconds since 1970: a replay gives the same answer on every day. */
export const NOW = 1_767_225_600;
/** The claims that say when a token holds. */
export const TIMES: ReadonlySet<string> = new Set(["exp", "nbf", "iat"]);

export const BEARER: Token["at"] = { kind: "header", name: "authorization", prefix: "Bearer " };
