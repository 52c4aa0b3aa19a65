/** Queries: operations and fragments. */
import { GraphqlError } from "./lexer.js";
import {
  blank,
  type FragmentDefinition,
  type OperationDefinition,
  type QueryDocument,
  type Selection,
  type VariableDefinition,
} from "./nodes.js";
import { Parser } from "./parser.js";

/** @throws GraphqlError with the position of the first mistake */
export function parseQuery(text: string): QueryDocument {
  return new QueryParser(text).document();
}

class QueryParser extends Parser {
  document(): QueryDocument {
    const document = blank("QueryDocument");
    while (!this.is("<EOF>")) {
      if (this.is("{") || /^(?:query|mutation|subscription)$/.test(this.peek().value)) {
        if (!this.is("{") && !this.is("Name")) throw this.unexpected();
        document.Operations.push(this.operation());
      } else if (this.isKeyword("fragment")) {
        document.Fragments.push(this.fragment());
      } else {
        throw this.unexpected();
      }
    }
    return document;
  }

  private operation(): OperationDefinition {
    const operation = blank("OperationDefinition");
    operation.position = this.at();
    operation.Comment = this.comment();
    if (this.is("{")) {
      operation.Operation = "query";
      operation.SelectionSet = this.selections();
      return operation;
    }
    operation.Operation = this.operationType();
    if (this.is("Name")) operation.Name = this.name();
    operation.VariableDefinitions = this.variables();
    operation.Directives = this.directives(false);
    operation.SelectionSet = this.selections();
    return operation;
  }

  private variables(): VariableDefinition[] {
    const list: VariableDefinition[] = [];
    this.some("(", ")", () => {
      const definition = blank("VariableDefinition");
      definition.position = this.at();
      definition.Comment = this.comment();
      definition.Variable = this.variable();
      this.expect(":");
      definition.Type = this.type();
      if (this.skip("=")) definition.DefaultValue = this.value(true);
      definition.Directives = this.directives(false);
      list.push(definition);
    });
    return list;
  }

  private selections(): Selection[] {
    if (!this.is("{")) throw new GraphqlError(`Expected {, found ${this.peek().kind}`, this.at());
    return this.nested(() => {
      const list: Selection[] = [];
      this.some("{", "}", () => {
        list.push(this.is("...") ? this.spread() : this.field());
      });
      return list;
    });
  }

  private field(): Selection {
    const field = blank("Field");
    field.position = this.at();
    field.Comment = this.comment();
    field.Alias = this.name();
    field.Name = this.skip(":") ? this.name() : field.Alias;
    field.Arguments = this.arguments(false);
    field.Directives = this.directives(false);
    if (this.is("{")) field.SelectionSet = this.selections();
    return field;
  }

  private spread(): Selection {
    const comment = this.comment();
    this.expect("...");
    if (this.is("Name") && this.peek().value !== "on") {
      const spread = blank("FragmentSpread");
      spread.position = this.at();
      spread.Comment = comment;
      spread.Name = this.name();
      spread.Directives = this.directives(false);
      return spread;
    }
    const inline = blank("InlineFragment");
    inline.position = this.at();
    inline.Comment = comment;
    if (this.peek().value === "on") {
      this.next();
      inline.TypeCondition = this.name();
    }
    inline.Directives = this.directives(false);
    inline.SelectionSet = this.selections();
    return inline;
  }

  private fragment(): FragmentDefinition {
    const fragment = blank("FragmentDefinition");
    fragment.position = this.at();
    fragment.Comment = this.comment();
    this.expectKeyword("fragment");
    if (this.peek().value === "on") throw this.unexpected();
    fragment.Name = this.name();
    fragment.VariableDefinition = this.variables();
    this.expectKeyword("on");
    fragment.TypeCondition = this.name();
    fragment.Directives = this.directives(false);
    fragment.SelectionSet = this.selections();
    return fragment;
  }
}
