/** The objects that templates read as `data.inventory`, and the namespaces that constraints select by. */
import type { Json, JsonObject } from "../documents/index.js";
import { at, mapping, text } from "./fields.js";

export interface Inventory {
  /** `cluster.<groupVersion>.<kind>.<name>` and `namespace.<namespace>.<groupVersion>.<kind>.<name>` */
  readonly data: JsonObject;
  findNamespace(name: string): JsonObject | undefined;
}

interface Branch {
  [key: string]: Json | Branch;
}

export function inventoryOf(documents: readonly Json[]): Inventory {
  const data: Branch = Object.create(null);
  const namespaces = new Map<string, JsonObject>();
  for (const document of documents) {
    const object = mapping(document, "an object of the inventory");
    const groupVersion = text(at(object, "apiVersion"), "apiVersion");
    const kind = text(at(object, "kind"), "kind");
    const name = text(at(object, "metadata", "name"), "metadata.name");
    const namespace = text(at(object, "metadata", "namespace"), "metadata.namespace", "");
    const scope = namespace === "" ? ["cluster"] : ["namespace", namespace];
    let branch = data;
    for (const key of [...scope, groupVersion, kind]) {
      branch[key] ??= Object.create(null) as Branch;
      branch = branch[key] as Branch;
    }
    branch[name] = object;
    if (kind === "Namespace" && groupVersion === "v1") namespaces.set(name, object);
  }
  return { data: data as JsonObject, findNamespace: (name) => namespaces.get(name) };
}
