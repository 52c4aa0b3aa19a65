import { type CapabilityTable, enforced, left } from "../capability.js";

const NOT = "it is about data at rest";

export const capabilities: CapabilityTable = {
  "default-deny": left(NOT, "mesh", "network"),
  callers: left(NOT, "mesh", "network"),
  ports: left(NOT, "mesh", "network"),
  identity: left(NOT, "mesh"),
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
  placement: left(NOT, "admission"),
  "own-rules": left(NOT, "authorization"),
  secrets: left("whoever may read a Secret gets it decrypted", "secrets"),
  "at-rest": enforced("Secrets in etcd by the API server; volumes of stores by their driver"),
  redaction: left(NOT, "logs"),
  "decision-log": left(NOT, "logs"),
  response: left(NOT, "logs"),
};
