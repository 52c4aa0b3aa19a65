export { authoritySecret, authoritySecretPath } from "./authority-secret.js";
export { order } from "./control.js";
export { findDecision } from "./find-decision.js";
export type { Status, SupervisorOptions, TokenOrder, WorkloadStatus } from "./options.js";
export { StateFolder } from "./state-folder.js";
export { Supervisor } from "./supervisor.js";
