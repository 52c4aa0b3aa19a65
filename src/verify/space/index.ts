export { addressBlock, addressNumber, addressText } from "./address.js";
export { type Bag, Bags, NO_ELEMENT } from "./bags.js";
export type { AnyValues, Atom, Dimension } from "./dimension.js";
export * as dimension from "./dimension.js";
export { VALUES } from "./dimension.js";
export { ANYTHING, Language, NOTHING } from "./language.js";
export { Overflow, withinLimits } from "./overflow.js";
export {
  beginningsOf,
  changedCase,
  concatenation,
  endReplaced,
  halves,
  type Preimage,
  part,
  piece,
  prefixTrimmed,
  replaced,
  sized,
  somePiece,
  suffixTrimmed,
  trimmed,
  unescaped,
  withoutEnd,
  withoutStart,
} from "./preimage.js";
export { queryDecoded } from "./query-decoding.js";
export { type Range, Ranges } from "./ranges.js";
export type { Regex } from "./regex.js";
export * as regex from "./regex.js";
export { readRegex, readSearch } from "./regex-syntax.js";
export { type Box, type Point, RequestSet } from "./request-set.js";
export { afterLongestStart, longestStart } from "./starts.js";
export { ABSENT, NO_TEXT, only, Text } from "./text.js";
