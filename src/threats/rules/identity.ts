/** Who the outside is: issuers, audiences, and roles that nobody can show. */
import { type IdentityProvider, isHttp, type Policy } from "../../policy/index.js";
import { factsOf, list } from "../facts.js";
import type { Hit, ThreatRule } from "../rule.js";

export const IDENTITY_RULES: readonly ThreatRule[] = [
  {
    id: "issuer-not-public-name",
    severity: "high",
    title: "an issuer is a loopback name or a bare address",
    why: "tokens of a development issuer are made by whoever sits at that machine; an address proves no owner",
    evaluate: (policy) =>
      each(policy, (identity) => {
        const host = hostOf(identity.issuer);
        if (!isLocal(host)) return undefined;
        return {
          evidence: [`\`${identity.name}\` trusts tokens issued by \`${host}\``],
          remedy: "name the issuer of the organisation here, and keep a development issuer in a file of its own",
        };
      }),
  },
  {
    id: "keys-from-another-host",
    severity: "medium",
    title: "an issuer's keys come from another host",
    why: "whoever controls that host can sign tokens in the issuer's name",
    evaluate: (policy) =>
      each(policy, (identity) => {
        if (identity.jwksUri === undefined || sameSite(hostOf(identity.jwksUri), hostOf(identity.issuer)))
          return undefined;
        return {
          evidence: [`issuer: \`${hostOf(identity.issuer)}\`, keys: \`${hostOf(identity.jwksUri)}\``],
          remedy: "leave `jwksUri` out, so that the issuer's own discovery document says where its keys are",
        };
      }),
  },
  {
    id: "shared-audience",
    severity: "medium",
    title: "two issuers share an audience",
    why: "a token of the weaker issuer is taken where one of the stronger was meant",
    evaluate: (policy) =>
      each(policy, (identity) => {
        const twins = policy.identities.filter(
          (other) =>
            other.name < identity.name && other.audiences.some((audience) => identity.audiences.includes(audience)),
        );
        if (twins.length === 0) return undefined;
        const shared = identity.audiences.filter((audience) =>
          twins.some((other) => other.audiences.includes(audience)),
        );
        return {
          evidence: [`\`${identity.name}\` and ${list(twins.map((other) => other.name))} both accept ${list(shared)}`],
          remedy: "give each issuer an audience of its own",
        };
      }),
  },
  {
    id: "many-audiences",
    severity: "low",
    title: "an issuer's tokens are accepted for several audiences",
    why: "a token that was given out for another service opens this one too",
    evaluate: (policy) =>
      each(policy, (identity) =>
        identity.audiences.length < 2
          ? undefined
          : {
              evidence: [`\`${identity.name}\` accepts ${list(identity.audiences)}`],
              remedy: "keep the one audience that stands for this workflow",
            },
      ),
  },
  {
    id: "unused-identity",
    severity: "low",
    title: "an identity provider serves nobody",
    why: "an issuer that is trusted without need can let somebody in the day a flow refers to it by mistake",
    evaluate: (policy) => {
      const used = new Set<string | undefined>();
      for (const party of policy.outside) if (party.kind === "users") used.add(party.identity);
      for (const rule of policy.rules) for (const operation of rule.operations) used.add(operation.identity);
      return each(policy, (identity) =>
        used.has(identity.name)
          ? undefined
          : {
              evidence: [`no users and no \`allow\` entry refer to \`${identity.name}\``],
              remedy: `remove \`${identity.name}\``,
            },
      );
    },
  },
  {
    id: "role-nobody-can-show",
    severity: "low",
    title: "a flow asks for roles of users who never get there",
    why: "the flow is dead as declared, and a dead flow is the first to be opened in a hurry",
    evaluate: deadRoles,
  },
];

function each(
  policy: Policy,
  say: (identity: IdentityProvider) => { evidence: readonly string[]; remedy: string } | undefined,
): Hit[] {
  return policy.identities.flatMap((identity) => {
    const said = say(identity);
    return said === undefined ? [] : [{ where: identity.name, span: identity.span, ...said }];
  });
}

/** Host of a URL that the loader has checked; the text itself where it is none. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : url;
}

function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host.startsWith("[") || /^[0-9.]+$/.test(host);
}

/** Whether one host is the other or stands below it; a shared suffix alone says nothing about who owns the names. */
function sameSite(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

/** Follows each provider's users along HTTP flows, on which their token can travel. */
function deadRoles(policy: Policy): Hit[] {
  const facts = factsOf(policy);
  const visited = new Map<string, Set<string>>();
  const visit = (provider: string): Set<string> => {
    const held = visited.get(provider);
    if (held !== undefined) return held;
    const found = new Set<string>();
    const open = [...facts.users.values()].filter((users) => users.identity === provider).map((users) => users.name);
    const starts = policy.rules.filter((rule) => rule.from.kind === "users" && open.includes(rule.from.name));
    const queue = [...starts];
    for (let rule = queue.pop(); rule !== undefined; rule = queue.pop()) {
      if (rule.to.kind !== "workload" || !isHttp(rule.protocol) || found.has(rule.to.name)) continue;
      found.add(rule.to.name);
      queue.push(...(facts.outOf.get(rule.to.name) ?? []));
    }
    visited.set(provider, found);
    return found;
  };
  return policy.rules.flatMap((rule) => {
    if (rule.from.kind !== "workload" || !isHttp(rule.protocol)) return [];
    const dead = rule.operations.find(
      (operation) => operation.identity !== undefined && !visit(operation.identity).has(rule.from.name),
    );
    if (dead === undefined) return [];
    const roles = dead.roles === "none" ? [] : dead.roles;
    return [
      {
        where: rule.id,
        span: dead.span,
        evidence: [
          `${rule.id} asks for ${list(roles)} of \`${dead.identity ?? ""}\``,
          `no flow brings users of \`${dead.identity ?? ""}\` to \`${rule.from.name}\``,
        ],
        remedy: `remove the flow if nothing uses it, or declare the flow over HTTP that brings those users to \`${rule.from.name}\``,
      },
    ];
  });
}
