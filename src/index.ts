/** The package's face: the stages that a program would want, without the command line. */
export { type Cluster, type ClusterReading, readCluster } from "./cluster/index.js";
export { type Problem, problemToJson, RingfenceError, type Source, type Span } from "./diagnostics/index.js";
export { draftWorkflow } from "./draft/index.js";
export { type FlowMap, MAP_FORMATS, type MapFormat, mapFlows, renderMap } from "./map/index.js";
export { derive, type Policy, type Rule } from "./policy/index.js";
export { openPolicy } from "./ringfence.js";
export { authorizationBundle, type Compilation, compile, TARGETS } from "./targets/index.js";
export { type Finding, findThreats, THREAT_RULES } from "./threats/index.js";
export { loadWorkflow, type Workflow, workflowJsonSchema } from "./workflow/index.js";
