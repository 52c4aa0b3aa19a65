/**
 * Who reaches a port with which requests, for all pods at once. Pairs are never walked through: the network gives the
 * sources of a destination as a set of points; the mesh tells them apart only by how their proxy is set up (a few
 * classes of clients) and by the principal that it presents (the parts into which the policies' set cuts principals).
 * So the answer is a few groups of sources, each with one judgement, and what stands in no group is denied.
 */
import type { Cluster, Pod } from "../cluster/index.js";
import { proxyOf, speaksOfIstio } from "./istio/presence.js";
import { principalOf } from "./istio/services.js";
import {
  type Connection,
  combine,
  type Given,
  type Judgement,
  type Layer,
  type LayerVerdict,
  verdict,
} from "./layer.js";
import { type AuthorizationLayer, authorizationLayer, type PolicySets } from "./layers/authorization/index.js";
import { egressLayer } from "./layers/egress/index.js";
import { jwtLayer } from "./layers/jwt/index.js";
import { mtlsLayer } from "./layers/mtls/index.js";
import { Bits } from "./layers/network/bits.js";
import { type Network, networkLayer, type PodPoint } from "./layers/network/index.js";
import { answeredProviders, opaLayer } from "./layers/opa/index.js";
import { routeLayer } from "./layers/route/index.js";
import { routesMesh } from "./routes/mesh.js";
import { ABSENT, type AnyValues, dimension, RequestSet, Text } from "./space/index.js";

/**
 * The layers of a cluster, in the order in which a request meets them.
 * @param cluster the network's own, or one that differs from it in nothing that packets depend on
 * @param before what was worked out for the cluster before an edit
 */
export function layersOf(
  network: Network,
  cluster: Cluster = network.cluster,
  before?: PolicySets,
): readonly [
  network: Layer,
  egress: Layer,
  mtls: Layer,
  jwt: Layer,
  authorization: AuthorizationLayer,
  opa: Layer,
  route: Layer,
] {
  const [packets, egress, mtls, jwt] = [
    networkLayer(network),
    egressLayer(cluster),
    mtlsLayer(cluster),
    jwtLayer(cluster),
  ];
  const authorization = authorizationLayer(cluster, answeredProviders(cluster), before);
  // On the way to an authorizer nobody's answer is taken for granted, its own least of all.
  const opa = opaLayer(cluster, [packets, egress, mtls, jwt, authorizationLayer(cluster)]);
  return [packets, egress, mtls, jwt, authorization, opa, routeLayer(cluster)];
}

export interface Group {
  /** pod points of the network */
  readonly sources: Bits;
  readonly judgement: Judgement;
}

interface Client {
  readonly points: Bits;
  /** one of them: all others differ from it in nothing but their principal */
  readonly example: PodPoint;
}

