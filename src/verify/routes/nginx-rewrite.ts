/**
 * `rewrite-target`: the whole path becomes the target, into which the groups of the location's expression are put. The
 * one form that is followed is the common one, which takes away a prefix: `/a(/|$)(.*)` and `/$2`.
 */
import type { PathNormalization } from "../../cluster/index.js";
import { evaluatedPaths } from "../istio/paths.js";
import type { Bounds } from "../space/bounds.js";
import { dimension, Language, RequestSet, regex, Text } from "../space/index.js";
import { beforeChange, blurred } from "./change.js";
import { UNCHANGED } from "./table.js";

const PREFIX_FORM = /^(\/[\w/-]*[\w-])\(\/\|\$\)\(\.\*\)$/;

export function beforeRewrite(path: string, target: string, mode: PathNormalization): (behind: Bounds) => Bounds {
  const untold = (behind: Bounds): Bounds => blurred(behind, dimension.path, dimension.query);
  if (!target.includes("$")) {
    if (!evaluatedPaths(mode).has(target)) return untold;
    return beforeChange({ ...UNCHANGED, path: { kind: "whole", value: target } }, undefined, mode);
  }
  const prefix = PREFIX_FORM.exec(path)?.[1];
  if (prefix === undefined || target !== "/$2") return untold;
  const change = { ...UNCHANGED, path: { kind: "prefix" as const, value: "/" } };
  const exactCase = beforeChange(change, { kind: "segments", value: prefix }, mode);
  // In another case the prefix is taken away all the same.
  const written = RequestSet.where(
    dimension.path,
    Text.of(Language.matching(regex.sequence(regex.literal(prefix), regex.anything))),
  );
  return (behind) => {
    const known = exactCase(behind);
    const other = untold(behind).may.minus(written);
    return { may: known.may.intersect(written).union(other), must: known.must.intersect(written) };
  };
}
