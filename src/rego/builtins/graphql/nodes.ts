/**
 * GraphQL documents in the shape that policies see. Fields with capitals are part of that shape (names and zero values
 * are those of OPA's results); fields in lower case are links that parsing and validation need and nobody sees.
 */
import {
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  objectEntries,
  objectGet,
  RegoObject,
  toSafeInteger,
  type Value,
} from "../../value/index.js";

/** 1-based; columns count characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Node {
  position?: Position;
}

export interface CommentGroup {
  List: { Value: string }[];
}

/** Kinds of values, numbered as policies see them. */
export const KIND = {
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
} as const;

export interface TypeRef extends Node {
  NamedType: string;
  Elem?: TypeRef | undefined;
  NonNull: boolean;
}

export interface ValueNode extends Node {
  Raw: string;
  Children: ChildValue[];
  Kind: number;
  Comment?: CommentGroup | undefined;
  ExpectedTypeHasDefault: boolean;
  definition?: Definition | undefined;
  variable?: VariableDefinition | undefined;
  expectedType?: TypeRef | undefined;
  expectedDefault?: boolean;
}

export interface ChildValue extends Node {
  Name: string;
  Value?: ValueNode | undefined;
  Comment?: CommentGroup | undefined;
}

export interface Argument extends Node {
  Name: string;
  Value?: ValueNode | undefined;
  Comment?: CommentGroup | undefined;
}

export interface Directive extends Node {
  Name: string;
  Arguments: Argument[];
  Location: string;
  definition?: DirectiveDefinition | undefined;
}

export interface Field extends Node {
  Alias: string;
  Name: string;
  Arguments: Argument[];
  Directives: Directive[];
  SelectionSet: Selection[];
  Comment?: CommentGroup | undefined;
  definition?: FieldDefinition | undefined;
  parent?: Definition | undefined;
  kind: "field";
}

export interface FragmentSpread extends Node {
  Name: string;
  Directives: Directive[];
  Comment?: CommentGroup | undefined;
  definition?: FragmentDefinition | undefined;
  parent?: Definition | undefined;
  kind: "spread";
}

export interface InlineFragment extends Node {
  TypeCondition: string;
  Directives: Directive[];
  SelectionSet: Selection[];
  Comment?: CommentGroup | undefined;
  parent?: Definition | undefined;
  kind: "inline";
}

export type Selection = Field | FragmentSpread | InlineFragment;

export interface VariableDefinition extends Node {
  Variable: string;
  Type?: TypeRef | undefined;
  DefaultValue?: ValueNode | undefined;
  Directives: Directive[];
  Comment?: CommentGroup | undefined;
  Used: boolean;
  definition?: Definition | undefined;
  used?: boolean;
}

export interface OperationDefinition extends Node {
  Operation: string;
  Name: string;
  VariableDefinitions: VariableDefinition[];
  Directives: Directive[];
  SelectionSet: Selection[];
  Comment?: CommentGroup | undefined;
}

export interface FragmentDefinition extends Node {
  Name: string;
  VariableDefinition: VariableDefinition[];
  TypeCondition: string;
  Directives: Directive[];
  SelectionSet: Selection[];
  Comment?: CommentGroup | undefined;
  definition?: Definition | undefined;
}

export interface QueryDocument {
  Operations: OperationDefinition[];
  Fragments: FragmentDefinition[];
  Comment?: CommentGroup | undefined;
}

export interface Described extends Node {
  Description: string;
  BeforeDescriptionComment?: CommentGroup | undefined;
  AfterDescriptionComment?: CommentGroup | undefined;
}

export interface ArgumentDefinition extends Described {
  Name: string;
  DefaultValue?: ValueNode | undefined;
  Type?: TypeRef | undefined;
  Directives: Directive[];
}

export interface FieldDefinition extends ArgumentDefinition {
  Arguments: ArgumentDefinition[];
}

export interface EnumValueDefinition extends Described {
  Name: string;
  Directives: Directive[];
}

export interface Definition extends Described {
  Kind: string;
  Name: string;
  Directives: Directive[];
  Interfaces: string[];
  Fields: FieldDefinition[];
  Types: string[];
  EnumValues: EnumValueDefinition[];
  BuiltIn: boolean;
  EndOfDefinitionComment?: CommentGroup | undefined;
}

