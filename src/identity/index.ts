export {
  Authority,
  type AuthorityOptions,
  derOf,
  type IssueOptions,
  isWithdrawn,
  MAX_SVID_SECONDS,
  type Withdrawals,
} from "./authority.js";
export { Credential, type CredentialOptions, type CurrentCredential, type IssueSvid } from "./credential.js";
export {
  parseSpiffeId,
  parseTrustDomain,
  pathSegmentProblem,
  type SpiffeId,
  spiffeId,
  spiffeIdProblem,
  type TrustDomain,
  trustDomainProblem,
  type WorkloadIdentity,
  workloadId,
  workloadOf,
} from "./spiffe-id.js";
export { type ServerCertificate, standInCertificate } from "./stand-in-certificate.js";
export { type Svid, type SvidExpectation, verifySvid } from "./svid.js";
export * from "./token/index.js";
