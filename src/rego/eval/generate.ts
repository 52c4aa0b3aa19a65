/** Code for one branch of a rule, and for queries. */
import type { NormalBranch, NormalQuery, NormalRule } from "../compile/normal-form.js";
import { argumentLocals } from "../compile/variables.js";
import { equal, type Value } from "../value/index.js";
import { LiteralCoder } from "./code-literal.js";
import type { ShapeCode } from "./code-store.js";
import type { Linkage } from "./code-term.js";
import type { Frame, FrameSize, Getter, Step } from "./frame.js";
import { accepts } from "./operand.js";
import { conflict, type Emission } from "./rule-set.js";
import type { Shape } from "./shape.js";

export type { Linkage };

const NONE: Pick<Shape, "indexes" | "nodes"> = { indexes: new Map(), nodes: new Map() };

/** Makes the code of a branch. `keyed` code starts by matching the frame's key with the head. */
export function generate(
  rule: NormalRule,
  branch: NormalBranch,
  keyed: boolean,
  form: Pick<Shape, "indexes" | "nodes">,
  linkage: Linkage,
): ShapeCode {
  const coder = new LiteralCoder(linkage, form, rule.frameSize);
  for (const local of argumentLocals(rule, branch)) coder.assume(local);
  const one = rule.kind === "complete" || rule.kind === "function";
  if (one && branch.value.kind === "constant") coder.wantOne();
  let emission: ShapeCode["emission"] = () => undefined;
  const headKey = rule.kind === "set" ? rule.key : rule.path[0];
  const keyTarget = keyed && headKey !== undefined ? coder.target(headKey) : undefined;
  const body = coder.body(branch.body, () => {
    const value = coder.getter(branch.value);
    const traced = linkage.tracer;
    const seen = (frame: Frame): void => {
      if (traced !== undefined && frame.rule !== undefined) traced.rule(frame.rule, frame);
    };
    if (rule.kind === "complete" || rule.kind === "function" || keyed) {
      const isMember = rule.kind === "set";
      const settles = branch.value.kind === "constant" || isMember;
      return settle(isMember ? (frame) => frame.key : value, settles, rule.kind === "function", seen);
    }
    const path = rule.path.map((part) => coder.getter(part));
    const key = rule.key === undefined ? undefined : coder.getter(rule.key);
    emission = (frame) => emit(frame, path, key ?? value, key !== undefined);
    if (key !== undefined && path.length === 0) {
      return (frame) => {
        const member = key(frame);
        if (member === undefined) return false;
        seen(frame);
        return frame.take !== undefined ? frame.take(member) : (frame.sink?.(frame) ?? false);
      };
    }
    return (frame) => {
      seen(frame);
      return frame.sink?.(frame) ?? false;
    };
  });
  const run: Step =
    keyTarget === undefined
      ? body
      : (frame) => {
          const { key } = frame;
          return key !== undefined && accepts(frame, key, keyTarget) && body(frame);
        };
  return { size: coder.size, run, emission };
}

/** Keeps the one value that a branch may have; a constant one needs no second solution. */
function settle(value: Getter, settles: boolean, isFunction: boolean, seen: (frame: Frame) => void): Step {
  return (frame) => {
    const outcome = value(frame);
    if (outcome === undefined) return false;
    seen(frame);
    if (frame.result === undefined) frame.result = outcome;
    else if (!equal(frame.result, outcome)) throw conflict(frame.rule, isFunction);
    return settles;
  };
}

function emit(frame: Frame, path: readonly Getter[], value: Getter, member: boolean): Emission | undefined {
  const parts: Value[] = [];
  for (const part of path) {
    const key = part(frame);
    if (key === undefined) return undefined;
    parts.push(key);
  }
  const outcome = value(frame);
  return outcome === undefined ? undefined : { path: parts, value: outcome, member };
}

export interface QueryCode {
  readonly size: FrameSize;
  /** `frame.sink` is called for each solution. */
  readonly run: Step;
}

export function generateQuery(query: NormalQuery, linkage: Linkage): QueryCode {
  const coder = new LiteralCoder(linkage, NONE, query.frameSize);
  const run = coder.body(query.body, () => (frame) => frame.sink?.(frame) ?? false);
  return { size: coder.size, run };
}
