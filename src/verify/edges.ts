/** Who reaches whom on which port, all layers together: the whole list, for tables and pictures. */
import type { Protocol, Workload } from "../cluster/index.js";
import { portsOf } from "./compare/ports.js";
import { outcome } from "./layer.js";
import type { Network } from "./layers/network/index.js";
import { Reachability } from "./reach.js";
import { sourcesTo } from "./sources.js";

export interface Edge {
  readonly from: Workload;
  readonly to: Workload;
  readonly protocol: Protocol;
  readonly port: number;
  /** nobody speaks of the port: it stands for every one that is treated alike */
  readonly unnamed: boolean;
  /** allowed: some request surely gets through; unknown: some may */
  readonly outcome: "allowed" | "unknown";
  /** some requests get through and others do not */
  readonly partly: boolean;
}

/** In the order of the cluster: by destination, port and source. Pods of one workload count together. */
export function edgesOf(network: Network): readonly Edge[] {
  const reach = new Reachability(network);
  return network.cluster.workloads.flatMap((to) => {
    const [pod] = to.pods;
    const point = pod === undefined ? undefined : network.points.byPod.get(pod);
    if (pod === undefined || point === undefined) return [];
    const bare = new Set<Workload>();
    return portsOf(network, { workload: to, pod }, []).flatMap(({ protocol, port, unnamed }): readonly Edge[] => {
      const found = new Map<Workload, Edge>();
      for (const { points, judgement } of sourcesTo(network, reach, point, { protocol, port })) {
        const whole = judgement === undefined ? "unknown" : outcome(judgement);
        if (whole === "denied") continue;
        const partly = judgement !== undefined && !judgement.may.complement().isEmpty;
        for (const index of points) {
          const source = network.points.all[index];
          if (source?.kind !== "pod" || source.workload === to) continue;
          // One kind of datagram stands for the others.
          if (protocol !== "TCP" && unnamed && bare.has(source.workload)) continue;
          const sure = protocol === "TCP" ? whole === "allowed" : isSure(network, index, point.index, protocol, port);
          const known = found.get(source.workload);
          if (known?.outcome === "allowed") continue;
          const edge = { from: source.workload, to, protocol, port, unnamed, partly };
          found.set(source.workload, { ...edge, outcome: sure ? "allowed" : "unknown" });
        }
      }
      if (protocol !== "TCP") for (const source of found.keys()) bare.add(source);
      return [...found.values()].sort((a, b) => (a.from.id < b.from.id ? -1 : 1));
    });
  });
}

function isSure(network: Network, from: number, to: number, protocol: Protocol, port: number): boolean {
  return network.permits(from, to, protocol, port) === "allowed";
}
