import { type CapabilityTable, enforced, left, leftToOthers, partly } from "../capability.js";

export const capabilities: CapabilityTable = {
  ...leftToOthers("it keeps secrets and decides on nothing else"),
  identity: left("it believes the service account that the cluster vouches for", "cluster"),
  placement: left("whoever runs as a service account reads its secrets", "admission"),
  secrets: enforced("one policy and one role a workload: read, and only the secrets that it uses"),
  "at-rest": partly("secrets are encrypted in its own storage", "Secrets of the cluster are not in it", "encryption"),
  redaction: left("its audit log hashes values; other logs are not its own", "logs"),
  "decision-log": left("its audit device is configured where it runs", "logs"),
  response: left("its leases are revoked by whoever responds", "logs"),
};
