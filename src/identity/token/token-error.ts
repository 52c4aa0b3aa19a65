import { RingfenceError } from "../../diagnostics/index.js";

/** A token that is not valid here; the message never holds any of the token. */
export function tokenError(reason: string): RingfenceError {
  return new RingfenceError({ code: "IDENTITY_TOKEN", message: `the token is not valid: ${reason}` });
}

/** An issuer whose keys cannot be had or used. */
export function issuerError(reason: string, cause?: unknown): RingfenceError {
  return new RingfenceError(
    { code: "IDENTITY_ISSUER", message: `the token issuer cannot be used: ${reason}` },
    cause === undefined ? {} : { cause },
  );
}
