/**
 * A schema document made into a schema: extensions merged, roots found, and every definition checked. The first mistake
 * is the error, in the order in which OPA's parser looks for them.
 */
import { quoteGo } from "../../value/index.js";
import { GraphqlError } from "./lexer.js";
import {
  type ArgumentDefinition,
  blank,
  type Definition,
  type Directive,
  type DirectiveDefinition,
  type FieldDefinition,
  isCompatible,
  KIND,
  type OperationTypeDefinition,
  type Position,
  type SchemaDocument,
  type TypeRef,
  typeNameOf,
  typeText,
} from "./nodes.js";
import { parseSchema } from "./parse-schema.js";
import { PRELUDE } from "./prelude.js";

export interface Schema {
  readonly types: Map<string, Definition>;
  readonly directives: Map<string, DirectiveDefinition>;
  readonly possibleTypes: Map<string, Definition[]>;
  readonly roots: Map<string, Definition>;
}

const INPUT_KINDS = ["SCALAR", "ENUM", "INPUT_OBJECT"];
const OUTPUT_KINDS = ["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM"];
/** Directives that a schema may declare once more. */
const BUILTIN_DIRECTIVES = new Set(["include", "skip", "deprecated", "specifiedBy", "defer", "oneOf"]);

export function isInput(definition: Definition): boolean {
  return INPUT_KINDS.includes(definition.Kind);
}

export function isLeaf(definition: Definition): boolean {
  return definition.Kind === "ENUM" || definition.Kind === "SCALAR";
}

export function isComposite(definition: Definition): boolean {
  return ["OBJECT", "INTERFACE", "UNION"].includes(definition.Kind);
}

/**
 * Takes the document over: its definitions are merged with their extensions in place.
 * @throws GraphqlError with the first mistake
 */
export function buildSchema(document: SchemaDocument): Schema {
  const prelude = parseSchema(PRELUDE);
  for (const definition of prelude.Definitions) definition.BuiltIn = true;
  const schema: Schema = { types: new Map(), directives: new Map(), possibleTypes: new Map(), roots: new Map() };
  addTypes(schema, [...prelude.Definitions, ...document.Definitions], document.Extensions);
  addDirectives(schema, [...prelude.Directives, ...document.Directives]);
  const second = document.Schema[1];
  if (second !== undefined) {
    throw fail(second.position, "Cannot have multiple schema entry points, consider schema extensions instead.");
  }
  for (const definition of [...document.Schema, ...document.SchemaExtension]) {
    addRoots(schema, definition.OperationTypes);
    checkDirectives(schema, definition.Directives, "SCHEMA", undefined, true);
  }
  checkInputCycles(schema);
  for (const name of [...schema.types.keys()].sort()) checkDefinition(schema, schema.types.get(name) as Definition);
  for (const name of [...schema.directives.keys()].sort()) {
    const directive = schema.directives.get(name) as DirectiveDefinition;
    checkName(directive.position, directive.Name);
    checkArguments(schema, directive.Arguments, directive.Name);
  }
  if (document.Schema.length === 0) inferRoots(schema);
  addIntrospection(schema.roots.get("query"));
  return schema;
}

function fail(position: Position | undefined, message: string): GraphqlError {
  return new GraphqlError(message, position);
}

function addTypes(schema: Schema, definitions: readonly Definition[], extensions: readonly Definition[]): void {
  for (const definition of definitions) {
    if (schema.types.has(definition.Name)) {
      throw fail(definition.position, `Cannot redeclare type ${definition.Name}.`);
    }
    schema.types.set(definition.Name, definition);
  }
  for (const extension of extensions) extend(schema, extension);
  for (const definition of schema.types.values()) {
    const { Kind, Name } = definition;
    for (const name of definition.Interfaces) addPossible(schema, name, definition);
    if (Kind === "UNION") {
      for (const name of definition.Types) {
        const member = schema.types.get(name);
        if (member !== undefined) addPossible(schema, Name, member);
      }
    } else if (Kind === "OBJECT" || Kind === "INPUT_OBJECT") {
      addPossible(schema, Name, definition);
    }
  }
}

