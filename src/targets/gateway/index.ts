import type { Policy, Rule } from "../../policy/index.js";
import type { Feature } from "../capability.js";
import type { Artifact } from "../target.js";
import { HELD, type Holding, leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { entrancesOf } from "./entrance.js";
import { certificateName, gatewayApi } from "./gateway-api.js";
import { ingressNginx } from "./ingress-nginx.js";

export const gateway: Target = {
  name: "gateway",
  summary: "the way in: listeners and routes for what users may reach",
  layer: "gateway",
  capabilities,
  chosen: (policy) => policy.targets.gateway.engine !== "none",
  holds,
  requires,
  emit,
};

/** Nothing exactly but the host names: the rest is held behind it, so that a second way in is no way around. */
function holds(policy: Policy, rule: Rule, feature: Feature): Holding {
  if (rule.from.kind !== "users") return leftBecause("stands at the way in, not between workloads");
  if (feature === "hosts" && policy.targets.gateway.engine === "gateway-api") return HELD;
  return leftBecause("leaves it to the layers behind it, which no other way in gets around");
}

function requires(policy: Policy): readonly string[] {
  const { engine, namespace, className } = policy.targets.gateway;
  const { requests, connections } = entrancesOf(policy);
  if (requests.length === 0 && connections.length === 0) return [];
  const certificate = `The Secret \`${certificateName(policy)}\` holds the certificate of the gateway's hosts`;
  return [
    ...(engine === "gateway-api"
      ? [
          `The CRDs of the Gateway API (v1) and a GatewayClass \`${className}\` are installed, and the namespace \`${namespace}\` exists.`,
          `${certificate}, in \`${namespace}\`.`,
        ]
      : [
          `The controller ingress-nginx runs in \`${namespace}\` with the class \`${className}\`; its project has ended: plan the move to \`gateway: gateway-api\`.`,
          "The controller runs with `--disable-svc-external-name`: else an Ingress of another namespace could lead into a zone.",
          `${certificate}, in the namespace of each workload that users reach.`,
        ]),
    ...connections.map(
      ({ id }) => `\`${id}\` carries no requests that a gateway could route: expose its port by a Service of your own.`,
    ),
  ];
}

function emit(policy: Policy): readonly Artifact[] {
  const nginx = policy.targets.gateway.engine === "ingress-nginx";
  const objects = nginx ? ingressNginx(policy) : gatewayApi(policy);
  if (objects.length === 0) return [];
  const comment = nginx
    ? ["Each request is asked about before it is passed on; an answer other than 2xx, or none, denies it."]
    : ["What no route matches is answered with 404 and reaches nobody."];
  return [{ kind: "manifests", path: "gateway/routes.yaml", objects, comment }];
}
