/** What a policy answers about the requests to a destination, and where that is not certain. */
import type { NormalForm, Place, Value } from "../../../rego/index.js";
import { TIMES } from "../../request.js";
import { type Bounds, both, either } from "../../space/bounds.js";
import { RequestSet, VALUES } from "../../space/index.js";
import { WRITTEN_TOKENS, writtenTimes } from "./claims.js";
import { Evaluator } from "./evaluate.js";
import { checkInput, type Destination, READ_BY_PLUGIN } from "./input.js";
import { equality, writtenClaim } from "./relations.js";
import { type Case, known, type Symbolic, TRUE } from "./symbol.js";

export interface Answers {
  /** the requests that are let through */
  readonly allowed: Bounds;
  /** the requests that get an answer at all; the others are an error of the authorizer's */
  readonly answered: Bounds;
  /** the literals that were not read, in the order of their places */
  readonly unread: readonly Place[];
}

/**
 * What a proxy is answered that asks about requests to a destination.
 * @param path the document that is asked for, below `data`
 * @throws Overflow when the policy is too large to be reasoned over
 */
export function answersOf(form: NormalForm, data: Value, path: readonly string[], destination: Destination): Answers {
  const reads = destination.chain === "http" ? READ_BY_PLUGIN : both();
  return answersTo(form, data, path, checkInput(destination), reads);
}

/**
 * @param input as requests make it
 * @param reads the requests that an input can be made of at all
 * @throws Overflow when the policy is too large to be reasoned over
 */
export function answersTo(
  form: NormalForm,
  data: Value,
  path: readonly string[],
  input: Symbolic,
  reads: Bounds,
): Answers {
  const evaluator = new Evaluator(form, data);
  const allowed: Bounds[] = [];
  const answered: Bounds[] = [];
  for (const one of evaluator.read(path, input)) {
    for (const { when, holds } of booleans(evaluator, one)) {
      answered.push(when);
      allowed.push(both(when, holds));
    }
  }
  // A rule in conflict with itself is an error of the whole question, if it is come to at all.
  const whole: Bounds = { may: RequestSet.full, must: evaluator.conflicts.complement() };
  const agreed = evaluator.conflicts.isEmpty ? both() : whole;
  const all = both(either(allowed), reads, agreed);
  const real = realPoints(all);
  const exact = all.may === all.must || all.may.equals(all.must);
  return {
    allowed: both(all, real),
    answered: both(either(answered), reads, agreed, real),
    unread: exact ? [] : sorted(evaluator.unread.length > 0 ? evaluator.unread : placesOf(form, path)),
  };
}

function placesOf({ rules }: NormalForm, path: readonly string[]): readonly Place[] {
  return rules.filter(({ ground }) => ground.join("/") === path.join("/")).map(({ at }) => at);
}

/** The answer is a boolean, or an object that holds it as `allowed`. */
function booleans(evaluator: Evaluator, { when, value }: Case): readonly { when: Bounds; holds: Bounds }[] {
  const outcome = { when, holds: equality(value, TRUE) };
  if (value.kind === "known" && typeof value.value === "boolean") return [outcome];
  if (value.kind === "unknown") return [{ when: { may: when.may, must: RequestSet.empty }, holds: outcome.holds }];
  return evaluator
    .step(value, known("allowed"))
    .filter((inner) => inner.value.kind === "unknown" || isBoolean(inner.value))
    .map((inner) => ({ when: both(when, inner.when), holds: equality(inner.value, TRUE) }));
}

function isBoolean(value: Case["value"]): boolean {
  return value.kind === "known" && typeof value.value === "boolean";
}

/** Leaves out points that stand for no request: forms of claims, and headers, that contradict each other. */
function realPoints({ may, must }: Bounds): Bounds {
  const dimensions = [...may.dimensions, ...must.dimensions];
  const names = new Map<string, readonly string[]>();
  for (const { key } of dimensions) {
    const claim = /^(?:form:)?claim:(.*)$/.exec(key)?.[1];
    if (claim !== undefined && claim !== "iss" && claim !== "sub") names.set(claim, claimNames(claim));
  }
  const tokens = dimensions.some(({ key }) => key === "token" || key === "header:authorization");
  const times = [...TIMES].filter((name) => names.has(name));
  return both(
    ...(tokens ? [WRITTEN_TOKENS] : []),
    ...times.map(writtenTimes),
    ...[...names.values()].filter((path) => path.at(-1) !== VALUES).map(writtenClaim),
  );
}

function claimNames(key: string): readonly string[] {
  return key.split(/(?<!\\)\./).map((name) => name.replace(/\\([\\.])/g, "$1"));
}

function sorted(places: Iterable<Place>): readonly Place[] {
  return [...places].sort((a, b) =>
    a.source.file < b.source.file ? -1 : a.source.file > b.source.file ? 1 : a.start - b.start,
  );
}