export class Reachability {
  readonly network: Network;
  readonly #cluster: Cluster;
  readonly #size: number;
  readonly #clients: readonly Client[];
  readonly #byPrincipal: Map<string, number[]>;
  /** every pod */
  readonly #everyone: Bits;
  readonly #matching: Map<number, Bits>;
  readonly #layers: {
    readonly mtls: Layer;
    readonly jwt: Layer;
    readonly authorization: AuthorizationLayer;
    readonly opa: Layer;
    readonly egress: Layer;
    readonly route: Layer;
  };

  /** @param before of the cluster before an edit of the mesh: the network stays, and what the edit leaves as it was */
  constructor(network: Network, cluster: Cluster = network.cluster, before?: Reachability) {
    this.network = network;
    this.#cluster = cluster;
    this.#size = network.points.all.length;
    const [, egress, mtls, jwt, authorization, opa, route] = layersOf(
      network,
      cluster,
      before === undefined ? undefined : before.#layers.authorization.sets,
    );
    this.#layers = { mtls, jwt, authorization, opa, egress, route };
    if (before !== undefined && callersAreSame(before.#cluster, cluster)) {
      this.#clients = before.#clients;
      this.#byPrincipal = before.#byPrincipal;
      this.#everyone = before.#everyone;
      this.#matching = before.#matching;
      return;
    }
    this.#clients = this.#findClients();
    this.#byPrincipal = new Map();
    this.#everyone = Bits.of(
      this.#size,
      network.points.pods.map(({ index }) => index),
    );
    this.#matching = new Map();
    for (const point of network.points.pods) {
      const principal = this.#principal(point);
      const known = this.#byPrincipal.get(principal);
      if (known === undefined) this.#byPrincipal.set(principal, [point.index]);
      else known.push(point.index);
    }
  }

  /** The same after an edit of the mesh that leaves the network as it is. */
  after(cluster: Cluster): Reachability {
    return new Reachability(this.network, cluster, this);
  }

  #principal({ workload, pod }: PodPoint): string {
    return principalOf(workload, pod, this.#cluster.mesh.trustDomain);
  }

  /** Pods whose proxies send the same way. Where nothing tells clients apart by name, their namespace does not matter. */
  #findClients(): readonly Client[] {
    const { points } = this.network;
    const cluster = this.#cluster;
    const routed = routesMesh(cluster);
    const byNamespace = routed || cluster.destinationRules.length + cluster.sidecars.length > 0;
    const byLabels =
      routed || [...cluster.destinationRules, ...cluster.sidecars].some(({ selector }) => (selector?.size ?? 0) > 0);
    const found = new Map<string, { points: Bits; example: PodPoint }>();
    for (const point of points.pods) {
      const { workload, pod } = point;
      const key = JSON.stringify([
        proxyOf(cluster, workload, pod).kind,
        byNamespace ? workload.namespace : "",
        byLabels ? [...pod.labels].sort() : [],
        outbound(pod),
        // What is known of an address narrows what the policies make of it, so such a pod stands for itself.
        point.addresses.length > 0 ? point.index : -1,
      ]);
      const known = found.get(key);
      if (known === undefined) found.set(key, { points: Bits.of(this.#size, [point.index]), example: point });
      else known.points.add(point.index);
    }
    return [...found.values()];
  }

  /** The pods that reach the port, the destination itself among them where it does; disjoint groups. */
  to(destination: PodPoint, port: number): readonly Group[] {
    const { must, may } = this.network.to(destination.index);
    const holding = (groups: typeof must): Bits =>
      groups
        .filter(({ ports }) => this.network.ports.has(ports, "TCP", port))
        .reduce((sum, { points }) => sum.or(points), Bits.none(this.#size));
    const [sure, possible] = [holding(must), holding(may)];
    const groups: Group[] = [];
    for (const client of this.#clients) {
      const sources = client.points.and(possible);
      if (sources.isEmpty) continue;
      for (const { values, judgement } of this.#judged(client, destination, port)) {
        const alike = values === undefined ? sources : sources.and(this.#presenting(values));
        const certain = alike.and(sure);
        if (!certain.isEmpty) groups.push({ sources: certain, judgement });
        const rest = alike.minus(sure);
        if (!rest.isEmpty) groups.push({ sources: rest, judgement: { may: judgement.may, must: RequestSet.empty } });
      }
    }
    return groups;
  }

  /** The points whose principal is among the values. */
  #presenting(values: Text): Bits {
    const known = this.#matching.get(values.id);
    if (known !== undefined) return known;
    const { words, missing } = values.present;
    const bits =
      words !== undefined
        ? this.#pointsOf(words)
        : missing !== undefined
          ? this.#everyone.minus(this.#pointsOf(missing))
          : this.#pointsOf([...this.#byPrincipal.keys()].filter((principal) => values.has(principal)));
    this.#matching.set(values.id, bits);
    return bits;
  }

  #pointsOf(principals: readonly string[]): Bits {
    const found = Bits.none(this.#size);
    for (const principal of principals) {
      for (const index of this.#byPrincipal.get(principal) ?? []) found.add(index);
    }
    return found;
  }

  /** The judgements for a class of clients, by the principals that they hold for; without values for all of them. */
  #judged(
    client: Client,
    destination: PodPoint,
    port: number,
  ): readonly { values: Text | undefined; judgement: Judgement }[] {
    const connection: Connection = {
      from: { kind: "pod", workload: client.example.workload, pod: client.example.pod },
      to: { kind: "pod", workload: destination.workload, pod: destination.pod },
      port,
      protocol: "TCP",
    };
    const mtls = this.#layers.mtls.judge(connection);
    const { egress, jwt, authorization, opa, route } = this.#layers;
    const others = [egress, jwt, authorization, opa, route].map((layer) => layer.judge(connection));
    const isPrincipal = (given: Given): boolean => given.dimension.key === dimension.principal.key;
    const worlds = mtls.given.flatMap((given) => ("worlds" in given && isPrincipal(given) ? given.worlds : []));
    const rest: LayerVerdict = verdict(RequestSet.full, RequestSet.full, undefined, [
      ...mtls.given.filter((given) => !isPrincipal(given)),
      ...others.flatMap(({ given }) => given),
    ]);
    const may = RequestSet.all([mtls, ...others].map((one) => one.may));
    const must = RequestSet.all([mtls, ...others].map((one) => one.must));
    const mine = this.#principal(client.example);
    const plans = worlds.map((world) => ({ named: hasWord(world, mine), plain: hasWord(world, null) }));
    const of = (set: RequestSet, named: RequestSet | undefined, join: "any" | "all"): RequestSet => {
      const plain = set.at(dimension.principal, null);
      const sets = plans.map((plan) =>
        RequestSet.any([...(plan.named && named !== undefined ? [named] : []), ...(plan.plain ? [plain] : [])]),
      );
      return RequestSet[join](sets);
    };
    const judge = (a: RequestSet | undefined, b: RequestSet | undefined): Judgement =>
      combine([verdict(of(may, a, "any"), of(must, b, "all")), rest]);
    if (plans.length === 0) return [{ values: undefined, judgement: combine([verdict(may, must), rest]) }];
    if (!plans.some(({ named }) => named))
      return nonEmpty([{ values: undefined, judgement: judge(undefined, undefined) }]);
    return nonEmpty(cut(may, must).map(({ values, a, b }) => ({ values, judgement: judge(a, b) })));
  }
}

/** Whether everything is as it was that tells callers and their proxies apart. */
function callersAreSame(a: Cluster, b: Cluster): boolean {
  const lists = [
    "workloads",
    "destinationRules",
    "sidecars",
    "istioGateways",
    "gateways",
    "mesh",
    "virtualServices",
    "gatewayRoutes",
  ] as const;
  return (
    lists.every((name) => a[name] === b[name]) &&
    speaksOfIstio(a) === speaksOfIstio(b) &&
    a.namespaces.size === b.namespaces.size &&
    [...a.namespaces].every(([name, namespace]) => b.namespaces.get(name) === namespace)
  );
}

function nonEmpty<T extends { readonly judgement: Judgement }>(list: readonly T[]): readonly T[] {
  return list.filter(({ judgement }) => !judgement.may.isEmpty);
}

function hasWord(world: AnyValues, word: string | null): boolean {
  return world instanceof Text && world.has(word);
}

const PRESENT: Text = dimension.principal.full.minus(ABSENT);

/** The principals cut so finely that both sets treat those of one part alike; every principal is in one. */
function cut(
  may: RequestSet,
  must: RequestSet,
): readonly { readonly values: Text; readonly a: RequestSet; readonly b: RequestSet }[] {
  const refine = (set: RequestSet): readonly { values: Text; set: RequestSet }[] => {
    const parts = set
      .parts(dimension.principal)
      .flatMap(({ values, set: inner }) =>
        values instanceof Text ? [{ values: values.intersect(PRESENT), set: inner }] : [],
      );
    const left = parts.reduce((rest, { values }) => rest.minus(values), PRESENT);
    return [...parts, { values: left, set: RequestSet.empty }].filter(({ values }) => !values.isEmpty);
  };
  const second = may === must ? undefined : refine(must);
  return refine(may).flatMap(({ values, set: a }) =>
    second === undefined
      ? [{ values, a, b: a }]
      : second.flatMap(({ values: other, set: b }) => {
          const both = values.intersect(other);
          return both.isEmpty ? [] : [{ values: both, a, b }];
        }),
  );
}

/** The annotations that say what a pod's proxy takes in of what it sends. */
function outbound(pod: Pod): readonly (string | undefined)[] {
  return [
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "sidecar.istio.io/interceptionMode",
  ].map((name) => pod.annotations.get(name));
}
