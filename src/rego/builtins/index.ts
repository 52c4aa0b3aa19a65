/** The built-in functions of Rego: one table of declarations and implementations. */
import type { Builtin } from "./builtin.js";
import { COLLECTIONS } from "./collections.js";
import { KINDS } from "./kinds.js";
import { NUMBERS } from "./numbers.js";
import { OBJECTS } from "./objects.js";
import { OUTPUT } from "./output.js";
import { STRINGS } from "./strings.js";

export {
  type Builtin,
  type BuiltinContext,
  BuiltinError,
  type BuiltinErrorCode,
  callBuiltin,
  type Implementation,
  namedError,
  plainContext,
} from "./builtin.js";
export type { ArrayDecl, FunctionDecl, ObjectDecl, SetDecl, TypeDecl, UnionDecl } from "./decl.js";

const FAMILIES: readonly (readonly Builtin[])[] = [NUMBERS, COLLECTIONS, KINDS, OBJECTS, STRINGS, OUTPUT];

/** Every built-in function by name, also the refused ones. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(FAMILIES.flat().map((entry) => [entry.name, entry]));
