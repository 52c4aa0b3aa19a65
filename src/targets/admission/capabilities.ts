import { type CapabilityTable, enforced, left, partly } from "../capability.js";

const NOT = "it decides on objects that come into the cluster, not on traffic";

/** @param limit what keeps an engine from holding it without exception */
export function admissionCapabilities(limit: string): CapabilityTable {
  return {
    "default-deny": partly("nobody but managers adds, changes or removes a policy of a zone", limit, "network", "mesh"),
    callers: left(NOT, "mesh", "network"),
    ports: left(NOT, "mesh", "network"),
    identity: left(NOT, "mesh"),
    mtls: partly("refuses settings that let plaintext in", limit, "mesh"),
    methods: left(NOT, "mesh", "authorization"),
    paths: left(NOT, "mesh", "authorization"),
    hosts: left(NOT, "mesh", "authorization"),
    token: left(NOT, "mesh", "authorization"),
    roles: left(NOT, "mesh", "authorization"),
    normalization: left(NOT, "mesh"),
    "outside-hosts": left(NOT, "mesh", "network"),
    "tls-origination": left(NOT, "mesh"),
    "pod-security": partly("Pod Security `restricted`, for pods and what makes them", limit, "cluster"),
    accounts: partly("a pod runs as the account of the workload whose label it carries", limit, "cluster"),
    placement: enforced(
      "a workload's pods run images of its own repository only, init and ephemeral containers included",
    ),
    "own-rules": left(NOT, "authorization"),
    secrets: left("who may read a Secret is the cluster's RBAC", "secrets"),
    "at-rest": partly(
      "claims of stores must name the encrypted storage class",
      "claims that are there stay",
      "encryption",
    ),
    redaction: left(NOT, "logs"),
    "decision-log": left("refusals stand in the API server's audit log", "logs"),
    response: left(NOT, "logs"),
  };
}
