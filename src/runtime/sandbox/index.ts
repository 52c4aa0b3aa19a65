export type { Enclosure } from "./bubblewrap.js";
export { EnclosedWorkload, placesOf, type WorkloadSpec } from "./enclosed-workload.js";
export { detectIsolation, type Isolation } from "./isolation.js";
