/** Every layer's reason for one connection, in words. */
import type { Cluster } from "../cluster/index.js";
import { RingfenceError, suggest } from "../diagnostics/index.js";
import {
  type Connection,
  combine,
  type End,
  type Layer,
  type LayerName,
  type Outcome,
  outcome,
  type Reason,
  verdict,
} from "./layer.js";
import { RequestSet, withinLimits } from "./space/index.js";

export interface Explanation {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** whether any request gets through all layers */
  readonly outcome: Outcome;
  readonly layers: readonly {
    readonly layer: LayerName;
    /** whether the layer, taken alone, lets some request through */
    readonly outcome: Outcome;
    /** it lets some requests through and others not */
    readonly partly: boolean;
    readonly reasons: readonly Reason[];
  }[];
}

export function explainConnection(layers: readonly Layer[], connection: Connection): Explanation {
  const verdicts = layers.map((layer) => ({ layer: layer.name, judged: layer.judge(connection) }));
  const whole = withinLimits(() => combine(verdicts.map(({ judged }) => judged)));
  return {
    from: nameOf(connection.from),
    to: nameOf(connection.to),
    port: connection.port,
    outcome: whole === undefined ? "unknown" : outcome(whole),
    layers: verdicts.map(({ layer, judged }) => {
      // What is given to the sender belongs to all layers, whichever of them knows it.
      const given = verdict(
        RequestSet.full,
        RequestSet.full,
        undefined,
        verdicts.flatMap((one) => one.judged.given),
      );
      const alone = withinLimits(() => combine([{ ...judged, given: [] }, given]));
      return {
        layer,
        outcome: alone === undefined ? "unknown" : outcome(alone),
        partly: alone !== undefined && !alone.may.isEmpty && !alone.may.complement().isEmpty,
        reasons: judged.reasons(),
      };
    }),
  };
}

function nameOf(end: End): string {
  return end.kind === "pod" ? end.workload.id : end.name;
}

/**
 * The end that somebody means: `name`, `namespace/name`, `namespace/name[Kind]`; a host with a dot, or `outside`.
 * @throws USAGE when nothing or more than one has the name
 */
export function endNamed(cluster: Cluster, name: string): End {
  const found = cluster.workloads.filter(
    (one) => one.id === name || `${one.namespace}/${one.name}` === name || one.name === name,
  );
  const [only] = found;
  const pod = only?.pods[0];
  if (found.length === 1 && only !== undefined && pod !== undefined) return { kind: "pod", workload: only, pod };
  if (found.length > 1) {
    const ids = found.map(({ id }) => `\`${id}\``).join(", ");
    throw new RingfenceError({ code: "USAGE", message: `\`${name}\` may be ${ids}`, hint: "write one of these" });
  }
  if (name === "outside" || (name.includes(".") && !name.includes("/"))) return { kind: "outside", name };
  const names = cluster.workloads.map((one) => `${one.namespace}/${one.name}`);
  const near = suggest(name, [...names, ...cluster.workloads.map((one) => one.name)]);
  throw new RingfenceError({
    code: "USAGE",
    message: `there is no workload \`${name}\` in these manifests`,
    hint:
      near === undefined ? "write `namespace/name`, or a host name for what is outside" : `did you mean \`${near}\`?`,
  });
}