/** A type that is only ever extended exists as well. */
function extend(schema: Schema, extension: Definition): void {
  let base = schema.types.get(extension.Name);
  if (base === undefined) {
    base = { ...blank("Definition"), Kind: extension.Kind, Name: extension.Name };
    if (extension.position !== undefined) base.position = extension.position;
    schema.types.set(extension.Name, base);
  }
  if (base.Kind !== extension.Kind) {
    const kinds = `the base type is a ${base.Kind}, not ${extension.Kind}`;
    throw fail(extension.position, `Cannot extend type ${extension.Name} because ${kinds}.`);
  }
  base.Directives = [...base.Directives, ...extension.Directives];
  base.Interfaces = [...base.Interfaces, ...extension.Interfaces];
  base.Fields = [...base.Fields, ...extension.Fields];
  base.Types = [...base.Types, ...extension.Types];
  base.EnumValues = [...base.EnumValues, ...extension.EnumValues];
}

function addPossible(schema: Schema, name: string, definition: Definition): void {
  const known = schema.possibleTypes.get(name);
  if (known === undefined) schema.possibleTypes.set(name, [definition]);
  else known.push(definition);
}

function addDirectives(schema: Schema, directives: readonly DirectiveDefinition[]): void {
  for (const directive of directives) {
    if (schema.directives.has(directive.Name) && !BUILTIN_DIRECTIVES.has(directive.Name)) {
      throw fail(directive.position, `Cannot redeclare directive ${directive.Name}.`);
    }
    schema.directives.set(directive.Name, directive);
  }
}

function addRoots(schema: Schema, operations: readonly OperationTypeDefinition[]): void {
  for (const { Operation, Type, position } of operations) {
    const definition = schema.types.get(Type);
    if (definition === undefined) {
      throw fail(position, `Schema root ${Operation} refers to a type ${Type} that does not exist.`);
    }
    schema.roots.set(Operation, definition);
  }
}

function inferRoots(schema: Schema): void {
  for (const name of ["Query", "Mutation", "Subscription"]) {
    const definition = schema.types.get(name);
    const operation = name.toLowerCase();
    if (definition !== undefined && !schema.roots.has(operation)) schema.roots.set(operation, definition);
  }
}

function addIntrospection(query: Definition | undefined): void {
  if (query === undefined) return;
  const type = (NamedType: string, NonNull: boolean): TypeRef => ({ ...blank("Type"), NamedType, NonNull });
  const name: ArgumentDefinition = { ...blank("ArgumentDefinition"), Name: "name", Type: type("String", true) };
  query.Fields = [
    ...query.Fields,
    { ...blank("FieldDefinition"), Name: "__schema", Type: type("__Schema", true) },
    { ...blank("FieldDefinition"), Name: "__type", Type: type("__Type", false), Arguments: [name] },
  ];
}

function checkName(position: Position | undefined, name: string): void {
  if (name.startsWith("__")) {
    throw fail(position, `Name "${name}" must not begin with "__", which is reserved by GraphQL introspection.`);
  }
}

/** An input object must not need itself, through fields that may not be null. */
function checkInputCycles(schema: Schema): void {
  const visited = new Set<string>();
  const path: FieldDefinition[] = [];
  const starts = new Map<string, number>();
  const visit = (definition: Definition): void => {
    if (visited.has(definition.Name)) return;
    visited.add(definition.Name);
    starts.set(definition.Name, path.length);
    for (const field of definition.Fields) {
      const type = field.Type?.NonNull === true ? schema.types.get(field.Type.NamedType) : undefined;
      if (type?.Kind !== "INPUT_OBJECT") continue;
      path.push(field);
      const start = starts.get(type.Name);
      if (start !== undefined) {
        const names = path.slice(start).map(({ Name }) => Name);
        throw fail(
          path[start]?.position,
          `Cannot reference Input Object ${quoteGo(type.Name)} within itself through a series of non-null fields: ${quoteGo(names.join("."))}.`,
        );
      }
      visit(type);
      path.pop();
    }
    starts.delete(definition.Name);
  };
  for (const name of [...schema.types.keys()].sort()) {
    const definition = schema.types.get(name) as Definition;
    if (definition.Kind === "INPUT_OBJECT") visit(definition);
  }
}

