/** One call of a built-in function, for unit tests. */
import { BUILTINS, type BuiltinContext, callBuiltin, plainContext } from "../../src/rego/builtins/index.js";
import { regoText, type Value } from "../../src/rego/value/index.js";

export function call(
  name: string,
  args: readonly Value[],
  context: BuiltinContext = plainContext(),
): Value | undefined {
  const target = BUILTINS.get(name);
  if (target === undefined) throw new Error(`no built-in ${name}`);
  return callBuiltin(target, args, context);
}

/** The result in Rego notation, `undefined`, or the error message. */
export function shown(name: string, args: readonly Value[], context?: BuiltinContext): string {
  try {
    const value = call(name, args, context);
    return value === undefined ? "undefined" : regoText(value);
  } catch (error) {
    return error instanceof Error ? `error: ${error.message}` : String(error);
  }
}
