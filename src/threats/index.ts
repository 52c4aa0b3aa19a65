export { ACCEPTANCE_KINDS } from "./accepted.js";
export { findThreats, THREAT_RULES } from "./find.js";
export { findingToJson, renderFindings, summarize } from "./render.js";
export { type Finding, SEVERITIES, type Severity, type ThreatRule } from "./rule.js";
