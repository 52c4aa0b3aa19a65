/**
 * How much the verifier notices: every policy that is compiled for an example is dropped, widened or narrowed in turn.
 * A mutant that it says nothing new about must be equal in what gets through, and that is for the concrete evaluator to
 * show: it plays every call of a sample against both, and shares no code with the sets that the verifier reasons with.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Cluster, Pod, Workload } from "../../src/cluster/index.js";
import type { Policy } from "../../src/policy/index.js";
import { openPolicy } from "../../src/ringfence.js";
import { compare, replay } from "../../src/verify/compare/index.js";
import { Network } from "../../src/verify/index.js";
import { BEARER, type Request, type Token } from "../../src/verify/request.js";
import { clusterOf, deployedObjects } from "./deployed.js";
import { mutantsOf } from "./mutants.js";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const OUTSIDE = ["203.0.113.9", "2001:db8::9"];
/** Every eighth, so that a run stays short; `RINGFENCE_ALL_MUTANTS=1` tries all. */
const EVERY = process.env.RINGFENCE_ALL_MUTANTS === "1" ? 1 : 8;

const examples = readdirSync(EXAMPLES).filter((name) => ["claims-triage"].includes(name));

describe.each(examples)("mutants of what is compiled for %s", (name) => {
  const policy = openPolicy(join(EXAMPLES, name, "ringfence.yaml"));
  const objects = deployedObjects(policy);
  const whole = clusterOf(objects);
  const said = verdictOf(policy, whole);

  it("starts from a whole that is as declared", () => {
    expect(said.split("\n").filter((line) => line !== "")).toEqual([]);
  });

  it("notices each one that changes what gets through", { timeout: 900_000 }, () => {
    const mutants = mutantsOf(objects).filter((_, index) => index % EVERY === 0);
    const calls = callsOf(policy, whole);
    const before = play(whole, calls);
    const [unnoticed, equal]: [string[], string[]] = [[], []];
    for (const mutant of mutants) {
      const cluster = clusterOf(mutant.objects);
      if (verdictOf(policy, cluster) !== said) continue;
      (play(cluster, calls) === before ? equal : unnoticed).push(mutant.name);
    }
    const noticed = mutants.length - unnoticed.length - equal.length;
    const changing = noticed + unnoticed.length;
    process.stdout.write(
      `${name}: ${mutants.length} mutants, ${noticed} of ${changing} that change what gets through were noticed (${((100 * noticed) / changing).toFixed(1)} %), ${equal.length} change nothing in ${calls.length} calls\n`,
    );
    expect(unnoticed).toEqual([]);
  });
});

/** All that the comparison says, in one text. */
function verdictOf(policy: Policy, cluster: Cluster): string {
  const { findings, missing, notes } = compare(policy, new Network(cluster));
  const lines = findings.map(
    ({ kind, from, to, protocol, port, rule, witness }) =>
      `${kind} ${from} ${to} ${protocol} ${port} ${rule?.id ?? ""} ${witness?.request.http?.method ?? ""} ${witness?.request.http?.target ?? ""}`,
  );
  return [...lines, ...missing, ...notes].join("\n");
}

interface Call {
  readonly from: { readonly workload: string; readonly namespace: string } | undefined;
  readonly to: { readonly workload: string; readonly namespace: string } | string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  readonly request: Request;
}

/** Every pair on every port, with requests that rules speak of and some that none does. */
function callsOf(policy: Policy, cluster: Cluster): readonly Call[] {
  const places = cluster.workloads.map(({ name: workload, namespace }) => ({ workload, namespace }));
  const ports = [...new Set([...policy.rules.map(({ port }) => port.port), 9191, 20_000])];
  const targets = policy.rules.flatMap(({ operations }) =>
    operations.flatMap(({ paths }) =>
      paths === "any"
        ? []
        : paths.map((path) => path.segments.map((one) => `/${one.kind === "one" ? "x" : one.text}`).join("")),
    ),
  );
  const tokens = [undefined, ...tokensOf(policy)];
  const requests = [...new Set(["/", "/other", ...targets])].flatMap((target) =>
    ["GET", "POST", "DELETE"].flatMap((method) =>
      tokens.map((token): Request => ({ http: { method, target, host: "host.example", headers: new Map() }, token })),
    ),
  );
  const bare: Request = { http: undefined, token: undefined };
  const calls: Call[] = [];
  for (const to of places) {
    for (const from of [...places, undefined]) {
      if (from?.workload === to.workload) continue;
      for (const port of ports) {
        for (const request of [bare, ...requests]) calls.push({ from, to, port, protocol: "TCP", request });
        calls.push({ from, to, port, protocol: "UDP", request: bare });
      }
    }
  }
  for (const from of places) {
    for (const party of policy.outside) {
      if (party.kind === "api") calls.push({ from, to: party.host, port: party.port, protocol: "TCP", request: bare });
    }
    calls.push({ from, to: "anywhere.invalid", port: 443, protocol: "TCP", request: bare });
  }
  return calls;
}

function tokensOf({ identities, rules }: Policy): readonly Token[] {
  const roles = new Set(
    rules.flatMap(({ operations }) => operations.flatMap((one) => (one.roles === "none" ? [] : one.roles))),
  );
  return identities.flatMap(({ issuer, audiences, roles: path = ["roles"] }) =>
    [...roles, "stranger"].map((role): Token => {
      const claims = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), [role]) as Record<string, never>;
      return {
        at: BEARER,
        claims: { iss: issuer, sub: "somebody", aud: [...audiences], exp: 4_102_444_800, ...claims },
        genuine: true,
      };
    }),
  );
}

/** One letter a call: what the concrete evaluator makes of it. */
function play(cluster: Cluster, calls: readonly Call[]): string {
  const podOf = new Map<string, { workload: Workload; pod: Pod }>();
  for (const workload of cluster.workloads) {
    const [pod] = workload.pods;
    if (pod !== undefined) podOf.set(`${workload.namespace}/${workload.name}`, { workload, pod });
  }
  const endOf = (place: { workload: string; namespace: string }) => {
    const found = podOf.get(`${place.namespace}/${place.workload}`);
    if (found === undefined) throw new Error(`${place.workload} is gone`);
    return { kind: "pod", ...found } as const;
  };
  return calls
    .map(({ from, to, port, protocol, request }) => {
      const source = from === undefined ? ({ kind: "outside", name: "outside" } as const) : endOf(from);
      const destination = typeof to === "string" ? ({ kind: "outside", name: to } as const) : endOf(to);
      const { outcome } = replay(cluster, { from: source, to: destination, port, protocol }, request, OUTSIDE);
      return outcome[0];
    })
    .join("");
}
