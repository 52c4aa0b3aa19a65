/** Where users' traffic comes from: the gateway's pods and its identity, as far as the chosen gateway lets us know them. */
import type { Policy } from "../policy/index.js";
import { gatewayName, LABELS } from "./names.js";

/** Labels of the gateway's pods; undefined: any pod of its namespace. */
export function gatewayPodLabels(policy: Policy): { readonly [key: string]: string } | undefined {
  const { engine, className } = policy.targets.gateway;
  if (engine === "ingress-nginx") return { "app.kubernetes.io/name": "ingress-nginx" };
  // Istio starts the pods of a Gateway itself and names them after it; other controllers have ways of their own.
  return engine === "gateway-api" && className === "istio" ? { [LABELS.gatewayName]: gatewayName(policy) } : undefined;
}

/** The gateway's principal as Istio writes it; `*` at the end for any account of its namespace. */
export function gatewayPrincipal(policy: Policy): string {
  const { engine, className, namespace } = policy.targets.gateway;
  const account = engine === "gateway-api" && className === "istio" ? `${gatewayName(policy)}-${className}` : "*";
  return `${policy.trustDomain}/ns/${namespace}/sa/${account}`;
}
