/**
 * What comes from outside through gateways. Between a client and a pod stand: what lets it to the gateway, what the
 * gateway itself checks, the routes and what they ask before they send on, and what lets the gateway to the pod, which
 * sees the request as the route has changed it.
 */
import { describeObject, NO_CHANGE, type Pod, type Service, type Workload } from "../../cluster/index.js";
import { seatOf } from "../istio/attachment.js";
import { proxyOf } from "../istio/presence.js";
import { serviceHost } from "../istio/services.js";
import { type Connection, cite, combine, type Given, type Judgement, verdict } from "../layer.js";
import { jwtFilterOn } from "../layers/jwt/filter.js";
import type { Network } from "../layers/network/index.js";
import { blurred } from "../routes/change.js";
import type { Entrance, Way } from "../routes/index.js";
import { both, NO } from "../space/bounds.js";
import { dimension, Language, RequestSet, regex, Text } from "../space/index.js";
import { replayEntrance } from "./entrance-replay.js";
import { type Course, type Evidence, evidenceOf, outcomeAt, type Witness, type World } from "./finding.js";
import { command, pointOf, requestOf } from "./witness.js";

/** Where a client finds an entrance that no name is known of. */
const ENTRANCE = "$ENTRANCE";
const NOWHERE = "entrance.invalid";

/** An entrance without a way to the port: what is asked for there ends at the gateway. */
export interface DeadEnd {
  readonly entrance: Entrance;
  readonly workload: Workload;
  readonly pod: Pod;
  readonly port: number;
}

/** @param ways to one port of one pod; where there is none, it is a dead end */
export function throughCourse(world: World, network: Network, ways: readonly Way[], end?: DeadEnd): Course {
  const judged = new Map<Way, Through>();
  const whole = (way: Way): Through => {
    let known = judged.get(way);
    if (known === undefined) {
      known = judgeWay(world, network, way);
      judged.set(way, known);
    }
    return known;
  };
  const beyond = new Map<Way, Judgement>();
  const first = ways[0] ?? (end === undefined ? undefined : nowhere(end));
  const isAbsent = ways.length > 0 && ways.every(({ entrance }) => entrance.gateway === undefined);
  const objects = [...new Set(ways.map(({ object }) => describeObject(object)))].join(", ");
  return {
    undeclared(declared) {
      for (const way of ways) beyond.set(way, undeclaredOn(way, whole(way), declared));
      return joined([...beyond.values()]);
    },
    reached: (wanted) => joined(ways.map((way) => reachedOn(way, whole(way), wanted))),
    witness(set, side) {
      const known = side === "sent" ? beyond : judged;
      const asSent = (way: Way): RequestSet =>
        side === "sent" || way.beforePath === undefined ? set : way.beforePath({ may: set, must: set }).may;
      const held = (of: keyof Judgement): Way | undefined =>
        ways.find((way) => !(known.get(way)?.[of].intersect(asSent(way)).isEmpty ?? true));
      const way = held("must") ?? held("may") ?? first;
      if (way === undefined) return undefined;
      const own = known.get(way);
      const wanted = asSent(way);
      const parts = [
        ...[own?.must, own?.may.intersect(PLAIN_PATHS), own?.may, way.sent.may, hostsOf(way.sent.may)].map((part) =>
          part?.intersect(wanted),
        ),
        wanted,
      ];
      const chosen = parts.find((one) => one !== undefined && !one.isEmpty);
      return chosen === undefined ? undefined : witnessThrough(world, way, chosen);
    },
    evidence(witness) {
      const point = witness?.point;
      const way = ways.find((one) => point !== undefined && judged.get(one)?.may.has(point)) ?? first;
      return way === undefined ? [] : evidenceThrough(world, way, ways.length === 0, witness);
    },
    ...(isAbsent
      ? { mend: `declare the flow of users if it is meant; otherwise remove ${objects}, which leads there` }
      : {}),
  };
}

function nowhere({ entrance, workload, pod, port }: DeadEnd): Way {
  const target = { workload, pod, port, protocol: "TCP", service: undefined } as const;
  const to = { ...target, certain: true, mirrored: false, change: NO_CHANGE };
  const ends = { sent: NO, passes: NO, before: () => NO, beforePath: undefined, sources: undefined, reasons: () => [] };
  return { entrance, object: entrance.object, to, ...ends };
}

