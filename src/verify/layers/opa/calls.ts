/** Calls of built-in functions: of known values they are made, of others they become conditions where they are read. */
import { BUILTINS, BuiltinError, callBuiltin, plainContext, type Value } from "../../../rego/index.js";
import { callOnToken } from "./claims.js";
import { callOnCollections, type Host } from "./collections.js";
import { callKind, callRelation, kindOf } from "./relations.js";
import { type Case, known, OPEN, type Symbolic, surely, UNKNOWN } from "./symbol.js";
import { callOnTexts } from "./texts.js";

/** How the present goes on: scaled and rounded it is still the present. */
const SCALING: ReadonlySet<string> = new Set(["div", "mul", "round", "floor", "ceil"]);
/** Functions of texts alone: of anything else they are an error, and so undefined. */
const ON_TEXT: ReadonlyMap<string, number> = new Map([
  ["startswith", 0],
  ["endswith", 0],
  ["contains", 0],
  ["regex.match", 1],
  ["regex.find_n", 1],
  ["regex.find_all_string_submatch_n", 1],
  ["glob.match", 2],
  ["lower", 0],
  ["upper", 0],
  ["trim", 0],
  ["trim_left", 0],
  ["trim_right", 0],
  ["trim_prefix", 0],
  ["trim_suffix", 0],
  ["trim_space", 0],
  ["substring", 0],
  ["split", 0],
  ["replace", 0],
  ["urlquery.decode", 0],
  ["io.jwt.decode", 0],
  ["io.jwt.decode_verify", 0],
]);

export function callSymbolic(name: string, args: readonly Symbolic[], host: Host): readonly Case[] {
  const target = BUILTINS.get(name);
  if (target === undefined || target.refused !== undefined || target.relation === true) return OPEN;
  if (name === "time.now_ns") return surely({ kind: "moment", when: "now" });
  const position = ON_TEXT.get(name);
  const subject = position === undefined ? undefined : args[position];
  if (subject !== undefined) {
    const kind = kindOf(subject);
    if (kind !== undefined && kind !== "string") return [];
  }
  if (args.every((arg) => arg.kind === "known"))
    return callKnown(
      name,
      args.map((arg) => arg.value),
    );
  if (name === "json.marshal") return surely(UNKNOWN);
  if (SCALING.has(name) && args[0]?.kind === "moment" && args[0].when === "now") return surely(args[0]);
  return (
    callOnToken(name, args) ??
    callRelation(name, args) ??
    callKind(name, args) ??
    callOnCollections(name, args, host) ??
    callOnTexts(name, args) ??
    OPEN
  );
}

/** A call that gives the same outcome whenever it is made, with its error as no outcome. */
function callKnown(name: string, args: readonly Value[]): readonly Case[] {
  const target = BUILTINS.get(name);
  if (target === undefined) return OPEN;
  // A text that is no token at all is an error whatever the clock says.
  const isClear = typeof args[0] === "string" && !args[0].includes(".") && name === "io.jwt.decode_verify";
  if (target.nondeterministic === true && !isClear) return OPEN;
  try {
    const value = callBuiltin(target, args, plainContext());
    return value === undefined ? [] : surely(known(value));
  } catch (error) {
    if (error instanceof BuiltinError) return [];
    throw error;
  }
}
