/**
 * Rego: parse, check, compile and evaluate policies in process. Self-contained: nothing here knows of the rest of the
 * project.
 */
export { BUILTINS, type Builtin, BuiltinError, callBuiltin, plainContext } from "./builtins/index.js";
export {
  ARCHIVE_LIMITS,
  type ArchiveLimits,
  type Bundle,
  type BundleFile,
  type BundleOptions,
  mergeBundles,
  readArchive,
  readBundle,
  type Verification,
} from "./bundle/index.js";
export type { Dependencies, DependencyPath } from "./compile/dependencies.js";
export type * from "./compile/normal-form.js";
export { type RegoCode, RegoError, type RegoLocation, type RegoProblem, renderProblem } from "./error.js";
export type { CoverageReport, FileCoverage, LineRange } from "./eval/coverage.js";
export { type ExplainMode, type Explanation, renderExplanation, type TraceEvent } from "./eval/explain.js";
export { DEFAULT_LIMITS, type Limits } from "./eval/session.js";
export { type FormatOptions, format } from "./format/index.js";
export {
  type Binding,
  type CoveredPolicy,
  compile,
  type EvaluateOptions,
  type ExplainedPolicy,
  type HostFunction,
  type ModuleText,
  type Policy,
  type PolicyOptions,
  type Query,
  type QueryOptions,
  type RuleReader,
} from "./policy.js";
export type { Module, RegoVersion } from "./syntax/ast.js";
export { type ParseOptions, parseModule as parse, parseQuery, parseTermText } from "./syntax/parse-module.js";
export {
  compare,
  equal,
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  lookup,
  Num,
  RegoObject,
  RegoSet,
  readJson,
  readYaml,
  toJson,
  type Value,
  writeJson,
} from "./value/index.js";
