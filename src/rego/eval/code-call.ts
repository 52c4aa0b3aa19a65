/**
 * Code for calls of built-ins and of the policy's functions. A built-in's error makes the call undefined; in strict mode
 * the first one is kept and reported when the query is over. Mocks that `with` put in place come first, and see none.
 */
import { type Builtin, type BuiltinContext, BuiltinError, namedError } from "../builtins/index.js";
import type { Callee, CallLiteral, Place } from "../compile/normal-form.js";
import type { Value } from "../value/index.js";
import type { Linkage } from "./code-term.js";
import { Context, type Frame, type Mock } from "./frame.js";
import { type Operand, readAll } from "./operand.js";
import { abort, type Session } from "./session.js";

export interface CallCode {
  /** The outcome, or an array of outcomes of a relation. */
  readonly run: (frame: Frame) => Value | undefined;
  readonly relation: boolean;
  readonly isVoid: boolean;
}

export function callCode(
  literal: CallLiteral,
  args: readonly Operand[],
  linkage: Linkage,
  place: (frame: Frame) => Place,
): CallCode {
  const { callee } = literal;
  const key = mockKey(callee);
  const target = callee.kind === "builtin" ? linkage.builtin(callee.name) : undefined;
  const plain = target !== undefined && target.refused === undefined ? target : undefined;
  const direct = invoker(callee, linkage);
  const run = (frame: Frame): Value | undefined => {
    const values = readAll(frame, args);
    if (values === undefined) return undefined;
    const { context } = frame;
    const { session } = context;
    const mock = context.mocks?.get(key);
    if (mock !== undefined) return callMock(mock, values, context);
    const { failure } = session;
    const value = plain !== undefined ? invoke(plain, values, session) : direct(context, values);
    if (value === undefined && session.failure !== failure) session.locateFailure(place(frame));
    return value;
  };
  return { run, relation: target?.relation === true, isVoid: target !== undefined && target.decl.result === undefined };
}

export function mockKey(callee: Callee): string {
  return callee.kind === "builtin" ? callee.name : `data\u0000${callee.path.join("\u0000")}`;
}

function callMock(mock: Mock, args: readonly Value[], context: Context): Value | undefined {
  if ("value" in mock) return mock.value;
  const { session, input, data, paths, overrides } = context;
  return mock.call(args, new Context(session, input, data, paths, overrides));
}

/** A function that calls what the name stands for, in a given context. */
export function invoker(
  callee: Callee,
  linkage: Linkage,
): (context: Context, args: readonly Value[]) => Value | undefined {
  if (callee.kind === "function") {
    const rules = linkage.root().find(callee.path)?.rules;
    if (rules === undefined) throw abort("eval_internal_error", `no function data.${callee.path.join(".")}`);
    return (context, args) => rules.call(context, args);
  }
  const target = linkage.builtin(callee.name);
  if (target === undefined) throw abort("eval_internal_error", `no built-in function ${callee.name}`);
  if (target.refused !== undefined) {
    const { name, refused } = target;
    return () => {
      // FAIL CLOSED: undefined would make a negated call true.
      throw abort("eval_builtin_error", `${name}: not available: ${refused}`);
    };
  }
  return (context, args) => invoke(target, args, context.session);
}

function invoke(target: Builtin, args: readonly Value[], session: Session): Value | undefined {
  session.step();
  try {
    return target.impl(args, session as BuiltinContext);
  } catch (thrown) {
    // FAIL CLOSED: an exhausted stack ends the evaluation; undefined would make a negated call true.
    if (thrown instanceof RangeError && thrown.message.includes("call stack")) throw thrown;
    const error = namedError(target.name, thrown);
    if (!(error instanceof BuiltinError)) throw error;
    if (session.strict && session.failure === undefined) {
      session.failure = { code: error.code, message: error.message };
    }
    return undefined;
  }
}
