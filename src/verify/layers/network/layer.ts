/** The network as a layer: which packets pass, before anything looks into them. */
import { type AddressRange, formatAddress } from "../../../cluster/index.js";
import { closed, type End, type Layer, open, unknown, verdict } from "../../layer.js";
import { addressNumber, dimension, Ranges, RequestSet } from "../../space/index.js";
import { explain } from "./explain.js";
import type { Network } from "./network.js";
import type { Point } from "./points.js";

/**
 * An end outside stands for every address outside: the answer then is a set of requests by the address that the
 * connection comes from or goes to.
 */
export function networkLayer(network: Network): Layer {
  return {
    name: "network",
    judge({ from, to, port, protocol }) {
      const sources = pointsOf(network, from);
      const destinations = pointsOf(network, to);
      const [source, destination] = [sources[0], destinations[0]];
      if (source === undefined || destination === undefined) {
        const end = source === undefined ? from : to;
        const text = end.kind === "pod" ? `${end.workload.id} is not in this cluster` : "nothing is outside";
        return unknown(() => [{ effect: "unknown", text }]);
      }
      if (from.kind === "outside" && to.kind === "outside") {
        return open(() => [{ effect: "note", text: "no policy of the cluster is asked between two ends outside" }]);
      }
      const outside = from.kind === "outside" ? sources : destinations;
      const ask = (point: Point) => {
        const [a, b] = from.kind === "outside" ? [point, destination] : [source, point];
        return { point, permitted: network.permits(a.index, b.index, protocol, port) };
      };
      const answers = outside.map(ask);
      // An explanation speaks of one address; the one that gets furthest says most.
      const told = ["allowed", "unknown", "denied"].flatMap((wanted) =>
        answers.filter(({ permitted }) => permitted === wanted),
      )[0];
      const reasons = () => {
        const [a, b] =
          from.kind === "outside" ? [told?.point ?? source, destination] : [source, told?.point ?? destination];
        return explain(network, { source: a.index, destination: b.index, protocol, port });
      };
      const permitted = told?.permitted;
      if (answers.every((answer) => answer.permitted === permitted)) {
        return permitted === "allowed" ? open(reasons) : permitted === "denied" ? closed(reasons) : unknown(reasons);
      }
      const address = from.kind === "outside" ? dimension.sourceIp : dimension.destinationIp;
      const where = (...wanted: readonly string[]) =>
        requestsAt(
          address,
          answers.filter((answer) => wanted.includes(answer.permitted)).map(({ point }) => point),
        );
      return verdict(where("allowed", "unknown"), where("allowed"), reasons);
    },
  };
}

function pointsOf(network: Network, end: End): readonly Point[] {
  if (end.kind === "outside") return network.points.outside;
  const point = network.points.byPod.get(end.pod);
  return point === undefined ? [] : [point];
}

function requestsAt(address: typeof dimension.sourceIp, points: readonly Point[]): RequestSet {
  const ranges = points.flatMap((point) => (point.kind === "outside" ? point.ranges.map(numbersOf) : []));
  return RequestSet.where(address, Ranges.of(ranges));
}

/** The request space numbers the families one after the other; a range of outside addresses never spans both. */
function numbersOf({ low, high }: AddressRange): [bigint, bigint] {
  const number = (value: bigint) => addressNumber(formatAddress(value)) ?? 0n;
  return [number(low), number(high)];
}