export interface DirectiveDefinition extends Described {
  Name: string;
  Arguments: ArgumentDefinition[];
  Locations: string[];
  IsRepeatable: boolean;
}

export interface OperationTypeDefinition extends Node {
  Operation: string;
  Type: string;
  Comment?: CommentGroup | undefined;
}

export interface SchemaDefinition extends Described {
  Directives: Directive[];
  OperationTypes: OperationTypeDefinition[];
  EndOfDefinitionComment?: CommentGroup | undefined;
}

export interface SchemaDocument {
  Schema: SchemaDefinition[];
  SchemaExtension: SchemaDefinition[];
  Directives: DirectiveDefinition[];
  Definitions: Definition[];
  Extensions: Definition[];
  Comment?: CommentGroup | undefined;
}

interface Shapes {
  QueryDocument: QueryDocument;
  SchemaDocument: SchemaDocument;
  OperationDefinition: OperationDefinition;
  FragmentDefinition: FragmentDefinition;
  VariableDefinition: VariableDefinition;
  Field: Field;
  FragmentSpread: FragmentSpread;
  InlineFragment: InlineFragment;
  Argument: Argument;
  Directive: Directive;
  Value: ValueNode;
  ChildValue: ChildValue;
  Type: TypeRef;
  SchemaDefinition: SchemaDefinition;
  OperationTypeDefinition: OperationTypeDefinition;
  Definition: Definition;
  FieldDefinition: FieldDefinition;
  ArgumentDefinition: ArgumentDefinition;
  EnumValueDefinition: EnumValueDefinition;
  DirectiveDefinition: DirectiveDefinition;
}

type ShapeName = keyof Shapes;
type Member = "text" | "flag" | "number" | "texts" | `one ${ShapeName}` | `many ${ShapeName}`;

/** Each shape's members. `kind` marks selections and is set apart. */
const MEMBERS: Readonly<Record<ShapeName, Readonly<Record<string, Member>>>> = {
  QueryDocument: { Operations: "many OperationDefinition", Fragments: "many FragmentDefinition" },
  SchemaDocument: {
    Schema: "many SchemaDefinition",
    SchemaExtension: "many SchemaDefinition",
    Directives: "many DirectiveDefinition",
    Definitions: "many Definition",
    Extensions: "many Definition",
  },
  OperationDefinition: {
    Operation: "text",
    Name: "text",
    VariableDefinitions: "many VariableDefinition",
    Directives: "many Directive",
    SelectionSet: "many Field",
  },
  FragmentDefinition: {
    Name: "text",
    VariableDefinition: "many VariableDefinition",
    TypeCondition: "text",
    Directives: "many Directive",
    SelectionSet: "many Field",
  },
  VariableDefinition: {
    Variable: "text",
    Type: "one Type",
    DefaultValue: "one Value",
    Directives: "many Directive",
    Used: "flag",
  },
  Field: {
    Alias: "text",
    Name: "text",
    Arguments: "many Argument",
    Directives: "many Directive",
    SelectionSet: "many Field",
  },
  FragmentSpread: { Name: "text", Directives: "many Directive" },
  InlineFragment: { TypeCondition: "text", Directives: "many Directive", SelectionSet: "many Field" },
  Argument: { Name: "text", Value: "one Value" },
  Directive: { Name: "text", Arguments: "many Argument", Location: "text" },
  Value: { Raw: "text", Children: "many ChildValue", Kind: "number", ExpectedTypeHasDefault: "flag" },
  ChildValue: { Name: "text", Value: "one Value" },
  Type: { NamedType: "text", Elem: "one Type", NonNull: "flag" },
  SchemaDefinition: {
    Description: "text",
    Directives: "many Directive",
    OperationTypes: "many OperationTypeDefinition",
  },
  OperationTypeDefinition: { Operation: "text", Type: "text" },
  Definition: {
    Kind: "text",
    Description: "text",
    Name: "text",
    Directives: "many Directive",
    Interfaces: "texts",
    Fields: "many FieldDefinition",
    Types: "texts",
    EnumValues: "many EnumValueDefinition",
    BuiltIn: "flag",
  },
  FieldDefinition: {
    Description: "text",
    Name: "text",
    Arguments: "many ArgumentDefinition",
    DefaultValue: "one Value",
    Type: "one Type",
    Directives: "many Directive",
  },
  ArgumentDefinition: {
    Description: "text",
    Name: "text",
    DefaultValue: "one Value",
    Type: "one Type",
    Directives: "many Directive",
  },
  EnumValueDefinition: { Description: "text", Name: "text", Directives: "many Directive" },
  DirectiveDefinition: {
    Description: "text",
    Name: "text",
    Arguments: "many ArgumentDefinition",
    Locations: "texts",
    IsRepeatable: "flag",
  },
};

