export {
  type BundleFile,
  BundlePoint,
  type Decision,
  type DecisionEvent,
  type DecisionLog,
  type DecisionPoint,
  type DecisionRequest,
  OpaPoint,
} from "./decision/index.js";
export { type Limits, type ProxyPlan, planProxies, type StandIn } from "./pep/index.js";
export { detectIsolation, type Isolation } from "./sandbox/index.js";
export {
  authoritySecret,
  authoritySecretPath,
  findDecision,
  order,
  StateFolder,
  type Status,
  Supervisor,
  type SupervisorOptions,
  type TokenOrder,
  type WorkloadStatus,
} from "./supervisor/index.js";
