/** What holds the rules up: enforcement that is switched off, and what happens when something breaks. */
import type { Span } from "../../diagnostics/index.js";
import { isHttp, RESPONSE_TRIGGERS } from "../../policy/index.js";
import { factsOf, list } from "../facts.js";
import { type Hit, type ThreatRule, WHOLE } from "../rule.js";

/** Above these, an attacker is done before the response begins. */
const MOST_EVENTS = 50;
const LONGEST_WINDOW_SECONDS = 3_600;

export const RESILIENCE_RULES: readonly ThreatRule[] = [
  {
    id: "no-respond-rule",
    severity: "high",
    title: "nothing happens when a workload misbehaves",
    why: "denials that nobody acts on give an attacker as many tries as there are hours",
    evaluate: (policy) =>
      policy.respond.length > 0
        ? []
        : whole(
            policy.span,
            ["the file has no `respond` rule"],
            "add `respond: [{ when: denied-flows, from: one-workload, count: 5, within: 1m, do: quarantine }]`",
          ),
  },
  {
    id: "restricted-zone-without-quarantine",
    severity: "medium",
    title: "no rule quarantines, though a zone is restricted",
    why: "an alert is read by people, minutes or days later; the data is gone in seconds",
    evaluate: (policy) => {
      const zones = [
        ...new Set(
          policy.workloads.filter((workload) => workload.trust === "restricted").map((workload) => workload.zone),
        ),
      ].sort();
      const first = policy.respond[0];
      if (zones.length === 0 || first === undefined || policy.respond.some((rule) => rule.do.includes("quarantine")))
        return [];
      return whole(
        first.span,
        [`${policy.respond.length} \`respond\` rules, none with \`do: quarantine\``, `restricted: ${list(zones)}`],
        "add `quarantine` to what a burst of `denied-flows` from one workload does",
      );
    },
  },
  {
    id: "trigger-unwatched",
    severity: "low",
    title: "nothing answers to some signs of an attack",
    why: "a sign that no rule watches is only found when somebody goes through the log",
    evaluate: (policy) => {
      const first = policy.respond[0];
      if (first === undefined) return [];
      const meaningful = RESPONSE_TRIGGERS.filter(
        (trigger) => trigger !== "invalid-token" || policy.identities.length > 0,
      );
      const missing = meaningful.filter((trigger) => !policy.respond.some((rule) => rule.when === trigger));
      if (missing.length === 0) return [];
      return whole(
        first.span,
        [`no \`respond\` rule for ${list(missing, 8)}`],
        "add a rule for each, with `do: alert` at least",
      );
    },
  },
  {
    id: "alert-to-nobody",
    severity: "medium",
    title: "an alert has no receiver",
    why: "it is written to a log, where nobody is woken by it",
    evaluate: (policy) =>
      policy.respond.flatMap((rule) => {
        if (!rule.do.includes("alert") || rule.notify.length > 0) return [];
        return whole(
          rule.span,
          [`\`when: ${rule.when}\` alerts and has no \`notify\``],
          policy.receivers.length > 0
            ? `add \`notify: ${policy.receivers[0]?.name ?? ""}\``
            : "declare where alerts go under `receivers`, and name it in `notify`",
        );
      }),
  },
  {
    id: "response-too-patient",
    severity: "low",
    title: "a response waits for very many events or very long",
    why: "who knows the threshold stays below it, who does not is done before it is reached",
    evaluate: (policy) =>
      policy.respond.flatMap((rule) => {
        if (rule.count < MOST_EVENTS && rule.withinSeconds <= LONGEST_WINDOW_SECONDS) return [];
        return whole(
          rule.span,
          [`\`when: ${rule.when}\` waits for ${rule.count} events within ${rule.withinSeconds} s`],
          `write a \`count\` below ${MOST_EVENTS} and \`within: 1h\` or less`,
        );
      }),
  },
  {
    id: "unused-receiver",
    severity: "low",
    title: "a receiver is notified of nothing",
    why: "somebody believes to be told",
    evaluate: (policy) => {
      const used = new Set(policy.respond.flatMap((rule) => rule.notify));
      return policy.receivers
        .filter((receiver) => !used.has(receiver.name))
        .map((receiver) => ({
          where: receiver.name,
          span: receiver.span,
          evidence: [`no \`respond\` rule notifies \`${receiver.name}\``],
          remedy: `name it in \`notify\` of the rules that it waits for, or remove it`,
        }));
    },
  },
  {
    id: "webhook-without-secret",
    severity: "low",
    title: "alerts are posted without a credential",
    why: "the receiver cannot tell an alert of the workflow from one that an attacker posts as a distraction",
    evaluate: (policy) =>
      policy.receivers.flatMap((receiver) =>
        receiver.secret !== undefined
          ? []
          : [
              {
                where: receiver.name,
                span: receiver.span,
                evidence: [`\`${receiver.name}\` has no \`secret\``],
                remedy: "declare a secret and name it in `secret`",
              },
            ],
      ),
  },
  {
    id: "no-mesh",
    severity: "high",
    title: "without a mesh, nothing encrypts or authenticates calls between workloads in a cluster",
    why: "identities and mutual TLS come from the mesh; without it a call is an IP address, and everybody on the network reads it",
    evaluate: (policy) => {
      const inside = policy.rules.filter((rule) => rule.transport === "mtls");
      if (policy.targets.mesh.engine !== "none" || inside.length === 0) return [];
      return whole(
        policy.span,
        ["`targets.mesh` is `none`", `${inside.length} flows between workloads need mutual TLS`],
        "set `targets.mesh: istio` or `istio-ambient`",
      );
    },
  },
  {
    id: "operations-not-enforced",
    severity: "high",
    title: "methods, paths and roles are declared but no engine decides on them",
    why: "network rules see addresses and ports; whoever may connect may do everything",
    evaluate: (policy) => {
      const fine = policy.rules.filter(
        (rule) =>
          isHttp(rule.protocol) &&
          rule.operations.some(
            (operation) => operation.methods !== "any" || operation.paths !== "any" || operation.roles !== "none",
          ),
      );
      if (fine.length === 0 || policy.targets.mesh.engine !== "none" || policy.targets.authorization.engine !== "none")
        return [];
      return whole(
        policy.span,
        [
          `${fine.length} flows limit operations, ${fine[0]?.id ?? ""} for one`,
          "`targets.mesh` and `targets.authorization` are `none`",
        ],
        "set `targets.authorization: opa`, and `targets.mesh: istio`",
      );
    },
  },
  {
    id: "own-rego-not-enforced",
    severity: "high",
    title: "the workflow has Rego of its own and no engine that evaluates it",
    why: "the limits written there are believed in and hold nothing",
    evaluate: (policy) =>
      policy.modules.length === 0 || policy.targets.authorization.engine !== "none"
        ? []
        : whole(
            policy.span,
            [
              `\`policies\` names ${list(policy.modules.map((module) => module.path))}`,
              "`targets.authorization` is `none`",
            ],
            "set `targets.authorization: opa`",
          ),
  },
  {
    id: "no-admission-control",
    severity: "medium",
    title: "nothing checks what is started in the zones",
    why: "whoever may create a pod in a zone takes on the trust of the zone, and may switch off what guards it",
    evaluate: (policy) =>
      policy.targets.admission.length > 0
        ? []
        : whole(
            policy.span,
            ["`targets.admission` is empty"],
            "set `targets.admission: [validating-admission-policy]`",
          ),
  },
  {
    id: "no-log-pipeline",
    severity: "medium",
    title: "logs are neither redacted nor shipped",
    why: "secrets and personal data in a log stay on the node, and the traces of an attack go down with it",
    evaluate: (policy) =>
      policy.targets.logs.engine !== "none"
        ? []
        : whole(
            policy.span,
            ["`targets.logs` is `none`"],
            "set `targets.logs` to `fluent-bit`, `fluentd` or `opentelemetry`",
          ),
  },
  {
    id: "no-gateway",
    severity: "high",
    title: "users come in without a gateway",
    why: "nothing ends their TLS and validates their tokens before a workload parses their bytes",
    evaluate: (policy) => {
      const entrances = policy.rules.filter((rule) => rule.from.kind === "users");
      if (entrances.length === 0 || policy.targets.gateway.engine !== "none") return [];
      return whole(
        policy.span,
        [`users come in by ${list(entrances.map((rule) => rule.id))}`, "`targets.gateway` is `none`"],
        "set `targets.gateway` to `gateway-api` or `ingress-nginx`",
      );
    },
  },
  {
    id: "gateway-for-any-host",
    severity: "low",
    title: "the gateway answers to every host name",
    why: "a name that an attacker points at the gateway is served too: cookies, links and caches then mix with his",
    evaluate: (policy) => {
      const entrance = policy.rules.find((rule) => rule.from.kind === "users" && isHttp(rule.protocol));
      const { engine, hosts } = policy.targets.gateway;
      if (entrance === undefined || engine === "none" || hosts.length > 0) return [];
      return whole(
        policy.span,
        [`\`targets.gateway\` is \`${engine}\` without \`hosts\``, `users come in by ${entrance.id}`],
        "write `targets.gateway: { engine: …, hosts: [name.example.com] }`",
      );
    },
  },
  {
    id: "egress-by-address-only",
    severity: "medium",
    title: "no engine can hold outside calls to a host name",
    why: "a plain NetworkPolicy knows addresses only: opening one for a host opens it for everybody behind that address",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      const calls = policy.rules.filter((rule) => rule.to.kind === "api");
      if (calls.length === 0 || policy.targets.mesh.engine !== "none" || policy.targets.network.engine === "cilium")
        return [];
      const hosts = [...new Set(calls.map((rule) => facts.apis.get(rule.to.name)?.host ?? rule.to.name))].sort();
      return whole(
        calls[0]?.span ?? policy.span,
        [`outside calls go to ${list(hosts)}`, "`targets.network` is `kubernetes` and `targets.mesh` is `none`"],
        "set `targets.mesh: istio` or `targets.network: cilium`",
      );
    },
  },
];

function whole(span: Span, evidence: readonly string[], remedy: string): Hit[] {
  return [{ where: WHOLE, span, evidence, remedy }];
}
