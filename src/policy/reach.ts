/**
 * Which data can get where, by the declared flows. A party that sends a class passes on what it got of that class. It
 * makes a class of its own when nobody sends it that class; what it makes then holds whatever it holds that is more
 * sensitive, unless the file says that it releases the one to the other. So a missing `releases` shows as reach.
 */
import type { Sensitivity, Workflow } from "../workflow/index.js";
import { SENSITIVITIES } from "../workflow/index.js";
import type { Holder, Party, Reach, ReachStep, Rule } from "./policy.js";

interface Step extends ReachStep {
  readonly target: Party;
}

export function dataReach(workflow: Workflow, rules: readonly Rule[]): Reach[] {
  const steps = rules.flatMap(stepsOf);
  const outgoing = groupBy(steps, (step) => step.from);
  const incoming = groupBy(steps, (step) => step.to);
  const level = new Map(workflow.data.map((data) => [data.name, data.sensitivity]));
  const releases = new Map(
    workflow.workloads.map((workload) => [
      workload.name,
      new Map(workload.releases.map((release) => [release.from, new Set(release.to)])),
    ]),
  );
  const parties = new Map(rules.flatMap((rule) => [rule.from, rule.to].map((party) => [party.name, party] as const)));
  const makes = (party: string, data: string) => !(incoming.get(party) ?? []).some((step) => step.as === data);

  /** Whether what `party` sends as `as` can hold `data`, which came to it as `held`. */
  const carries = (party: string, data: string, held: string, as: string): boolean => {
    if (as === held) return true;
    // What people type into one field is not made from what they type into another.
    if (parties.get(party)?.kind === "users") return false;
    if (!makes(party, as) || !lower(level.get(as), level.get(data))) return false;
    const released = releases.get(party);
    return !(released?.get(data)?.has(as) ?? false) && !(released?.get(held)?.has(as) ?? false);
  };

  return [...level.keys()].sort().map((data) => {
    const origins = [...parties.keys()].filter(
      (name) => makes(name, data) && (outgoing.get(name) ?? []).some((step) => step.as === data),
    );
    return { data, holders: spread(data, origins.sort(), outgoing, parties, carries) };
  });
}

/** Breadth first over (party, label), labelled honestly first, so that each party's path is shortest and `unreleased` last resort. */
function spread(
  data: string,
  origins: readonly string[],
  outgoing: ReadonlyMap<string, readonly Step[]>,
  parties: ReadonlyMap<string, Party>,
  carries: (party: string, data: string, held: string, as: string) => boolean,
): Holder[] {
  const holders = new Map<string, Holder>();
  const seen = new Set(origins.map((name) => key(name, data)));
  let frontier = origins.map((name) => ({ name, held: data, path: [] as readonly ReachStep[] }));
  let disguised: typeof frontier = [];
  while (frontier.length > 0 || disguised.length > 0) {
    if (frontier.length === 0) [frontier, disguised] = [disguised, []];
    const next: typeof frontier = [];
    for (const state of frontier) {
      const party = parties.get(state.name);
      if (party !== undefined && !holders.has(state.name)) {
        holders.set(state.name, { party, path: state.path, unreleased: state.held !== data });
      }
      for (const { target, ...step } of outgoing.get(state.name) ?? []) {
        if (seen.has(key(step.to, step.as)) || !carries(state.name, data, state.held, step.as)) continue;
        seen.add(key(step.to, step.as));
        const reached = { name: target.name, held: step.as, path: [...state.path, step] };
        (state.held === data && step.as !== data ? disguised : next).push(reached);
      }
    }
    frontier = next;
  }
  return [...holders.values()].sort((a, b) => compareText(a.party.name, b.party.name));
}

function stepsOf(rule: Rule): Step[] {
  const [from, to] = [rule.from.name, rule.to.name];
  return [
    ...rule.data.map((as): Step => ({ rule: rule.id, direction: "data", from, to, as, target: rule.to })),
    ...rule.returns.map(
      (as): Step => ({ rule: rule.id, direction: "returns", from: to, to: from, as, target: rule.from }),
    ),
  ];
}

function lower(a: Sensitivity | undefined, b: Sensitivity | undefined): boolean {
  return a !== undefined && b !== undefined && SENSITIVITIES.indexOf(a) < SENSITIVITIES.indexOf(b);
}

function groupBy<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group === undefined) groups.set(by(item), [item]);
    else group.push(item);
  }
  return groups;
}

function key(name: string, label: string): string {
  return `${name}\n${label}`;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
