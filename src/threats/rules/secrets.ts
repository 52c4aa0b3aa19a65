/** Secrets: who gets them, how long they live, and those that stand in the file itself. */
import type { Policy, Secret } from "../../policy/index.js";
import { describe, factsOf, list } from "../facts.js";
import type { Hit, ThreatRule } from "../rule.js";
import { secretInUrl, secretKind } from "../secret-kind.js";

const DAY = 86_400;
const LONGEST_LIFE_DAYS = 90;
const MANY_USERS = 3;

export const SECRET_RULES: readonly ThreatRule[] = [
  {
    id: "secret-in-env",
    severity: "critical",
    title: "a secret stands in `env`",
    why: "the file is committed, printed and passed round; whoever reads any copy of it has the secret",
    evaluate: (policy) =>
      policy.workloads.flatMap((workload) =>
        Object.keys(workload.env)
          .sort()
          .flatMap((key) => {
            const kind = secretKind(key, workload.env[key] ?? "");
            if (kind === undefined) return [];
            return [
              {
                where: workload.name,
                span: workload.span,
                evidence: [`\`env.${key}\` of \`${workload.name}\` holds ${kind}`],
                remedy: `renew it, declare it under \`secrets\` with \`usedBy: [${workload.name}]\`, and remove it from \`env\``,
              },
            ];
          }),
      ),
  },
  {
    id: "secret-in-public-zone",
    severity: "high",
    title: "a secret is used in a public zone",
    why: "a public zone is the first to be broken into, and the secret goes with it",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return each(policy, (secret) => {
        const exposed = secret.usedBy.flatMap((name) => {
          const workload = facts.workloads.get(name);
          return workload?.trust === "public" ? [workload] : [];
        });
        if (exposed.length === 0) return undefined;
        return {
          evidence: exposed.map((workload) => `\`${secret.name}\` is given to ${describe(workload)}`),
          remedy: "let a workload of an internal zone make the call that needs the secret",
        };
      });
    },
  },
  {
    id: "secret-never-rotated",
    severity: "medium",
    title: "a secret is never renewed",
    why: "one that leaked unnoticed works for ever",
    evaluate: (policy) =>
      each(policy, (secret) =>
        secret.rotateSeconds === undefined
          ? { evidence: [`\`${secret.name}\` has no \`rotate\``], remedy: "add `rotate: 30d`, or less" }
          : undefined,
      ),
  },
  {
    id: "secret-rotated-rarely",
    severity: "low",
    title: `a secret lives longer than ${LONGEST_LIFE_DAYS} days`,
    why: "the longer it works, the longer a copy of it works for somebody else",
    evaluate: (policy) =>
      each(policy, (secret) => {
        if (secret.rotateSeconds === undefined || secret.rotateSeconds <= LONGEST_LIFE_DAYS * DAY) return undefined;
        return {
          evidence: [`\`${secret.name}\` is renewed every ${Math.round(secret.rotateSeconds / DAY)} days`],
          remedy: `write \`rotate: ${LONGEST_LIFE_DAYS}d\`, or less`,
        };
      }),
  },
  {
    id: "secret-shared-widely",
    severity: "medium",
    title: "many workloads use one secret",
    why: "a leak cannot be traced to one of them, and renewing it needs all of them at once",
    evaluate: (policy) =>
      each(policy, (secret) => {
        if (secret.usedBy.length < MANY_USERS) return undefined;
        return {
          evidence: [`\`${secret.name}\` is given to ${secret.usedBy.length} workloads: ${list(secret.usedBy)}`],
          remedy: "issue a secret for each workload",
        };
      }),
  },
  {
    id: "secret-shared-across-trust",
    severity: "high",
    title: "zones of different trust share a secret",
    why: "the higher zone's secret is as safe as the lower zone",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return each(policy, (secret) => {
        const users = secret.usedBy.flatMap((name) => facts.workloads.get(name) ?? []);
        if (new Set(users.map((workload) => workload.trust)).size < 2) return undefined;
        return {
          evidence: [`\`${secret.name}\` is given to ${users.map(describe).join(", ")}`],
          remedy: "issue a secret for each zone, with the rights that its workload needs",
        };
      });
    },
  },
  {
    id: "secret-for-idle-workload",
    severity: "medium",
    title: "a secret is given to a workload that calls nobody and answers nobody",
    why: "a secret without a use is only there to be stolen",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return each(policy, (secret) => {
        const idle = secret.usedBy.filter((name) => !facts.outOf.has(name) && !facts.into.has(name));
        if (idle.length === 0) return undefined;
        return {
          evidence: [`no flow starts or ends at ${list(idle)}`],
          remedy: `take ${list(idle)} off \`usedBy\`, or remove the secret`,
        };
      });
    },
  },
  {
    id: "no-secrets-engine",
    severity: "medium",
    title: "secrets are declared but no engine keeps them",
    why: "they end up in environment variables and manifests, readable by everybody who may read the namespace",
    evaluate: (policy) => {
      const first = policy.secrets[0];
      if (first === undefined || policy.targets.secrets.engine !== "none") return [];
      return [
        {
          where: "workflow",
          span: first.span,
          evidence: [`${policy.secrets.length} secrets are declared`, "`targets.secrets` is `none`"],
          remedy: "set `targets.secrets: { engine: vault, address: https://… }`",
        },
      ];
    },
  },
  {
    id: "secret-in-webhook-url",
    severity: "high",
    title: "a receiver's address holds its own secret",
    why: "whoever reads the file can post alerts in the workflow's name, or hide real ones among false ones",
    evaluate: (policy) =>
      policy.receivers.flatMap((receiver) => {
        const part = secretInUrl(receiver.webhook);
        if (part === undefined) return [];
        return [
          {
            where: receiver.name,
            span: receiver.span,
            evidence: [`the ${part} of \`${receiver.name}\`'s webhook is a credential`],
            remedy:
              "post to a relay of your own that holds the address, and authenticate to it with a declared `secret`",
          },
        ];
      }),
  },
];

function each(
  policy: Policy,
  say: (secret: Secret) => { evidence: readonly string[]; remedy: string } | undefined,
): Hit[] {
  return policy.secrets.flatMap((secret) => {
    const said = say(secret);
    return said === undefined ? [] : [{ where: secret.name, span: secret.span, ...said }];
  });
}
