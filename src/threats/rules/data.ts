/** Where data goes that should not go there, at rest or in flow. */
import type { DataClass, Holder, Policy, Reach, Rule } from "../../policy/index.js";
import { atLeast, describe, type Facts, factsOf, isOpen, list, sensitivityRank, workloadOf } from "../facts.js";
import type { Hit, ThreatRule } from "../rule.js";

export const DATA_RULES: readonly ThreatRule[] = [
  {
    id: "restricted-data-leaves-unreleased",
    severity: "critical",
    title: "restricted data reaches a public zone or the outside without a release",
    why: "what has left cannot be called back; nobody decided that this data may be there",
    evaluate: (policy) => leaks(policy, "restricted"),
  },
  {
    id: "confidential-data-leaves-unreleased",
    severity: "high",
    title: "confidential data reaches a public zone or the outside without a release",
    why: "a party that the workflow does not control, or a zone that anybody may enter, comes to hold it",
    evaluate: (policy) => leaks(policy, "confidential"),
  },
  {
    id: "internal-data-to-outside-api",
    severity: "low",
    title: "internal data is sent to an outside API",
    why: "the data is subject to somebody else's retention, logs and incidents from then on",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.rules.flatMap((rule) => {
        const sent = rule.to.kind === "api" ? only(facts, rule.data, "internal") : [];
        if (sent.length === 0) return [];
        return hit(
          rule,
          [`${rule.id} carries ${list(sent)}`],
          `send a class that a release made public, or drop ${list(sent)} from the flow`,
        );
      });
    },
  },
  {
    id: "internal-data-to-anonymous-users",
    severity: "medium",
    title: "internal data is returned to anonymous users",
    why: "an answer to somebody without an identity is a publication",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.rules.flatMap((rule) => {
        if (rule.from.kind !== "users" || facts.users.get(rule.from.name)?.identity !== undefined) return [];
        const returned = only(facts, rule.returns, "internal");
        if (returned.length === 0) return [];
        return hit(
          rule,
          [`${rule.id} returns ${list(returned)} to users without an identity provider`],
          `give \`${rule.from.name}\` an \`identity\` and the flow \`roles\`, or return public data only`,
        );
      });
    },
  },
  {
    id: "store-not-encrypted-at-rest",
    severity: "high",
    title: "a store is not encrypted at rest",
    why: "a stolen disk, snapshot or backup gives away everything it holds, past every control of the network",
    evaluate: (policy) => atRest(policy, "store"),
  },
  {
    id: "queue-not-encrypted-at-rest",
    severity: "medium",
    title: "a queue keeps sensitive messages unencrypted",
    why: "queues write to disk what waits in them; a stolen volume gives the messages away",
    evaluate: (policy) => atRest(policy, "queue"),
  },
  {
    id: "encryption-at-rest-not-provided",
    severity: "medium",
    title: "encryption at rest is declared but no target provides it",
    why: "a declaration encrypts nothing: without a provider the volumes and the cluster's secrets stay readable on disk",
    evaluate: (policy) => {
      const claiming = policy.workloads.filter((workload) => workload.encryptedAtRest === true);
      const first = claiming[0];
      if (first === undefined || policy.targets.encryption.provider !== "none") return [];
      return claiming.map((workload) => ({
        where: workload.name,
        span: workload.span,
        evidence: [
          `\`${workload.name}\` declares \`encryptedAtRest: true\``,
          "`targets.encryption.provider` is `none`",
        ],
        remedy: "set `targets.encryption.provider` to `kms` or `secretbox`",
      }));
    },
  },
  {
    id: "restricted-data-kept-in-lower-zone",
    severity: "medium",
    title: "restricted data is kept in a zone of lower trust",
    why: "data at rest gathers: the zone that keeps it must be guarded as its most sensitive record is",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) => {
        if ((workload.kind !== "store" && workload.kind !== "queue") || workload.trust === "restricted") return [];
        const kept = atLeast(facts, received(facts, workload.name), "restricted");
        if (kept.length === 0) return [];
        return [
          {
            where: workload.name,
            span: workload.span,
            evidence: [`${describe(workload)} receives ${list(kept)}`],
            remedy: `move \`${workload.name}\` into a zone with \`trust: restricted\``,
          },
        ];
      });
    },
  },
  {
    id: "release-lowers-steeply",
    severity: "medium",
    title: "a release lowers sensitivity by two levels or more",
    why: "everything downstream trusts this one step: if it forgets a field, the data is out and no control notices",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) =>
        workload.releases.flatMap((release) => {
          const from = facts.data.get(release.from);
          const steep = release.to.flatMap((name) => {
            const to = facts.data.get(name);
            if (from === undefined || to === undefined) return [];
            return sensitivityRank(from.sensitivity) - sensitivityRank(to.sensitivity) >= 2 ? [to] : [];
          });
          if (from === undefined || steep.length === 0) return [];
          const evidence = steep.map(
            (to) => `\`${from.name}\` (${from.sensitivity}) becomes \`${to.name}\` (${to.sensitivity})`,
          );
          const remedy = `release in two steps by two workloads, or have the redaction of \`${workload.name}\` reviewed and accept the risk with a date`;
          return [{ where: workload.name, span: release.span, evidence, remedy }];
        }),
      );
    },
  },
  {
    id: "release-never-used",
    severity: "low",
    title: "a workload may release data that it never receives or never passes on",
    why: "a right that no flow needs is a right that only an attacker uses",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) => {
        const held = new Set([...received(facts, workload.name), ...holdings(policy, workload.name)]);
        const sent = new Set(given(facts, workload.name));
        return workload.releases.flatMap((release) => {
          const idle = release.to.filter((name) => !sent.has(name));
          const evidence: string[] = [];
          if (!held.has(release.from)) evidence.push(`no flow brings \`${release.from}\` to \`${workload.name}\``);
          if (idle.length > 0) evidence.push(`no flow takes ${list(idle)} from \`${workload.name}\``);
          if (evidence.length === 0) return [];
          const remedy = held.has(release.from)
            ? `remove ${list(idle)} from the release`
            : `remove the release of \`${release.from}\``;
          return [{ where: workload.name, span: release.span, evidence, remedy }];
        });
      });
    },
  },
  {
    id: "flow-without-data",
    severity: "low",
    title: "a flow does not say which data it carries",
    why: "data that is not named cannot be followed: the reach of every class is incomplete past this flow",
    evaluate: (policy) =>
      policy.rules.flatMap((rule) => {
        if (rule.data.length > 0 || rule.returns.length > 0) return [];
        return hit(
          rule,
          [`${rule.id} has neither \`data\` nor \`returns\``],
          "name the classes in `data` and `returns`, or remove the flow if it carries nothing",
        );
      }),
  },
  {
    id: "unused-data-class",
    severity: "info",
    title: "a data class is on no flow",
    why: "either a flow is mislabelled or the file describes a system that no longer exists",
    evaluate: (policy) => {
      const used = new Set<string>();
      for (const rule of policy.rules) for (const name of [...rule.data, ...rule.returns]) used.add(name);
      return policy.data
        .filter((data) => !used.has(data.name))
        .map((data) => ({
          where: data.name,
          span: data.span,
          evidence: [`no flow carries or returns \`${data.name}\` (${data.sensitivity})`],
          remedy: `name \`${data.name}\` on the flows that carry it, or remove the class`,
        }));
    },
  },
];

