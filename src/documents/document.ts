/**
 * Text becomes documents: plain data, and for any place in it the span that it came from.
 *
 * A syntax tree with positions takes some fifty times the memory of its text, and almost all places are never asked
 * for. So a document keeps its data and its range of the text; the first question about a place parses that range again.
 */

import { isMap, isPair, isSeq, type Node, type Pair, parseDocument } from "yaml";
import type { Source, Span } from "../diagnostics/index.js";

/** Plain data as JSON has it. A mapping's keys are own properties, `__proto__` included: read them by own-property check. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export type PathStep = string | number;

export class Document {
  readonly source: Source;
  readonly value: Json;
  readonly #start: number;
  readonly #end: number;
  readonly #version: "1.1" | "1.2";
  readonly #prefix: readonly PathStep[];
  #tree: WeakRef<Node> | undefined;

  constructor(
    source: Source,
    value: Json,
    range: { start: number; end: number },
    version: "1.1" | "1.2",
    prefix: readonly PathStep[] = [],
  ) {
    this.source = source;
    this.value = value;
    this.#start = range.start;
    this.#end = range.end;
    this.#version = version;
    this.#prefix = prefix;
  }

  /** The same text, seen from a part of it: `value` is that part and paths start there. Lists of objects are split so. */
  at(path: readonly PathStep[]): Document {
    let value: Json | undefined = this.value;
    for (const step of path) value = child(value, step);
    const range = { start: this.#start, end: this.#end };
    return new Document(this.source, value ?? null, range, this.#version, [...this.#prefix, ...path]);
  }

  /** The span of the value at `path`; of the deepest ancestor that exists where the path leads nowhere. */
  spanOf(path: readonly PathStep[] = []): Span {
    return this.#find(path).value;
  }

  /** The span of the key that leads to `path`; of the value itself for a list's element or the whole document. */
  keySpanOf(path: readonly PathStep[]): Span {
    const found = this.#find(path);
    return found.key ?? found.value;
  }

  #find(path: readonly PathStep[]): { value: Span; key?: Span } {
    let node: Node | null | undefined = this.#parse();
    let key: Span | undefined;
    let last = this.#spanOfNode(node) ?? { source: this.source, start: this.#start, end: this.#start };
    for (const step of [...this.#prefix, ...path]) {
      const pair = isMap(node) ? node.items.find((item) => isPair(item) && keyText(item) === String(step)) : undefined;
      const next: unknown = pair !== undefined ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined;
      if (pair === undefined && next === undefined) break;
      key = pair === undefined ? undefined : this.#spanOfNode(pair.key as Node);
      node = next as Node | null;
      last = this.#spanOfNode(node) ?? key ?? last;
    }
    return key === undefined ? { value: last } : { value: last, key };
  }

  #parse(): Node | null {
    const held = this.#tree?.deref();
    if (held !== undefined) return held;
    const text = this.source.text.slice(this.#start, this.#end);
    const tree = parseDocument(text, { version: this.#version, uniqueKeys: false, logLevel: "silent" }).contents;
    if (tree !== null) this.#tree = new WeakRef(tree as Node);
    return tree as Node | null;
  }

  #spanOfNode(node: Node | null | undefined): Span | undefined {
    const range = node?.range;
    if (range === null || range === undefined) return undefined;
    return { source: this.source, start: this.#start + range[0], end: this.#start + range[1] };
  }
}

function keyText(pair: Pair): string {
  const key: unknown = pair.key;
  return typeof key === "object" && key !== null && "value" in key ? String(key.value) : String(key);
}

function child(value: Json | undefined, step: PathStep): Json | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, step) ? (value as JsonObject)[step] : undefined;
}
