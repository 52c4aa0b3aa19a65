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
