/**
 * Who could obtain which data over what is really reachable. The policy says who holds a class by its flows; over a
 * connection that no flow declares, whoever is at one end can ask for, or be sent, all that the other end holds. So a
 * leak spreads the data of both its ends, and what it spreads goes on through further leaks.
 */
import { type Policy, SENSITIVITIES, type Sensitivity } from "../policy/index.js";
import type { Finding } from "./compare/index.js";

export interface Disclosure {
  readonly data: string;
  readonly sensitivity: Sensitivity;
  /** who could obtain it and is not to: a workload's id, or a host outside */
  readonly party: string;
  /** the leaks on the way from somebody who holds it, in order; never empty */
  readonly path: readonly Finding[];
}

/** Confidential and restricted classes alone; sorted by class and party. @param idOf the id of a declared workload */
export function disclosures(
  policy: Policy,
  findings: readonly Finding[],
  idOf: (name: string) => string | undefined,
): readonly Disclosure[] {
  const leaks = findings.filter(({ kind }) => kind === "leak");
  return policy.data
    .filter(({ sensitivity }) => SENSITIVITIES.indexOf(sensitivity) >= SENSITIVITIES.indexOf("confidential"))
    .flatMap(({ name, sensitivity }) => {
      const holders = policy.reach.find(({ data }) => data === name)?.holders ?? [];
      const known = new Set(
        holders.map(({ party }) => (party.kind === "workload" ? idOf(party.name) : partyName(policy, party.name))),
      );
      return spread(known, leaks).map(({ party, path }): Disclosure => ({ data: name, sensitivity, party, path }));
    })
    .sort((a, b) => (JSON.stringify([a.data, a.party]) < JSON.stringify([b.data, b.party]) ? -1 : 1));
}

function partyName(policy: Policy, name: string): string | undefined {
  const party = policy.outside.find((one) => one.name === name);
  return party?.kind === "api" ? party.host : party?.name;
}

/** Breadth first from the holders, so that each path is a shortest one. */
function spread(
  holders: ReadonlySet<string | undefined>,
  leaks: readonly Finding[],
): readonly { readonly party: string; readonly path: readonly Finding[] }[] {
  const found = new Map<string, readonly Finding[]>();
  let frontier = [...holders].flatMap((party) =>
    party === undefined ? [] : [{ party, path: [] as readonly Finding[] }],
  );
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { party, path } of frontier) {
      for (const leak of leaks) {
        const other = leak.from === party ? leak.to : leak.to === party ? leak.from : undefined;
        if (other === undefined || holders.has(other) || found.has(other)) continue;
        found.set(other, [...path, leak]);
        next.push({ party: other, path: [...path, leak] });
      }
    }
    frontier = next;
  }
  return [...found].map(([party, path]) => ({ party, path }));
}