function hit(rule: Rule, evidence: readonly string[], remedy: string): Hit[] {
  return [{ where: rule.id, span: rule.span, evidence, remedy }];
}

function only(facts: Facts, names: readonly string[], sensitivity: DataClass["sensitivity"]): string[] {
  return names.filter((name) => facts.data.get(name)?.sensitivity === sensitivity);
}

/** Classes that flows bring to a workload, with requests or in answers. */
function received(facts: Facts, name: string): string[] {
  const found = new Set<string>();
  for (const rule of facts.into.get(name) ?? []) for (const data of rule.data) found.add(data);
  for (const rule of facts.outOf.get(name) ?? []) for (const data of rule.returns) found.add(data);
  return [...found].sort();
}

/** Classes that flows take from a workload. */
function given(facts: Facts, name: string): string[] {
  const found = new Set<string>();
  for (const rule of facts.outOf.get(name) ?? []) for (const data of rule.data) found.add(data);
  for (const rule of facts.into.get(name) ?? []) for (const data of rule.returns) found.add(data);
  return [...found];
}

function holdings(policy: Policy, name: string): string[] {
  return policy.reach.flatMap((reach) =>
    reach.holders.some((holder) => holder.party.kind === "workload" && holder.party.name === name) ? [reach.data] : [],
  );
}

