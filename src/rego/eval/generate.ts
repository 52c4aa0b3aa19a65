/** Code for one branch of a rule, and for queries. */
import type { NormalBranch, NormalQuery, NormalRule } from "../compile/normal-form.js";
import { argumentLocals } from "../compile/variables.js";
import { equal, type Value } from "../value/index.js";
import { LiteralCoder } from "./code-literal.js";
import type { ShapeCode } from "./code-store.js";
import type { Linkage } from "./code-term.js";
import type { Frame, FrameSize, Step } from "./frame.js";
import { accepts, Operand, read } from "./operand.js";
import { conflict, type Emission } from "./rule-set.js";
import type { Shape } from "./shape.js";

export type { Linkage };

const NONE: Pick<Shape, "indexes" | "nodes"> = { indexes: new Map(), nodes: new Map() };

/** The key that a partial rule is asked for. */
const KEY = Operand.of((frame) => frame.key);

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
    const value = coder.operand(branch.value);
    const traced = linkage.tracer;
    const seen = (frame: Frame): void => {
      if (traced !== undefined && frame.rule !== undefined) traced.rule(frame.rule, frame);
    };
    if (rule.kind === "complete" || rule.kind === "function" || keyed) {
      const isMember = rule.kind === "set";
      const settles = branch.value.kind === "constant" || isMember;
      return settle(isMember ? KEY : value, settles, rule.kind === "function", seen);
    }
    const path = rule.path.map((part) => coder.operand(part));
    const key = rule.key === undefined ? undefined : coder.operand(rule.key);
    emission = (frame) => emit(frame, path, key ?? value, key !== undefined);
    if (key !== undefined && path.length === 0) {
      return (frame) => {
        const member = read(frame, key);
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
function settle(value: Operand, settles: boolean, isFunction: boolean, seen: (frame: Frame) => void): Step {
  return (frame) => {
    const outcome = read(frame, value);
    if (outcome === undefined) return false;
    seen(frame);
    if (frame.result === undefined) frame.result = outcome;
    else if (!equal(frame.result, outcome)) throw conflict(frame.rule, isFunction);
    return settles;
  };
}

function emit(frame: Frame, path: readonly Operand[], value: Operand, member: boolean): Emission | undefined {
  const parts: Value[] = [];
  for (const part of path) {
    const key = read(frame, part);
    if (key === undefined) return undefined;
    parts.push(key);
  }
  const outcome = read(frame, value);
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
