/** One connection against the rules that declare it: what gets through and should not, what should and doesn't. */
import type { Operation, Policy, Rule } from "../../policy/index.js";
import { type Connection, combine, type Judgement } from "../layer.js";
import { dimension, Language, type Regex, RequestSet, regex, Text, withinLimits } from "../space/index.js";
import { declaredSet, heldOperationSets } from "./declared.js";
import { type Finding, findingOf, mendLeak, mendUnknown, type Place, type World, witnessOf } from "./finding.js";

/** @param rules those that declare requests on this connection */
export function comparePair(
  world: World,
  policy: Policy,
  connection: Connection,
  place: Place,
  rules: readonly Rule[],
): readonly Finding[] {
  const found = withinLimits(() => compareRequests(world, policy, connection, place, rules));
  if (found !== undefined) return found;
  const mend = "simplify the policies of this port: there are too many cases to tell";
  return [findingOf(world, connection, place, { kind: "unknown", witness: undefined, mend })];
}

function compareRequests(
  world: World,
  policy: Policy,
  connection: Connection,
  place: Place,
  rules: readonly Rule[],
): readonly Finding[] {
  const reach = combine(world.layers.map((layer) => layer.judge(connection)));
  const declared = declaredSet(rules, policy);
  const [sure, possible] = [reach.must.minus(declared), reach.may.minus(declared)];
  const found: Finding[] = [];
  const leak = sure.isEmpty ? undefined : witnessOf(world, connection, sure);
  if (leak?.replay.outcome === "allow") {
    found.push(findingOf(world, connection, place, { kind: "leak", witness: leak, mend: mendLeak(rules) }));
  } else if (!possible.isEmpty) {
    const maybe = leak ?? witnessOf(world, connection, possible);
    // What the layers cannot be sure of, the replay may still show.
    const shown = maybe?.replay.outcome === "allow";
    const mend = shown ? mendLeak(rules) : mendUnknown(maybe);
    found.push(findingOf(world, connection, place, { kind: shown ? "leak" : "unknown", witness: maybe, mend }));
  }
  for (const rule of rules) {
    for (const operation of rule.operations) {
      found.push(...blocked(world, policy, connection, place, reach, rule, operation));
    }
  }
  return found;
}

/** A host or a header may be asked for by the cluster too; a method and path must get through with some, for each role. */
function blocked(
  world: World,
  policy: Policy,
  connection: Connection,
  place: Place,
  { may, must }: Judgement,
  rule: Rule,
  operation: Operation,
): readonly Finding[] {
  const lacking = heldOperationSets(operation, rule, policy).map((held) => {
    const wanted = held.intersect(PLAIN_PATHS);
    const asked = essence(wanted);
    return {
      stopped: asked.minus(essence(wanted.intersect(may))).intersect(wanted),
      unsure: asked
        .minus(essence(wanted.intersect(must)))
        .intersect(wanted)
        .intersect(may),
    };
  });
  const stopped = lacking.find((one) => !one.stopped.isEmpty);
  if (stopped !== undefined) {
    const witness = witnessOf(world, connection, stopped.stopped);
    // What was not seen to fail is not called blocked.
    if (witness?.replay.outcome === "deny")
      return [findingOf(world, connection, place, { kind: "blockage", rule, witness })];
    return [findingOf(world, connection, place, { kind: "unknown", rule, witness, mend: mendUnknown(witness) })];
  }
  const unsure = lacking.find((one) => !one.unsure.isEmpty);
  if (unsure === undefined) return [];
  const witness = witnessOf(world, connection, unsure.unsure);
  return [findingOf(world, connection, place, { kind: "unknown", rule, witness, mend: mendUnknown(witness) })];
}

/**
 * Paths that mean the same to everybody: RFC 3986 §3.3 `pchar` without escapes and parameters, no segment of dots alone.
 * Others may be refused on the way, and a declared flow does not need them.
 */
const PLAIN_PATHS = RequestSet.where(dimension.path, Text.of(Language.matching(plainPath())));

function plainPath(): Regex {
  const { charClass, either, literal, plus, sequence, star } = regex;
  const letter = charClass("-_~!$&'()*+,=:@", ["a", "z"], ["A", "Z"], ["0", "9"]);
  const segment = sequence(star(literal(".")), letter, star(either(letter, literal("."))));
  return plus(sequence(literal("/"), either(segment, sequence())));
}

/** The set over protocol, method and path alone: whether there is some request of each kind. */
function essence(set: RequestSet): RequestSet {
  const kept = new Set([dimension.protocol.key, dimension.method.key, dimension.path.key]);
  return set.dimensions.filter(({ key }) => !kept.has(key)).reduce((rest, one) => rest.some(one), set);
}
