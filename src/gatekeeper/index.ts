/** Gatekeeper without a cluster: constraint templates, constraints and gator's suites, run on the Rego engine. */
export { type Audit, audit, type Finding, isDenied } from "./audit.js";
export { matches } from "./match.js";
export { type Review, reviewOf } from "./review.js";
export { type CaseResult, isSuite, type ReadText, runSuite, violationsOf } from "./suite.js";
export { readTemplate, type Template, type Violation } from "./template.js";
