/**
 * The policy against what the cluster really lets through, pair by pair and port by port: leaks (reachable, not
 * declared), blockages (declared, not reachable) and what cannot be told. A leak is only called one when its witness was
 * replayed by the concrete evaluators; everything else that might get through is unknown, and unknown is a finding.
 */
import type { Cluster, Pod, Workload } from "../../cluster/index.js";
import { servingContainers } from "../../cluster/index.js";
import type { Operation, Policy, Rule } from "../../policy/index.js";
import { exposuresOf, serviceHost } from "../istio/services.js";
import {
  type Connection,
  combine,
  type End,
  type Judgement,
  type Layer,
  type LayerName,
  type Reason,
  verdict,
} from "../layer.js";
import type { Request } from "../request.js";
import { dimension, type Point, RequestSet, withinLimits } from "../space/index.js";
import { declaredSet, operationSet } from "./declared.js";
import { type Replay, replay } from "./replay.js";
import { addressOf, command, requestOf } from "./witness.js";

export interface Witness {
  readonly point: Point;
  readonly request: Request;
  readonly command: string;
  readonly replay: Replay;
}

export interface Evidence {
  readonly layer: LayerName;
  /** what the layer makes of the witness */
  readonly outcome: "allows" | "denies" | "unknown";
  readonly reasons: readonly Reason[];
}

export interface Finding {
  readonly kind: "leak" | "blockage" | "unknown";
  /** workload ids, or the host of an outside party */
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** the rule that a blockage breaks */
  readonly rule: Rule | undefined;
  readonly witness: Witness | undefined;
  readonly evidence: readonly Evidence[];
  /** the smallest change that mends it, in words */
  readonly mend: string;
}

export interface Comparison {
  /** sorted by source, destination, port and kind */
  readonly findings: readonly Finding[];
  /** how many (source, destination, port) were compared */
  readonly compared: number;
  /** workloads of the policy that the cluster does not run */
  readonly missing: readonly string[];
}

interface Seat {
  readonly id: string;
  /** the policy's name; undefined for a workload that no policy declares */
  readonly name: string | undefined;
  readonly workload: Workload;
  readonly pod: Pod;
}

export function compare(policy: Policy, cluster: Cluster, layers: readonly Layer[]): Comparison {
  const seats = seatsOf(policy, cluster);
  const findings: Finding[] = [];
  let compared = 0;
  const world = { policy, cluster, layers };
  for (const from of seats) {
    for (const to of seats) {
      if (from.workload === to.workload) continue;
      const rules = rulesBetween(policy, from.name, "workload", to.name);
      for (const port of portsOf(cluster, to, rules)) {
        compared++;
        const connection: Connection = { from: end(from), to: end(to), port, protocol: "TCP" };
        findings.push(
          ...comparePort(
            world,
            connection,
            rules.filter((rule) => rule.port.port === port),
            from.id,
            to.id,
          ),
        );
      }
    }
    for (const { host, port, rules } of outsideOf(policy, from.name)) {
      compared++;
      const connection: Connection = { from: end(from), to: { kind: "outside", name: host }, port, protocol: "TCP" };
      findings.push(...comparePort(world, connection, rules, from.id, host));
    }
  }
  const running = new Set(seats.flatMap(({ name }) => name ?? []));
  return {
    findings: findings.sort(byPlace),
    compared,
    missing: policy.workloads.map(({ name }) => name).filter((name) => !running.has(name)),
  };
}

function byPlace(a: Finding, b: Finding): number {
  const key = (one: Finding): string => JSON.stringify([one.from, one.to, String(one.port).padStart(5, "0"), one.kind]);
  return key(a) < key(b) ? -1 : 1;
}

/** A pod of each workload of the cluster; the pods of one workload that differ are seats of their own. */
function seatsOf(policy: Policy, cluster: Cluster): readonly Seat[] {
  return cluster.workloads.flatMap((workload) => {
    const declared = policy.workloads.find(({ name, zone }) => zone === workload.namespace && name === workload.name);
    const [template] = workload.pods;
    const pods = workload.pods.filter((pod) => pod === template || !sameSeat(pod, template));
    return pods.map((pod, i) => ({
      id: i === 0 ? workload.id : `${workload.id}#${i}`,
      name: declared?.name,
      workload,
      pod,
    }));
  });
}

