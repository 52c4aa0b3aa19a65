/**
 * What a dimension of a request may be: a Boolean algebra of sets of atoms, relative to whatever the dimension calls
 * everything. Four algebras suffice for every attribute that an engine looks at; each is exact.
 */
export interface Values<Atom, Self> {
  /** equal ids mean equal sets; different ids mean nothing */
  readonly id: number;
  readonly isEmpty: boolean;
  has(atom: Atom): boolean;
  union(other: Self): Self;
  intersect(other: Self): Self;
  minus(other: Self): Self;
  /** an atom of the set, the first of `preferred` that belongs to it if any does */
  witness(preferred?: readonly Atom[]): Atom | undefined;
}
