/**
 * What comes from outside through gateways. Between a client and a pod stand: what lets it to the gateway, what the
 * gateway itself checks, the routes and what they ask before they send on, and what lets the gateway to the pod, which
 * sees the request as the route has changed it.
 */
import { describeObject, type Service } from "../../cluster/index.js";
import { seatOf } from "../istio/attachment.js";
import { proxyOf } from "../istio/presence.js";
import { serviceHost } from "../istio/services.js";
import { type Connection, cite, combine, type Given, type Judgement, verdict } from "../layer.js";
import { jwtFilterOn } from "../layers/jwt/filter.js";
import type { Network } from "../layers/network/index.js";
import { blurred } from "../routes/change.js";
import type { Way } from "../routes/index.js";
import { dimension, Language, RequestSet, regex, Text } from "../space/index.js";
import { replayEntrance } from "./entrance-replay.js";
import { type Course, type Evidence, evidenceOf, outcomeAt, type Witness, type World } from "./finding.js";
import { command, requestOf } from "./witness.js";

/** Where a client finds an entrance that no name is known of. */
const ENTRANCE = "$ENTRANCE";
const NOWHERE = "entrance.invalid";

/** @param ways to one port of one pod, not empty or with an entrance that leads to other places alone */
export function throughCourse(world: World, network: Network, ways: readonly Way[], spare?: Way): Course {
  const judged = new Map<Way, Judgement>();
  const first = ways[0] ?? spare;
  const isAbsent = ways.length > 0 && ways.every(({ entrance }) => entrance.gateway === undefined);
  const objects = [...new Set(ways.map(({ object }) => describeObject(object)))].join(", ");
  return {
    judge(declared) {
      for (const way of ways) if (!judged.has(way)) judged.set(way, judgeWay(world, network, way, declared));
      const all = ways.flatMap((way) => judged.get(way) ?? []);
      return { may: RequestSet.any(all.map(({ may }) => may)), must: RequestSet.any(all.map(({ must }) => must)) };
    },
    witness(set) {
      const held = (side: keyof Judgement): Way | undefined =>
        ways.find((way) => !(judged.get(way)?.[side].intersect(set).isEmpty ?? true));
      const way = held("must") ?? held("may") ?? first;
      if (way === undefined) return undefined;
      const own = judged.get(way);
      const sure = own?.must.intersect(set);
      const possible = own?.may.intersect(set);
      const chosen = [sure, possible, set].find((one) => one !== undefined && !one.isEmpty);
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

function judgeWay(world: World, network: Network, way: Way, declared: RequestSet): Judgement {
  const sent = spelled(way, declared);
  const [toGateway, behind] = [judgeArrival(world, way), judgeBehind(world, network, way)];
  const seen = way.before(behind);
  return {
    may: RequestSet.all([sent.may, toGateway.may, seen.may]),
    must: RequestSet.all([sent.must, toGateway.must, seen.must]),
  };
}

const [SLASH, PERCENT, BACKSLASH] = [
  [0x2f, 0x2f],
  [0x25, 0x25],
  [0x5c, 0x5c],
] as const;
const PLAIN_PATHS = RequestSet.where(dimension.path, Text.of(plainPaths()));

/** Without escapes, empty segments and segments of dots: what every proxy takes for the same path. */
function plainPaths(): Language {
  const { anything, either, literal, notClass, plus, sequence } = regex;
  const letter = notClass([[0, 0x20], SLASH, PERCENT, BACKSLASH]);
  const segments = sequence(plus(sequence(literal("/"), plus(letter))), either(sequence(), literal("/")));
  const dots = either(literal("."), literal(".."));
  const dotted = sequence(anything, literal("/"), dots, either(sequence(), sequence(literal("/"), anything)));
  return Language.matching(either(literal("/"), segments)).minus(Language.matching(dotted));
}

/**
 * A proxy that reads paths in its own way takes other spellings for the same path. They matter where a route is wider
 * than what is declared; elsewhere a spelling stands for the path that it spells.
 */
function spelled({ entrance, sent }: Way, declared: RequestSet): Judgement {
  if (entrance.exact) return sent;
  const [may, must] = [sent.may.intersect(PLAIN_PATHS), sent.must.intersect(PLAIN_PATHS)];
  if (asked(may).minus(asked(declared)).isEmpty) return { may, must };
  return { may: may.union(sent.may.some(dimension.path).minus(PLAIN_PATHS)), must };
}

/** What a route can tell requests apart by: without tokens and headers. */
function asked(set: RequestSet): RequestSet {
  const kept = new Set([dimension.protocol.key, dimension.method.key, dimension.host.key, dimension.path.key]);
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
  const point = set.witness();
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
  const route: Evidence = { layer: "route", outcome: outcomeAt(way.sent, point), reasons: way.reasons() };
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
