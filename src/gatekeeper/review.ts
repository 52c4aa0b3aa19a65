/** What a template sees as `input.review`: an AdmissionRequest, given whole or made around a plain object. */
import type { Json, JsonObject } from "../documents/index.js";
import { at, isObject, mapping, shape, text } from "./fields.js";

export interface Review {
  readonly request: JsonObject;
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
  /** where the object came from: the request itself, or the expansion of another object */
  readonly source: "Original" | "Generated";
}

export function groupVersionKind(object: JsonObject): { group: string; version: string; kind: string } {
  const apiVersion = text(at(object, "apiVersion"), "apiVersion");
  const slash = apiVersion.indexOf("/");
  return {
    group: slash === -1 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: text(at(object, "kind"), "kind"),
  };
}

/**
 * @param document an AdmissionReview of `admission.k8s.io` or any other object
 * @throws RingfenceError GATEKEEPER_SHAPE
 */
export function reviewOf(document: Json): Review {
  const object = mapping(document, "the object under review");
  const { group, version, kind } = groupVersionKind(object);
  if (kind === "AdmissionReview" && group === "admission.k8s.io") return fromRequest(at(object, "request"));
  const request: JsonObject = {
    uid: "",
    kind: { group, version, kind },
    resource: { group: "", version: "", resource: "" },
    name: text(at(object, "metadata", "name"), "metadata.name", ""),
    namespace: text(at(object, "metadata", "namespace"), "metadata.namespace", ""),
    operation: "",
    userInfo: {},
    object,
    oldObject: null,
    options: null,
  };
  return { request, object, oldObject: undefined, source: "Original" };
}

function fromRequest(value: Json | undefined): Review {
  const given = mapping(value, "request");
  const oldObject = at(given, "oldObject");
  const isDelete = at(given, "operation") === "DELETE";
  if (isDelete && !isObject(oldObject)) throw shape("a DELETE request must have `oldObject`");
  // As Gatekeeper's webhook does, so that one rule serves deletions too.
  const object = isDelete ? oldObject : at(given, "object");
  if (!isObject(object) && !isObject(oldObject)) throw shape("a request must have `object` or `oldObject`");
  const kind = isObject(at(given, "kind")) ? {} : { kind: groupVersionKind(isObject(object) ? object : {}) };
  return {
    request: { ...given, ...kind, object: object ?? null },
    object: isObject(object) ? object : undefined,
    oldObject: isObject(oldObject) ? oldObject : undefined,
    source: "Original",
  };
}
