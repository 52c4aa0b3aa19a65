/** Who gets near what: the ways in from outside, the ways out, and the flows that climb in trust. */
import type { Policy, Rule, Workload } from "../../policy/index.js";
import { describe, factsOf, isOpen, list, trustOf, trustRank, workloadOf } from "../facts.js";
import { whyInside } from "../inside-host.js";
import type { Hit, ThreatRule } from "../rule.js";

export const EXPOSURE_RULES: readonly ThreatRule[] = [
  {
    id: "model-reachable-without-role",
    severity: "high",
    title: "a model can be reached from outside without a role",
    why: "who may ask a model without limit can copy it, probe it and make it say what it learned",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) => {
        const way = workload.kind === "model" ? facts.openFromOutside.get(workload.name) : undefined;
        const last = way?.at(-1);
        if (way === undefined || last === undefined) return [];
        const evidence = way.map((rule) => `${rule.id} asks for no role`);
        return [
          {
            where: workload.name,
            span: last.span,
            evidence,
            remedy: `add \`roles\` to every entry of \`allow\` on ${last.id}, or on an earlier flow of the way`,
          },
        ];
      });
    },
  },
  {
    id: "users-reach-store",
    severity: "high",
    title: "users reach a store directly",
    why: "nothing stands between a stolen session and the whole content; a store cannot tell one record's reader from another's",
    evaluate: (policy) =>
      between(
        policy,
        (rule, to) => rule.from.kind === "users" && (to?.kind === "store" || to?.kind === "queue"),
        (rule, to) => ({
          evidence: [`${rule.id} leads from users to ${to === undefined ? rule.to.name : describe(to)}`],
          remedy: `remove the flow and let users go through a workload that asks \`${rule.to.name}\` for what they may see`,
        }),
      ),
  },
  {
    id: "users-enter-restricted-zone",
    severity: "high",
    title: "users enter a restricted zone directly",
    why: "the first process that parses a stranger's bytes should not stand beside the most sensitive data",
    evaluate: (policy) =>
      between(
        policy,
        (rule, to) => rule.from.kind === "users" && to?.trust === "restricted",
        (rule, to) => ({
          evidence: [`${rule.id} leads from outside into \`${to?.zone ?? ""}\` (restricted)`],
          remedy: `put a gateway in a zone of lower trust in front of \`${rule.to.name}\` and end the users' flow there`,
        }),
      ),
  },
  {
    id: "anonymous-users-reach-workload",
    severity: "medium",
    title: "anonymous users reach a workload",
    why: "nobody can be held to account, limited or shut out, and a token cannot be asked for",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      const evidence = (rule: Rule) => [`\`${rule.from.name}\` has no identity provider`, `${rule.id} lets it in`];
      return between(
        policy,
        (rule) => rule.from.kind === "users" && facts.users.get(rule.from.name)?.identity === undefined,
        (rule) => ({
          evidence: evidence(rule),
          remedy: `give \`${rule.from.name}\` an \`identity\`, and the flow \`roles\``,
        }),
      );
    },
  },
  {
    id: "users-flow-without-roles",
    severity: "medium",
    title: "everybody with an account may use a flow from outside",
    why: "a valid token says who somebody is, not what they may do",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.rules.flatMap((rule) => {
        if (rule.from.kind !== "users" || facts.users.get(rule.from.name)?.identity === undefined) return [];
        if (!isOpen(rule) || !isWeb(rule)) return [];
        const open = rule.operations.filter((operation) => operation.roles === "none");
        const span = open[0]?.span ?? rule.span;
        return [
          {
            where: rule.id,
            span,
            evidence: [`${open.length} of ${rule.operations.length} operations of ${rule.id} ask for no role`],
            remedy: "add `roles` to each entry of `allow`",
          },
        ];
      });
    },
  },
  {
    id: "users-flow-without-token",
    severity: "high",
    title: "users come in over a protocol that carries no token",
    why: "over plain TCP or opaque TLS nobody can see a token, a method or a path: whoever reaches the port is in",
    evaluate: (policy) =>
      between(
        policy,
        (rule) => rule.from.kind === "users" && !isWeb(rule),
        (rule) => ({
          evidence: [`${rule.id} speaks \`${rule.protocol}\``],
          remedy: "let users in over `https` through a gateway that validates their token, and remove this flow",
        }),
      ),
  },
  {
    id: "public-zone-reaches-restricted",
    severity: "high",
    title: "a public zone talks to a restricted zone directly",
    why: "one compromised workload that strangers may reach is one step from the most sensitive data",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return between(
        policy,
        (rule, to) => workloadOf(facts, rule.from)?.trust === "public" && to?.trust === "restricted",
        (rule, to) => ({
          evidence: [
            `${rule.id} leads from \`${workloadOf(facts, rule.from)?.zone ?? ""}\` (public) to \`${to?.zone ?? ""}\` (restricted)`,
          ],
          remedy: "put a workload of an internal zone between them that checks and narrows what passes",
        }),
      );
    },
  },
  {
    id: "climbing-flow-without-role",
    severity: "medium",
    title: "a flow climbs out of a public zone without a role",
    why: "the workload's identity alone opens the way: who takes it over needs no user to get further",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return between(
        policy,
        (rule, to) => {
          const from = workloadOf(facts, rule.from);
          return from?.trust === "public" && to !== undefined && trustRank(to.trust) > 0 && isOpen(rule);
        },
        (rule, to) => ({
          evidence: [`${rule.id} climbs from \`public\` to \`${to?.trust ?? ""}\` and asks for no role`],
          remedy: isWeb(rule)
            ? "add `roles` to each entry of its `allow`"
            : "speak HTTP or gRPC here and ask for `roles`, or move the caller out of the public zone",
        }),
      );
    },
  },
  {
    id: "restricted-zone-calls-public",
    severity: "medium",
    title: "a restricted zone calls into a public zone",
    why: "answers of a workload that strangers may take over steer one that holds the most sensitive data, and each request can carry some of it out",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return between(
        policy,
        (rule, to) => workloadOf(facts, rule.from)?.trust === "restricted" && to?.trust === "public",
        (rule, to) => ({
          evidence: [`${rule.id} leads from \`restricted\` down to \`${to?.zone ?? ""}\` (public)`],
          remedy: "turn the flow round, so that the public side asks, or put an internal workload between them",
        }),
      );
    },
  },
  {
    id: "plaintext-to-outside",
    severity: "high",
    title: "traffic with the outside is not encrypted",
    why: "every network on the way reads it and may change it",
    evaluate: (policy) =>
      between(
        policy,
        (rule) => rule.transport === "plaintext",
        (rule) => {
          const carried = [...new Set([...rule.data, ...rule.returns])];
          const load = carried.length === 0 ? "" : ` and carries ${list(carried)}`;
          return {
            evidence: [`${rule.id} speaks \`${rule.protocol}\` without TLS${load}`],
            remedy: "write `protocol: https` (or `tls`) and the port on which the other end speaks it",
          };
        },
      ),
  },
  {
    id: "outside-host-wildcard",
    severity: "medium",
    title: "an outside API is a wildcard of hosts",
    why: "anybody who gets a name below it, such as a bucket or a page at a provider, receives what the workflow sends",
    evaluate: (policy) =>
      policy.outside.flatMap((party) => {
        if (party.kind !== "api" || !party.host.includes("*")) return [];
        const used = policy.rules
          .filter((rule) => rule.to.kind === "api" && rule.to.name === party.name)
          .map((rule) => rule.id);
        return [
          {
            where: party.name,
            span: party.span,
            evidence: [
              `\`${party.host}\` stands for every name below it`,
              ...used.map((id) => `${id} may go to any of them`),
            ],
            remedy: "name the hosts that are called, one outside party each",
          },
        ];
      }),
  },
  {
    id: "outside-api-inside",
    severity: "high",
    title: "an outside API is not outside",
    why: "a way out to this host opens what stands inside, where no flow was declared and no identity is asked for: a Service, a neighbour, the credentials of the machine",
    evaluate: (policy) =>
      policy.outside.flatMap((party) => {
        const why = party.kind === "api" ? whyInside(party.host, policy) : undefined;
        if (party.kind !== "api" || why === undefined) return [];
        return [
          {
            where: party.name,
            span: party.span,
            evidence: [`\`${party.host}\` ${why}`],
            remedy: "declare what answers there as a workload with flows of its own, or name the public host",
          },
        ];
      }),
  },
  {
    id: "store-calls-outside",
    severity: "high",
    title: "a store may call the outside",
    why: "it is the straight way out for everything it holds; stores answer, they have no reason to call",
    evaluate: (policy) => outward(policy, (from) => from.kind === "store" || from.kind === "queue"),
  },
  {
    id: "model-calls-outside",
    severity: "high",
    title: "a model server may call the outside",
    why: "a prompt that takes the server over can send out the model, the prompts and the answers",
    evaluate: (policy) => outward(policy, (from) => from.kind === "model"),
  },
  {
    id: "restricted-zone-calls-outside",
    severity: "medium",
    title: "a workload of a restricted zone calls the outside",
    why: "the most sensitive data is one process away from the internet",
    evaluate: (policy) =>
      outward(
        policy,
        (from) =>
          from.trust === "restricted" && from.kind !== "store" && from.kind !== "queue" && from.kind !== "model",
      ),
  },
  {
    id: "websocket-flow",
    severity: "low",
    title: "a flow may upgrade to WebSocket",
    why: "methods, paths and roles are decided once at the handshake; what follows is neither decided nor logged message by message",
    evaluate: (policy) =>
      between(
        policy,
        (rule) => rule.protocol === "websocket",
        (rule) => ({
          evidence: [`${rule.id} speaks \`websocket\``],
          remedy:
            "use server-sent events or plain requests where they do, else limit the flow to the one path that upgrades and let connections live only as long as a token",
        }),
      ),
  },
  {
    id: "edge-beside-store",
    severity: "medium",
    title: "what users reach shares a zone with a store",
    why: "a zone is one namespace and one trust level: whoever breaks the entrance stands beside the data",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      const reported = new Set<string>();
      return policy.rules.flatMap((rule) => {
        const entrance = rule.from.kind === "users" ? workloadOf(facts, rule.to) : undefined;
        if (entrance === undefined || entrance.kind === "store" || reported.has(entrance.zone)) return [];
        const stores = policy.workloads.filter(
          (workload) => workload.kind === "store" && workload.zone === entrance.zone,
        );
        const zone = policy.zones.find((candidate) => candidate.name === entrance.zone);
        if (stores.length === 0 || zone === undefined) return [];
        reported.add(entrance.zone);
        const evidence = [
          `users reach ${describe(entrance)} by ${rule.id}`,
          `${list(stores.map((store) => store.name))} stands in the same zone`,
        ];
        return [{ where: zone.name, span: zone.span, evidence, remedy: "move the store into a zone of its own" }];
      });
    },
  },
  {
    id: "model-or-store-in-public-zone",
    severity: "high",
    title: "a model, store or queue stands in a public zone",
    why: "a public zone is where strangers are expected; what is worth stealing does not belong there",
    evaluate: (policy) =>
      policy.workloads.flatMap((workload) => {
        if (workload.trust !== "public" || !["model", "store", "queue"].includes(workload.kind)) return [];
        return [
          {
            where: workload.name,
            span: workload.span,
            evidence: [describe(workload)],
            remedy: `move \`${workload.name}\` into an internal or restricted zone`,
          },
        ];
      }),
  },
];

