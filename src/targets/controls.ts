/**
 * Which control holds what: for each rule and each trust boundary, layer by layer, the objects that carry it or the
 * reason why the layer leaves it to another. Read from the artifacts themselves, so it cannot claim an object that is
 * not there.
 */
import type { Boundary, Policy, Rule } from "../policy/index.js";
import type { Feature, Layer } from "./capability.js";
import { demandsOf } from "./demand.js";
import { carriedBy, titleOf } from "./object.js";
import type { Artifact, Target } from "./target.js";

export interface Controls {
  readonly rules: readonly RuleControls[];
  readonly boundaries: readonly BoundaryControls[];
  readonly zones: readonly ZoneControls[];
}

/** An object in an artifact, or (without a title) the artifact as a whole. */
export interface ObjectReference {
  readonly path: string;
  /** `Kind namespace/name` */
  readonly title?: string;
}

export interface LayerControls {
  readonly layer: Layer;
  readonly target: string;
  readonly objects: readonly ObjectReference[];
}

export interface RuleControls {
  readonly rule: Rule;
  /** what the rule asks for, and which targets enforce it; `left`: why another one does not */
  readonly demands: readonly {
    readonly feature: Feature;
    readonly heldBy: readonly string[];
    readonly left: readonly { readonly target: string; readonly why: string }[];
  }[];
  readonly layers: readonly LayerControls[];
}

export interface BoundaryControls {
  readonly boundary: Boundary;
  readonly rules: readonly string[];
  /** the objects of its rules, and what stands between its sides whatever the rules */
  readonly layers: readonly LayerControls[];
}

export interface ZoneControls {
  readonly zone: string;
  readonly layers: readonly (LayerControls & { readonly holds: readonly Feature[] })[];
}

/** @param emitted the artifacts of each target that was compiled */
export function controlsOf(policy: Policy, emitted: ReadonlyMap<Target, readonly Artifact[]>): Controls {
  const byTarget = [...emitted].map(([target, artifacts]) => indexOf(target, artifacts));
  const rules = policy.rules.map((rule) => ruleControls(policy, rule, byTarget));
  return { rules, boundaries: boundaryControls(rules, byTarget), zones: zoneControls(policy, byTarget) };
}

interface TargetIndex {
  readonly target: Target;
  readonly byRule: ReadonlyMap<string, readonly ObjectReference[]>;
  readonly byZone: ReadonlyMap<string, readonly (ObjectReference & { readonly holds: readonly Feature[] })[]>;
}

function indexOf(target: Target, artifacts: readonly Artifact[]): TargetIndex {
  const byRule = new Map<string, ObjectReference[]>();
  const byZone = new Map<string, (ObjectReference & { holds: readonly Feature[] })[]>();
  for (const artifact of artifacts) {
    if (artifact.kind !== "manifests") {
      for (const rule of artifact.rules ?? []) add(byRule, rule, { path: artifact.path });
      if ((artifact.holds ?? []).length > 0) add(byZone, "", { path: artifact.path, holds: artifact.holds ?? [] });
      continue;
    }
    for (const object of artifact.objects) {
      const reference = { path: artifact.path, title: titleOf(object) };
      const { rules, holds } = carriedBy(object);
      for (const rule of rules) add(byRule, rule, reference);
      // What a person places by hand (the mesh's own settings) holds for every zone.
      const own = object.kind === "Namespace" ? object.metadata.name : (object.metadata.namespace ?? "");
      const zone = artifact.apply === false ? "" : own;
      if (holds.length > 0) add(byZone, zone, { ...reference, holds });
    }
  }
  return { target, byRule, byZone };
}

function ruleControls(policy: Policy, rule: Rule, byTarget: readonly TargetIndex[]): RuleControls {
  const demands = demandsOf(policy, rule).map(({ feature }) => {
    const heldBy: string[] = [];
    const left: { target: string; why: string }[] = [];
    for (const { target } of byTarget) {
      const holding = target.holds(policy, rule, feature);
      if (holding.level === "enforced") heldBy.push(target.name);
      else left.push({ target: target.name, why: holding.why });
    }
    return { feature, heldBy, left };
  });
  return { rule, demands, layers: byTarget.flatMap((index) => layerOf(index, index.byRule.get(rule.id) ?? [])) };
}

function layerOf({ target }: TargetIndex, objects: readonly ObjectReference[]): LayerControls[] {
  return objects.length === 0 ? [] : [{ layer: target.layer, target: target.name, objects }];
}

function boundaryControls(rules: readonly RuleControls[], byTarget: readonly TargetIndex[]): BoundaryControls[] {
  const groups = new Map<string, { boundary: Boundary; rules: RuleControls[] }>();
  for (const control of rules) {
    const { boundary } = control.rule;
    if (boundary === undefined) continue;
    const key = JSON.stringify([boundary.kind, boundary.from, boundary.to]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { boundary, rules: [control] });
    else group.rules.push(control);
  }
  return [...groups.entries()].sort(byKey).map(([, group]) => {
    const layers = byTarget.flatMap((index) => {
      const carrying = group.rules.flatMap(({ rule }) => index.byRule.get(rule.id) ?? []);
      const standing = [group.boundary.from, group.boundary.to].flatMap((zone) => index.byZone.get(zone) ?? []);
      return layerOf(index, distinct([...standing.map(withoutHolds), ...carrying]));
    });
    return { boundary: group.boundary, rules: group.rules.map(({ rule }) => rule.id), layers };
  });
}

function zoneControls(policy: Policy, byTarget: readonly TargetIndex[]): ZoneControls[] {
  return policy.zones.map(({ name }) => ({
    zone: name,
    layers: byTarget.flatMap((index) => {
      const standing = [...(index.byZone.get("") ?? []), ...(index.byZone.get(name) ?? [])];
      if (standing.length === 0) return [];
      const holds = [...new Set(standing.flatMap((object) => object.holds))].sort();
      return [{ layer: index.target.layer, target: index.target.name, objects: standing.map(withoutHolds), holds }];
    }),
  }));
}

function withoutHolds({ path, title }: ObjectReference): ObjectReference {
  return title === undefined ? { path } : { path, title };
}

function distinct(references: readonly ObjectReference[]): ObjectReference[] {
  const found = new Map(references.map((reference) => [`${reference.path}\n${reference.title ?? ""}`, reference]));
  return [...found.values()];
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function add<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
