import { type CapabilityTable, enforced, left, leftToOthers, partly } from "../capability.js";

/** @param limit what keeps an engine from holding it without exception */
export function admissionCapabilities(limit: string): CapabilityTable {
  return {
    ...leftToOthers("it decides on objects that come into the cluster, not on traffic"),
    "default-deny": partly(
      "nobody but managers adds, changes or removes a policy that decides in a zone",
      limit,
      "network",
      "mesh",
    ),
    mtls: partly("refuses settings that let plaintext in, and pods outside the mesh", limit, "mesh"),
    "pod-security": partly("Pod Security `restricted`, for pods and what makes them", limit, "cluster"),
    accounts: partly(
      "a pod runs as the account of the workload whose label it carries and asks for no token of the cluster's API",
      limit,
      "cluster",
    ),
    placement: enforced(
      "a workload's pods run images of its own repository only, init and ephemeral containers and image volumes included",
    ),
    secrets: left("who may read a Secret is the cluster's RBAC", "secrets"),
    "at-rest": partly(
      "claims of stores must name the encrypted storage class",
      "claims that are there stay",
      "encryption",
    ),
    "decision-log": left("refusals stand in the API server's audit log", "logs"),
  };
}
