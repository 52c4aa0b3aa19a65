export { type Comparison, compare, type Evidence, type Finding, type Witness } from "./compare.js";
export { declaredSet, operationSet } from "./declared.js";
export { type Replay, replay } from "./replay.js";
export { command, requestOf } from "./witness.js";