function sameSeat(a: Pod, b: Pod | undefined): boolean {
  const key = ({ labels, annotations, serviceAccount, hostNetwork, addresses }: Pod): string =>
    JSON.stringify([[...labels], [...annotations], serviceAccount, hostNetwork, addresses]);
  return b !== undefined && key(a) === key(b);
}

const end = ({ workload, pod }: Seat): End => ({ kind: "pod", workload, pod });

function rulesBetween(
  policy: Policy,
  from: string | undefined,
  kind: "workload" | "api",
  to: string | undefined,
): readonly Rule[] {
  if (from === undefined || to === undefined) return [];
  return policy.rules.filter(
    (rule) => rule.from.kind === "workload" && rule.from.name === from && rule.to.kind === kind && rule.to.name === to,
  );
}

/** The ports on which the pod can be called: those it declares, those Services lead to, those rules speak of. */
function portsOf(cluster: Cluster, { pod, workload, name }: Seat, rules: readonly Rule[]): readonly number[] {
  const ports = new Set(rules.map((rule) => rule.port.port));
  for (const { ports: declared } of servingContainers(pod)) {
    for (const { port, protocol } of declared) if (protocol === "TCP") ports.add(port);
  }
  for (const service of cluster.services) {
    if (service.namespace !== workload.namespace) continue;
    for (const { targetPort } of service.ports) {
      if (typeof targetPort === "number" && exposuresOf(cluster, pod, targetPort).length > 0) ports.add(targetPort);
    }
  }
  if (name !== undefined && ports.size === 0) ports.add(80);
  return [...ports].sort((a, b) => a - b);
}

/** A host that no policy names: what reaches it reaches anything. */
const ANYWHERE = { host: "anywhere.invalid", port: 443 };

function outsideOf(
  policy: Policy,
  from: string | undefined,
): readonly { host: string; port: number; rules: readonly Rule[] }[] {
  const apis = policy.outside.flatMap((party) =>
    party.kind === "api"
      ? [{ host: party.host, port: party.port, rules: rulesBetween(policy, from, "api", party.name) }]
      : [],
  );
  return [...apis, { ...ANYWHERE, rules: [] }];
}

interface World {
  readonly policy: Policy;
  readonly cluster: Cluster;
  readonly layers: readonly Layer[];
}

function comparePort(
  world: World,
  connection: Connection,
  rules: readonly Rule[],
  from: string,
  to: string,
): readonly Finding[] {
  const place = { from, to, port: connection.port };
  const judged = withinLimits(() => {
    const verdicts = world.layers.map((layer) => layer.judge(connection));
    const reach = combine(verdicts);
    const declared = declaredSet(rules, world.policy);
    return { reach, sure: reach.must.minus(declared), possible: reach.may.minus(declared) };
  });
  if (judged === undefined) {
    return [finding(world, connection, place, "unknown", undefined, undefined, "simplify the policies of this port")];
  }
  const { reach, sure, possible } = judged;
  const found: Finding[] = [];
  const leak = sure.isEmpty ? undefined : witnessOf(world, connection, sure);
  if (leak?.replay.outcome === "allow") {
    found.push(finding(world, connection, place, "leak", undefined, leak, mendLeak(rules)));
  } else if (!possible.isEmpty) {
    const maybe = leak ?? witnessOf(world, connection, possible);
    found.push(finding(world, connection, place, "unknown", undefined, maybe, mendUnknown(maybe)));
  }
  for (const rule of rules) {
    for (const operation of rule.operations) found.push(...blocked(world, connection, place, reach, rule, operation));
  }
  return found;
}

