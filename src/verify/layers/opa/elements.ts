/**
 * Conditions on some element of a list. While a body looks at an element, the element is a dimension of its own; at the
 * end it is taken out again: what is left says for which requests the list has such an element.
 */

import { type Bounds, exactly, not } from "../../space/bounds.js";
import { dimension, type Language, RequestSet, somePiece, Text } from "../../space/index.js";
import { bagWith } from "./relations.js";
import { type CollectionSymbol, type Element, type Item, renamed, UNKNOWN, within } from "./symbol.js";

export class Elements {
  #last = 0;

  /** A new element: of all elements the first in the order of dimensions. */
  of(list: Element["of"]): Element {
    this.#last += 1;
    return { dimension: dimension.element(this.#last), of: list };
  }

  /** The members of a collection with elements of their own. */
  fresh({ items }: CollectionSymbol): readonly Item[] {
    return items.map((item) => (item.over.length === 0 ? item : this.#renamed(item)));
  }

  #renamed({ when, key, value, over }: Item): Item {
    const names = new Map<string, Element["dimension"]>();
    const elements = over.map((one): Element => {
      const of = renamed(one.of, names);
      const other = this.of(of?.kind === "pieces" || of?.kind === "bag" ? of : one.of);
      names.set(one.dimension.key, other.dimension);
      return other;
    });
    const order = [...over].reverse();
    const moved = (set: RequestSet): RequestSet => rewritten(set, order, names);
    return {
      when: when.may === when.must ? exactly(moved(when.may)) : { may: moved(when.may), must: moved(when.must) },
      key: key === undefined ? undefined : (renamed(key, names) ?? UNKNOWN),
      value: renamed(value, names) ?? UNKNOWN,
      over: elements,
    };
  }
}

function rewritten(
  set: RequestSet,
  [first, ...rest]: readonly Element[],
  names: ReadonlyMap<string, Element["dimension"]>,
): RequestSet {
  if (first === undefined) return set;
  const name = names.get(first.dimension.key) ?? first.dimension;
  return RequestSet.any(
    set
      .parts(first.dimension)
      .flatMap(({ values, set: inner }) =>
        values instanceof Text ? [rewritten(inner, rest, names).intersect(RequestSet.where(name, values))] : [],
      ),
  );
}

/** The requests for which the list has an element of the language. */
function some(list: Element["of"], wanted: Language): Bounds {
  return list.kind === "bag" ? bagWith(list, wanted) : within(list.text, somePiece(list.separator, wanted));
}

/** The condition for some of these elements. */
export function closed(when: Bounds, over: readonly Element[]): Bounds {
  return [...over].reverse().reduce((rest, element) => {
    const side = (name: "may" | "must"): RequestSet =>
      RequestSet.any(
        rest[name]
          .parts(element.dimension)
          .flatMap(({ values, set }) =>
            values instanceof Text ? [set.intersect(some(element.of, values.present)[name])] : [],
          ),
      );
    const may = side("may");
    return rest.may === rest.must && isExact(element) ? exactly(may) : { may, must: side("must") };
  }, when);
}

function isExact({ of }: Element): boolean {
  return of.kind === "bag" || of.text.parts.every(({ kind }) => kind !== "opaque");
}

/** The condition for all of these elements. */
export function forAll(when: Bounds, over: readonly Element[]): Bounds {
  return over.length === 0 ? when : not(closed(not(when), over));
}
