/** The check of static types: what `check.ts` finds in rules with what the other files know of types. */
export { TypeChecker } from "./check.js";
export type { Declarations } from "./literals.js";