function atRest(policy: Policy, kind: "store" | "queue"): Hit[] {
  const facts = factsOf(policy);
  return policy.workloads.flatMap((workload) => {
    if (workload.kind !== kind || workload.encryptedAtRest === true) return [];
    const kept = atLeast(facts, received(facts, workload.name), "confidential");
    if (kind === "queue" && kept.length === 0) return [];
    const said =
      workload.encryptedAtRest === false ? "declares `encryptedAtRest: false`" : "does not declare `encryptedAtRest`";
    const evidence = [`${describe(workload)} ${said}`];
    if (kept.length > 0) evidence.push(`it receives ${list(kept)}`);
    return [
      {
        where: workload.name,
        span: workload.span,
        evidence,
        remedy: "encrypt its volume and declare `encryptedAtRest: true`",
      },
    ];
  });
}

function leaks(policy: Policy, sensitivity: DataClass["sensitivity"]): Hit[] {
  const facts = factsOf(policy);
  return policy.reach.flatMap((reach) => {
    if (facts.data.get(reach.data)?.sensitivity !== sensitivity) return [];
    return reach.holders.flatMap((holder) => {
      const last = holder.path.at(-1);
      if (last === undefined || !isExposed(facts, holder)) return [];
      const span = facts.rules.get(last.rule)?.span ?? policy.span;
      return [{ where: holder.party.name, span, evidence: wayOf(reach, holder), remedy: mend(reach, holder) }];
    });
  });
}

/** Whether holding the data here means that it is out. Users who had to show a role may be answered in the class's own name. */
function isExposed(facts: Facts, holder: Holder): boolean {
  switch (holder.party.kind) {
    case "api":
      return true;
    case "workload":
      return workloadOf(facts, holder.party)?.trust === "public";
    case "users": {
      const rule = facts.rules.get(holder.path.at(-1)?.rule ?? "");
      const anonymous = facts.users.get(holder.party.name)?.identity === undefined;
      return holder.unreleased || anonymous || rule === undefined || isOpen(rule);
    }
  }
}

function wayOf(reach: Reach, holder: Holder): string[] {
  const steps = holder.path.map((step) => {
    const label = step.as === reach.data ? `\`${step.as}\`` : `\`${step.as}\`, which may hold \`${reach.data}\`,`;
    const how = step.direction === "data" ? "sends" : "returns";
    return `\`${step.from}\` ${how} ${label} to \`${step.to}\` (${step.rule})`;
  });
  return steps;
}

function mend(reach: Reach, holder: Holder): string {
  const last = holder.path.at(-1);
  if (last === undefined) return "";
  if (!holder.unreleased) {
    return `take \`${last.as}\` off ${last.rule}, or have a workload in front of \`${holder.party.name}\` reduce it and send only the reduced class`;
  }
  const turn = holder.path.find((step) => step.as !== reach.data) ?? last;
  return `have \`${turn.from}\` strip \`${reach.data}\` out of \`${turn.as}\` and, once that is reviewed, declare it under its \`releases\`; or remove the flow ${last.rule}`;
}
