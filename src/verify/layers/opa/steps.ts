/** What is under a key of a value, when the value or the key depends on the request. */
import { isArray, type Value } from "../../../rego/index.js";
import { both, MAYBE, YES } from "../../space/bounds.js";
import { ANYTHING, piece } from "../../space/index.js";
import { plainStep } from "./collections.js";
import { closed } from "./elements.js";
import { equality } from "./relations.js";
import {
  type Case,
  type CollectionSymbol,
  known,
  knownItems,
  OPEN,
  type PiecesSymbol,
  type Symbolic,
  surely,
  type TextSymbol,
  UNKNOWN,
  within,
} from "./symbol.js";
import { pieceWithToken } from "./texts.js";

export function stepInto(value: Symbolic, key: Symbolic): readonly Case[] {
  switch (value.kind) {
    case "known":
      return key.kind === "known" ? plainStep(value.value, key.value) : ofKnown(value.value, key);
    case "array":
      return possible(value.items.map((item, i) => ({ when: equality(key, known(i)), value: item })));
    case "collection":
      return ofCollection(value, key);
    case "pieces":
      return ofPieces(value, key);
    case "bag":
      return isIndex(key) === false ? [] : OPEN;
    case "tree":
      if (key.kind === "known") return typeof key.value === "string" ? value.child(key.value) : [];
      return OPEN;
    case "claims":
      if (key.kind !== "known") return OPEN;
      return typeof key.value === "string"
        ? surely({ ...value, names: [...value.names, key.value], settled: false })
        : [];
    case "unknown":
      return value.type === "number" || value.type === "scalar" ? [] : OPEN;
    default:
      return [];
  }
}

function possible(cases: readonly Case[]): readonly Case[] {
  return cases.filter(({ when }) => !when.may.isEmpty);
}

function ofKnown(value: Value, key: Symbolic): readonly Case[] {
  const items = knownItems(value) ?? [];
  // A text is no index, and looking at every item of a long list would say so only slowly.
  if (isArray(value) && key.kind === "text") return [];
  return possible(
    items.map((item) => ({ when: item.key === undefined ? MAYBE : equality(key, item.key), value: item.value })),
  );
}

function ofCollection({ of, items }: CollectionSymbol, key: Symbolic): readonly Case[] {
  if (of === "array") return OPEN;
  return possible(
    items.map((item) => {
      const name = of === "set" ? item.value : (item.key ?? UNKNOWN);
      const when = closed(both(item.when, equality(name, key)), item.over);
      const found = of === "set" && key.kind === "known" ? key : item.value;
      return { when, value: item.over.length > 0 && found !== key ? UNKNOWN : found };
    }),
  );
}

/** undefined: cannot be told */
function isIndex(key: Symbolic): boolean | undefined {
  if (key.kind !== "known") return key.kind === "text" ? false : undefined;
  return typeof key.value === "number" && Number.isInteger(key.value) && key.value >= 0;
}

function ofPieces({ text, separator }: PiecesSymbol, key: Symbolic): readonly Case[] {
  const fits = isIndex(key);
  if (fits !== true || key.kind !== "known") return fits === false ? [] : OPEN;
  const index = key.value as number;
  if (index > 100) return OPEN;
  const found = pieceOf(text, separator, index);
  const isThere = found.kind !== "text" || found.steps.length === 0;
  return possible([{ when: index === 0 || isThere ? YES : within(found, ANYTHING), value: found }]);
}

export function pieceOf(text: TextSymbol, separator: string, index: number): Symbolic {
  const beside = pieceWithToken(text, separator, index);
  if (beside !== undefined) return beside;
  const target = text.parts.length === 2 && text.steps.length === 0 ? text.parts : undefined;
  const [path, query] = target ?? [];
  // The query begins with the first `?`: what stands before it is the path, which has none.
  const cut = path?.kind === "dimension" && path.dimension.key === "path" && query?.kind === "dimension";
  if (separator === "?" && index === 0 && cut) return { kind: "text", parts: [path], steps: [] };
  const step = { name: JSON.stringify(["piece", separator, index]), before: piece(separator, index) };
  return { ...text, steps: [...text.steps, step] };
}
