export { DevelopmentIssuer, type DevelopmentIssuerOptions, type TokenRequest } from "./development-issuer.js";
export type { DpopProof } from "./dpop.js";
export { IssuerKeys, type IssuerKeysOptions } from "./issuer-keys.js";
export { KeySet } from "./key-set.js";
export { rolesOf } from "./roles.js";
export { MAX_TOKEN_LENGTH } from "./signature.js";
export { type PresentedToken, TokenVerifier, type TokenVerifierOptions, type VerifiedToken } from "./token-verifier.js";
