/** Arguments of functions in the normal form: slots, and literals at the start of a body that match patterns with them. */
import type { Local, NormalBody, NormalBranch, NormalLiteral, NormalRule, NormalTerm } from "./normal-form.js";
import { argumentLocals, isHidden, termLocals } from "./variables.js";

/**
 * The patterns of a function's arguments, and its body without the literals that match them. An argument that nothing
 * mentions has no pattern.
 */
export function splitArguments(
  rule: NormalRule,
  branch: NormalBranch,
): { readonly patterns: readonly (NormalTerm | undefined)[]; readonly body: NormalBody } {
  if (rule.kind !== "function") return { patterns: [], body: branch.body };
  const slots = new Map<number, NormalTerm>();
  for (const local of argumentLocals(rule, branch)) slots.set(local.slot, { kind: "local", local });
  const body: NormalLiteral[] = [];
  for (const literal of branch.body) {
    const isPattern =
      literal.kind === "unify" &&
      literal.generated === true &&
      literal.left.kind === "local" &&
      literal.left.local.slot < rule.arity &&
      isPlain(literal.right);
    if (isPattern) slots.set(literal.left.local.slot, literal.right);
    else body.push(literal);
  }
  return { patterns: Array.from({ length: rule.arity }, (_, at) => slots.get(at)), body };
}

const NO_VARIABLES: ReadonlySet<Local> = new Set();

/** Variables that have a value before a branch's body starts. */
export function argumentVariables(rule: NormalRule, branch: NormalBranch): ReadonlySet<Local> {
  if (rule.arity === 0) return NO_VARIABLES;
  const variables = argumentLocals(rule, branch);
  for (const pattern of splitArguments(rule, branch).patterns) {
    if (pattern !== undefined) termLocals(pattern, variables);
  }
  return variables;
}

/** Whether a pattern holds nothing that has to be evaluated first, or was taken out of it for that. */
function isPlain(term: NormalTerm): boolean {
  switch (term.kind) {
    case "constant":
      return true;
    case "local":
      return !isHidden(term.local);
    case "array":
    case "set":
      return term.items.every(isPlain);
    case "object":
      return term.entries.every(([key, value]) => isPlain(key) && isPlain(value));
    default:
      return false;
  }
}
