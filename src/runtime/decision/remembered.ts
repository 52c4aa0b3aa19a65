/**
 * What a bundle allowed, remembered for the very same input. The bundle's answer is a function of its input as long as
 * nothing in it looks at a clock, chance or the world; whether that is so is read from its text, and in doubt nothing is
 * remembered. Only permission is kept, for who is denied gains nothing by being quick.
 *
 * Claims are held by identity: a token that is verified anew is asked about anew.
 */
import type { DecisionRequest } from "./decision.js";

/** Inputs of one token, or of requests without one. */
const MAX_REMEMBERED = 256;
/** A request that takes more characters is asked about every time: tokens are many, and each would keep its own. */
const MAX_KEY_LENGTH = 512;

/** Packages that serve other ways of asking. FAIL CLOSED: every other module may be a part of the decision. */
const ASKED_OTHERWISE = new Set([
  "ringfence.envoy",
  "ringfence.paths",
  "ringfence.tokens",
  "system.authz",
  "system.log",
]);
/** The first statement of a module: behind comments and blank lines, with whatever space Rego takes. */
const PACKAGE = /^(?:\s*#[^\n]*\n)*\s*package\s+([\w.]+)\s*(?:#[^\n]*)?(?:\n|$)/;
/** Built-in functions whose answer may change, and documents that are not looked through here. */
const CHANGING =
  /\b(?:time|rand|uuid|http|net|opa|io|trace|rego)\s*\.|\bdata\b(?!\.(?:ringfence\.(?:policy|narrow|authz)|narrow)\b)/;

/** Whether a bundle with these modules always answers the same input in the same way. */
export function isSteady(modules: readonly string[]): boolean {
  const deciding = modules.filter((text) => !ASKED_OTHERWISE.has(PACKAGE.exec(text)?.[1] ?? "")).map(withoutComments);
  return deciding.length > 0 && !deciding.some((text) => CHANGING.test(text));
}

/** Comments of whole lines say what they like. What has a back quote may be the end of a text and code behind it. */
function withoutComments(text: string): string {
  return text.replace(/^\s*#[^`\n]*$/gm, "");
}

export class RememberedPermissions {
  readonly #without = new Map<string, readonly string[]>();
  readonly #byClaims = new WeakMap<object, Map<string, readonly string[]>>();

  /** The rules that permitted the same before; undefined when it is to be asked. */
  find(request: DecisionRequest): readonly string[] | undefined {
    const { token } = request;
    const known = token === undefined ? this.#without : this.#byClaims.get(token.claims);
    return known?.get(keyOf(request));
  }

  keep(request: DecisionRequest, rules: readonly string[]): void {
    const key = keyOf(request);
    if (key.length > MAX_KEY_LENGTH) return;
    const { token } = request;
    let known = token === undefined ? this.#without : this.#byClaims.get(token.claims);
    if (known === undefined) {
      known = new Map();
      if (token !== undefined) this.#byClaims.set(token.claims, known);
    }
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(key, rules);
  }
}

/** Everything of a request that the bundle is told, but for the claims. */
function keyOf({ caller, callee, http, token }: DecisionRequest): string {
  const who = caller.kind === "workload" ? measured(caller.spiffeId) : "";
  const what = http === undefined ? "" : measured(http.method) + measured(http.path) + measured(http.host);
  const whose = token === undefined ? "" : measured(token.identity);
  return `${caller.kind} ${who} ${measured(callee.name)} ${callee.port} ${what} ${whose}`;
}

/** A text with its length before it: whatever stands in it, no two lists of texts come out alike. */
function measured(text: string): string {
  return `${text.length}:${text}`;
}
