/** Schemas: type, directive and schema definitions, and extensions. */
import type { Token } from "./lexer.js";
import {
  type ArgumentDefinition,
  blank,
  type CommentGroup,
  type Definition,
  type Described,
  type DirectiveDefinition,
  type EnumValueDefinition,
  type FieldDefinition,
  type SchemaDefinition,
  type SchemaDocument,
} from "./nodes.js";
import { Parser } from "./parser.js";

/** @throws GraphqlError with the position of the first mistake */
export function parseSchema(text: string): SchemaDocument {
  return new SchemaParser(text).document();
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["scalar", "SCALAR"],
  ["type", "OBJECT"],
  ["interface", "INTERFACE"],
  ["union", "UNION"],
  ["enum", "ENUM"],
  ["input", "INPUT_OBJECT"],
]);

const LOCATIONS = new Set([
  "QUERY",
  "MUTATION",
  "SUBSCRIPTION",
  "FIELD",
  "FRAGMENT_DEFINITION",
  "FRAGMENT_SPREAD",
  "INLINE_FRAGMENT",
  "VARIABLE_DEFINITION",
  "SCHEMA",
  "SCALAR",
  "OBJECT",
  "FIELD_DEFINITION",
  "ARGUMENT_DEFINITION",
  "INTERFACE",
  "UNION",
  "ENUM",
  "ENUM_VALUE",
  "INPUT_OBJECT",
  "INPUT_FIELD_DEFINITION",
]);

interface Description {
  readonly text: string;
  readonly comment: CommentGroup | undefined;
}

class SchemaParser extends Parser {
  document(): SchemaDocument {
    const document = blank("SchemaDocument");
    while (!this.is("<EOF>")) {
      const description = this.description();
      const described = this.previous;
      if (!this.is("Name")) throw this.unexpected();
      const word = this.peek().value;
      if (KINDS.has(word)) document.Definitions.push(this.definition(description));
      else if (word === "schema") document.Schema.push(this.schema(description));
      else if (word === "directive") document.Directives.push(this.directive(description));
      else if (word === "extend") this.extension(document, description, described);
      else throw this.unexpected();
    }
    document.Comment = this.comment();
    return document;
  }

  private description(): Description {
    if (!this.is("String") && !this.is("BlockString")) return { text: "", comment: undefined };
    const comment = this.comment();
    return { text: this.next().value, comment };
  }

  private describe(node: Described, description: Description, comment: CommentGroup | undefined): void {
    node.position = this.at();
    node.BeforeDescriptionComment = description.comment;
    node.Description = description.text;
    node.AfterDescriptionComment = comment;
  }

  /** A member's description counts only when it says something. */
  private describeMember(node: Described): void {
    const description = this.description();
    this.describe(node, description.text === "" ? { text: "", comment: undefined } : description, this.comment());
  }

  private definition(description: Description): Definition {
    const word = this.peek().value;
    const comment = this.expectKeyword(word);
    const definition = blank("Definition");
    this.describe(definition, description, comment);
    definition.Kind = KINDS.get(word) ?? "";
    this.body(definition, true);
    return definition;
  }

  private body(definition: Definition, interfaces: boolean): void {
    definition.Name = this.name();
    const kind = definition.Kind;
    if (interfaces && (kind === "OBJECT" || kind === "INTERFACE")) definition.Interfaces = this.interfaces();
    definition.Directives = this.directives(true);
    if (kind === "UNION") definition.Types = this.members();
    else if (kind === "ENUM") definition.EndOfDefinitionComment = this.enumValues(definition.EnumValues);
    else if (kind !== "SCALAR") definition.EndOfDefinitionComment = this.fields(definition);
  }

  private interfaces(): string[] {
    if (this.peek().value !== "implements") return [];
    this.next();
    this.skip("&");
    const names = [this.name()];
    while (this.skip("&")) names.push(this.name());
    return names;
  }