/** Requests by the names alone that a route takes. */
function hostsOf(set: RequestSet): RequestSet {
  return set.dimensions.filter(({ key }) => key !== dimension.host.key).reduce((rest, one) => rest.some(one), set);
}

function joined(list: readonly Judgement[]): Judgement {
  return { may: RequestSet.any(list.map(({ may }) => may)), must: RequestSet.any(list.map(({ must }) => must)) };
}

function judgeWay(world: World, network: Network, way: Way): Through {
  const [toGateway, behind] = [judgeArrival(world, way), judgeBehind(world, network, way)];
  const seen = way.before(behind);
  const layers = RequestSet.all([toGateway.may, seen.may]);
  const { sent, passes } = way;
  // Who is asked sees the path as it is written, whatever it then is matched as.
  const respelled = (): RequestSet => RequestSet.all([sent.may.some(dimension.path), passes.may, layers, OTHER_PATHS]);
  return {
    may: RequestSet.all([sent.may, passes.may, layers]),
    must: RequestSet.all([sent.must, passes.must, toGateway.must, seen.must]),
    respelled: way.entrance.exact ? undefined : respelled(),
  };
}

interface Through extends Judgement {
  /** what may get through by other spellings of its path */
  readonly respelled: RequestSet | undefined;
}

/**
 * What is declared is declared as the workload sees it. A proxy that reads paths in its own way takes other spellings for
 * the same path: they matter where a route is wider than what is declared; elsewhere a spelling stands for what it spells.
 */
function undeclaredOn(way: Way, { may, must, respelled }: Through, wanted: RequestSet): Judgement {
  const declared = way.beforePath?.({ may: wanted, must: wanted }) ?? { may: wanted, must: wanted };
  const [possible, sure] = [may.minus(declared.must), must.minus(declared.may)];
  if (respelled === undefined) return { may: possible, must: sure };
  const plain = { may: possible.intersect(PLAIN_PATHS), must: sure.intersect(PLAIN_PATHS) };
  const wide = !asked(way.sent.may.intersect(PLAIN_PATHS)).minus(asked(declared.must)).isEmpty;
  if (!wide) return plain;
  return { may: plain.may.union(respelled.minus(declared.must)), must: plain.must };
}

/**
 * Of a route that changes paths, that something declared gets through is all that is asked. Nobody needs other spellings
 * of a path where the proxy reads them in its own way.
 */
function reachedOn({ beforePath, entrance }: Way, { may, must }: Judgement, wanted: RequestSet): Judgement {
  const spare = entrance.exact ? RequestSet.empty : wanted.minus(PLAIN_PATHS);
  const sure = entrance.exact ? must : must.intersect(PLAIN_PATHS);
  if (beforePath === undefined) return { may: may.union(spare), must: sure.union(spare) };
  const before = beforePath({ may: wanted, must: wanted });
  return {
    may: may.intersect(before.may).isEmpty ? RequestSet.empty : wanted,
    must: sure.intersect(before.must).isEmpty ? RequestSet.empty : wanted,
  };
}

const [SLASH, PERCENT, BACKSLASH] = [
  [0x2f, 0x2f],
  [0x25, 0x25],
  [0x5c, 0x5c],
] as const;
const PLAIN_PATHS = RequestSet.where(dimension.path, Text.of(plainPaths()));

const OTHER_PATHS = RequestSet.where(
  dimension.path,
  Text.of(Language.matching(regex.sequence(regex.literal("/"), regex.anything))),
).minus(PLAIN_PATHS);

/** Without escapes, empty segments and segments of dots: what every proxy takes for the same path. */
function plainPaths(): Language {
  const { anything, either, literal, notClass, plus, sequence } = regex;
  const letter = notClass([[0, 0x20], SLASH, PERCENT, BACKSLASH]);
  const segments = sequence(plus(sequence(literal("/"), plus(letter))), either(sequence(), literal("/")));
  const dots = either(literal("."), literal(".."));
  const dotted = sequence(anything, literal("/"), dots, either(sequence(), sequence(literal("/"), anything)));
  return Language.matching(either(literal("/"), segments)).minus(Language.matching(dotted));
}

