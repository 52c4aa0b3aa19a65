/** `spec.match` of a constraint: every part that is written must hold for the object or for the one it replaces. */
import { RingfenceError } from "../diagnostics/index.js";
import type { Json, JsonObject } from "../documents/index.js";
import { at, isObject, knownKeys, list, mapping, shape, text, texts } from "./fields.js";
import { groupVersionKind, type Review } from "./review.js";

const PARTS = [
  "source",
  "kinds",
  "scope",
  "namespaces",
  "excludedNamespaces",
  "labelSelector",
  "namespaceSelector",
  "name",
];

export type FindNamespace = (name: string) => JsonObject | undefined;

/**
 * @param findNamespace the Namespace objects that are known
 * @param unnamed objects without a namespace stand in one without a name and labels, instead of in none: `gator test`
 *   cannot tell a Pod that will be put somewhere from an object of the cluster's own, and takes them all for the former
 * @throws RingfenceError for a match of the wrong form, or one that needs a namespace that isn't known
 */
export function matches(
  constraint: JsonObject,
  review: Review,
  findNamespace: FindNamespace,
  unnamed = false,
): boolean {
  const match = at(constraint, "spec", "match") ?? {};
  const parts = mapping(match, "spec.match");
  knownKeys(parts, "spec.match", PARTS);
  const candidates = [review.object, review.oldObject].filter((object) => object !== undefined);
  // No short cut: a part of the wrong form is an error for every object.
  return candidates
    .map((object) => matchesObject(parts, object, review, findNamespace, unnamed))
    .some((holds) => holds);
}

function matchesObject(
  parts: JsonObject,
  object: JsonObject,
  review: Review,
  findNamespace: FindNamespace,
  unnamed: boolean,
): boolean {
  const { group, kind } = groupVersionKind(object);
  const isNamespace = kind === "Namespace" && group === "";
  const name = text(at(object, "metadata", "name"), "metadata.name", "");
  const own = text(at(object, "metadata", "namespace"), "metadata.namespace", "");
  const namespace = isNamespace ? name : own || text(at(review.request, "namespace"), "request.namespace", "");
  const inNone = namespace === "" && !unnamed;
  const generateName = text(at(object, "metadata", "generateName"), "metadata.generateName", "");
  // Objects of the cluster's own belong to no namespace, and lists of namespaces don't speak of them.
  return [
    matchesSource(at(parts, "source"), review.source),
    matchesKinds(at(parts, "kinds"), group, kind),
    matchesScope(at(parts, "scope"), isNamespace || inNone),
    inNone || matchesNamespaces(at(parts, "namespaces"), namespace),
    inNone || !isExcluded(at(parts, "excludedNamespaces"), namespace),
    matchesName(at(parts, "name"), name, generateName),
    matchesSelector(at(parts, "labelSelector"), at(object, "metadata", "labels"), "labelSelector"),
    () =>
      (inNone && !isNamespace) ||
      matchesNamespaceLabels(at(parts, "namespaceSelector"), isNamespace, object, namespace, findNamespace),
  ].every((part) => (typeof part === "function" ? part() : part));
}

function matchesSource(value: Json | undefined, source: Review["source"]): boolean {
  const wanted = text(value, "spec.match.source", "All") || "All";
  if (!["All", "Original", "Generated"].includes(wanted))
    throw shape("spec.match.source is All, Original or Generated");
  return wanted === "All" || wanted === source;
}

function matchesKinds(value: Json | undefined, group: string, kind: string): boolean {
  const kinds = list(value, "spec.match.kinds");
  const includes = (names: readonly string[], name: string) =>
    names.length === 0 || names.includes("*") || names.includes(name);
  const found = kinds.map((item) => {
    const entry = mapping(item, "spec.match.kinds[]");
    knownKeys(entry, "spec.match.kinds[]", ["apiGroups", "kinds"]);
    return (
      includes(texts(at(entry, "apiGroups"), "spec.match.kinds[].apiGroups"), group) &&
      includes(texts(at(entry, "kinds"), "spec.match.kinds[].kinds"), kind)
    );
  });
  return kinds.length === 0 || found.includes(true);
}

function matchesScope(value: Json | undefined, isCluster: boolean): boolean {
  const scope = text(value, "spec.match.scope", "*") || "*";
  if (scope === "*") return true;
  if (scope === "Cluster") return isCluster;
  if (scope === "Namespaced") return !isCluster;
  throw shape("spec.match.scope is *, Cluster or Namespaced");
}

function matchesNamespaces(value: Json | undefined, namespace: string): boolean {
  const globs = texts(value, "spec.match.namespaces");
  return globs.length === 0 || globs.some((glob) => matchesGlob(glob, namespace));
}

function isExcluded(value: Json | undefined, namespace: string): boolean {
  const globs = texts(value, "spec.match.excludedNamespaces");
  return globs.some((glob) => matchesGlob(glob, namespace));
}

function matchesName(value: Json | undefined, name: string, generateName: string): boolean {
  const glob = text(value, "spec.match.name", "");
  if (glob === "" || matchesGlob(glob, name)) return true;
  // The server will add random letters: only a glob with an open end can be sure of them.
  return generateName !== "" && glob.endsWith("*") && matchesGlob(glob, generateName);
}

/** `*` counts at either end only. */
function matchesGlob(glob: string, name: string): boolean {
  const open = glob.startsWith("*");
  const body = glob.slice(open ? 1 : 0);
  if (body.endsWith("*")) {
    const middle = body.slice(0, -1);
    return open ? name.includes(middle) : name.startsWith(middle);
  }
  return open ? name.endsWith(body) : name === body;
}

function matchesNamespaceLabels(
  selector: Json | undefined,
  isNamespace: boolean,
  object: JsonObject,
  namespace: string,
  findNamespace: FindNamespace,
): boolean {
  if (selector === undefined || selector === null) return true;
  const found = isNamespace ? object : namespace === "" ? {} : findNamespace(namespace);
  if (found === undefined) {
    throw new RingfenceError({
      code: "GATEKEEPER_NAMESPACE",
      message: `the labels of namespace \`${namespace}\` are not known, and \`namespaceSelector\` asks for them`,
      hint: "add the Namespace to the inventory",
    });
  }
  return matchesSelector(selector, at(found, "metadata", "labels"), "namespaceSelector");
}

function matchesSelector(value: Json | undefined, labels: Json | undefined, field: string): boolean {
  if (value === undefined || value === null) return true;
  const selector = mapping(value, `spec.match.${field}`);
  knownKeys(selector, `spec.match.${field}`, ["matchLabels", "matchExpressions"]);
  const label = (key: string): string | undefined => {
    const found = isObject(labels) ? at(labels, key) : undefined;
    return typeof found === "string" ? found : undefined;
  };
  const wanted = at(selector, "matchLabels") ?? {};
  const equalities = Object.entries(mapping(wanted, "matchLabels")).map(
    ([key, item]) => label(key) === text(item, `matchLabels.${key}`),
  );
  const expressions = list(at(selector, "matchExpressions"), "matchExpressions").map((item) => {
    const key = text(at(item, "key"), "matchExpressions[].key");
    const values = texts(at(item, "values"), "matchExpressions[].values");
    const found = label(key);
    switch (at(item, "operator")) {
      case "In":
        return found !== undefined && values.includes(found);
      case "NotIn":
        return found === undefined || !values.includes(found);
      case "Exists":
        return found !== undefined;
      case "DoesNotExist":
        return found === undefined;
      default:
        throw shape("matchExpressions[].operator is In, NotIn, Exists or DoesNotExist");
    }
  });
  return [...equalities, ...expressions].every((holds) => holds);
}