  private members(): string[] {
    if (!this.skip("=")) return [];
    this.skip("|");
    const names = [this.name()];
    while (this.skip("|")) names.push(this.name());
    return names;
  }

  private enumValues(values: EnumValueDefinition[]): CommentGroup | undefined {
    return this.some("{", "}", () => {
      const value = blank("EnumValueDefinition");
      this.describeMember(value);
      value.Name = this.name();
      value.Directives = this.directives(true);
      values.push(value);
    });
  }

  private fields(definition: Definition): CommentGroup | undefined {
    return this.some("{", "}", () => {
      const field = blank("FieldDefinition");
      if (definition.Kind === "INPUT_OBJECT") this.input(field);
      else this.field(field);
      definition.Fields.push(field);
    });
  }

  private field(field: FieldDefinition): void {
    this.describeMember(field);
    field.Name = this.name();
    field.Arguments = this.argumentDefinitions();
    this.expect(":");
    field.Type = this.type();
    field.Directives = this.directives(true);
  }

  private input(argument: ArgumentDefinition): void {
    this.describeMember(argument);
    argument.Name = this.name();
    this.expect(":");
    argument.Type = this.type();
    if (this.skip("=")) argument.DefaultValue = this.value(true);
    argument.Directives = this.directives(true);
  }

  private argumentDefinitions(): ArgumentDefinition[] {
    const list: ArgumentDefinition[] = [];
    this.some("(", ")", () => {
      const argument = blank("ArgumentDefinition");
      this.input(argument);
      list.push(argument);
    });
    return list;
  }

  private schema(description: Description): SchemaDefinition {
    const comment = this.expectKeyword("schema");
    const definition = blank("SchemaDefinition");
    this.describe(definition, description, comment);
    definition.Directives = this.directives(true);
    definition.EndOfDefinitionComment = this.some("{", "}", () => {
      const operation = blank("OperationTypeDefinition");
      operation.position = this.at();
      operation.Comment = this.comment();
      operation.Operation = this.operationType();
      this.expect(":");
      operation.Type = this.name();
      definition.OperationTypes.push(operation);
    });
    return definition;
  }

  private directive(description: Description): DirectiveDefinition {
    const comment = this.expectKeyword("directive");
    this.expect("@");
    const definition = blank("DirectiveDefinition");
    this.describe(definition, description, comment);
    definition.Name = this.name();
    definition.Arguments = this.argumentDefinitions();
    if (this.isKeyword("repeatable")) {
      definition.IsRepeatable = true;
      this.next();
    }
    this.expectKeyword("on");
    this.skip("|");
    do {
      const token = this.expect("Name");
      if (!LOCATIONS.has(token.value)) throw this.unexpected(token);
      definition.Locations.push(token.value);
    } while (this.skip("|"));
    return definition;
  }

  private extension(document: SchemaDocument, description: Description, described: Token): void {
    if (description.text !== "") throw this.unexpected(described);
    const comment = this.expectKeyword("extend");
    if (this.isKeyword("schema")) {
      const extension = this.schema({ text: "", comment: undefined });
      extension.AfterDescriptionComment = comment;
      if (extension.Directives.length === 0 && extension.OperationTypes.length === 0) throw this.unexpected();
      document.SchemaExtension.push(extension);
      return;
    }
    const word = this.peek().value;
    const kind = KINDS.get(word);
    if (kind === undefined) throw this.unexpected();
    this.expectKeyword(word);
    const extension = blank("Definition");
    this.describe(extension, { text: "", comment: undefined }, comment);
    extension.Kind = kind;
    this.body(extension, kind === "OBJECT");
    const { Interfaces, Directives, Fields, Types, EnumValues } = extension;
    if ([Interfaces, Directives, Fields, Types, EnumValues].every((list) => list.length === 0)) throw this.unexpected();
    document.Extensions.push(extension);
  }
}
