export { dotReport } from "./dot.js";
export { githubReport } from "./github.js";
export { type Issue, type IssueKind, issuesOf } from "./issue.js";
export { evidenceJson, jsonReport } from "./json.js";
export { junitReport } from "./junit.js";
export { matrixReport } from "./matrix.js";
export { sarifReport } from "./sarif.js";
export { tableReport } from "./table.js";
export { textReport } from "./text.js";
