import { type CapabilityTable, enforced, left, leftToOthers, partly } from "../capability.js";

export const capabilities: CapabilityTable = {
  ...leftToOthers("it is about records, not about traffic"),
  secrets: left("it removes them from records", "secrets"),
  redaction: enforced("by field name and by form, at any depth, on the node, before anything is sent"),
  "decision-log": partly(
    "the API server's audit log; decisions about requests come from OPA",
    "requests of a mesh without OPA leave access logs only",
    "authorization",
  ),
  response: partly("alerting rules and receivers", "nothing here cuts a workload off", "network", "mesh"),
};