function checkDefinition(schema: Schema, definition: Definition): void {
  const { Kind, Name } = definition;
  for (const field of definition.Fields) {
    checkName(field.position, field.Name);
    checkType(schema, field.Type);
    checkArguments(schema, field.Arguments, undefined);
    const location = Kind === "INPUT_OBJECT" ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION";
    checkDirectives(schema, field.Directives, location, undefined, true);
  }
  for (const name of definition.Types) {
    const member = schema.types.get(name);
    if (member === undefined) throw fail(definition.position, `Undefined type ${quoteGo(name)}.`);
    if (member.Kind !== "OBJECT") throw fail(definition.position, `${Kind} type ${quoteGo(name)} must be OBJECT.`);
  }
  for (const name of definition.Interfaces) checkImplements(schema, definition, name);
  if (Kind === "OBJECT" || Kind === "INTERFACE") checkFields(schema, definition, OUTPUT_KINDS, "one or more fields");
  if (Kind === "INPUT_OBJECT") checkFields(schema, definition, INPUT_KINDS, "one or more input fields");
  if (Kind === "ENUM") checkEnum(schema, definition);
  checkUnique(definition);
  if (!definition.BuiltIn) checkName(definition.position, Name);
  checkDirectives(schema, definition.Directives, Kind, undefined, false);
}

function checkFields(schema: Schema, definition: Definition, kinds: readonly string[], least: string): void {
  const { Kind, Name, Fields } = definition;
  if (Fields.length === 0) throw fail(definition.position, `${Kind} ${Name}: must define ${least}.`);
  for (const field of Fields) {
    const type = schema.types.get(typeNameOf(field.Type));
    if (type === undefined || kinds.includes(type.Kind)) continue;
    const subject = Kind === "INPUT_OBJECT" ? `${type.Kind} ${field.Name}` : `${Kind} ${Name}`;
    throw fail(field.position, `${subject}: field must be one of ${kinds.join(", ")}.`);
  }
}

function checkEnum(schema: Schema, { Kind, Name, EnumValues, position }: Definition): void {
  if (EnumValues.length === 0) throw fail(position, `${Kind} ${Name}: must define one or more unique enum values.`);
  for (const value of EnumValues) {
    if (["true", "false", "null"].includes(value.Name)) {
      throw fail(position, `${Kind} ${Name}: non-enum value ${value.Name}.`);
    }
    checkDirectives(schema, value.Directives, "ENUM_VALUE", undefined, true);
  }
}

function checkUnique({ Name, Fields, EnumValues, Types, position }: Definition): void {
  const field = repeated(Fields, (item) => item.Name);
  if (field !== undefined) throw fail(field.position, `Field ${Name}.${field.Name} can only be defined once.`);
  const value = repeated(EnumValues, (item) => item.Name);
  if (value !== undefined) throw fail(value.position, `Enum value ${Name}.${value.Name} can only be defined once.`);
  const member = repeated(Types, (item) => item);
  if (member !== undefined) throw fail(position, `Union type ${Name} can only include type ${member} once.`);
}

/** The second one of the first pair of items that share a name. */
function repeated<T>(items: readonly T[], nameOf: (item: T) => string): T | undefined {
  const seen = new Map<string, number>();
  let best: { readonly first: number; readonly item: T } | undefined;
  for (const [index, item] of items.entries()) {
    const first = seen.get(nameOf(item));
    if (first === undefined) seen.set(nameOf(item), index);
    else if (best === undefined || first < best.first) best = { first, item };
  }
  return best?.item;
}

function checkType(schema: Schema, type: TypeRef | undefined): void {
  const name = typeNameOf(type);
  if (!schema.types.has(name)) throw fail(type?.position, `Undefined type ${name}.`);
}

function checkArguments(schema: Schema, list: readonly ArgumentDefinition[], within: string | undefined): void {
  for (const argument of list) {
    checkName(argument.position, argument.Name);
    checkType(schema, argument.Type);
    const type = schema.types.get(typeNameOf(argument.Type));
    if (type !== undefined && argument.Type !== undefined && !isInput(type)) {
      throw fail(
        argument.position,
        `cannot use ${typeText(argument.Type)} as argument ${argument.Name} because ${type.Kind} is not a valid input type`,
      );
    }
    checkDirectives(schema, argument.Directives, "ARGUMENT_DEFINITION", within, true);
  }
}

