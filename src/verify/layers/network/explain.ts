/**
 * Why a packet gets through, or does not: for each end that policies bind, the tier and the rule that decided, or what
 * the rules lack. Walks the policies for this one packet; nothing is kept for it while rows are computed.
 */
import type { KubeObject, Protocol } from "../../../cluster/index.js";
import { cite, type Reason } from "../../layer.js";
import type { Network } from "./network.js";
import { describePoint, type Point } from "./points.js";
import type { Direction, Isolation, Rule } from "./rules.js";

export interface Packet {
  readonly source: number;
  readonly destination: number;
  readonly protocol: Protocol;
  readonly port: number;
}

type Certainty = "yes" | "no" | "perhaps";

/** First what binds the source, then what binds the destination. */
export function explain(network: Network, packet: Packet): readonly Reason[] {
  return [
    ...explainSegments(network, packet),
    ...explainDirection(network, packet, "egress"),
    ...explainDirection(network, packet, "ingress"),
  ];
}

function explainSegments(network: Network, { source, destination }: Packet): readonly Reason[] {
  const own = network.segments.beside(source);
  const [from, to] = [network.points.all[source], network.points.all[destination]];
  if (own === undefined || own.has(destination) || from === undefined || to === undefined) return [];
  const apart = network.model.userNetworks === "apart";
  const text = `${describePoint(from)} and ${describePoint(to)} are on different networks`;
  if (apart) return [{ effect: "denies", text }];
  return [{ effect: "unknown", text: `${text}, if the network plugin keeps user-defined networks apart` }];
}

interface Question {
  readonly network: Network;
  readonly packet: Packet;
  readonly direction: Direction;
  readonly bound: Point;
  readonly other: Point;
  /** `TCP 80 to shop/cart[Deployment]` */
  readonly what: string;
}

function explainDirection(network: Network, packet: Packet, direction: Direction): readonly Reason[] {
  const [source, destination] = [network.points.all[packet.source], network.points.all[packet.destination]];
  if (source === undefined || destination === undefined) return [];
  const [bound, other] = direction === "egress" ? [source, destination] : [destination, source];
  if (bound.kind === "stranger" && network.bindsStranger(direction)) {
    const text = `${direction} of ${describePoint(bound)}: admin policies may bind it, and no manifest tells its labels`;
    return [{ effect: "unknown", text }];
  }
  if (bound.kind !== "pod") return [];
  const what = `${packet.protocol} ${packet.port} ${direction === "egress" ? "to" : "from"} ${describePoint(other)}`;
  const question: Question = { network, packet, direction, bound, other, what };
  return [...uncertainties(question), ...decisions(question)];
}

/** What makes the answer uncertain before any policy is looked at. */
function* uncertainties({ network, direction, bound, other }: Question): Generator<Reason> {
  if (bound.kind !== "pod") return;
  for (const { namespace, text, at } of network.unmodelled.causes) {
    if (namespace === undefined || namespace === bound.workload.namespace) {
      yield { effect: "unknown", text: `${text}, so ${direction} of ${bound.workload.id} is not known`, span: at };
    }
  }
  const { hosted } = network.matcher;
  const about = { object: bound.workload.object, span: bound.pod.origin.spanOf([...bound.pod.path, "spec"]) };
  if (hosted.has(bound.index)) {
    const text = `${bound.workload.id} uses the host's network; whether policies bind it depends on the network plugin`;
    yield { effect: "unknown", text, ...about };
  } else if (direction === "ingress" && hosted.has(other.index)) {
    const text = `${describePoint(other)} uses the host's network, and a node reaches every pod that it runs`;
    yield { effect: "unknown", text };
  }
}

function decisions(question: Question): readonly Reason[] {
  const { network } = question;
  const admin = ordered(question, network.tiers.admin);
  if (admin.decided) return admin.reasons;
  const policies = together(question);
  const binding = network.tiers.network.filter(({ direction, subjects }) => {
    return direction === question.direction && subjects.must.has(question.bound.index);
  });
  if (binding.length > 0) return [...admin.reasons, ...policies];
  // Without a policy that surely binds, what comes after may decide as well.
  const baseline = ordered(question, network.tiers.baseline);
  if (baseline.decided || policies.length > 0) return [...admin.reasons, ...policies, ...baseline.reasons];
  const text = `${question.direction} of ${describePoint(question.bound)}: no policy binds it, so ${question.what} is allowed`;
  return [...admin.reasons, ...baseline.reasons, { effect: "allows", text }];
}

