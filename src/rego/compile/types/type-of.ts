/** Types of declarations and of constants. */
import type { TypeDecl } from "../../builtins/index.js";
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  jsonKey,
  objectEntries,
  objectFrom,
  type Value,
} from "../../value/index.js";
import { ANY, arrayType, objectType, setType, type Type } from "./model.js";
import { orAll } from "./union.js";

const declared = new WeakMap<object, Type>();

/** The type that a built-in's declaration means. */
export function typeOfDeclaration(declaration: TypeDecl): Type {
  if (declaration === "any") return ANY;
  if (typeof declaration === "string") return declaration;
  const known = declared.get(declaration);
  if (known !== undefined) return known;
  const type = convert(declaration);
  declared.set(declaration, type);
  return type;
}

function convert(declaration: Exclude<TypeDecl, string>): Type {
  switch (declaration.kind) {
    case "array":
      return arrayType(
        declaration.fixed.map(typeOfDeclaration),
        declaration.rest === undefined ? undefined : typeOfDeclaration(declaration.rest),
      );
    case "set":
      return setType(typeOfDeclaration(declaration.of));
    case "object": {
      const { fixed, rest } = declaration;
      return objectType(
        Object.entries(fixed).map(([key, type]) => ({ key, type: typeOfDeclaration(type) })),
        rest === undefined ? undefined : { key: typeOfDeclaration(rest.key), value: typeOfDeclaration(rest.value) },
      );
    }
    case "union":
      return orAll(declaration.of.map(typeOfDeclaration)) ?? ANY;
  }
}

export function typeOfValue(value: Value): Type {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (isNumber(value)) return "number";
  if (isArray(value)) return arrayType(value.map(typeOfValue));
  if (isSet(value)) return setType(orAll(value.sorted().map(typeOfValue)));
  if (!isObject(value)) return ANY;
  return objectType(objectEntries(value).map(([key, member]) => ({ key: asJson(key), type: typeOfValue(member) })));
}

/** A constant key as JSON holds it: sets are arrays, and keys of objects are texts. */
export function asJson(value: Value): Value {
  if (isArray(value)) return value.map(asJson);
  if (isSet(value)) return value.sorted().map(asJson);
  if (!isObject(value)) return value;
  return objectFrom(objectEntries(value).map(([key, member]) => [jsonKey(key), asJson(member)] as const));
}
