/** Which requests an OPA lets pass that answers the auth request of ingress-nginx by the rules of its own authorization. */
import type { Cluster } from "../../cluster/index.js";
import type { Reason } from "../layer.js";
import { apiInput } from "../layers/opa/api-input.js";
import { answersTo } from "../layers/opa/decision.js";
import { lineOf, oneLine } from "../layers/opa/places.js";
import { spanOf } from "../opa/decision-points.js";
import { type StatusDecision, statusDecision } from "../opa/status-decisions.js";
import { type Bounds, MAYBE, YES } from "../space/bounds.js";
import { withinLimits } from "../space/index.js";

export interface StatusAnswer {
  readonly passes: Bounds;
  readonly reasons: readonly Reason[];
}

const answers = new WeakMap<Cluster, Map<string, StatusAnswer | string>>();

/** What passes an auth request to this URL, or why that cannot be told. */
export function statusAnswer(cluster: Cluster, url: string, method: string): StatusAnswer | string {
  let table = answers.get(cluster);
  if (table === undefined) {
    table = new Map();
    answers.set(cluster, table);
  }
  const key = `${method} ${url}`;
  let found = table.get(key);
  if (found === undefined) {
    const point = statusDecision(cluster, url, method);
    found = typeof point === "string" ? point : answerOf(point, method);
    table.set(key, found);
  }
  return found;
}

function answerOf(point: StatusDecision, method: string): StatusAnswer {
  const { bundle, decision, path, authentication, server } = point;
  const { object, id } = server.workload;
  const judged = withinLimits(() => {
    const input = apiInput({ method, path, authentication });
    return answersTo(bundle.policy.normalForm, bundle.data, decision, input, YES);
  });
  if (judged === undefined) {
    const text = `the Rego of ${id} is too large to be reasoned over exactly`;
    return { passes: MAYBE, reasons: [{ effect: "unknown", text, object }] };
  }
  const document = `data.${decision.join(".")}`;
  const rules = bundle.policy.normalForm.rules.filter((rule) => rule.ground.join("/") === decision.join("/"));
  const deciding = rules.filter(({ isDefault }) => !isDefault);
  const reasons: Reason[] = (deciding.length > 0 ? deciding : rules.slice(0, 1)).map(({ at }): Reason => {
    const span = spanOf(point, at);
    const text = `${id} denies what \`${document}\` does not allow (${at.source.file}:${lineOf(at)})`;
    return { effect: "denies", text, object, ...(span === undefined ? {} : { span }) };
  });
  if (rules.length === 0)
    reasons.push({ effect: "denies", text: `${id} asks \`${document}\`, which no rule defines`, object });
  for (const name of bundle.missing) {
    const text = `${name} is not in the manifests: its keys are taken to be the issuers'`;
    reasons.push({ effect: "note", text, object });
  }
  for (const place of judged.unread) {
    const span = spanOf(point, place);
    const literal = oneLine(place.source.text.slice(place.start, place.end));
    const text = `\`${literal}\` is not reasoned over (${place.source.file}:${lineOf(place)})`;
    reasons.push({ effect: "unknown", text, object, ...(span === undefined ? {} : { span }) });
  }
  return { passes: judged.allowed, reasons };
}