/** By host and path alone. */
function asked(set: RequestSet): RequestSet {
  const kept = new Set([dimension.protocol.key, dimension.host.key, dimension.path.key]);
  return set.dimensions.filter(({ key }) => !kept.has(key)).reduce((rest, one) => rest.some(one), set);
}

/** From the client to the gateway, and past what the gateway checks itself. */
function judgeArrival(world: World, { entrance, sources, to }: Way): Judgement {
  const { gateway, podPort, scheme } = entrance;
  if (gateway === undefined) return { may: RequestSet.full, must: RequestSet.empty };
  const connection: Connection = {
    from: { kind: "outside", name: "outside" },
    to: { kind: "pod", ...gateway },
    port: podPort,
    protocol: to.protocol,
  };
  const given: readonly Given[] = sources === undefined ? [] : [{ dimension: dimension.sourceIp, worlds: [sources] }];
  const verdicts = world.layers.map((layer) => ({ name: layer.name, judged: layer.judge(connection) }));
  const from = verdict(RequestSet.full, RequestSet.full, undefined, given);
  const whole = combine([from, ...verdicts.map(({ judged }) => judged)]);
  const edge = proxyOf(world.cluster, gateway.workload, gateway.pod).kind === "gateway";
  if (scheme === "tcp") {
    // A gateway's HTTP policies are none for bytes.
    const below = verdicts.filter(({ name }) => name === "network" || name === "mtls").map(({ judged }) => judged);
    return { may: combine([from, ...below]).may, must: whole.must };
  }
  if (scheme === "http" || edge) return whole;
  // What is TLS until the controller ends it is bytes to the proxy before it.
  return { may: whole.may.at(dimension.protocol, "tcp"), must: whole.must.at(dimension.protocol, "tcp") };
}

/** From the gateway to the pod. */
function judgeBehind(world: World, network: Network, way: Way): Judgement {
  const { entrance } = way;
  if (entrance.gateway === undefined) return judgeStranger(world, network, way);
  const judge = (by: readonly Service[] | undefined): Judgement =>
    combine(world.layers.map((layer) => layer.judge(connectionBehind(way, by))));
  const services = way.to.service === undefined ? undefined : [way.to.service];
  let found: Judgement;
  if (entrance.calls === "address") found = judge([]);
  else if (entrance.calls === "service" && services !== undefined) found = judge(services);
  else {
    const either = [judge(services), judge([])];
    found = { may: RequestSet.any(either.map(({ may }) => may)), must: RequestSet.all(either.map(({ must }) => must)) };
  }
  return kept(world, way, found);
}

export function connectionBehind({ entrance, to }: Way, by: readonly Service[] | undefined): Connection {
  const { gateway } = entrance;
  return {
    from: gateway === undefined ? { kind: "outside", name: "outside" } : { kind: "pod", ...gateway },
    to: { kind: "pod", workload: to.workload, pod: to.pod },
    port: to.port,
    protocol: to.protocol,
    ...(by === undefined ? {} : { by }),
  };
}

/** What the gateway takes from a request or puts into it is not the client's to say. */
function kept({ cluster }: World, { entrance, to }: Way, behind: Judgement): Judgement {
  const { gateway } = entrance;
  if (gateway === undefined) return behind;
  const proxy = proxyOf(cluster, gateway.workload, gateway.pod).kind;
  const blurs: dimension.Dimension[] = [dimension.remoteIp];
  if (proxy === "gateway") {
    const filter = jwtFilterOn(cluster, seatOf(gateway.workload, gateway.pod, "gateway"));
    for (const name of filter?.writtenHeaders ?? []) blurs.push(dimension.header(name));
    if (filter?.rules.some(({ forwardOriginalToken }) => !forwardOriginalToken)) {
      const all = [...behind.may.dimensions, ...behind.must.dimensions];
      blurs.push(...all.filter(({ key }) => /^(token$|tokenRest$|claim:|form:)/.test(key)));
    }
  }
  const found = blurred(behind, ...blurs);
  // A sidecar sends HTTP where its host says, which is the one that the client wrote unless a route changes it.
  const named = to.change.host;
  const names = to.service === undefined ? [] : namesOf(to.service);
  const sure = (proxy !== "sidecar" && proxy !== "unknown") || entrance.calls === "address";
  return sure || (named !== undefined && names.includes(named.replace(/:\d+$/, "")))
    ? found
    : { may: found.may, must: RequestSet.empty };
}

