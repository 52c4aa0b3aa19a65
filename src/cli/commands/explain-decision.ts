/** Why a request was decided as it was, in words: from the record of the decision and the flows of the file. */
import { formatSpan, RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";
import { openPolicy, stateOf } from "../../ringfence.js";
import { type DecisionEvent, findDecision } from "../../runtime/index.js";
import type { Cli } from "../command.js";

/** The reasons of `authz.rego`, and what each means. */
const REASONS: Readonly<Record<string, string>> = {
  "unknown-source": "the caller is nobody that a flow names: no proven workload, and no valid token of a user",
  "undeclared-flow": "no flow leads from this caller to this port",
  "no-request": "the flow is about requests, and this was a bare connection",
  method: "no operation of the flow allows the method",
  path: "no operation of the flow allows the path with this method",
  host: "no operation of the flow allows the host",
  role: "the user's token does not hold a role that the operation asks for, or there was none",
};

const LAYERS: Readonly<Record<string, string>> = {
  identity: "the connection's certificate was refused",
  request: "the request's form was refused, before anything was decided about it",
  limits: "a limit was reached",
  token: "the user's token was refused",
  egress: "the address behind the host name was refused",
  policy: "the decision point said no",
};

export async function explainDecision(
  cli: Cli,
  id: string,
  file: string,
  stateFolder: string | undefined,
  json: boolean,
): Promise<void> {
  const policy = openPolicy(file);
  const event = await findDecision(stateOf(file, policy.workflow, stateFolder).path, id);
  if (event === undefined) {
    throw new RingfenceError({
      code: "RUNTIME_NO_DECISION",
      message: `no decision \`${id}\` is recorded for \`${policy.workflow}\``,
      hint: "`ringfence logs --decisions` lists them; records of another workflow file stand beside that file",
    });
  }
  if (json) cli.terminal.json(event);
  else cli.terminal.result(inWords(policy, event));
}

function inWords(policy: Policy, event: DecisionEvent): string {
  const { caller, callee, port, method, host, path, subject, outcome, layer, reason, rules, at, direction, time } =
    event;
  const asked =
    method === undefined ? "a connection" : `${method} ${path ?? "?"}${host === undefined ? "" : ` on ${host}`}`;
  const who = subject === undefined ? caller : `${caller}, on behalf of \`${subject}\`,`;
  const lines = [
    `${outcome === "allow" ? "allowed" : "denied"}: ${who} asked ${callee}:${port} for ${asked}`,
    `  decided by the proxy of ${at} (${direction}) at ${time}`,
  ];
  if (outcome === "deny") {
    lines.push(`  ${LAYERS[layer ?? "policy"] ?? layer}`);
    for (const part of (reason ?? "").split(", ").filter((text) => text !== "")) {
      lines.push(`  because: ${Object.hasOwn(REASONS, part) ? `${part}: ${REASONS[part]}` : part}`);
    }
  }
  for (const id of rules) {
    const rule = policy.rules.find((candidate) => candidate.id === id);
    const place = rule === undefined ? "no longer in the file" : formatSpan(rule.span);
    lines.push(`  ${outcome === "allow" ? "permitted by" : "looked at"} flow ${id} (${place})`);
  }
  if (outcome === "deny" && rules.length === 0 && layer === "policy") lines.push("  no flow between the two was found");
  return lines.join("\n");
}
