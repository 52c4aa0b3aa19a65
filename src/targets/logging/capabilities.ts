import { type CapabilityTable, enforced, left, partly } from "../capability.js";

const NOT = "it is about records, not about traffic";

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
  secrets: left("it removes them from records", "secrets"),
  "at-rest": left(NOT, "encryption"),
  redaction: enforced("by field name and by form, at any depth, on the node, before anything is sent"),
  "decision-log": partly(
    "the API server's audit log; decisions about requests come from OPA",
    "requests of a mesh without OPA leave access logs only",
    "authorization",
  ),
  response: partly("alerting rules and receivers", "nothing here cuts a workload off", "network", "mesh"),
};