/** A role, a host, a header may be asked for by the cluster too; a method and path must get through with some. */
function blocked(
  world: World,
  connection: Connection,
  place: Pick<Finding, "from" | "to" | "port">,
  { may, must }: Judgement,
  rule: Rule,
  operation: Operation,
): readonly Finding[] {
  const wanted = operationSet(operation, rule, world.policy);
  const asked = essence(wanted);
  const stopped = asked.minus(essence(wanted.intersect(may)));
  if (!stopped.isEmpty) {
    const witness = witnessOf(world, connection, stopped.intersect(wanted));
    return [finding(world, connection, place, "blockage", rule, witness, "")];
  }
  const unsure = asked.minus(essence(wanted.intersect(must)));
  if (unsure.isEmpty) return [];
  const witness = witnessOf(world, connection, unsure.intersect(wanted));
  return [finding(world, connection, place, "unknown", rule, witness, mendUnknown(witness))];
}

/** The set over protocol, method and path alone: whether there is some request of each kind. */
function essence(set: RequestSet): RequestSet {
  const kept = new Set([dimension.protocol.key, dimension.method.key, dimension.path.key]);
  return set.dimensions.filter(({ key }) => !kept.has(key)).reduce((rest, one) => rest.some(one), set);
}

function witnessOf({ cluster }: World, connection: Connection, set: RequestSet): Witness | undefined {
  const point = set.witness();
  if (point === undefined) return undefined;
  const { to, port } = connection;
  const exposure = to.kind === "pod" ? exposuresOf(cluster, to.pod, port)[0] : undefined;
  const service =
    exposure === undefined ? undefined : { host: serviceHost(exposure.service), port: exposure.port.port };
  const host = to.kind === "outside" ? to.name : (service?.host ?? `${to.workload.name}.${to.workload.namespace}`);
  const request = requestOf(point, host, cluster.mesh.pathNormalization);
  if (request === undefined) return undefined;
  return {
    point,
    request,
    command: command(connection, request, addressOf(to, port, service)),
    replay: replay(cluster, connection, request),
  };
}

function finding(
  { layers }: World,
  connection: Connection,
  place: Pick<Finding, "from" | "to" | "port">,
  kind: Finding["kind"],
  rule: Rule | undefined,
  witness: Witness | undefined,
  mend: string,
): Finding {
  const verdicts = layers.map((layer) => ({ layer: layer.name, judged: layer.judge(connection) }));
  const given = verdict(
    RequestSet.full,
    RequestSet.full,
    undefined,
    verdicts.flatMap(({ judged }) => judged.given),
  );
  const evidence = verdicts.map(({ layer, judged }): Evidence => {
    const alone = combine([{ ...judged, given: [] }, given]);
    return { layer, outcome: outcomeAt(alone, witness?.point), reasons: judged.reasons() };
  });
  return { kind, ...place, rule, witness, evidence, mend: mend === "" ? mendBlockage(evidence) : mend };
}

/** What a layer makes of the witness; without one, of all requests together. */
function outcomeAt({ may, must }: Judgement, point: Point | undefined): Evidence["outcome"] {
  if (point !== undefined) return must.has(point) ? "allows" : may.has(point) ? "unknown" : "denies";
  return may.isEmpty ? "denies" : may.equals(must) ? "allows" : "unknown";
}

function mendLeak(rules: readonly Rule[]): string {
  if (rules.length === 0) return "declare the flow if it is meant; otherwise deny it: no layer does";
  return `narrow what lets it through to what ${rules.map(({ id }) => `\`${id}\``).join(", ")} declares`;
}

function mendUnknown(witness: Witness | undefined): string {
  const why = witness === undefined ? "" : `: ${witness.replay.reason}`;
  return `give the manifests that decide it${why}`;
}

function mendBlockage(evidence: readonly Evidence[]): string {
  const denials = evidence.flatMap(({ layer, outcome, reasons }) =>
    reasons
      .filter(() => outcome === "denies")
      .filter(({ effect }) => effect === "denies")
      .map(({ text }) => `${layer}: ${text}`),
  );
  const [first] = denials;
  return first === undefined ? "allow it in the layer that denies it" : `allow it where it is denied (${first})`;
}
