export { CI_PATHS, CI_SYSTEMS, type CiSystem, ciTemplate } from "./ci-template.js";
export { workflowJsonSchema } from "./json-schema.js";
export { loadWorkflow } from "./load.js";
export { isHttp, METHODS, type Method, type Operation, PROTOCOLS, type Protocol } from "./operation.js";
export { matchesPath, type PathPattern, parsePathPattern, type Segment } from "./path-pattern.js";
export { workflowTemplate } from "./template.js";
export * from "./workflow.js";
