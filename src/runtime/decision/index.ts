export { type BundleFile, BundlePoint, OpaPoint } from "./bundle-point.js";
export type {
  Callee,
  Caller,
  Decision,
  DecisionEvent,
  DecisionLog,
  DecisionPoint,
  DecisionRequest,
  HttpFacts,
  Layer,
  TokenFacts,
} from "./decision.js";
export { type Asked, type Denial, Gate, type GateOptions, Permit, type Refused, spend } from "./gate.js";
export { JsonLinesLog } from "./json-lines-log.js";
