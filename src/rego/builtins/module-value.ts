/** The syntax tree of a module as OPA writes it in JSON, which is what `rego.parse_module` answers. */
import { RegoError } from "../error.js";
import type { Body, Else, Head, Import, Literal, Module, Rule, Term, With } from "../syntax/ast.js";
import { parseModule } from "../syntax/parse-module.js";
import { lineAt } from "../syntax/source.js";
import { jsonObject, parseNumber, type Value } from "../value/index.js";
import { BuiltinError } from "./builtin.js";

/** @throws BuiltinError when the text is no module */
export function moduleValue(file: string, text: string): Value {
  try {
    return new TreeWriter().module(parseModule(text, file));
  } catch (error) {
    if (error instanceof RegoError) throw new BuiltinError(error.message);
    throw error;
  }
}

type Member = readonly [string, Value | undefined];

function node(...members: readonly Member[]): Value {
  return jsonObject(members.filter((member): member is readonly [string, Value] => member[1] !== undefined));
}

const term = (type: string, value: Value): Value => node(["type", type], ["value", value]);
const variable = (name: string): Value => term("var", name);
const text = (value: string): Value => term("string", value);
const TRUE = term("boolean", true);

function reference(first: string, rest: readonly string[]): Value {
  return term("ref", [variable(first), ...rest.map(text)]);
}

class TreeWriter {
  /** Wildcards are numbered, each one its own variable. */
  #wildcards = 0;

