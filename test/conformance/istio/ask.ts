/** Asks both evaluators one question: the sets of the layers, and the step-by-step replay. */
import type { Cluster } from "../../../src/cluster/index.js";
import { pointTo } from "../../../src/verify/istio/lift.js";
import { combine, type Judgement, type Layer } from "../../../src/verify/layer.js";
import { authorizationLayer } from "../../../src/verify/layers/authorization/index.js";
import { egressLayer } from "../../../src/verify/layers/egress/index.js";
import { jwtLayer } from "../../../src/verify/layers/jwt/index.js";
import { mtlsLayer } from "../../../src/verify/layers/mtls/index.js";
import { type Call, type Decision, replayIstio } from "../../../src/verify/replay/istio.js";

export type Verdict = "allow" | "deny" | "unknown";

export interface Answers {
  readonly sets: Verdict;
  readonly replay: Decision;
}

const layers = new WeakMap<Cluster, readonly Layer[]>();

function layersOf(cluster: Cluster): readonly Layer[] {
  let known = layers.get(cluster);
  if (known === undefined) {
    known = [mtlsLayer, authorizationLayer, jwtLayer, egressLayer].map((layer) => layer(cluster));
    layers.set(cluster, known);
  }
  return known;
}

export function judge(cluster: Cluster, { from, to, port }: Pick<Call, "from" | "to" | "port">): Judgement {
  const source =
    from === undefined ? ({ kind: "outside", name: "internet" } as const) : ({ kind: "pod", ...from } as const);
  const connection = { from: source, to: { kind: "pod", ...to }, port, protocol: "TCP" } as const;
  return combine(layersOf(cluster).map((layer) => layer.judge(connection)));
}

/** What the sets say of the call's request. */
export function inSets(cluster: Cluster, call: Call): Verdict {
  const point = pointTo(cluster, call.to, {
    request: call.request,
    port: call.port,
    principal: null,
    sourceAddress: call.sourceAddress,
    destinationAddress: call.destinationAddress,
    sni: null,
  });
  if (point === undefined) return "deny";
  const { may, must } = judge(cluster, call);
  return must.has(point) ? "allow" : may.has(point) ? "unknown" : "deny";
}

export function ask(cluster: Cluster, call: Call): Answers {
  return { sets: inSets(cluster, call), replay: replayIstio(cluster, call) };
}
