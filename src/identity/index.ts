export {
  Authority,
  type AuthorityOptions,
  derOf,
  type IssueOptions,
  isWithdrawn,
  type Withdrawals,
} from "./authority.js";
export { Credential, type CredentialOptions, type CurrentCredential, type IssueSvid } from "./credential.js";
export {
  parseSpiffeId,
  parseTrustDomain,
  type SpiffeId,
  spiffeId,
  type TrustDomain,
  trustDomainProblem,
  type WorkloadIdentity,
  workloadId,
} from "./spiffe-id.js";
export { type ServerCertificate, standInCertificate } from "./stand-in-certificate.js";
export { type Svid, type SvidExpectation, verifySvid } from "./svid.js";
export * from "./token/index.js";
