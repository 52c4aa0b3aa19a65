/**
 * `strings.render_template`. Data are JSON: numbers from them are texts to the template, as in OPA, and only numbers
 * written in the template count as such; a missing value prints `<undefined>`.
 */
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  jsonKey,
  numberText,
  objectEntries,
  objectFrom,
  objectGet,
  objectSize,
  readJson,
  type Value,
  writeJson,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { object } from "./decl.js";
import { queryEscape } from "./encoding.js";
import { objectAt, stringAt } from "./operands.js";
import { sprintf } from "./sprintf.js";
import {
  type Command,
  type Operand,
  type Pipeline,
  parseTemplate,
  type Template,
  type TemplateNode,
  type Term,
} from "./template-parser.js";

/** A value while a template runs: `undefined` is missing, a bigint is an integer of the template's own. */
type Item = Value | bigint | undefined;

const MAX_CALLS = 100;

class Stop extends Error {
  readonly kind: "break" | "continue";

  constructor(kind: "break" | "continue") {
    super(kind);
    this.kind = kind;
  }
}

function fail(reason: string): BuiltinError {
  return new BuiltinError(`template: template:1: executing "template": ${reason}`);
}

/** Variables, innermost last. */
type Scope = { readonly name: string; value: Item }[];

class Renderer {
  readonly #template: Template;
  readonly #context: BuiltinContext;
  #out: string[] = [];
  #calls = 0;

  constructor(template: Template, context: BuiltinContext) {
    this.#template = template;
    this.#context = context;
  }

  render(data: Value): string {
    this.#list(this.#template.body, data, [{ name: "$", value: data }]);
    return this.#out.join("");
  }

  #list(nodes: readonly TemplateNode[], dot: Item, scope: Scope): void {
    const size = scope.length;
    for (const node of nodes) this.#node(node, dot, scope);
    scope.length = size;
  }

  #node(node: TemplateNode, dot: Item, scope: Scope): void {
    this.#context.spend(1);
    switch (node.kind) {
      case "text":
        this.#write(node.text);
        return;
      case "action": {
        const value = this.#pipeline(node.pipeline, dot, scope);
        if (node.pipeline.variables.length === 0) this.#write(shown(value));
        return;
      }
      case "if":
      case "with": {
        const size = scope.length;
        const value = this.#pipeline(node.pipeline, dot, scope);
        if (isTrue(value)) this.#list(node.body, node.kind === "with" ? value : dot, scope);
        else this.#list(node.otherwise, dot, scope);
        scope.length = size;
        return;
      }
      case "range":
        this.#range(node, dot, scope);
        return;
      case "call":
        this.#call(node.name, node.pipeline === undefined ? undefined : this.#pipeline(node.pipeline, dot, scope));
        return;
      default:
        throw new Stop(node.kind);
    }
  }

  #write(text: string): void {
    this.#context.grow(text.length);
    this.#out.push(text);
  }

  #call(name: string, data: Item): void {
    const body = this.#template.named.get(name);
    if (body === undefined) throw fail(`template "${name}" not defined`);
    if (++this.#calls > MAX_CALLS) throw fail("exceeded maximum template depth");
    this.#list(body, data, [{ name: "$", value: data }]);
    this.#calls--;
  }

  #range(node: TemplateNode & { kind: "if" | "range" | "with" }, dot: Item, scope: Scope): void {
    const size = scope.length;
    const { variables } = node.pipeline;
    const items = entriesOf(this.#pipeline({ ...node.pipeline, variables: [] }, dot, scope));
    for (const [key, value] of items) {
      const [first, second] = variables;
      if (first !== undefined) scope.push({ name: first, value: second === undefined ? value : key });
      if (second !== undefined) scope.push({ name: second, value });
      try {
        this.#list(node.body, value, scope);
      } catch (error) {
        if (!(error instanceof Stop)) throw error;
        if (error.kind === "break") break;
      } finally {
        scope.length = size;
      }
    }
    if (items.length === 0) this.#list(node.otherwise, dot, scope);
    scope.length = size;
  }

  #pipeline(pipeline: Pipeline, dot: Item, scope: Scope): Item {
    let value: Item;
    for (const [index, command] of pipeline.commands.entries()) {
      value = this.#command(command, dot, scope, index === 0 ? [] : [value]);
    }
    const [name] = pipeline.variables;
    if (name !== undefined && pipeline.assigns) {
      const known = scope.findLast((variable) => variable.name === name);
      if (known === undefined) throw fail(`undefined variable: ${name}`);
      known.value = value;
    } else if (name !== undefined) {
      scope.push({ name, value });
    }
    return value;
  }

  #command(command: Command, dot: Item, scope: Scope, piped: readonly Item[]): Item {
    const [first, ...rest] = command;
    if (first === undefined) return undefined;
    if (first.operand.kind === "function") {
      const { name } = first.operand;
      // `and` and `or` look at their operands only as far as needed.
      const args = rest.map((term) => () => this.#term(term, dot, scope));
      return follow(callFunction(name, [...args, ...piped.map((value) => () => value)], this.#context), first.fields);
    }
    if (rest.length > 0 || piped.length > 0) throw fail("can't give argument to non-function");
    return this.#term(first, dot, scope);
  }

  #term(term: Term, dot: Item, scope: Scope): Item {
    return follow(this.#operand(term.operand, dot, scope), term.fields);
  }

  #operand(operand: Operand, dot: Item, scope: Scope): Item {
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "text":
      case "flag":
        return operand.value;
      case "number":
        return numberOf(operand.value);
      case "variable": {
        const known = scope.findLast((variable) => variable.name === operand.name);
        if (known === undefined) throw fail(`undefined variable: ${operand.name}`);
        return known.value;
      }
      case "function":
        return callFunction(operand.name, [], this.#context);
      default:
        return this.#pipeline(operand.pipeline, dot, scope);
    }
  }
}

