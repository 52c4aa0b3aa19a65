export { type Comparison, compare, type Finding, type Witness } from "./compare/index.js";
export type { Disclosure } from "./data.js";
export { type Difference, type Differences, diffClusters } from "./diff.js";
export { type Edge, edgesOf } from "./edges.js";
export { type Explanation, endNamed, explainConnection } from "./explain.js";
export { CHECKS, findGaps, type Gap } from "./gaps/index.js";
export { CLOSED_WORLD, Network, type NetworkModel, OPEN_WORLD } from "./layers/network/index.js";
export { layersOf } from "./reach.js";
export {
  dotReport,
  evidenceJson,
  githubReport,
  type Issue,
  issuesOf,
  jsonReport,
  junitReport,
  matrixReport,
  sarifReport,
  tableReport,
  textReport,
} from "./report/index.js";
export { type Verification, type VerifyOptions, verifyCluster } from "./verify.js";