function namesOf(service: Service): readonly string[] {
  const { name, namespace } = service;
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, serviceHost(service)];
}

/** A gateway of which no manifest says anything: as some pod, with whatever identity. */
function judgeStranger(world: World, network: Network, way: Way): Judgement {
  const { to } = way;
  const point = network.points.byPod.get(to.pod);
  const { stranger } = network.points;
  const denied = point !== undefined && network.permits(stranger.index, point.index, to.protocol, to.port) === "denied";
  if (denied) return { may: RequestSet.empty, must: RequestSet.empty };
  if (to.protocol !== "TCP") return { may: RequestSet.full, must: RequestSet.empty };
  const connection = connectionBehind(way, undefined);
  const anybody: Given = { dimension: dimension.principal, worlds: [dimension.principal.full] };
  const verdicts = world.layers.flatMap((layer) => {
    if (layer.name === "network" || layer.name === "egress") return [];
    const judged = layer.judge(connection);
    return [{ ...judged, given: [] }];
  });
  const { may } = combine([...verdicts, verdict(RequestSet.full, RequestSet.full, undefined, [anybody])]);
  return blurred({ may, must: RequestSet.empty }, dimension.remoteIp);
}

function witnessThrough(world: World, way: Way, set: RequestSet): Witness | undefined {
  const { cluster } = world;
  const { entrance, to } = way;
  const point = pointOf(set);
  if (point === undefined) return undefined;
  const request =
    to.protocol === "TCP"
      ? requestOf(point, NOWHERE, cluster.mesh.pathNormalization)
      : { http: undefined, token: undefined };
  if (request === undefined) return undefined;
  const host = request.http === undefined || request.http.host === NOWHERE ? ENTRANCE : request.http.host;
  const usual = entrance.scheme === "https" ? 443 : 80;
  const address = entrance.port === usual && request.http !== undefined ? host : `${host}:${entrance.port}`;
  const connection: Connection = {
    from: { kind: "outside", name: "outside" },
    to: { kind: "pod", workload: to.workload, pod: to.pod },
    port: to.port,
    protocol: to.protocol,
  };
  const scheme = entrance.scheme === "tcp" ? "http" : entrance.scheme;
  return {
    point,
    request,
    command: command(connection, request, address, host === ENTRANCE ? NOWHERE : host, scheme),
    replay: replayEntrance(cluster, entrance, to, request, world.outside),
  };
}

function evidenceThrough(
  world: World,
  way: Way,
  leadsNowhere: boolean,
  witness: Witness | undefined,
): readonly Evidence[] {
  const { entrance, to } = way;
  const point = witness?.point;
  if (leadsNowhere) {
    const text = `${cite(entrance.object)} has no route that leads there`;
    return [{ layer: "route", outcome: "denies", reasons: [{ effect: "denies", text, object: entrance.object }] }];
  }
  const route: Evidence = {
    layer: "route",
    outcome: outcomeAt(both(way.sent, way.passes), point),
    reasons: way.reasons(),
  };
  if (entrance.gateway === undefined) {
    const text = `the pods of the gateway are not in the manifests, so what else it checks is not known`;
    return [
      route,
      { layer: "route", outcome: "unknown", reasons: [{ effect: "unknown", text, object: entrance.object }] },
    ];
  }
  const arrival: Connection = {
    from: { kind: "outside", name: "outside" },
    to: { kind: "pod", ...entrance.gateway },
    port: entrance.podPort,
    protocol: to.protocol,
  };
  const services = to.service === undefined ? undefined : [to.service];
  const by = entrance.calls === "address" ? [] : entrance.calls === "service" ? services : undefined;
  return [
    route,
    ...evidenceOf(world, arrival, point).filter(({ outcome }) => outcome !== "allows"),
    ...evidenceOf(world, connectionBehind(way, by), point, way.before),
  ];
}
