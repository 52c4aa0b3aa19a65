/**
 * Expansion: what a controller will make of an object (the pods of a Deployment), held against the constraints before it
 * exists. Mutators, which would change what is made, are refused: a verdict on an object that never comes says nothing.
 */
import { RingfenceError } from "../diagnostics/index.js";
import type { Json, JsonObject } from "../documents/index.js";
import { at, isObject, list, mapping, shape, text, texts } from "./fields.js";
import { groupVersionKind } from "./review.js";

export interface Expansion {
  readonly name: string;
  readonly applyTo: readonly {
    readonly groups: readonly string[];
    readonly versions: readonly string[];
    readonly kinds: readonly string[];
  }[];
  readonly source: readonly string[];
  readonly generated: { readonly group: string; readonly version: string; readonly kind: string };
  /** Takes the place of the constraints' own; empty when it doesn't. */
  readonly action: string;
}

export interface Expanded {
  readonly object: JsonObject;
  readonly expansion: Expansion;
}

const MUTATORS = ["Assign", "AssignMetadata", "ModifySet", "AssignImage"];
/** Of expansions of expansions; a longer chain is a circle. */
const MAX_DEPTH = 30;

/**
 * The expansion templates among documents.
 * @throws RingfenceError for one of the wrong form, and for mutators beside one
 */
export function expansionsOf(documents: readonly Json[]): readonly Expansion[] {
  const found = documents.filter((document) => isKind(document, "expansion.gatekeeper.sh", ["ExpansionTemplate"]));
  const mutator = documents.find((document) => isKind(document, "mutations.gatekeeper.sh", MUTATORS));
  if (found.length > 0 && mutator !== undefined) {
    const name = text(at(mutator, "metadata", "name"), "metadata.name", "");
    throw new RingfenceError({
      code: "GATEKEEPER_SHAPE",
      message: `the ${String(at(mutator, "kind"))} \`${name}\` changes what is expanded, and mutators are not applied here`,
      hint: "run gator itself for it",
    });
  }
  return found.map(expansionOf);
}

function expansionOf(document: Json): Expansion {
  const spec = mapping(at(document, "spec"), "the expansion template's spec");
  const source = text(at(spec, "templateSource"), "spec.templateSource", "");
  const kind = text(at(spec, "generatedGVK", "kind"), "spec.generatedGVK.kind", "");
  if (source === "") throw shape("an expansion template needs spec.templateSource");
  if (kind === "") throw shape("an expansion template needs spec.generatedGVK.kind");
  return {
    name: text(at(document, "metadata", "name"), "metadata.name"),
    applyTo: list(at(spec, "applyTo"), "spec.applyTo").map((entry) => ({
      groups: texts(at(entry, "groups"), "spec.applyTo[].groups"),
      versions: texts(at(entry, "versions"), "spec.applyTo[].versions"),
      kinds: texts(at(entry, "kinds"), "spec.applyTo[].kinds"),
    })),
    source: source.split("."),
    generated: {
      group: text(at(spec, "generatedGVK", "group"), "spec.generatedGVK.group", ""),
      version: text(at(spec, "generatedGVK", "version"), "spec.generatedGVK.version", ""),
      kind,
    },
    action: text(at(spec, "enforcementAction"), "spec.enforcementAction", ""),
  };
}

/**
 * Everything that an object expands to, also over several steps.
 * @throws RingfenceError when an object lacks what its template expands
 */
export function expand(object: JsonObject, expansions: readonly Expansion[], depth = 0): readonly Expanded[] {
  if (expansions.length === 0) return [];
  if (depth >= MAX_DEPTH) throw shape(`expansion goes deeper than ${MAX_DEPTH} steps`);
  const { group, version, kind } = groupVersionKind(object);
  return expansions
    .filter(({ applyTo }) =>
      applyTo.some(
        ({ groups, versions, kinds }) => groups.includes(group) && versions.includes(version) && kinds.includes(kind),
      ),
    )
    .flatMap((expansion) => {
      const made = generate(object, expansion);
      return [{ object: made, expansion }, ...expand(made, expansions, depth + 1)];
    });
}

function generate(parent: JsonObject, { source, generated, name: template }: Expansion): JsonObject {
  const found = at(parent, ...source);
  const name = text(at(parent, "metadata", "name"), "metadata.name", "");
  if (!isObject(found)) {
    throw shape(`\`${name}\` has no ${source.join(".")}, which the expansion template \`${template}\` expands`);
  }
  const { group, version, kind } = generated;
  const { namespace: _, ...own } = mapping(at(found, "metadata") ?? {}, "metadata of the expanded object");
  const namespace = at(parent, "metadata", "namespace");
  const owner = { apiVersion: at(parent, "apiVersion") ?? "", kind: at(parent, "kind") ?? "", name };
  const owners = list(at(own, "ownerReferences"), "metadata.ownerReferences");
  const isKnown = owners.some(
    (reference) =>
      at(reference, "apiVersion") === owner.apiVersion &&
      at(reference, "kind") === owner.kind &&
      at(reference, "name") === name,
  );
  return {
    ...found,
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    metadata: {
      ...own,
      ...(typeof namespace === "string" && namespace !== "" ? { namespace } : {}),
      name: `${name === "" ? "" : `${name}-`}${kind}`.toLowerCase(),
      ...(name === "" ? {} : { ownerReferences: isKnown ? owners : [...owners, { ...owner, uid: "" }] }),
    },
  };
}

function isKind(document: Json, group: string, kinds: readonly string[]): boolean {
  const apiVersion = at(document, "apiVersion");
  const kind = at(document, "kind");
  return (
    typeof apiVersion === "string" &&
    apiVersion.startsWith(`${group}/`) &&
    typeof kind === "string" &&
    kinds.includes(kind)
  );
}
