/**
 * Sets of requests, exact. A set is a decision diagram: each node splits the requests by one dimension into disjoint
 * parts, in the fixed order of the dimensions, and dimensions that do not matter do not occur. What no part of a node
 * covers does not belong to the set, so that intersecting never has to work out what is left over. A union of products (boxes) would say the same, but complements of boxes multiply; a diagram shares its parts, so DENY
 * rules, which are complements, cost about what ALLOW rules cost. Nodes are interned and operations remembered.
 */
import { combine, hasAtom, witnessOf } from "./algebra.js";
import type { AnyValues, Atom, Dimension } from "./dimension.js";
import { precedes } from "./dimension.js";
import { Interner, PairMemo } from "./interner.js";
import { MOST_EDGES, Overflow } from "./overflow.js";

interface Edge {
  readonly values: AnyValues;
  readonly to: Node;
}

interface Node {
  readonly id: number;
  /** undefined for the two leaves */
  readonly dimension: Dimension | undefined;
  readonly edges: readonly Edge[];
}

/** What a request has in the dimensions that matter, by the dimension's key; what is not listed is `missing`. */
export type Point = ReadonlyMap<string, Atom>;
/** One product of a set: the requests whose attributes belong to the listed values. */
export type Box = ReadonlyMap<Dimension, AnyValues>;

const EMPTY: Node = { id: 0, dimension: undefined, edges: [] };
const FULL: Node = { id: 1, dimension: undefined, edges: [] };

const interner = new Interner<Node>();
const unions = new PairMemo<Node>();
const intersections = new PairMemo<Node>();
const differences = new PairMemo<Node>();
let lastId = 1;
let budget = MOST_EDGES;

function node(dimension: Dimension, edges: readonly Edge[]): Node {
  const byTarget = new Map<Node, AnyValues>();
  for (const { values, to } of edges) {
    if (to === EMPTY || values.isEmpty) continue;
    const known = byTarget.get(to);
    byTarget.set(to, known === undefined ? values : combine("union", known, values));
  }
  budget -= byTarget.size;
  if (budget < 0) throw new Overflow("parts of a request set", MOST_EDGES);
  const [first] = byTarget;
  if (first === undefined) return EMPTY;
  // Equal sets of values are mostly one object. A node that was kept although it covers everything costs time, no more.
  if (byTarget.size === 1 && first[1] === dimension.full) return first[0];
  const sorted = [...byTarget].map(([to, values]): Edge => ({ values, to })).sort((a, b) => a.to.id - b.to.id);
  const key = `${dimension.key}=${sorted.map(({ values, to }) => `${values.id}>${to.id}`).join(",")}`;
  return interner.get(key, () => ({ id: ++lastId, dimension, edges: sorted }));
}

/** What is left of `values` without the values of all edges. */
function without(values: AnyValues, edges: readonly Edge[]): AnyValues {
  let rest = values;
  for (const edge of edges) {
    if (rest.isEmpty) break;
    rest = combine("minus", rest, edge.values);
  }
  return rest;
}

/** The edges of a node seen as a node of `dimension`, which it may not test: then everything leads to itself. */
function edgesAt(at: Node, dimension: Dimension): readonly Edge[] {
  return at.dimension?.key === dimension.key ? at.edges : [{ values: dimension.full, to: at }];
}

/** The dimension that two nodes are split by together: the first that one of them tests. */
function firstOf(a: Node, b: Node): Dimension {
  const [x, y] = [a.dimension, b.dimension];
  const first = x === undefined ? y : y === undefined || precedes(x, y) ? x : y;
  if (first === undefined) throw new Error("two leaves were not decided");
  return first;
}

function intersection(a: Node, b: Node): Node {
  if (a === b || b === FULL || a === EMPTY) return a;
  if (a === FULL || b === EMPTY) return b;
  const known = intersections.get(a.id, b.id);
  if (known !== undefined) return known;
  const dimension = firstOf(a, b);
  const edges: Edge[] = [];
  for (const left of edgesAt(a, dimension)) {
    for (const right of edgesAt(b, dimension)) {
      const both = combine("intersect", left.values, right.values);
      if (!both.isEmpty) edges.push({ values: both, to: intersection(left.to, right.to) });
    }
  }
  return intersections.set(a.id, b.id, node(dimension, edges));
}

function union(a: Node, b: Node): Node {
  if (a === b || b === EMPTY || a === FULL) return a;
  if (a === EMPTY || b === FULL) return b;
  const known = unions.get(a.id, b.id);
  if (known !== undefined) return known;
  const dimension = firstOf(a, b);
  const [left, right] = [edgesAt(a, dimension), edgesAt(b, dimension)];
  const edges: Edge[] = [];
  for (const one of left) {
    for (const other of right) {
      const both = combine("intersect", one.values, other.values);
      if (!both.isEmpty) edges.push({ values: both, to: union(one.to, other.to) });
    }
    edges.push({ values: without(one.values, right), to: one.to });
  }
  for (const other of right) edges.push({ values: without(other.values, left), to: other.to });
  return unions.set(a.id, b.id, node(dimension, edges));
}

