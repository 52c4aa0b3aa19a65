import { type CapabilityTable, enforced, left, partly } from "../capability.js";

const NOT = "it keeps secrets and decides on nothing else";

export const capabilities: CapabilityTable = {
  "default-deny": left(NOT, "mesh", "network"),
  callers: left(NOT, "mesh", "network"),
  ports: left(NOT, "mesh", "network"),
  identity: left("it believes the service account that the cluster vouches for", "cluster"),
  mtls: left(NOT, "mesh"),
  methods: left(NOT, "mesh", "authorization"),
  paths: left(NOT, "mesh", "authorization"),
  hosts: left(NOT, "mesh", "authorization"),
  token: left(NOT, "mesh", "authorization"),
  roles: left(NOT, "mesh", "authorization"),
  normalization: left(NOT, "mesh"),
  "outside-hosts": left(NOT, "mesh", "network"),
  "tls-origination": left(NOT, "mesh"),
  "pod-security": left(NOT, "cluster", "admission"),
  accounts: left(NOT, "cluster"),
  placement: left("whoever runs as a service account reads its secrets", "admission"),
  "own-rules": left(NOT, "authorization"),
  secrets: enforced("one policy and one role a workload: read, and only the secrets that it uses"),
  "at-rest": partly("secrets are encrypted in its own storage", "Secrets of the cluster are not in it", "encryption"),
  redaction: left("its audit log hashes values; other logs are not its own", "logs"),
  "decision-log": left("its audit device is configured where it runs", "logs"),
  response: left("its leases are revoked by whoever responds", "logs"),
};
