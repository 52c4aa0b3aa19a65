/** Manifests, templates and constraints in one heap: every object is held against every constraint, as `gator test` does. */
import type { Json, JsonObject } from "../documents/index.js";
import { type Enforcement, enforcementOf } from "./enforcement.js";
import { expand, expansionsOf } from "./expansion.js";
import { at, isObject, mapping, shape, text } from "./fields.js";
import { type Inventory, inventoryOf } from "./inventory.js";
import { matches } from "./match.js";
import { type Review, reviewOf } from "./review.js";
import { readTemplate, type Template } from "./template.js";

export interface Finding {
  readonly constraint: JsonObject;
  /** `deny`, `warn`, `dryrun`, `scoped`, or what an expansion says instead. */
  readonly action: string;
  /** Of a `scoped` constraint: what it asks for where gator is the enforcement point. */
  readonly scopedActions: readonly string[];
  readonly message: string;
  readonly details?: unknown;
  /** The object that was given, also when what it expands to is at fault. */
  readonly object: JsonObject;
}

export interface Audit {
  /** Sorted by action, then message. */
  readonly findings: readonly Finding[];
  /** Constraints whose template has no Rego, each with the reason; nothing is known of them. */
  readonly notRun: readonly { readonly constraint: string; readonly reason: string }[];
  readonly constraints: number;
  readonly objects: number;
}

interface Enforced extends Enforcement {
  readonly constraint: JsonObject;
  readonly template: Template;
}

/**
 * Holds all objects against all constraints. Of templates and constraints with one name, the last counts.
 * @throws RingfenceError or RegoError, after which nothing is known
 */
export function audit(documents: readonly Json[]): Audit {
  const objects = documents.map((document) => mapping(document, "a document"));
  const templates = new Map(
    objects.filter(isTemplate).map((object) => {
      const template = readTemplate(object);
      return [template.kind, template] as const;
    }),
  );
  const constraints = new Map(objects.filter(isConstraint).map((object) => [nameOf(object), object] as const));
  const enforced = [...constraints.values()].flatMap((constraint) => enforcedOf(constraint, templates));
  const expansions = expansionsOf(objects);
  const inventory = withDefaultNamespace(inventoryOf(objects.filter((object) => !isRequest(object))));
  const findings = objects.flatMap((object) => [
    ...reviewed(object, reviewOf(object), enforced, inventory),
    ...expand(isRequest(object) ? {} : object, isRequest(object) ? [] : expansions).flatMap(
      ({ object: made, expansion }) => {
        const review: Review = { ...reviewOf(made), source: "Generated" };
        return reviewed(object, review, enforced, inventory).map((finding) => ({
          ...finding,
          message: `[Implied by ${expansion.name}] ${finding.message}`,
          ...(expansion.action === "" ? {} : { action: expansion.action }),
        }));
      },
    ),
  ]);
  return {
    findings: findings.sort((a, b) => order(a.action, b.action) || order(a.message, b.message)),
    notRun: enforced.flatMap(({ constraint, template }) =>
      template.run === undefined ? [{ constraint: nameOf(constraint), reason: template.notRun ?? "" }] : [],
    ),
    constraints: constraints.size,
    objects: objects.length,
  };
}

/** Whether a finding keeps an object out. */
export function isDenied({ action, scopedActions }: Finding): boolean {
  return action === "deny" || scopedActions.includes("deny");
}

function reviewed(
  object: JsonObject,
  review: Review,
  enforced: readonly Enforced[],
  { data, findNamespace }: Inventory,
): Finding[] {
  return enforced.flatMap(({ constraint, template, action, scopedActions }) => {
    if (template.run === undefined || !matches(constraint, review, findNamespace, true)) return [];
    const parameters = at(constraint, "spec", "parameters") ?? {};
    return template.run.violations({ review: review.request, parameters }, data).map(
      ({ message, details }): Finding => ({
        constraint,
        action,
        scopedActions,
        message,
        object,
        ...(details === undefined ? {} : { details }),
      }),
    );
  });
}

/** Nothing when the constraint is enforced elsewhere only. */
function enforcedOf(constraint: JsonObject, templates: ReadonlyMap<string, Template>): Enforced[] {
  const kind = text(at(constraint, "kind"), "the constraint's kind");
  const template = templates.get(kind);
  if (template === undefined) throw shape(`there is no template for the constraint ${nameOf(constraint)}`);
  const enforcement = enforcementOf(constraint);
  return enforcement === undefined ? [] : [{ constraint, template, ...enforcement }];
}

/** Every cluster has the namespace `default`, labels and all that are not known aside. */
function withDefaultNamespace({ data, findNamespace }: Inventory): Inventory {
  return {
    data,
    findNamespace: (name) => findNamespace(name) ?? (name === "default" ? { metadata: { name } } : undefined),
  };
}

/** A request is reviewed as one, and is no object of a cluster. */
function isRequest(object: JsonObject): boolean {
  return at(object, "kind") === "AdmissionReview" && groupOf(object) === "admission.k8s.io";
}

function isTemplate(object: JsonObject): boolean {
  return at(object, "kind") === "ConstraintTemplate" && groupOf(object) === "templates.gatekeeper.sh";
}

function isConstraint(object: JsonObject): boolean {
  return groupOf(object) === "constraints.gatekeeper.sh";
}

function groupOf(object: JsonObject): string {
  const apiVersion = at(object, "apiVersion");
  return typeof apiVersion === "string" && isObject(object) ? (apiVersion.split("/")[0] ?? "") : "";
}

function nameOf(constraint: JsonObject): string {
  return `${String(at(constraint, "kind"))}/${text(at(constraint, "metadata", "name"), "metadata.name")}`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