  module(module: Module): Value {
    return node(
      ["package", node(["path", [variable("data"), ...module.package.path.map(text)]])],
      ["imports", listed(module.imports.map(importValue))],
      ["rules", listed(module.rules.map((rule) => this.#rule(rule)))],
      ["comments", listed(module.comments.map((comment) => commentValue(module, comment)))],
    );
  }

  #rule(rule: Rule): Value {
    const head = this.#head(rule.head, rule.hasIf || rule.body !== undefined);
    return node(
      ["default", rule.default ? true : undefined],
      ["head", head],
      ["body", this.#bodyOrTrue(rule.body)],
      ["else", this.#else(rule.head, rule.elses)],
    );
  }

  #bodyOrTrue(body: Body | undefined): Value {
    return body === undefined ? [node(["generated", true], ["index", 0], ["terms", TRUE])] : this.#body(body);
  }

  #else(head: Head, elses: readonly Else[]): Value | undefined {
    const [first, ...rest] = elses;
    if (first === undefined) return undefined;
    const value = first.value === undefined ? TRUE : this.#term(first.value);
    return node(
      [
        "head",
        node(
          ["name", nameOf(head)],
          ["args", head.args?.map((argument) => this.#term(argument))],
          ["value", value],
          ["assign", first.assign ? true : undefined],
          ["ref", this.#headReference(head)],
        ),
      ],
      ["body", this.#bodyOrTrue(first.body)],
      ["else", this.#else(head, rest)],
    );
  }

  #head(head: Head, hasBody: boolean): Value {
    const [only] = head.path;
    const member =
      head.key === undefined && head.path.length === 1 && only !== undefined ? this.#term(only) : undefined;
    const implied = head.key === undefined && hasBody ? TRUE : undefined;
    return node(
      ["name", nameOf(head)],
      ["args", head.args === undefined || head.args.length === 0 ? undefined : head.args.map((one) => this.#term(one))],
      ["key", head.key === undefined ? member : this.#term(head.key)],
      ["value", head.value === undefined ? implied : this.#term(head.value)],
      ["assign", head.assign ? true : undefined],
      ["ref", this.#headReference(head)],
    );
  }

  #headReference(head: Head): Value {
    return [variable(head.name.name), ...head.path.map((part) => this.#term(part))];
  }

  #body(body: Body): Value {
    return body.map((literal, index) => this.#literal(literal, index));
  }

  #literal(literal: Literal, index: number): Value {
    const negated = literal.kind === "expression" && literal.negated ? true : undefined;
    const terms = this.#terms(literal);
    const changes = literal.with.length === 0 ? undefined : literal.with.map((change) => this.#with(change));
    return node(["index", index], ["negated", negated], ["terms", terms], ["with", changes]);
  }

  #with({ target, value }: With): Value {
    const path = target.kind === "var" ? reference(target.name, []) : this.#term(target);
    return node(["target", path], ["value", this.#term(value)]);
  }

  #terms(literal: Literal): Value {
    switch (literal.kind) {
      case "expression":
        return literal.term.kind === "call" ? this.#call(literal.term) : this.#term(literal.term);
      case "some":
        return node(["symbols", literal.vars.map(({ name }) => variable(name))]);
      case "some-in": {
        const parts = [...(literal.key === undefined ? [] : [literal.key]), literal.value, literal.domain];
        const name = literal.key === undefined ? "member_2" : "member_3";
        const call = [reference("internal", [name]), ...parts.map((part) => this.#term(part))];
        return node(["symbols", [term("call", call)]]);
      }
      case "every": {
        const key = literal.key === undefined ? undefined : this.#term(literal.key);
        const value = this.#term(literal.value);
        const domain = this.#term(literal.domain);
        return node(["key", key ?? null], ["value", value], ["domain", domain], ["body", this.#body(literal.body)]);
      }
      case "not":
        return term("not", node(["body", this.#body(literal.body)]));
      default:
        return term(
          literal.kind,
          literal.operands.map(({ body }) => this.#body(body)),
        );
    }
  }

  #call(call: Term & { kind: "call" }): Value[] {
    const { operator } = call;
    const name = operator.kind === "var" ? reference(operator.name, []) : this.#term(operator);
    return [name, ...call.args.map((argument) => this.#term(argument))];
  }

  #all(items: readonly Term[]): Value[] {
    return items.map((item) => this.#term(item));
  }

  #term(given: Term): Value {
    switch (given.kind) {
      case "null":
        return term("null", {});
      case "boolean":
        return term("boolean", given.value);
      case "number":
        return term("number", parseNumber(given.text) ?? 0);
      case "string":
        return term("string", given.value);
      case "var":
        return variable(given.name === "_" ? `$${this.#wildcards++}` : given.name);
      case "ref":
        return term("ref", this.#all([given.head, ...given.path]));
      case "array":
      case "set":
        return term(given.kind, this.#all(given.items));
      case "object":
        return term(
          "object",
          given.entries.map(([key, value]) => [this.#term(key), this.#term(value)]),
        );
      case "call":
        return term("call", this.#call(given));
      case "comprehension":
        return this.#comprehension(given);
      default:
        return this.#template(given);
    }
  }

  #comprehension(given: Term & { kind: "comprehension" }): Value {
    const value = this.#term(given.value);
    if (given.key === undefined) {
      return term(`${given.of}comprehension`, node(["term", value], ["body", this.#body(given.body)]));
    }
    const key = this.#term(given.key);
    return term("objectcomprehension", node(["key", key], ["value", value], ["body", this.#body(given.body)]));
  }

  #template({ parts, raw }: Term & { kind: "template" }): Value {
    const shown = parts.map((part): Value => {
      if (typeof part === "string") return text(part);
      const terms = part.term.kind === "call" ? this.#call(part.term) : this.#term(part.term);
      const changes = part.with.length === 0 ? undefined : part.with.map((change) => this.#with(change));
      return node(["index", 0], ["terms", terms], ["with", changes]);
    });
    return term("templatestring", node(["parts", shown], ["multi_line", raw]));
  }
}

function listed(items: readonly Value[]): Value | undefined {
  return items.length === 0 ? undefined : items;
}

/** Rules with a longer path have no name of their own. */
function nameOf(head: Head): string | undefined {
  return head.path.length === 0 || (head.path.length === 1 && head.key === undefined) ? head.name.name : undefined;
}

function importValue({ path, alias }: Import): Value {
  const [first = "", ...rest] = path;
  return node(["path", reference(first, rest)], ["alias", alias]);
}

function commentValue({ source }: Module, comment: Module["comments"][number]): Value {
  const { line, column } = lineAt(source, comment.start);
  return node(
    ["Text", Buffer.from(comment.text).toString("base64")],
    ["Location", node(["file", source.file], ["row", line], ["col", column])],
  );
}