const SELECTION_KINDS: Readonly<Partial<Record<ShapeName, string>>> = {
  Field: "field",
  FragmentSpread: "spread",
  InlineFragment: "inline",
};

const ZERO: Readonly<Record<string, () => unknown>> = {
  text: () => "",
  flag: () => false,
  number: () => 0,
  texts: () => [],
};

/** A node with every member at its zero value. */
export function blank<S extends ShapeName>(shape: S): Shapes[S] {
  const node: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(MEMBERS[shape])) {
    if (member.startsWith("many ")) node[name] = [];
    else if (!member.startsWith("one ")) node[name] = ZERO[member]?.();
  }
  const kind = SELECTION_KINDS[shape];
  if (kind !== undefined) node.kind = kind;
  return node as unknown as Shapes[S];
}

/** A document given as a value is not of the shape it should have. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/**
 * Reads a document that a policy gives as a value. Every selection is read as a field, as OPA does: a fragment given this
 * way names a field that does not exist, and does not validate.
 * @throws ShapeError where a member has another type
 */
export function decodeNode<S extends ShapeName>(shape: S, value: Value): Shapes[S] {
  if (!isObject(value)) throw new ShapeError(`cannot read a ${shape} from this value`);
  const node = blank(shape) as unknown as Record<string, unknown>;
  for (const [name, member] of Object.entries(MEMBERS[shape])) {
    const given = objectGet(value, name);
    if (given !== undefined && given !== null) node[name] = decodeMember(member, given);
  }
  return node as unknown as Shapes[S];
}

function decodeMember(member: Member, value: Value): unknown {
  const [how, shape] = member.split(" ") as [string, ShapeName | undefined];
  if (shape !== undefined) {
    if (how === "one") return decodeNode(shape, value);
    if (isArray(value)) return value.map((item) => decodeNode(shape, item));
  } else if (how === "text" && typeof value === "string") {
    return value;
  } else if (how === "flag" && typeof value === "boolean") {
    return value;
  } else if (how === "number" && isNumber(value)) {
    const number = toSafeInteger(value);
    if (number !== undefined) return number;
  } else if (how === "texts" && isArray(value) && value.every((item) => typeof item === "string")) {
    return value;
  }
  throw new ShapeError("cannot read a member of another type");
}

/** The document as policies see it: without positions and without what is empty. */
export function encodeNode(node: object): Value {
  const entries: [string, Value][] = [];
  for (const [name, member] of Object.entries(node)) {
    if (!/^[A-Z]/.test(name) || member === undefined) continue;
    const value = encodeMember(member);
    if (value !== undefined) entries.push([name, value]);
  }
  return RegoObject.of(entries);
}

function encodeMember(member: unknown): Value | undefined {
  if (Array.isArray(member)) {
    const items = member.map(encodeMember).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof member === "object" && member !== null) {
    const value = encodeNode(member);
    return objectEntries(value as JsonObject).length === 0 ? undefined : value;
  }
  return member as Value;
}

/** The name at the core of a type. */
export function typeNameOf(type: TypeRef | undefined): string {
  let current = type;
  while (current !== undefined && current.NamedType === "" && current.Elem !== undefined) current = current.Elem;
  return current?.NamedType ?? "";
}

export function typeText(type: TypeRef): string {
  const bang = type.NonNull ? "!" : "";
  if (type.NamedType !== "" || type.Elem === undefined) return type.NamedType + bang;
  return `[${typeText(type.Elem)}]${bang}`;
}

/** May a value of type `given` stand where `wanted` is expected? */
export function isCompatible(given: TypeRef, wanted: TypeRef): boolean {
  if (given.NamedType !== wanted.NamedType) return false;
  if (given.Elem !== undefined && (wanted.Elem === undefined || !isCompatible(given.Elem, wanted.Elem))) return false;
  return !wanted.NonNull || given.NonNull;
}
