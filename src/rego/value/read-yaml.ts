/**
 * YAML as OPA reads it: the first document of the text (all of them must parse), YAML 1.2 booleans, timestamps as
 * strings, the last of equal keys, keys turned into strings. Scalars are resolved here rather than by the YAML library,
 * because the number rules (underscores, `0x`, `0o`, integers to 64 bits and doubles beyond) decide what policies see.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
} from "yaml";
import { numberFrom, numberFromBigInt } from "./num.js";
import { jsonObject, MAX_DEPTH, ValueSyntaxError } from "./read-json.js";
import type { Value } from "./value.js";

/** Aliases may multiply a document; what they add up to is bounded by this many nodes. */
const MAX_NODES = 2_000_000;

/**
 * Reads YAML (and so JSON) text; an empty text is null.
 * @throws ValueSyntaxError when it is not YAML or has no JSON form
 */
export function readYaml(text: string): Value {
  let documents: readonly Document[];
  try {
    const parsed = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      strict: true,
      prettyErrors: false,
      logLevel: "silent",
      keepSourceTokens: false,
    });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    throw new ValueSyntaxError(error instanceof Error ? error.message : "invalid YAML");
  }
  for (const document of documents) {
    const error = document.errors[0];
    if (error !== undefined) throw new ValueSyntaxError(error.message, error.pos[0]);
  }
  const first = documents[0];
  if (first === undefined || first.contents === null) return null;
  return new YamlReader(first).value(first.contents as Node, 0);
}

class YamlReader {
  readonly #targets = new Map<Alias, Node>();
  /** What anchored nodes were read as, and how many nodes that is: shared, but counted at each alias. */
  readonly #anchored = new Map<Node, { readonly value: Value; readonly size: number }>();
  #nodes = 0;

  /** An alias means the latest anchor of its name before it; one walk over the document finds them all. */
  constructor(document: Document) {
    const anchors = new Map<string, Node>();
    visit(document, {
      Node: (_key, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source);
          if (target !== undefined) this.#targets.set(node, target);
        } else if (node.anchor !== undefined) {
          anchors.set(node.anchor, node as Node);
        }
      },
    });
  }

  value(node: Node | null | undefined, depth: number): Value {
    if (node === null || node === undefined) return null;
    if (depth > MAX_DEPTH) throw new ValueSyntaxError(`nested deeper than ${MAX_DEPTH} levels`, node.range?.[0]);
    if (++this.#nodes > MAX_NODES) throw new ValueSyntaxError("document contains excessive aliasing");
    if (isAlias(node)) return this.#aliased(node, depth);
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.value(item as Node, depth + 1));
    if (isMap(node)) return jsonObject(this.#entries(node as MapNode, depth));
    throw new ValueSyntaxError("unsupported YAML node");
  }

  #aliased(alias: Alias, depth: number): Value {
    const target = this.#target(alias);
    let known = this.#anchored.get(target);
    if (known === undefined) {
      const before = this.#nodes;
      const value = this.value(target, depth + 1);
      known = { value, size: this.#nodes - before };
      this.#anchored.set(target, known);
    } else {
      this.#nodes += known.size;
    }
    return known.value;
  }

  #target(alias: Alias): Node {
    const target = this.#targets.get(alias);
    if (target === undefined) throw new ValueSyntaxError(`unknown anchor '${alias.source}' referenced`);
    return target;
  }

  #entries(map: MapNode, depth: number): Map<string, Value> {
    const own = new Map<string, Value>();
    const merged: Node[] = [];
    for (const { key, value } of map.items) {
      if (isScalar(key) && key.type === Scalar.PLAIN && key.value === "<<" && value !== null) {
        merged.push(value);
      } else {
        own.set(keyText(this.value(key, depth + 1)), this.value(value, depth + 1));
      }
    }
    const entries = new Map<string, Value>();
    for (const source of merged.reverse()) this.#merge(source, entries, depth);
    for (const [key, value] of own) entries.set(key, value);
    return entries;
  }

  #merge(source: Node, into: Map<string, Value>, depth: number): void {
    if (depth > MAX_DEPTH) throw new ValueSyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    const node = isAlias(source) ? this.#target(source) : source;
    if (isSeq(node)) {
      for (const item of [...node.items].reverse()) this.#merge(item as Node, into, depth + 1);
    } else if (isMap(node)) {
      for (const [key, value] of this.#entries(node as MapNode, depth + 1)) into.set(key, value);
    } else {
      throw new ValueSyntaxError("map merge requires map or sequence of maps as the value");
    }
  }
}

interface MapNode {
  readonly items: readonly { readonly key: Node; readonly value: Node | null }[];
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (typeof key === "number") {
    return Number.isInteger(key) ? String(key) : String(Math.fround(key) === key ? key : singlePrecision(key));
  }
  if (typeof key === "boolean") return String(key);
  if (typeof key === "object" && key !== null && "text" in key) return String(key.text);
  throw new ValueSyntaxError("unsupported map key");
}

/** Fractional keys are printed with the shortest digits of single precision. */
function singlePrecision(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return String(Number(text));
  }
  return String(single);
}

function scalar(node: Scalar): Value {
  const text = typeof node.value === "string" ? node.value : String(node.source ?? "");
  const tag = node.tag?.replace("tag:yaml.org,2002:", "!!");
  const plain = node.type === Scalar.PLAIN || node.type === undefined;
  if (tag === undefined || tag === "!!str") return plain && tag === undefined ? resolvePlain(text) : text;
  const value = resolvePlain(text);
  switch (tag) {
    case "!!int":
      if (typeof value === "number" ? Number.isInteger(value) : typeof value === "object" && value !== null)
        return value;
      break;
    case "!!float":
      if (typeof value === "number" || (typeof value === "object" && value !== null)) return value;
      break;
    case "!!bool":
      if (typeof value === "boolean") return value;
      break;
    case "!!null":
      if (value === null) return null;
      break;
    case "!!binary":
      return Buffer.from(text, "base64").toString("utf8");
    default:
      return text;
  }
  throw new ValueSyntaxError(`cannot decode \`${text}\` as a ${tag}`, node.range?.[0]);
}

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map<string, null | boolean>([
  ["", null],
  ["~", null],
  ...["null", "Null", "NULL"].map((text) => [text, null] as const),
  ...["true", "True", "TRUE"].map((text) => [text, true] as const),
  ...["false", "False", "FALSE"].map((text) => [text, false] as const),
]);

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const MAX_UINT64 = 18446744073709551615n;
const MIN_INT64 = -9223372036854775808n;

/** What an unquoted scalar stands for. @throws ValueSyntaxError for numbers that JSON has not */
export function resolvePlain(text: string): Value {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return constant;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (NOT_FINITE.test(text)) throw new ValueSyntaxError(`unsupported value: ${text}`);
  const plain = text.startsWith(".") ? text : text.replaceAll("_", "");
  const match = INTEGER.exec(plain);
  if (match !== null) {
    const [, sign, hex, binary, octal, decimal] = match;
    const digits = hex ? `0x${hex}` : binary ? `0b${binary}` : octal ? `0o${octal}` : (decimal ?? "0");
    if (digits.length <= 80) {
      const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
      if (value >= MIN_INT64 && value <= MAX_UINT64) return numberFromBigInt(value);
    }
  }
  if (FLOAT.test(plain)) {
    const value = Number(plain);
    if (Number.isFinite(value)) return numberFrom(value);
  }
  return text;
}
