/**
 * The decision point that is embedded here: the very bundle that OPA loads in a cluster, evaluated in this process. A
 * new bundle takes the old one's place in one step; one that does not compile leaves the last good one in force. Without
 * any, nothing is allowed.
 */
import { compile, type Query, type RuleReader } from "../../rego/index.js";
import type { Decision, DecisionPoint, DecisionRequest } from "./decision.js";
import { isSteady, RememberedPermissions } from "./remembered.js";

/** A file of a bundle; `data.json` is its data, `*.rego` its modules, everything else is not read. */
export interface BundleFile {
  readonly path: string;
  readonly text: string;
}

/** What the bundle's entry point answers: see `authz.rego`. */
interface Answer {
  readonly allow: boolean;
  readonly rules: readonly string[];
  readonly flows: readonly string[];
  readonly reasons: readonly string[];
}

const ENTRY_POINT = "data.ringfence.authz.decision";
/** The same answer for what is allowed, without the work of finding reasons that nobody asks for. */
const ALLOWED = "data.ringfence.authz.allow = true; rules = data.ringfence.authz.matching";

interface Loaded {
  /** undefined when the same input may be answered in another way later */
  readonly remembered: RememberedPermissions | undefined;
  readonly allowed: Query;
  readonly decision: RuleReader;
}

export class BundlePoint implements DecisionPoint {
  #loaded: Loaded | undefined;

  /**
   * Compiles a bundle and lets it decide from now on.
   * @throws RegoError, SyntaxError; the bundle before it stays in force
   */
  load(files: readonly BundleFile[]): void {
    const modules = files.filter(({ path }) => path.endsWith(".rego")).map(({ path, text }) => ({ file: path, text }));
    const data: unknown = JSON.parse(files.find(({ path }) => path === "data.json")?.text ?? "{}");
    const policy = compile(modules, { data });
    const decision = policy.rule(ENTRY_POINT);
    // A bundle that cannot answer a request of nobody will not answer real ones.
    readAnswer(decision.evaluate({}));
    const remembered = isSteady(modules.map(({ text }) => text)) ? new RememberedPermissions() : undefined;
    this.#loaded = { decision, allowed: policy.query(ALLOWED), remembered };
  }

  decide(request: DecisionRequest): Decision {
    if (this.#loaded === undefined) throw new Error("no bundle is loaded");
    const { allowed, decision, remembered } = this.#loaded;
    const known = remembered?.find(request);
    if (known !== undefined) return { allow: true, rules: known };
    const input = inputOf(request);
    const rules = allowed.evaluate(input)[0]?.rules;
    if (!isTexts(rules) || rules.length === 0) return toDecision(readAnswer(decision.evaluate(input)));
    remembered?.keep(request, rules);
    return { allow: true, rules };
  }
}

/** A real OPA as the decision point: asked for the same document with the same input. */
export class OpaPoint implements DecisionPoint {
  readonly #url: string;

  /** @param address where OPA's HTTP API is, e.g. `http://127.0.0.1:8181` */
  constructor(address: string) {
    this.#url = `${address.replace(/\/$/, "")}/v1/data/ringfence/authz/decision`;
  }

  async decide(request: DecisionRequest): Promise<Decision> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: inputOf(request) }),
      redirect: "error",
      signal: AbortSignal.timeout(5000),
    });
    if (response.status !== 200) throw new Error(`OPA answered ${response.status}`);
    const body = (await response.json()) as { result?: unknown };
    return toDecision(readAnswer(body.result));
  }
}

/** The input document of `authz.rego`: only what was proven or normalized. */
function inputOf({ caller, callee, http, token }: DecisionRequest): Record<string, unknown> {
  return {
    source:
      caller.kind === "workload"
        ? { kind: "workload", principal: caller.spiffeId }
        : caller.kind === "outside"
          ? { kind: "edge" }
          : {},
    destination: { name: callee.name, port: callee.port },
    ...(http === undefined ? {} : { request: { method: http.method, path: http.path, host: http.host } }),
    claims: token === undefined ? {} : { [token.identity]: token.claims },
  };
}

function readAnswer(value: unknown): Answer {
  if (typeof value !== "object" || value === null) throw new Error("the bundle gives no decision");
  const { allow, rules, flows, reasons } = value as Record<string, unknown>;
  if (typeof allow !== "boolean" || !isTexts(rules) || !isTexts(flows) || !isTexts(reasons)) {
    throw new Error("the bundle's decision has another shape");
  }
  return { allow, rules, flows, reasons };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function toDecision({ allow, rules, flows, reasons }: Answer): Decision {
  return allow ? { allow, rules } : { allow, rules: flows, reason: reasons.join(", ") || "no flow permits it" };
}
