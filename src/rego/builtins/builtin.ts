/**
 * The contract of a built-in function. Implementations are pure but for what the context gives them: clock, seed and
 * caches of the query, budgets, the print sink. They return undefined where the call has no value (`max([])`) and throw
 * a `BuiltinError` where OPA reports an error; nothing else may escape from `callBuiltin` but the evaluator's own errors
 * (budgets), which pass through untouched.
 */
import { ArithmeticError, type Value, ValueSyntaxError } from "../value/index.js";
import type { FunctionDecl, TypeDecl } from "./decl.js";

export type BuiltinErrorCode = "eval_builtin_error" | "eval_type_error";

/** An error of a built-in call. Its message has the function's name in front once it left `callBuiltin`. */
export class BuiltinError extends Error {
  override readonly name = "BuiltinError";
  readonly code: BuiltinErrorCode;

  constructor(message: string, code: BuiltinErrorCode = "eval_builtin_error") {
    super(message);
    this.code = code;
  }
}

/** What a query offers to the functions it calls. */
export interface BuiltinContext {
  /** Nanoseconds since 1970 of the whole query. */
  readonly nowNs: bigint;
  /** Random bytes; a seeded source makes `rand.intn`, `uuid.rfc4122` and signatures repeatable. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Results that stay the same within the query (`rand.intn`, `uuid.rfc4122`). */
  readonly cache: Map<string, Value>;
  /** Takes `count` steps of work from the budget. @throws the evaluator's budget error */
  readonly spend: (count: number) => void;
  /** Takes `size` characters or elements of result from the budget. @throws the evaluator's budget error */
  readonly grow: (size: number) => void;
  /** Where `print` writes; without it `print` does nothing. */
  readonly print?: (line: string) => void;
  /** Where `trace` writes its notes. */
  readonly note?: (text: string) => void;
}

export type Implementation = (args: readonly Value[], context: BuiltinContext) => Value | undefined;

export interface Builtin {
  readonly name: string;
  readonly infix?: string;
  readonly decl: FunctionDecl;
  /** The implementation returns an array of all results, each of which is one answer. */
  readonly relation?: boolean;
  readonly nondeterministic?: boolean;
  /** Only in v0 modules. */
  readonly deprecated?: boolean;
  /** Never available here; the reason to tell. A host function or a `with` mock may stand in. */
  readonly refused?: string;
  readonly impl: Implementation;
}

export type BuiltinTraits = Omit<Builtin, "name" | "decl" | "impl">;

/** A function with a value. */
export function builtin(
  name: string,
  args: readonly TypeDecl[],
  result: TypeDecl,
  impl: Implementation,
  traits: BuiltinTraits = {},
): Builtin {
  return { name, decl: { args, result }, impl, ...traits };
}

/** A function without a value; its implementation returns true. */
export function procedure(name: string, decl: Omit<FunctionDecl, "result">, impl: Implementation): Builtin {
  return { name, decl, impl };
}

/**
 * Calls `target`, with its errors named after it.
 * @returns undefined when the call has no value
 * @throws BuiltinError, and whatever the context's budgets throw
 */
export function callBuiltin(target: Builtin, args: readonly Value[], context: BuiltinContext): Value | undefined {
  try {
    return target.impl(args, context);
  } catch (error) {
    throw namedError(target.name, error);
  }
}

/** The error to report for what `name`'s implementation threw; errors of budgets are returned as they are. */
export function namedError(name: string, error: unknown): unknown {
  if (error instanceof BuiltinError) return new BuiltinError(`${name}: ${error.message}`, error.code);
  if (error instanceof ArithmeticError || error instanceof ValueSyntaxError) {
    return new BuiltinError(`${name}: ${error.message}`);
  }
  // FAIL CLOSED: JavaScript's own limits (string length, stack depth) are an error of the call.
  if (error instanceof RangeError) return new BuiltinError(`${name}: limit exceeded`);
  return error;
}

/**
 * A context without budgets, for tests and one-off calls.
 * @param seed fills the random source, a small generator that is not for keys
 */
export function plainContext(nowNs = 0n, seed = 1): BuiltinContext {
  let state = seed >>> 0 || 1;
  return {
    nowNs,
    randomBytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state & 255;
      }),
    cache: new Map(),
    spend: () => {},
    grow: () => {},
  };
}
