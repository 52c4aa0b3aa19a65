/** The order of values, across types and within each, and sorting by it. */
import { RegoObject, type RegoSet } from "./collections.js";
import { compareNumbers, type Num } from "./num.js";
import { objectGet, objectKeys, sortedKeys } from "./objects.js";
import { isJsonObject, type JsonObject, rank, type Value } from "./value.js";

/** Up to this many values are put in order as they come. */
const FEW = 16;

/** The total order of Rego: null < boolean < number < string < array < object < set. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const kind = rank(a);
  const other = rank(b);
  if (kind !== other) return kind - other;
  switch (kind) {
    case 1:
      return a === true ? 1 : -1;
    case 2:
      return compareNumbers(a as number | Num, b as number | Num);
    case 4:
      return compareLists(a as readonly Value[], b as readonly Value[]);
    case 5:
      return compareObjects(a as JsonObject | RegoObject, b as JsonObject | RegoObject);
    case 6:
      return compareLists((a as RegoSet).sorted(), (b as RegoSet).sorted());
    default:
      return 0;
  }
}

/** Order by code point; JavaScript's own `<` orders by UTF-16 unit. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for code points above all other units.
      return (x >= 0xd800 && x <= 0xdfff ? x + 0x10000 : x) - (y >= 0xd800 && y <= 0xdfff ? y + 0x10000 : y);
    }
  }
  return a.length - b.length;
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject | RegoObject, b: JsonObject | RegoObject): number {
  if (!(a instanceof RegoObject) && !(b instanceof RegoObject)) {
    const order = compareAlike(a, b);
    if (order !== undefined) return order;
  }
  const left = objectKeys(a);
  const right = objectKeys(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const key = left[i] as Value;
    const other = right[i] as Value;
    const order = compare(key, other) || compare(objectGet(a, key) as Value, objectGet(b, other) as Value);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The order of objects written alike, with the same keys in the same order, which then need no sorting. */
function compareAlike(a: JsonObject, b: JsonObject): number | undefined {
  const keys = Object.keys(a);
  if (!sameNames(keys, Object.keys(b))) return undefined;
  let least: string | undefined;
  let order = 0;
  for (const key of keys) {
    if (least !== undefined && compareStrings(key, least) > 0) continue;
    const found = compare(a[key] as Value, b[key] as Value);
    if (found === 0) continue;
    least = key;
    order = found;
  }
  return order;
}

export function isAscending(values: readonly Value[]): boolean {
  for (let i = 1; i < values.length; i++) if (compare(values[i - 1] as Value, values[i] as Value) > 0) return false;
  return true;
}

/** A copy in value order. */
export function sortedValues(values: readonly Value[]): readonly Value[] {
  const order = orderFor(values);
  if (values.length > FEW) return values.toSorted(order);
  const sorted: Value[] = [];
  for (const value of values) {
    // Most come in order already.
    let from = sorted.length;
    if (from > 0 && order(sorted[from - 1] as Value, value) > 0) {
      let low = 0;
      for (let high = from - 1; low < high; ) {
        const middle = (low + high) >> 1;
        if (order(sorted[middle] as Value, value) > 0) high = middle;
        else low = middle + 1;
      }
      from = low;
    }
    sorted.push(value);
    for (let i = sorted.length - 1; i > from; i--) sorted[i] = sorted[i - 1] as Value;
    sorted[from] = value;
  }
  return sorted;
}

/** The order of values; the keys of plain objects that have the same ones are put in order once for all of them. */
function orderFor(values: readonly Value[]): (a: Value, b: Value) => number {
  const [first] = values;
  if (values.length < 3 || !isJsonObject(first)) return compare;
  const keys = Object.keys(first);
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    if (!isJsonObject(value) || !sameNames(keys, Object.keys(value))) return compare;
  }
  const sorted = sortedKeys(first);
  return (a, b) => {
    for (const key of sorted) {
      const order = compare((a as JsonObject)[key] as Value, (b as JsonObject)[key] as Value);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
