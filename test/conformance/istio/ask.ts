/** Asks both evaluators one question: the sets of the layers, and the step-by-step replay. */
import type { Cluster } from "../../../src/cluster/index.js";
import { seatOf } from "../../../src/verify/istio/attachment.js";
import { pointOf } from "../../../src/verify/istio/lift.js";
import { proxyOf } from "../../../src/verify/istio/presence.js";
import { inboundChains } from "../../../src/verify/istio/services.js";
import { combine, type Judgement } from "../../../src/verify/layer.js";
import { authorizationLayer } from "../../../src/verify/layers/authorization/index.js";
import { egressLayer } from "../../../src/verify/layers/egress/index.js";
import { jwtFilterOn } from "../../../src/verify/layers/jwt/filter.js";
import { jwtLayer } from "../../../src/verify/layers/jwt/index.js";
import { mtlsLayer } from "../../../src/verify/layers/mtls/index.js";
import { type Call, type Decision, replayIstio } from "../../../src/verify/replay/istio.js";

export type Verdict = "allow" | "deny" | "unknown";

export interface Answers {
  readonly sets: Verdict;
  readonly replay: Decision;
}

export function judge(cluster: Cluster, { from, to, port }: Pick<Call, "from" | "to" | "port">): Judgement {
  const source =
    from === undefined ? ({ kind: "outside", name: "internet" } as const) : ({ kind: "pod", ...from } as const);
  const connection = { from: source, to: { kind: "pod", ...to }, port, protocol: "TCP" } as const;
  return combine(
    [mtlsLayer, authorizationLayer, jwtLayer, egressLayer].map((layer) => layer(cluster).judge(connection)),
  );
}

/** What the sets say of the call's request. */
export function inSets(cluster: Cluster, call: Call): Verdict {
  const { workload, pod } = call.to;
  const { kind } = proxyOf(cluster, workload, pod);
  const proxied = kind === "sidecar" || kind === "gateway";
  const filter = jwtFilterOn(cluster, seatOf(workload, pod, kind === "gateway" ? "gateway" : "sidecar"));
  const parsed = proxied && !inboundChains(cluster, pod, call.port).every((chain) => chain === "tcp");
  const point = pointOf({
    request: call.request,
    port: call.port,
    principal: null,
    sourceAddress: call.sourceAddress,
    destinationAddress: call.destinationAddress,
    sni: null,
    jwtRules: proxied ? (filter?.rules ?? []) : [],
    normalization: parsed ? cluster.mesh.pathNormalization : undefined,
  });
  if (point === undefined) return "deny";
  const { may, must } = judge(cluster, call);
  return must.has(point) ? "allow" : may.has(point) ? "unknown" : "deny";
}

export function ask(cluster: Cluster, call: Call): Answers {
  return { sets: inSets(cluster, call), replay: replayIstio(cluster, call) };
}