/** Admin policies and the baseline: the first rule that matches decides. */
function ordered(
  question: Question,
  rules: readonly Rule[],
): { readonly decided: boolean; readonly reasons: Reason[] } {
  const { direction, bound, what } = question;
  const reasons: Reason[] = [];
  for (const rule of rules) {
    if (rule.direction !== direction) continue;
    const match = ruleMatches(question, rule);
    if (match === "no") continue;
    const verb = VERBS[rule.action];
    const { span, place } = placeOf(rule);
    const head = `${direction} of ${describePoint(bound)}: ${cite(rule.object, span)}`;
    if (match === "perhaps") {
      const text = `${head} may match in ${place} and then ${verb} ${what}`;
      reasons.push({ effect: "unknown", text, object: rule.object, span });
      continue;
    }
    const effect = rule.action === "Allow" ? "allows" : rule.action === "Deny" ? "denies" : "note";
    reasons.push({ effect, text: `${head} ${verb} ${what} in ${place}`, object: rule.object, span });
    return { decided: rule.action !== "Pass", reasons };
  }
  return { decided: false, reasons };
}

const VERBS = { Allow: "allows", Deny: "denies", Pass: "hands on" } as const;

/** NetworkPolicies: isolated by any, allowed by any. Empty when none binds this end. */
function together(question: Question): readonly Reason[] {
  const { network, direction, bound, what } = question;
  const selecting = network.tiers.network.filter(
    (isolation) => isolation.direction === direction && isolation.subjects.may.has(bound.index),
  );
  if (selecting.length === 0) return [];
  const head = `${direction} of ${describePoint(bound)}`;
  const matching = selecting.flatMap((isolation) =>
    isolation.rules.map((rule) => ({ isolation, rule, match: ruleMatches(question, rule) })),
  );
  const allowing = matching.find(({ match }) => match === "yes");
  if (allowing !== undefined) {
    const { span, place } = placeOf(allowing.rule);
    const text = `${head}: ${cite(allowing.rule.object, span)} allows ${what} in ${place}`;
    return [{ effect: "allows", text, object: allowing.rule.object, span }];
  }
  const perhaps = matching.filter(({ match }) => match === "perhaps");
  if (perhaps.length > 0) {
    return perhaps.map(({ rule }) => {
      const { span, place } = placeOf(rule);
      const text = `${head}: ${cite(rule.object, span)} may allow ${what} in ${place}, if what it selects is as it asks`;
      return { effect: "unknown", text, object: rule.object, span };
    });
  }
  const surely = selecting.filter(({ subjects }) => subjects.must.has(bound.index));
  return selecting.map((isolation): Reason => {
    const span = isolation.object.origin.spanOf(["metadata", "name"]);
    const lacking = misses(question, isolation);
    const text = `${head}: ${cite(isolation.object, span)} ${surely.includes(isolation) ? "isolates" : "may isolate"} it and does not allow ${what}: ${lacking}`;
    return { effect: surely.length > 0 ? "denies" : "unknown", text, object: isolation.object, span };
  });
}

/** What each rule of a policy lacks for this packet. */
function misses(question: Question, { rules, direction }: Isolation): string {
  if (rules.length === 0) return `it has no ${direction} rule`;
  return rules
    .map((rule) => {
      const peer = peerMatches(question, rule) !== "no";
      const port = portMatches(question, rule);
      const lack = peer
        ? "names the peer but not the port"
        : port
          ? "names the port but not the peer"
          : "names neither";
      return `${placeOf(rule).place} ${lack}`;
    })
    .join(", ");
}

function ruleMatches(question: Question, rule: Rule): Certainty {
  if (!portMatches(question, rule)) return "no";
  const { index } = question.bound;
  const subject: Certainty = rule.subjects.must.has(index) ? "yes" : rule.subjects.may.has(index) ? "perhaps" : "no";
  const peer = peerMatches(question, rule);
  if (subject === "no" || peer === "no") return "no";
  return subject === "yes" && peer === "yes" ? "yes" : "perhaps";
}

function peerMatches({ other }: Question, rule: Rule): Certainty {
  if (rule.peers.some(({ must }) => must.has(other.index))) return "yes";
  return rule.peers.some(({ may }) => may.has(other.index)) ? "perhaps" : "no";
}

function portMatches({ network, packet }: Question, rule: Rule): boolean {
  return network.ports.has(network.portsAt(rule.ports, packet.destination), packet.protocol, packet.port);
}

function placeOf(rule: Rule): { readonly span: NonNullable<Reason["span"]>; readonly place: string } {
  const object: KubeObject = rule.object;
  return {
    span: object.origin.spanOf(["spec", rule.direction, rule.index]),
    place: `spec.${rule.direction}[${rule.index}]`,
  };
}
