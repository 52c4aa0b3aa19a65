import type { Policy, Rule } from "../../policy/index.js";
import type { Feature } from "../capability.js";
import { apiNamed, exitOf, originatesTls, seesRequests, shapeOf } from "../shape.js";
import { HELD, type Holding, leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { emit } from "./emit.js";
import { plainPort, throughGateway } from "./outside.js";
import { servicePortSentences } from "./service-ports.js";

export const istio: Target = {
  name: "istio",
  summary: "strict mutual TLS, and who may send which request to which workload",
  layer: "mesh",
  capabilities,
  chosen: (policy) => policy.targets.mesh.engine === "istio",
  holds,
  requires,
  emit,
};

function holds(policy: Policy, rule: Rule, feature: Feature): Holding {
  switch (feature) {
    case "callers":
      if (rule.from.kind === "users" && policy.targets.gateway.engine === "none") {
        return leftBecause("does not know the gateway that users come through when none is chosen");
      }
      return heldAtExit(policy, rule);
    case "ports":
    case "outside-hosts":
    case "tls-origination":
      return heldAtExit(policy, rule);
    case "methods":
    case "paths":
    case "hosts":
    case "token":
    case "roles":
      if (!seesRequests(rule)) {
        const speaks = rule.to.kind === "workload" ? rule.port.protocol : rule.protocol;
        return leftBecause(
          speaks === "tcp" ? "sees a TCP connection there, no requests" : `does not see inside \`${speaks}\``,
        );
      }
      return heldAtExit(policy, rule);
    default:
      return leftBecause("has no part in it");
  }
}

function heldAtExit(policy: Policy, rule: Rule): Holding {
  if (rule.to.kind !== "api") return HELD;
  return exitOf(policy, apiNamed(policy, rule.to.name)) === "gateway"
    ? HELD
    : leftBecause("routes no `*.` host through its egress gateway: name the hosts, or choose `network: cilium`");
}

function requires(policy: Policy): readonly string[] {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return [];
  const sentences = [
    `Istio 1.24 or later with the settings of \`istio/mesh-config.yaml\`, its control plane in \`${mesh.rootNamespace}\`.`,
    "Each workload that is called has the Services that the file names (its own name unless it says otherwise), whose ports name their protocol.",
    "The cluster's domain is `cluster.local`.",
  ];
  const outside = throughGateway(shapeOf(policy));
  if (mesh.mode === "ambient") {
    sentences.push("The CRDs of the Gateway API are installed.");
    sentences.push(...servicePortSentences(shapeOf(policy)));
    if (outside.length > 0) sentences.push(`The namespace \`${mesh.egressNamespace}\` exists.`);
  } else if (outside.length > 0) {
    sentences.push(
      `An egress gateway named \`istio-egressgateway\`, labelled \`istio: egressgateway\`, runs in \`${mesh.egressNamespace}\` with the ports 80 and 443; what is not allowed there by a policy is denied, also for others who use it.`,
    );
  }
  for (const { api, rules } of outside) {
    const callers = [...new Set(rules.filter(originatesTls).map((rule) => rule.from.name))];
    if (callers.length === 0) continue;
    const port = plainPort(api) === 80 ? "" : `:${plainPort(api)}`;
    const who = callers.map((name) => `\`${name}\``).join(", ");
    sentences.push(
      `${who} calls \`http://${api.host}${port}\`: the mesh sees the request and adds TLS on the way out.`,
    );
  }
  return sentences;
}
