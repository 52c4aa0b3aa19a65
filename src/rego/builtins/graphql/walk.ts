/** A walk over a query that links every node to its definition in the schema and tells the rules what it meets. */
import {
  type Argument,
  type ArgumentDefinition,
  blank,
  type Definition,
  type Directive,
  type Field,
  type FieldDefinition,
  type FragmentDefinition,
  type FragmentSpread,
  type InlineFragment,
  KIND,
  type OperationDefinition,
  type QueryDocument,
  type Selection,
  typeNameOf,
  type ValueNode,
  type VariableDefinition,
} from "./nodes.js";
import type { Schema } from "./schema.js";

export interface Observer {
  operation?(operation: OperationDefinition, walk: Walk): void;
  fragment?(fragment: FragmentDefinition, walk: Walk): void;
  field?(field: Field, walk: Walk): void;
  inline?(fragment: InlineFragment, walk: Walk): void;
  spread?(spread: FragmentSpread, walk: Walk): void;
  directive?(directive: Directive, walk: Walk): void;
  directives?(list: readonly Directive[], walk: Walk): void;
  value?(value: ValueNode, walk: Walk): void;
  variable?(variable: VariableDefinition, walk: Walk): void;
}

export class Walk {
  readonly schema: Schema;
  readonly document: QueryDocument;
  readonly #observers: readonly Observer[];
  readonly #spend: (steps: number) => void;
  readonly #spreadsSeen = new Set<string>();
  /** Undefined inside fragment definitions. */
  operation: OperationDefinition | undefined;

  constructor(schema: Schema, document: QueryDocument, observers: readonly Observer[], spend: (steps: number) => void) {
    this.schema = schema;
    this.document = document;
    this.#observers = observers;
    this.#spend = spend;
  }

  run(): void {
    for (const operation of this.document.Operations) {
      this.#spreadsSeen.clear();
      this.#operation(operation);
    }
    for (const fragment of this.document.Fragments) {
      this.#spreadsSeen.clear();
      this.#fragment(fragment);
    }
  }

  fragmentNamed(name: string): FragmentDefinition | undefined {
    return this.document.Fragments.find((fragment) => fragment.Name === name);
  }

  #operation(operation: OperationDefinition): void {
    this.operation = operation;
    for (const variable of operation.VariableDefinitions) {
      variable.definition = this.schema.types.get(typeNameOf(variable.Type));
      for (const observer of this.#observers) observer.variable?.(variable, this);
      if (variable.DefaultValue !== undefined) {
        variable.DefaultValue.expectedType = variable.Type;
        variable.DefaultValue.definition = variable.definition;
      }
    }
    for (const variable of operation.VariableDefinitions) {
      if (variable.DefaultValue !== undefined) this.#value(variable.DefaultValue);
      this.#directives(variable.Directives, "VARIABLE_DEFINITION");
    }
    const root = this.schema.roots.get(operation.Operation === "" ? "query" : operation.Operation);
    this.#directives(operation.Directives, operation.Operation === "" ? "QUERY" : operation.Operation.toUpperCase());
    this.#selections(root, operation.SelectionSet);
    for (const observer of this.#observers) observer.operation?.(operation, this);
    this.operation = undefined;
  }

  #fragment(fragment: FragmentDefinition): void {
    fragment.definition = this.schema.types.get(fragment.TypeCondition);
    this.#directives(fragment.Directives, "FRAGMENT_DEFINITION");
    this.#selections(fragment.definition, fragment.SelectionSet);
    for (const observer of this.#observers) observer.fragment?.(fragment, this);
  }

  #directives(list: readonly Directive[], location: string): void {
    for (const directive of list) {
      directive.definition = this.schema.directives.get(directive.Name);
      directive.Location = location;
      for (const argument of directive.Arguments) {
        this.#argument(
          directive.definition?.Arguments.find(({ Name }) => Name === argument.Name),
          argument,
        );
      }
      for (const observer of this.#observers) observer.directive?.(directive, this);
    }
    for (const observer of this.#observers) observer.directives?.(list, this);
  }

  #argument(definition: ArgumentDefinition | undefined, argument: Argument): void {
    const value = argument.Value;
    if (value === undefined) return;
    if (definition !== undefined) this.#expect(value, definition);
    this.#value(value);
  }

  #expect(value: ValueNode, definition: ArgumentDefinition): void {
    value.expectedType = definition.Type;
    value.expectedDefault = definition.DefaultValue !== undefined && definition.DefaultValue.Kind !== KIND.null;
    value.definition = this.schema.types.get(typeNameOf(definition.Type));
  }

  #value(value: ValueNode): void {
    this.#spend(1);
    if (value.Kind === KIND.variable && this.operation !== undefined) {
      value.variable = this.operation.VariableDefinitions.find(({ Variable }) => Variable === value.Raw);
      if (value.variable !== undefined) value.variable.used = true;
    }
    for (const child of value.Children) {
      if (child.Value === undefined) continue;
      if (value.Kind === KIND.object) {
        const field = value.definition?.Fields.find(({ Name }) => Name === child.Name);
        if (field !== undefined) this.#expect(child.Value, field);
        this.#value(child.Value);
      } else if (value.Kind === KIND.list) {
        if (value.expectedType?.Elem !== undefined) {
          child.Value.expectedType = value.expectedType.Elem;
          child.Value.definition = value.definition;
        }
        this.#value(child.Value);
      }
    }
    for (const observer of this.#observers) observer.value?.(value, this);
  }

  #selections(parent: Definition | undefined, selections: readonly Selection[]): void {
    for (const selection of selections) {
      this.#spend(1);
      if (selection.kind === "field") this.#field(parent, selection);
      else if (selection.kind === "inline") this.#inline(parent, selection);
      else this.#spread(parent, selection);
    }
  }

  #field(parent: Definition | undefined, field: Field): void {
    field.definition = field.Name === "__typename" ? TYPENAME : parent?.Fields.find(({ Name }) => Name === field.Name);
    field.parent = parent;
    const type = field.definition === undefined ? undefined : this.schema.types.get(typeNameOf(field.definition.Type));
    for (const argument of field.Arguments) {
      this.#argument(
        field.definition?.Arguments.find(({ Name }) => Name === argument.Name),
        argument,
      );
    }
    this.#directives(field.Directives, "FIELD");
    this.#selections(type, field.SelectionSet);
    for (const observer of this.#observers) observer.field?.(field, this);
  }

  #inline(parent: Definition | undefined, fragment: InlineFragment): void {
    fragment.parent = parent;
    const type = fragment.TypeCondition === "" ? parent : this.schema.types.get(fragment.TypeCondition);
    this.#directives(fragment.Directives, "INLINE_FRAGMENT");
    this.#selections(type, fragment.SelectionSet);
    for (const observer of this.#observers) observer.inline?.(fragment, this);
  }

  #spread(parent: Definition | undefined, spread: FragmentSpread): void {
    const definition = this.fragmentNamed(spread.Name);
    spread.definition = definition;
    spread.parent = parent;
    this.#directives(spread.Directives, "FRAGMENT_SPREAD");
    if (definition !== undefined && !this.#spreadsSeen.has(definition.Name)) {
      this.#spreadsSeen.add(definition.Name);
      this.#directives(definition.Directives, "FRAGMENT_DEFINITION");
      this.#selections(this.schema.types.get(definition.TypeCondition), definition.SelectionSet);
    }
    for (const observer of this.#observers) observer.spread?.(spread, this);
  }
}

const TYPENAME: FieldDefinition = {
  ...blank("FieldDefinition"),
  Name: "__typename",
  Type: { ...blank("Type"), NamedType: "String" },
};
