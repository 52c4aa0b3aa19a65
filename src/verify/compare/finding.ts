/** What a comparison finds, and how each finding is put together: the request, its replay, every layer's say, the mend. */
import type { Cluster, Protocol } from "../../cluster/index.js";
import type { Rule } from "../../policy/index.js";
import { exposuresOf, serviceHost } from "../istio/services.js";
import {
  type Connection,
  combine,
  type Judgement,
  type Layer,
  type LayerName,
  type Reason,
  unknown,
  verdict,
} from "../layer.js";
import { isRouted } from "../layers/route/index.js";
import type { Request } from "../request.js";
import { type Point, RequestSet, withinLimits } from "../space/index.js";
import { publishedAddress } from "./published.js";
import { type Replay, replay } from "./replay.js";
import { addressOf, command, pointOf, requestOf } from "./witness.js";

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
  /** workload ids, the host of an outside party, or the name of users */
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** nobody speaks of the port: it stands for every one that is treated alike */
  readonly unnamed: boolean;
  /** the rule that a blockage breaks */
  readonly rule: Rule | undefined;
  readonly witness: Witness | undefined;
  readonly evidence: readonly Evidence[];
  /** the smallest change that mends it, in words */
  readonly mend: string;
}

/** Where a finding stands. */
export type Place = Pick<Finding, "from" | "to" | "protocol" | "port" | "unnamed">;

/** What all comparisons of one run share. */
export interface World {
  readonly cluster: Cluster;
  readonly layers: readonly Layer[];
  /** addresses outside the cluster, one of each kind that policies tell apart */
  readonly outside: readonly string[];
}

/** A request of the set that a client can send, replayed; undefined when none of it can be sent. */
export function witnessOf({ cluster, outside }: World, connection: Connection, set: RequestSet): Witness | undefined {
  const point = pointOf(set);
  if (point === undefined) return undefined;
  const { from, to, port, protocol } = connection;
  const exposure = to.kind === "pod" ? exposuresOf(cluster, to.pod, port)[0] : undefined;
  const service =
    exposure === undefined ? undefined : { host: serviceHost(exposure.service), port: exposure.port.port };
  const host = to.kind === "outside" ? to.name : (service?.host ?? `${to.workload.name}.${to.workload.namespace}`);
  const request =
    protocol === "TCP" ? requestOf(point, host, cluster.mesh.pathNormalization) : { http: undefined, token: undefined };
  if (request === undefined) return undefined;
  const published =
    from.kind === "outside" && to.kind === "pod" ? publishedAddress(cluster, to, protocol, port) : undefined;
  const address = published?.address ?? addressOf(to, port, service);
  return {
    point,
    request,
    command: command(connection, request, address, host, published?.scheme),
    replay: replay(cluster, connection, request, outside),
  };
}

/** Requests on their way to one port of a destination: which get there, and what shows it. */
export interface Course {
  /** what gets through of what is not declared, as its sender writes it */
  undeclared(declared: RequestSet): Judgement;
  /** what gets through of what is declared, as the destination sees it */
  reached(wanted: RequestSet): Judgement;
  /** @param side who sees the requests of the set so: their sender, or the destination */
  witness(set: RequestSet, side: "sent" | "seen"): Witness | undefined;
  evidence(witness: Witness | undefined): readonly Evidence[];
  /** what to do about requests of which it cannot be told; absent: give what decides it */
  readonly mend?: string;
}

/** A connection from one end to the other. */
export function directCourse(world: World, connection: Connection): Course {
  const reach = (by: Connection): Judgement => combine(world.layers.map((layer) => layer.judge(by)));
  // What is declared calls a Service, and so goes where its routes lead; a pod's address is another way for the rest.
  const called = (): Connection => {
    const { to, port } = connection;
    if (to.kind === "outside" || !isRouted(world.cluster, connection)) return connection;
    return { ...connection, by: exposuresOf(world.cluster, to.pod, port).map(({ service }) => service) };
  };
  return {
    undeclared(declared) {
      const { may, must } = reach(connection);
      return { may: may.minus(declared), must: must.minus(declared) };
    },
    reached: () => reach(called()),
    witness: (set, side) => witnessOf(world, side === "seen" ? called() : connection, set),
    evidence: (witness) => evidenceOf(world, connection, witness?.point),
  };
}

/** @param before says of a request before a gateway what a judgement says of the one behind it */
export function evidenceOf(
  { layers }: World,
  connection: Connection,
  point: Point | undefined,
  before: (behind: Judgement) => Judgement = (behind) => behind,
): readonly Evidence[] {
  const verdicts = layers.map((layer) => ({
    layer: layer.name,
    judged: withinLimits(() => layer.judge(connection)) ?? unknown(),
  }));
  const given = verdict(
    RequestSet.full,
    RequestSet.full,
    undefined,
    verdicts.flatMap(({ judged }) => judged.given),
  );
  return verdicts.map(({ layer, judged }): Evidence => {
    const alone = withinLimits(() => before(combine([{ ...judged, given: [] }, given])));
    const said = alone === undefined ? "unknown" : outcomeAt(alone, point);
    return { layer, outcome: said, reasons: judged.reasons() };
  });
}

interface Parts {
  readonly kind: Finding["kind"];
  readonly rule?: Rule | undefined;
  readonly witness: Witness | undefined;
  /** absent: said by the layer that denies */
  readonly mend?: string;
}

export function findingOf(course: Course, place: Place, { kind, rule, witness, mend }: Parts): Finding {
  const evidence = course.evidence(witness);
  return { kind, ...place, rule, witness, evidence, mend: mend ?? mendDenial(evidence) };
}

/** What a layer makes of the witness; without one, of all requests together. */
export function outcomeAt({ may, must }: Judgement, point: Point | undefined): Evidence["outcome"] {
  if (point !== undefined) return must.has(point) ? "allows" : may.has(point) ? "unknown" : "denies";
  return may.isEmpty ? "denies" : may.equals(must) ? "allows" : "unknown";
}

export function mendLeak(rules: readonly Rule[]): string {
  if (rules.length === 0) return "declare the flow if it is meant; otherwise deny it: no layer does";
  return `narrow what lets it through to what ${rules.map(({ id }) => `\`${id}\``).join(", ")} declares`;
}

export function mendUnknown(witness: Witness | undefined): string {
  const why = witness === undefined ? "" : `: ${witness.replay.reason}`;
  return `give the manifests that decide it${why}`;
}

function mendDenial(evidence: readonly Evidence[]): string {
  const denials = evidence
    .filter(({ outcome }) => outcome === "denies")
    .flatMap(({ layer, reasons }) =>
      reasons.filter(({ effect }) => effect === "denies").map(({ text }) => `${layer}: ${text}`),
    );
  const [first] = denials;
  return first === undefined ? "allow it in the layer that denies it" : `allow it where it is denied (${first})`;
}