function isWeb(rule: Rule): boolean {
  return rule.protocol !== "tcp" && rule.protocol !== "tls";
}

function between(
  policy: Policy,
  matches: (rule: Rule, to: Workload | undefined) => boolean,
  say: (rule: Rule, to: Workload | undefined) => { evidence: readonly string[]; remedy: string },
): Hit[] {
  const facts = factsOf(policy);
  return policy.rules.flatMap((rule) => {
    const to = workloadOf(facts, rule.to);
    return matches(rule, to) ? [{ where: rule.id, span: rule.span, ...say(rule, to) }] : [];
  });
}

function outward(policy: Policy, matches: (from: Workload) => boolean): Hit[] {
  const facts = factsOf(policy);
  return policy.rules.flatMap((rule) => {
    const from = workloadOf(facts, rule.from);
    if (from === undefined || rule.to.kind !== "api" || !matches(from)) return [];
    const host = facts.apis.get(rule.to.name)?.host ?? rule.to.name;
    const evidence = [
      `${describe(from)} may call \`${host}\``,
      `the flow is ${rule.id}, trust ${trustOf(facts, rule.from)} to outside`,
    ];
    return [
      {
        where: rule.id,
        span: rule.span,
        evidence,
        remedy: "let another workload fetch what is needed and hand it in, and remove this flow",
      },
    ];
  });
}
