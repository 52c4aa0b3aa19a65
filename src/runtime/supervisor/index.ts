export { order } from "./control.js";
export { StateFolder } from "./state-folder.js";
export { type Status, Supervisor, type SupervisorOptions, type TokenOrder, type WorkloadStatus } from "./supervisor.js";
