/**
 * A request behind a gateway is not always the one before it. `beforeChange` takes what is said of the request behind
 * back to the request before; what a change does that is not followed makes it unknown.
 */
import type { PathNormalization, RouteChange, TextMatch } from "../../cluster/index.js";
import { evaluatedPaths } from "../istio/paths.js";
import type { Bounds } from "../space/bounds.js";
import { concatenation, dimension, Language, RequestSet, Text, withoutStart } from "../space/index.js";

/** @param matched the path condition that held: what of a path a prefix takes away */
export function beforeChange(
  change: RouteChange,
  matched: TextMatch | undefined,
  mode: PathNormalization,
): (behind: Bounds) => Bounds {
  return (behind) => {
    if (change.untold === true) return untold(behind);
    let { may, must } = behind;
    const each = (step: (set: RequestSet) => RequestSet): void => {
      [may, must] = may === must ? twice(step(may)) : [step(may), step(must)];
    };
    if (change.host !== undefined) {
      const host = change.host;
      each((set) => set.at(dimension.host, host));
    }
    for (const [name, value] of change.set) each((set) => set.at(dimension.header(name), value));
    for (const name of change.removed) each((set) => set.at(dimension.header(name), null));
    for (const name of change.added.keys()) {
      may = may.some(dimension.header(name));
      must = must.every(dimension.header(name));
    }
    return change.path === undefined ? { may, must } : beforePath(change.path, matched, mode, { may, must });
  };
}

/** Whatever is sent may become something that gets through, if anything does. */
function untold({ may, must }: Bounds): Bounds {
  return {
    may: may.isEmpty ? RequestSet.empty : RequestSet.full,
    must: must.isFull ? RequestSet.full : RequestSet.empty,
  };
}

const twice = <T>(one: T): [T, T] => [one, one];

/** Everything is possible of an attribute that something on the way may have changed. */
export function blurred({ may, must }: Bounds, ...blurs: readonly dimension.Dimension[]): Bounds {
  return blurs.reduce<Bounds>((sets, one) => ({ may: sets.may.some(one), must: sets.must.every(one) }), { may, must });
}

function beforePath(
  path: NonNullable<RouteChange["path"]>,
  matched: TextMatch | undefined,
  mode: PathNormalization,
  { may, must }: Bounds,
): Bounds {
  if (path.kind === "unread") return blurred({ may, must }, dimension.path);
  const prefix = prefixOf(matched);
  if (path.kind === "whole" || prefix === undefined) {
    if (!evaluatedPaths(mode).has(path.value)) return blurred({ may, must }, dimension.path);
    return { may: may.at(dimension.path, path.value), must: must.at(dimension.path, path.value) };
  }
  // What the destination's proxy would normalize once more is not followed.
  const steady = evaluatedPaths(mode).intersect(dimension.path.full.present);
  const back = backOver(prefix, path.value, matched?.kind === "segments");
  const followed = back(steady);
  const onPath = (language: Language): RequestSet => RequestSet.where(dimension.path, Text.of(language));
  const preimage = (set: RequestSet): RequestSet =>
    set.before(dimension.path, (values) => Text.of(back(values.present.intersect(steady)))).intersect(onPath(followed));
  const elsewhere = onPath(followed).complement();
  return { may: preimage(may).union(may.some(dimension.path).intersect(elsewhere)), must: preimage(must) };
}

/** Undefined: the whole path is what matched. */
function prefixOf(matched: TextMatch | undefined): string | undefined {
  if (matched === undefined) return "/";
  if (matched.kind === "prefix") return matched.value;
  return matched.kind === "segments" ? matched.value.replace(/\/+$/, "") || "/" : undefined;
}

/** The paths that become a word once `prefix` is replaced by `by`; by whole segments, what is left begins with a slash. */
function backOver(prefix: string, by: string, segments: boolean): (words: Language) => Language {
  const start = Language.only(prefix);
  const ended = by.endsWith("/");
  return (words) => {
    if (!segments || prefix === "/") return concatenation(start, withoutStart(words, by));
    // `/a` → `/b`: `/a/x` is `/b/x` and `/a` is `/b`; `/a` → `/`: `/a/x` is `/x` and `/a` is `/`.
    const rest = ended ? by.slice(0, -1) : by;
    const below = concatenation(Language.only(`${prefix}/`), withoutStart(words, `${rest}/`));
    const itself = words.has(by) ? start : Language.only();
    return below.union(itself);
  };
}
