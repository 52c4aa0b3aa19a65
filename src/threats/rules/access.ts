/** What flows let through: operations that are too wide, callers that need nothing, circles of callers. */
import type { Operation, PathPattern, Policy, Rule } from "../../policy/index.js";
import { factsOf, isDecidable, isUnrestricted, list, trustOf, workloadOf } from "../facts.js";
import type { Hit, ThreatRule } from "../rule.js";
import { circles } from "./circles.js";

/** A store or model with more callers than this has no owner of its interface. */
const MOST_CALLERS = 3;

export const ACCESS_RULES: readonly ThreatRule[] = [
  {
    id: "flow-without-allow",
    severity: "medium",
    title: "an HTTP or gRPC flow allows every operation",
    why: "the caller may delete, administer and debug where it only needed to ask one thing",
    evaluate: (policy) =>
      operations(
        policy,
        (rule, operation) => isDecidable(rule) && isUnrestricted(operation),
        (rule) => ({
          evidence: [`${rule.id} allows every method on every path`],
          remedy: "write `allow` with the methods and paths that the caller uses",
        }),
      ),
  },
  {
    id: "wildcard-path",
    severity: "medium",
    title: "a flow allows paths by wildcard",
    why: "everything that is ever served below the wildcard is allowed in advance, admin and debug pages too",
    evaluate: (policy) =>
      policy.rules.flatMap((rule) => {
        if (!isDecidable(rule)) return [];
        return rule.operations.flatMap((operation) => {
          if (isUnrestricted(operation)) return [];
          const wide =
            operation.paths === "any" ? ["any path"] : operation.paths.filter(isWide).map((path) => path.text);
          if (wide.length === 0) return [];
          return [
            {
              where: rule.id,
              span: operation.span,
              evidence: [`${rule.id} allows ${list(wide)}`],
              remedy: "name the paths; where one segment varies, write `{name}` for it",
            },
          ];
        });
      }),
  },
  {
    id: "any-method",
    severity: "low",
    title: "a flow allows every method",
    why: "a reader that may also write or delete is a writer to whoever takes it over",
    evaluate: (policy) =>
      operations(
        policy,
        (rule, operation) =>
          isDecidable(rule) && rule.protocol !== "grpc" && operation.methods === "any" && !isUnrestricted(operation),
        (rule) => ({
          evidence: [`an entry of \`allow\` on ${rule.id} names no method`],
          remedy: "name the methods that the caller uses",
        }),
      ),
  },
  {
    id: "wildcard-host",
    severity: "low",
    title: "a flow accepts hosts by wildcard",
    why: "a virtual host that somebody adds later is served through this flow without another decision",
    evaluate: (policy) =>
      operations(
        policy,
        (_, operation) => operation.hosts !== "any" && operation.hosts.some((host) => host.includes("*")),
        (rule, operation) => ({
          evidence: [`${rule.id} accepts ${list(operation.hosts === "any" ? [] : operation.hosts)}`],
          remedy: "name the hosts",
        }),
      ),
  },
  {
    id: "roles-cannot-be-checked",
    severity: "high",
    title: "roles are asked for where no token can be seen",
    why: "the file promises a check that no engine can make on this protocol",
    evaluate: (policy) =>
      operations(
        policy,
        (rule, operation) => operation.roles !== "none" && !isDecidable(rule),
        (rule) => ({
          evidence: [
            `${rule.id} speaks \`${rule.protocol}\`${rule.protocol === "https" ? " end to end between the applications" : ""} and names roles`,
          ],
          remedy: "speak `http` or `grpc` inside the mesh's mutual TLS, so that the token can be checked",
        }),
      ),
  },
  {
    id: "opaque-tls-inside",
    severity: "low",
    title: "workloads speak TLS of their own to each other",
    why: "inside the application's TLS no layer sees methods, paths or tokens: only the connection can be decided on",
    evaluate: (policy) =>
      policy.rules.flatMap((rule) => {
        const inside = rule.from.kind === "workload" && rule.to.kind === "workload";
        if (!inside || (rule.protocol !== "https" && rule.protocol !== "tls")) return [];
        return [
          {
            where: rule.id,
            span: rule.span,
            evidence: [`${rule.id} speaks \`${rule.protocol}\``],
            remedy: "speak `http`, `grpc` or `tcp`: the workloads' mutual TLS already encrypts the connection",
          },
        ];
      }),
  },
  {
    id: "caller-without-need",
    severity: "medium",
    title: "a workload has a caller that none of its flows needs",
    why: "each caller is a way in; one that brings nothing and takes nothing is only a way in",
    evaluate: needless,
  },
  {
    id: "many-callers",
    severity: "low",
    title: "a store or model has many callers",
    why: "whichever of them is broken first decides what happens to it; nobody owns what may be asked",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) => {
        if (workload.kind !== "store" && workload.kind !== "model") return [];
        const callers = [...new Set((facts.into.get(workload.name) ?? []).map((rule) => rule.from.name))].sort();
        if (callers.length <= MOST_CALLERS) return [];
        return [
          {
            where: workload.name,
            span: workload.span,
            evidence: [`${callers.length} callers: ${list(callers, 12)}`],
            remedy: `put one workload in front of \`${workload.name}\` and end the callers' flows there`,
          },
        ];
      });
    },
  },
  {
    id: "trust-cycle",
    severity: "medium",
    title: "workloads trust each other in a circle",
    why: "who takes over one of them works round the circle to all, and none can be cut off or restarted alone",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return circles(policy.rules).flatMap((circle) => {
        const first = circle[0];
        if (first === undefined) return [];
        const trusts = [...new Set(circle.map((rule) => trustOf(facts, rule.from)))].sort();
        const evidence = [
          `\`${first.from.name}\` → ${circle.map((rule) => `\`${rule.to.name}\``).join(" → ")}`,
          `by ${circle.map((rule) => rule.id).join(", ")}`,
        ];
        if (trusts.length > 1) evidence.push(`the circle joins zones of trust ${list(trusts)}`);
        return [
          {
            where: first.from.name,
            span: first.span,
            evidence,
            remedy:
              "let the answer carry what the call back carries (`returns`), or hand it over by a queue, and remove one flow of the circle",
          },
        ];
      });
    },
  },
  {
    id: "roles-do-not-separate",
    severity: "info",
    title: "the same roles may read and write everywhere",
    why: "when each role may do everything, roles separate nobody's duties and a stolen account has all of them",
    evaluate: (policy) => {
      const held = policy.rules.flatMap((rule) =>
        rule.from.kind === "users" ? rule.operations.map((operation) => ({ rule, operation })) : [],
      );
      const grants = held.flatMap(({ operation }) =>
        operation.roles === "none" ? [] : [[...operation.roles].sort().join(" ")],
      );
      const first = held[0];
      if (first === undefined || grants.length < 2 || grants.length < held.length || new Set(grants).size > 1)
        return [];
      if (!held.some(({ operation }) => reads(operation)) || !held.some(({ operation }) => writes(operation)))
        return [];
      return [
        {
          where: "workflow",
          span: first.operation.span,
          evidence: [
            `all ${grants.length} operations of users ask for the same roles: ${list((grants[0] ?? "").split(" "))}`,
          ],
          remedy: "give reading and writing roles of their own",
        },
      ];
    },
  },
];

/** A pattern that matches more than one shape of path, or names no segment at all. */
function isWide(pattern: PathPattern): boolean {
  if (pattern.rest) return true;
  return pattern.segments.every((segment) => segment.kind === "one" && segment.name === undefined);
}

const READING: readonly string[] = ["GET", "HEAD", "OPTIONS"];

function reads(operation: Operation): boolean {
  return operation.methods === "any" || operation.methods.some((method) => READING.includes(method));
}

function writes(operation: Operation): boolean {
  return operation.methods === "any" || operation.methods.some((method) => !READING.includes(method));
}

function operations(
  policy: Policy,
  matches: (rule: Rule, operation: Operation) => boolean,
  say: (rule: Rule, operation: Operation) => { evidence: readonly string[]; remedy: string },
): Hit[] {
  return policy.rules.flatMap((rule) => {
    // One finding a flow: the first entry stands for its like.
    const operation = rule.operations.find((candidate) => matches(rule, candidate));
    return operation === undefined ? [] : [{ where: rule.id, span: operation.span, ...say(rule, operation) }];
  });
}

/**
 * Callers that flows do not need: one that exchanges no data where the workload's other callers do, and a second port
 * to the same workload that carries nothing but what the first one carries.
 */
function needless(policy: Policy): Hit[] {
  const facts = factsOf(policy);
  return policy.workloads.flatMap((workload) => {
    const callers = (facts.into.get(workload.name) ?? []).filter((rule) => workloadOf(facts, rule.from) !== undefined);
    const serious = callers.some((rule) => rule.data.length + rule.returns.length > 0);
    return callers.flatMap((rule, index): Hit[] => {
      if (rule.data.length + rule.returns.length === 0) {
        if (!serious) return [];
        return [
          {
            where: rule.id,
            span: rule.span,
            evidence: [`${rule.id} neither brings nor takes data, other callers of \`${workload.name}\` do`],
            remedy: "remove the flow, or name the data that it needs",
          },
        ];
      }
      const twin = callers.slice(0, index).find((other) => isTwin(other, rule));
      if (twin === undefined) return [];
      return [
        {
          where: rule.id,
          span: rule.span,
          evidence: [`${twin.id} already carries the same data between the two`],
          remedy: "remove one of the two flows",
        },
      ];
    });
  });
}

function isTwin(a: Rule, b: Rule): boolean {
  const load = (rule: Rule): string => JSON.stringify([[...rule.data].sort(), [...rule.returns].sort()]);
  return a.from.name === b.from.name && a.protocol === b.protocol && load(a) === load(b);
}
