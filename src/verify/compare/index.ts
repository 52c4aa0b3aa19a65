export { type Comparison, compare } from "./compare.js";
export { declaredSet, operationSet } from "./declared.js";
export type { Evidence, Finding, Witness } from "./finding.js";
export { type Replay, replay } from "./replay.js";
export { connectionKey } from "./within.js";
export { command, requestOf } from "./witness.js";
