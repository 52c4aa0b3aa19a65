/** One connection against the rules that declare it: what gets through and should not, what should and doesn't. */
import type { Operation, Policy, Rule } from "../../policy/index.js";
import { dimension, Language, type Regex, RequestSet, regex, Text, withinLimits } from "../space/index.js";
import { declaredSet, heldOperationSets } from "./declared.js";
import { type Course, type Finding, findingOf, mendLeak, mendUnknown, type Place } from "./finding.js";

/** @param rules those that declare requests that come this way */
export function comparePair(course: Course, policy: Policy, place: Place, rules: readonly Rule[]): readonly Finding[] {
  const found = withinLimits(() => compareRequests(course, policy, place, rules));
  if (found !== undefined) return found;
  const mend = "simplify the policies of this port: there are too many cases to tell";
  return [findingOf(course, place, { kind: "unknown", witness: undefined, mend })];
}

function compareRequests(course: Course, policy: Policy, place: Place, rules: readonly Rule[]): readonly Finding[] {
  const { must: sure, may: possible } = course.undeclared(declaredSet(rules, policy));
  const found: Finding[] = [];
  const leak = sure.isEmpty ? undefined : course.witness(sure, "sent");
  if (leak?.replay.outcome === "allow") {
    found.push(findingOf(course, place, { kind: "leak", witness: leak, mend: mendLeak(rules) }));
  } else if (!possible.isEmpty) {
    const maybe = leak ?? course.witness(possible, "sent");
    // What the layers cannot be sure of, the replay may still show.
    const shown = maybe?.replay.outcome === "allow";
    const mend = shown ? mendLeak(rules) : (course.mend ?? mendUnknown(maybe));
    found.push(findingOf(course, place, { kind: shown ? "leak" : "unknown", witness: maybe, mend }));
  }
  for (const rule of rules) {
    for (const operation of rule.operations) {
      found.push(...blocked(course, policy, place, rule, operation));
    }
  }
  return found;
}

/** A host or a header may be asked for by the cluster too; a method and path must get through with some, for each role. */
function blocked(course: Course, policy: Policy, place: Place, rule: Rule, operation: Operation): readonly Finding[] {
  const lacking = heldOperationSets(operation, rule, policy).map((held) => {
    const wanted = held.intersect(PLAIN_PATHS);
    const asked = essence(wanted);
    const { may, must } = course.reached(wanted);
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
    const witness = course.witness(stopped.stopped, "seen");
    // What was not seen to fail is not called blocked.
    if (witness?.replay.outcome === "deny") return [findingOf(course, place, { kind: "blockage", rule, witness })];
    return [findingOf(course, place, { kind: "unknown", rule, witness, mend: mendUnknown(witness) })];
  }
  const unsure = lacking.find((one) => !one.unsure.isEmpty);
  if (unsure === undefined) return [];
  const witness = course.witness(unsure.unsure, "seen");
  return [findingOf(course, place, { kind: "unknown", rule, witness, mend: mendUnknown(witness) })];
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
