/** The built-in functions of Rego: one table of declarations and implementations. */

import { AWS } from "./aws.js";
import type { Builtin } from "./builtin.js";
import { CIDR } from "./cidr.js";
import { COLLECTIONS } from "./collections.js";
import { ENCODING } from "./encoding.js";
import { GLOB } from "./glob.js";
import { GRAPHQL } from "./graphql/index.js";
import { HASHES } from "./hashes.js";
import { JSON_EDIT } from "./json-edit.js";
import { JSON_SCHEMA } from "./json-schema/index.js";
import { JWT } from "./jwt.js";
import { KINDS } from "./kinds.js";
import { METADATA } from "./metadata.js";
import { NUMBERS } from "./numbers.js";
import { OBJECTS } from "./objects.js";
import { OUTPUT } from "./output.js";
import { REFUSED } from "./refused.js";
import { REGEX } from "./regex.js";
import { STRINGS } from "./strings.js";
import { TEMPLATES } from "./templates.js";
import { TIME } from "./time.js";
import { URIS } from "./uris.js";
import { VERSIONS } from "./versions.js";
import { X509 } from "./x509/index.js";

export {
  type Builtin,
  type BuiltinContext,
  BuiltinError,
  callBuiltin,
  namedError,
  plainContext,
} from "./builtin.js";
export type { TypeDecl } from "./decl.js";

const FAMILIES: readonly (readonly Builtin[])[] = [
  NUMBERS,
  COLLECTIONS,
  KINDS,
  OBJECTS,
  STRINGS,
  OUTPUT,
  ENCODING,
  JSON_EDIT,
  REGEX,
  GLOB,
  CIDR,
  TIME,
  VERSIONS,
  HASHES,
  JWT,
  URIS,
  GRAPHQL,
  JSON_SCHEMA,
  AWS,
  TEMPLATES,
  X509,
  METADATA,
  REFUSED,
];

/** Every built-in function by name, also the refused ones. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(FAMILIES.flat().map((entry) => [entry.name, entry]));