function numberOf(text: string): Item {
  try {
    return BigInt(text);
  } catch {
    const value = Number(text);
    if (!Number.isFinite(value)) throw fail(`bad number syntax: ${text}`);
    return value;
  }
}

/** Fields of objects; a missing one is missing, a field of anything else an error. */
function follow(value: Item, fields: readonly string[]): Item {
  let current = value;
  for (const field of fields) {
    if (current === undefined || current === null) throw fail(`nil data; no entry for key "${field}"`);
    if (typeof current === "bigint" || !isObject(current)) throw fail(`can't evaluate field ${field}`);
    current = objectGet(current, field);
  }
  return current;
}

function entriesOf(value: Item): readonly (readonly [Item, Item])[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "bigint") {
    if (value > 1_000_000n) throw fail("range too long");
    return Array.from({ length: Number(value) }, (_, i) => [BigInt(i), BigInt(i)] as const);
  }
  if (isArray(value)) return value.map((item, index) => [BigInt(index), item] as const);
  if (isObject(value)) return objectEntries(value);
  throw fail("range can't iterate over this value");
}

function isTrue(value: Item): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value === "string") return value !== "";
  if (isArray(value)) return value.length > 0;
  return !isObject(value) || objectSize(value) > 0;
}

function shown(value: Item): string {
  if (value === undefined || value === null) return "<undefined>";
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value;
  if (isNumber(value)) return numberText(value);
  if (isArray(value)) return `[${value.map(inner).join(" ")}]`;
  if (isSet(value)) return `[${value.sorted().map(inner).join(" ")}]`;
  return `map[${objectEntries(value)
    .map(([key, item]) => `${jsonKey(key)}:${inner(item)}`)
    .join(" ")}]`;
}

function inner(value: Value): string {
  return value === null ? "<nil>" : shown(value);
}

type Lazy = () => Item;

function callFunction(name: string, lazy: readonly Lazy[], context: BuiltinContext): Item {
  if (name === "and" || name === "or") return shortCircuit(name, lazy);
  const args = lazy.map((read) => read());
  const run = FUNCTIONS.get(name);
  if (run === undefined) throw new BuiltinError(`template: template:1: function "${name}" not defined`);
  return run(args, context);
}

function shortCircuit(name: "and" | "or", lazy: readonly Lazy[]): Item {
  let value: Item;
  for (const read of lazy) {
    value = read();
    if (isTrue(value) === (name === "or")) return value;
  }
  return value;
}

/** Numbers from the data are texts; only numbers of one kind compare. */
function compareItems(a: Item, b: Item): number {
  const left = a === undefined ? null : plain(a);
  const right = b === undefined ? null : plain(b);
  if (typeof left !== typeof right || (typeof left === "object" && left !== null)) {
    throw fail("incompatible types for comparison");
  }
  if (left === null || right === null) throw fail("invalid type for comparison");
  return left < right ? -1 : left > right ? 1 : 0;
}