function difference(a: Node, b: Node): Node {
  if (a === b || a === EMPTY || b === FULL) return EMPTY;
  if (b === EMPTY) return a;
  const known = differences.get(a.id, b.id);
  if (known !== undefined) return known;
  const dimension = firstOf(a, b);
  const right = edgesAt(b, dimension);
  const edges: Edge[] = [];
  for (const one of edgesAt(a, dimension)) {
    for (const other of right) {
      const both = combine("intersect", one.values, other.values);
      if (!both.isEmpty) edges.push({ values: both, to: difference(one.to, other.to) });
    }
    edges.push({ values: without(one.values, right), to: one.to });
  }
  return differences.set(a.id, b.id, node(dimension, edges));
}

function budgeted<T>(work: () => T): T {
  budget = MOST_EDGES;
  return work();
}

export class RequestSet {
  // The compiler refers to the class by an alias that it sets only behind it, too late for these two.
  static readonly empty: RequestSet = new this(EMPTY);
  static readonly full: RequestSet = new this(FULL);

  readonly #root: Node;

  private constructor(root: Node) {
    this.#root = root;
  }

  static #of(root: Node): RequestSet {
    if (root === EMPTY) return RequestSet.empty;
    return root === FULL ? RequestSet.full : new RequestSet(root);
  }

  /** The requests whose attribute belongs to `values`. */
  static where<V extends AnyValues>(dimension: Dimension<V>, values: V): RequestSet {
    const inside = combine("intersect", dimension.full, values);
    return RequestSet.#of(budgeted(() => node(dimension, [{ values: inside, to: FULL }])));
  }

  static any(sets: readonly RequestSet[]): RequestSet {
    return balanced(sets, RequestSet.empty, (a, b) => a.union(b));
  }

  static all(sets: readonly RequestSet[]): RequestSet {
    return balanced(sets, RequestSet.full, (a, b) => a.intersect(b));
  }

  /** Equal ids mean equal sets; different ids mean nothing. */
  get id(): number {
    return this.#root.id;
  }

  get isEmpty(): boolean {
    return this.#root === EMPTY;
  }

  get isFull(): boolean {
    return this.#root === FULL;
  }

  union(other: RequestSet): RequestSet {
    return RequestSet.#of(budgeted(() => union(this.#root, other.#root)));
  }

  intersect(other: RequestSet): RequestSet {
    return RequestSet.#of(budgeted(() => intersection(this.#root, other.#root)));
  }

  minus(other: RequestSet): RequestSet {
    return RequestSet.#of(budgeted(() => difference(this.#root, other.#root)));
  }

  complement(): RequestSet {
    return RequestSet.full.minus(this);
  }

  isSubsetOf(other: RequestSet): boolean {
    return this.minus(other).isEmpty;
  }

  equals(other: RequestSet): boolean {
    return this.#root === other.#root || (this.isSubsetOf(other) && other.isSubsetOf(this));
  }

  has(point: Point): boolean {
    let at = this.#root;
    while (at.dimension !== undefined) {
      const { key, missing } = at.dimension;
      const atom = point.get(key) ?? (point.has(key) ? null : missing);
      const edge = at.edges.find(({ values }) => hasAtom(values, atom));
      if (edge === undefined) return false;
      at = edge.to;
    }
    return at === FULL;
  }

  /** The set as seen by requests that have `atom` in the dimension, which no longer occurs. */
  at(dimension: Dimension, atom: Atom): RequestSet {
    return this.#rewrite(dimension, (edges) => edges.find(({ values }) => hasAtom(values, atom))?.to ?? EMPTY);
  }

  /**
   * The set cut by one dimension: disjoint values, and the set as requests with any of them see it. Values that lead
   * nowhere are left out. With the first dimension, the principal, it says which callers are treated alike.
   */
  parts(dimension: Dimension): readonly { readonly values: AnyValues; readonly set: RequestSet }[] {
    if (this.isEmpty) return [];
    if (this.#root.dimension !== undefined && precedes(this.#root.dimension, dimension)) {
      throw new Error(`the set is cut by ${this.#root.dimension.key} before ${dimension.key}`);
    }
    return edgesAt(this.#root, dimension).map(({ values, to }) => ({ values, set: RequestSet.#of(to) }));
  }

  /** The requests that belong to the set for some value of the dimension within `values`. */
  some<V extends AnyValues>(dimension: Dimension<V>, values: V = dimension.full): RequestSet {
    // A set that does not mention the dimension holds for each of its values, and for none of none.
    if (values.isEmpty) return RequestSet.empty;
    return this.#rewrite(dimension, (edges) =>
      edges
        .filter((edge) => !combine("intersect", edge.values, values).isEmpty)
        .reduce((sum, { to }) => union(sum, to), EMPTY),
    );
  }

  /** The requests that belong to the set for every value of the dimension within `values`. */
  every<V extends AnyValues>(dimension: Dimension<V>, values: V = dimension.full): RequestSet {
    if (values.isEmpty) return RequestSet.full;
    return this.#rewrite(dimension, (edges) => {
      if (!without(combine("intersect", values, dimension.full), edges).isEmpty) return EMPTY;
      return edges
        .filter((edge) => !combine("intersect", edge.values, values).isEmpty)
        .reduce((product, { to }) => intersection(product, to), FULL);
    });
  }

  /**
   * The requests that belong to the set once a function has changed their attribute.
   * @param before the attributes that the function takes into the given ones; disjoint where these are
   */
  before<V extends AnyValues>(dimension: Dimension<V>, before: (values: V) => V): RequestSet {
    return this.#rewrite(dimension, (edges) =>
      node(
        dimension,
        edges.map(({ values, to }) => ({ values: before(values as V), to })),
      ),
    );
  }

  #rewrite(dimension: Dimension, decide: (edges: readonly Edge[]) => Node): RequestSet {
    const done = new Map<Node, Node>();
    const visit = (at: Node): Node => {
      const here = at.dimension;
      if (here === undefined || precedes(dimension, here)) return at;
      const known = done.get(at);
      if (known !== undefined) return known;
      const result =
        here.key === dimension.key
          ? decide(at.edges)
          : node(
              here,
              at.edges.map(({ values, to }) => ({ values, to: visit(to) })),
            );
      done.set(at, result);
      return result;
    };
    return RequestSet.#of(budgeted(() => visit(this.#root)));
  }

  /** The dimensions that matter, in order. */
  get dimensions(): readonly Dimension[] {
    const found = new Map<string, Dimension>();
    const seen = new Set<Node>();
    const visit = (at: Node): void => {
      if (at.dimension === undefined || seen.has(at)) return;
      seen.add(at);
      found.set(at.dimension.key, at.dimension);
      for (const { to } of at.edges) visit(to);
    };
    visit(this.#root);
    return [...found.values()].sort((a, b) => (precedes(a, b) ? -1 : 1));
  }

  /** The set as disjoint products, at most `most` of them. */
  boxes(most = 64): readonly Box[] {
    const out: Box[] = [];
    const visit = (at: Node, box: Box): void => {
      if (out.length >= most || at === EMPTY) return;
      if (at.dimension === undefined) {
        out.push(box);
        return;
      }
      for (const { values, to } of at.edges) visit(to, new Map([...box, [at.dimension, values]]));
    };
    visit(this.#root, new Map());
    return out;
  }

  /** A request of the set that reads as simply as possible; undefined when the set is empty. */
  witness(): Point | undefined {
    interface Best {
      readonly cost: number;
      readonly step?: { readonly key: string; readonly atom: Atom; readonly rest: Best };
    }
    const done = new Map<Node, Best | undefined>();
    const visit = (at: Node): Best | undefined => {
      if (at === EMPTY) return undefined;
      if (at.dimension === undefined) return { cost: 0 };
      if (done.has(at)) return done.get(at);
      let best: Best | undefined;
      for (const { values, to } of at.edges) {
        const rest = visit(to);
        if (rest === undefined) continue;
        const atom = witnessOf(values, [at.dimension.missing, ...at.dimension.preferred]);
        if (atom === undefined) continue;
        const cost = rest.cost + costOf(atom, at.dimension);
        if (best === undefined || cost < best.cost) best = { cost, step: { key: at.dimension.key, atom, rest } };
      }
      done.set(at, best);
      return best;
    };
    const best = visit(this.#root);
    if (best === undefined) return undefined;
    const point = new Map<string, Atom>();
    for (let step = best.step; step !== undefined; step = step.rest.step) point.set(step.key, step.atom);
    return point;
  }
}

function costOf(atom: Atom, dimension: Dimension): number {
  if (atom === dimension.missing) return 0;
  if (atom === null || typeof atom === "bigint") return 1;
  if (typeof atom === "string") return dimension.preferred.includes(atom) ? 1 : 2 + atom.length;
  return atom.reduce((sum, word) => sum + 2 + word.length, 0);
}

function balanced(
  sets: readonly RequestSet[],
  none: RequestSet,
  join: (a: RequestSet, b: RequestSet) => RequestSet,
): RequestSet {
  let layer = sets;
  while (layer.length > 1) {
    const next: RequestSet[] = [];
    for (let i = 0; i < layer.length; i += 2) {
      const [a, b] = [layer[i], layer[i + 1]];
      if (a !== undefined) next.push(b === undefined ? a : join(a, b));
    }
    layer = next;
  }
  return layer[0] ?? none;
}