function checkDirectives(
  schema: Schema,
  list: readonly Directive[],
  location: string,
  within: string | undefined,
  once: boolean,
): void {
  const seen = new Set<string>();
  for (const directive of list) {
    const { Name, position } = directive;
    checkName(position, Name);
    if (Name === within) throw fail(position, `Directive ${Name} cannot refer to itself.`);
    const definition = schema.directives.get(Name);
    if (definition === undefined) throw fail(position, `Undefined directive ${Name}.`);
    if (once && seen.has(Name) && !definition.IsRepeatable) {
      throw fail(position, `The directive ${Name} can only be used once at this location.`);
    }
    seen.add(Name);
    if (!definition.Locations.includes(location)) {
      throw fail(position, `Directive ${Name} is not applicable on ${location}.`);
    }
    checkDirectiveArguments(directive, definition);
  }
}

function checkDirectiveArguments(directive: Directive, definition: DirectiveDefinition): void {
  for (const argument of directive.Arguments) {
    if (!definition.Arguments.some(({ Name }) => Name === argument.Name)) {
      throw fail(argument.position, `Undefined argument ${argument.Name} for directive ${directive.Name}.`);
    }
  }
  for (const wanted of definition.Arguments) {
    if (wanted.Type?.NonNull !== true || wanted.DefaultValue !== undefined) continue;
    const given = directive.Arguments.find(({ Name }) => Name === wanted.Name);
    if (given?.Value === undefined || given.Value.Kind === KIND.null) {
      throw fail(directive.position, `Argument ${wanted.Name} for directive ${directive.Name} cannot be null.`);
    }
  }
}

function checkImplements(schema: Schema, definition: Definition, name: string): void {
  const wanted = schema.types.get(name);
  if (wanted === undefined) throw fail(definition.position, `Undefined type ${quoteGo(name)}.`);
  if (wanted.Kind !== "INTERFACE") {
    throw fail(definition.position, `${quoteGo(name)} is a non interface type ${wanted.Kind}.`);
  }
  const purpose = `For ${definition.Name} to implement ${name}`;
  for (const required of wanted.Fields) {
    const field = definition.Fields.find(({ Name }) => Name === required.Name);
    if (field === undefined)
      throw fail(definition.position, `${purpose} it must have a field called ${required.Name}.`);
    if (required.Type !== undefined && (field.Type === undefined || !isCovariant(schema, required.Type, field.Type))) {
      throw fail(field.position, `${purpose} the field ${required.Name} must have type ${typeText(required.Type)}.`);
    }
    checkImplementedArguments(purpose, required, field);
  }
  for (const ancestor of wanted.Interfaces) {
    if (definition.Interfaces.includes(ancestor)) continue;
    throw fail(
      definition.position,
      ancestor === definition.Name
        ? `Type ${ancestor} cannot implement ${name} because it would create a circular reference.`
        : `Type ${definition.Name} must implement ${ancestor} because it is implemented by ${name}.`,
    );
  }
}

function checkImplementedArguments(purpose: string, required: FieldDefinition, field: FieldDefinition): void {
  for (const argument of required.Arguments) {
    const found = field.Arguments.find(({ Name }) => Name === argument.Name);
    const same = `${purpose} the field ${required.Name} must have the same arguments but`;
    if (found === undefined) throw fail(field.position, `${same} it is missing ${argument.Name}.`);
    if (argument.Type !== undefined && (found.Type === undefined || !isCompatible(argument.Type, found.Type))) {
      throw fail(found.position, `${same} ${argument.Name} has the wrong type.`);
    }
  }
  for (const argument of field.Arguments) {
    const known = required.Arguments.some(({ Name }) => Name === argument.Name);
    if (known || argument.Type?.NonNull !== true || argument.DefaultValue !== undefined) continue;
    throw fail(
      argument.position,
      `${purpose} any additional arguments on ${field.Name} must be optional or have a default value but ${argument.Name} is required.`,
    );
  }
}

function isCovariant(schema: Schema, required: TypeRef, actual: TypeRef): boolean {
  if (required.NonNull && !actual.NonNull) return false;
  if (required.NamedType !== "") {
    if (required.NamedType === actual.NamedType) return true;
    return (schema.possibleTypes.get(required.NamedType) ?? []).some(({ Name }) => Name === actual.NamedType);
  }
  if (required.Elem === undefined || actual.Elem === undefined) return required.Elem === actual.Elem;
  return isCovariant(schema, required.Elem, actual.Elem);
}
