export { type Capability, type CapabilityTable, FEATURES, type Feature, LAYERS, type Layer } from "./capability.js";
export { type Compilation, type CompiledFile, type CompileOptions, compile, textOf } from "./compile.js";
export type {
  BoundaryControls,
  Controls,
  LayerControls,
  ObjectReference,
  RuleControls,
  ZoneControls,
} from "./controls.js";
export { controlsSummary } from "./controls-page.js";
export { LABELS } from "./names.js";
export { type KubeObject, titleOf } from "./object.js";
export { authorizationBundle } from "./opa/index.js";
export { regoProblems } from "./opa/rego-problems.js";
export { TARGETS } from "./registry.js";
export type { Artifact, Holding, ManifestArtifact, PatchArtifact, Target, TextArtifact } from "./target.js";
