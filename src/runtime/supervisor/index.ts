export { authoritySecret, authoritySecretPath } from "./authority-secret.js";
export { order } from "./control.js";
export { findDecision } from "./find-decision.js";
export { StateFolder } from "./state-folder.js";
export { type Status, Supervisor, type SupervisorOptions, type TokenOrder, type WorkloadStatus } from "./supervisor.js";