function plain(value: Value | bigint): string | bigint | boolean | null {
  if (typeof value === "bigint" || typeof value === "string" || typeof value === "boolean" || value === null)
    return value;
  if (isNumber(value)) return numberText(value);
  throw fail("non-comparable type");
}

function equalItems(a: Item, b: Item): boolean {
  if (a === undefined || a === null || b === undefined || b === null) return (a ?? null) === (b ?? null);
  return compareItems(a, b) === 0;
}

function index(args: readonly Item[]): Item {
  const [first, ...keys] = args;
  let current = first;
  for (const key of keys) {
    if (current === undefined || current === null || typeof current === "bigint") throw fail("index of untyped nil");
    if (isArray(current)) {
      const at = typeof key === "bigint" ? Number(key) : Number.NaN;
      if (!Number.isInteger(at)) throw fail("cannot index slice/array with this type");
      if (at < 0 || at >= current.length) throw fail("error calling index: index out of range");
      current = current[at];
    } else if (isObject(current) && typeof key === "string") {
      current = objectGet(current, key);
    } else {
      throw fail("error calling index: can't index item");
    }
  }
  return current;
}

function lengthOf(value: Item): Item {
  if (typeof value === "string") return BigInt(Buffer.byteLength(value));
  if (value !== undefined && typeof value !== "bigint" && isArray(value)) return BigInt(value.length);
  if (value !== undefined && typeof value !== "bigint" && isObject(value)) return BigInt(objectSize(value));
  throw fail("error calling len: len of this type");
}

const HTML: Readonly<Record<string, string>> = { '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Operands side by side, with a space between two of which neither is a text. */
function joined(args: readonly Item[]): string {
  let result = "";
  for (const [index, item] of args.entries()) {
    const spaced = index > 0 && typeof item !== "string" && typeof args[index - 1] !== "string";
    result += (spaced ? " " : "") + (item === undefined ? "<no value>" : shown(item));
  }
  return result;
}

const FUNCTIONS: ReadonlyMap<string, (args: readonly Item[], context: BuiltinContext) => Item> = new Map<
  string,
  (args: readonly Item[], context: BuiltinContext) => Item
>([
  ["not", ([value]) => !isTrue(value)],
  ["len", ([value]) => lengthOf(value)],
  ["index", index],
  ["eq", ([first, ...others]) => others.some((other) => equalItems(first, other))],
  ["ne", ([a, b]) => !equalItems(a, b)],
  ["lt", ([a, b]) => compareItems(a, b) < 0],
  ["le", ([a, b]) => compareItems(a, b) <= 0],
  ["gt", ([a, b]) => compareItems(a, b) > 0],
  ["ge", ([a, b]) => compareItems(a, b) >= 0],
  ["print", joined],
  ["println", (args) => `${args.map(shown).join(" ")}\n`],
  ["printf", ([format, ...args], context) => formatted(format, args, context)],
  ["html", (args) => joined(args).replace(/["'&<>]/g, (found) => HTML[found] ?? found)],
  [
    "js",
    (args) =>
      JSON.stringify(joined(args))
        .slice(1, -1)
        .replace(/['<>&=]/g, escapeJs),
  ],
  ["urlquery", (args) => queryEscape(joined(args))],
]);

function escapeJs(found: string): string {
  return found === "'" ? "\\'" : `\\u${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function formatted(format: Item, args: readonly Item[], context: BuiltinContext): Item {
  if (typeof format !== "string") throw fail("wrong type for value; expected string");
  const values = args.map((item): Value => {
    if (typeof item === "bigint") return Number(item);
    if (item === undefined || item === null) return "<nil>";
    return typeof item === "string" ? item : shown(item);
  });
  return sprintf([format, values], context) as string;
}

function renderTemplate(args: readonly Value[], context: BuiltinContext): Value {
  const template = parseTemplate(stringAt(args, 0));
  const data = readJson(writeJson(objectFrom(objectEntries(objectAt(args, 1)))));
  return new Renderer(template, context).render(data).replaceAll("<no value>", "<undefined>");
}

export const TEMPLATES: readonly Builtin[] = [
  builtin("strings.render_template", ["string", object("string", "any")], "string", renderTemplate),
];
