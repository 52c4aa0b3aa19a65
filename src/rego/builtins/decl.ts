/**
 * Declared types of built-in functions, as the type checker of the compiler reads them. Scalars are their names;
 * composites are small tagged records made by the functions below, so that a declaration reads like a signature.
 */

export type TypeDecl = "any" | "null" | "boolean" | "number" | "string" | ArrayDecl | SetDecl | ObjectDecl | UnionDecl;

export interface ArrayDecl {
  readonly kind: "array";
  /** Types of the leading elements. */
  readonly fixed: readonly TypeDecl[];
  /** Type of all further elements; without it there are none. */
  readonly rest?: TypeDecl;
}

export interface SetDecl {
  readonly kind: "set";
  readonly of: TypeDecl;
}

export interface ObjectDecl {
  readonly kind: "object";
  readonly fixed: Readonly<Record<string, TypeDecl>>;
  /** Types of all further keys and values; without it there are none. */
  readonly rest?: { readonly key: TypeDecl; readonly value: TypeDecl };
}

export interface UnionDecl {
  readonly kind: "union";
  readonly of: readonly TypeDecl[];
}

export interface FunctionDecl {
  readonly args: readonly TypeDecl[];
  /** Absent when the function has no value, as `print`. */
  readonly result?: TypeDecl;
  /** Type of any number of further arguments. */
  readonly variadic?: TypeDecl;
}

export const array = (rest: TypeDecl): ArrayDecl => ({ kind: "array", fixed: [], rest });
export const tuple = (...fixed: TypeDecl[]): ArrayDecl => ({ kind: "array", fixed });
export const set = (of: TypeDecl): SetDecl => ({ kind: "set", of });
export const oneOf = (...of: TypeDecl[]): UnionDecl => ({ kind: "union", of });
export const object = (key: TypeDecl, value: TypeDecl, fixed: Readonly<Record<string, TypeDecl>> = {}): ObjectDecl => ({
  kind: "object",
  fixed,
  rest: { key, value },
});
export const record = (fixed: Readonly<Record<string, TypeDecl>>): ObjectDecl => ({ kind: "object", fixed });

export const ANY_ARRAY: TypeDecl = array("any");
export const ANY_SET: TypeDecl = set("any");
export const ANY_OBJECT: TypeDecl = object("any", "any");
export const COLLECTION: TypeDecl = oneOf(ANY_ARRAY, ANY_SET);
