/**
 * One concrete question to an external authorizer: the Rego engine evaluates the very modules that the manifests hold,
 * on the input that OPA's Envoy plugin would make.
 */
import type { Cluster } from "../../cluster/index.js";
import { type HostFunction, isObject, lookup, type Policy, RegoError, type Value } from "../../rego/index.js";
import { compileBundle, MISSING, outsideFunctions } from "../opa/bundle.js";
import { authorizerOf, type DecisionPoint } from "../opa/decision-points.js";
import { NOW } from "../request.js";
import { type Checked, checkRequest, type Unknowns } from "./check-request.js";
import type { Ruling } from "./istio-policies.js";
import { verifyingFunctions } from "./token-text.js";
import type { Truth } from "./truth.js";

const NOW_NS = BigInt(NOW) * 1_000_000_000n;

/** What the provider answers; undefined where no OPA of the manifests stands behind it. */
export function askAuthorizer(
  cluster: Cluster,
  provider: string,
  checked: Checked,
  isReached: (point: DecisionPoint) => Truth,
): Ruling | undefined {
  const found = authorizerOf(cluster, provider);
  if (found === undefined) return undefined;
  if (found.kind === "unknown") return { outcome: "unknown", reason: found.text };
  if (found.kind === "data-api") {
    const { object } = found.api.workload;
    if (checked.http?.method === "GET") return { outcome: "allow", reason: "OPA's data API answers 200", object };
    return { outcome: "unknown", reason: "what OPA's data API answers to this method is not known", object };
  }
  const { point } = found;
  const { object } = point.workload;
  const reached = isReached(point);
  const silent: Ruling = point.failOpen
    ? { outcome: "allow", reason: `\`${provider}\` fails open`, object }
    : { outcome: "deny", reason: `\`${provider}\` does not answer`, object };
  if (reached === false) return silent;
  const answer = answerOf(point, checked);
  const ruling: Ruling =
    answer === "error"
      ? silent
      : answer === "unknown"
        ? { outcome: "unknown", reason: `what \`${provider}\` answers depends on more than the request`, object }
        : answer || point.dryRun
          ? { outcome: "allow", reason: `\`${provider}\` allows it`, object }
          : { outcome: "deny", reason: `\`${provider}\` denies it (${place(point)})`, object };
  if (reached === true || ruling.outcome === silent.outcome) return ruling;
  return { outcome: "unknown", reason: `whether \`${provider}\` is reached is not known`, object };
}

function place({ path }: DecisionPoint): string {
  return `data.${path.join(".")}`;
}

/** The answers with unknown fields left out, and with a value that nobody expects. */
const VALUES: readonly unknown[] = [undefined, "\u{1f6ab}"];

function answerOf(point: DecisionPoint, checked: Checked): boolean | "error" | "unknown" {
  const answers = VALUES.map((value) => answerWith(point, checked, { value, touched: undefined }));
  const [first, second] = answers;
  if (first === undefined || second === undefined || first.answer !== second.answer) return "unknown";
  // A denial that looked at something unknown might be another answer for another value.
  const open = answers.some(({ touched }) => touched);
  return open && first.answer !== true ? "unknown" : first.answer;
}

interface Engine {
  readonly policy: Policy;
  readonly data: Value;
  outside: boolean;
}

/** What an OPA decides with. */
export type Deciding = Pick<DecisionPoint, "bundle" | "v0">;

const engines = new WeakMap<Deciding["bundle"], Engine>();

export function engineOf(point: Deciding): Engine {
  const known = engines.get(point.bundle);
  if (known !== undefined) return known;
  const { modules, data } = point.bundle;
  const outside: readonly HostFunction[] = outsideFunctions(() => {
    engine.outside = true;
    return undefined;
  });
  const here = withKeys(data);
  const engine: Engine = {
    policy: compileBundle(modules, point.v0, here, [...outside, ...verifyingFunctions(NOW_NS)]),
    data: here,
    outside: false,
  };
  engines.set(point.bundle, engine);
  return engine;
}

/** A key set that anybody may know: what signs is the mark of a genuine token. */
const KEYS: Value = { keys: [{ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] };

function withKeys(value: Value): Value {
  if (value === MISSING) return KEYS;
  if (!isObject(value) || Symbol.iterator in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withKeys(inner as Value)]));
}

function answerWith(
  point: DecisionPoint,
  checked: Checked,
  unknowns: Unknowns,
): { readonly answer: boolean | "error" | "unknown"; readonly touched: boolean } {
  const input = checkRequest(checked, unknowns);
  if (input === "refused") return { answer: "error", touched: false };
  if (input === undefined) return { answer: "unknown", touched: true };
  const engine = engineOf(point);
  engine.outside = false;
  let value: Value | undefined;
  try {
    value = engine.policy.rule(point.path).value(input, { nowNs: NOW_NS });
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
  }
  const touched = unknowns.touched !== undefined;
  if (engine.outside) return { answer: "unknown", touched };
  const allowed = isObject(value as Value) ? lookup(value as Value, "allowed") : value;
  return { answer: typeof allowed === "boolean" ? allowed : "error", touched };
}
