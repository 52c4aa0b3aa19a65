/**
 * Routes of kinds that are not read: Traefik's, Contour's and whatever else is called a route. They may send anything to
 * each Service whose name stands in them, so every one of these is a way in of which nothing is known.
 */
import { type Cluster, describeObject, endpointsOf, type KubeObject, NO_CHANGE } from "../../cluster/index.js";
import { formatSpan } from "../../diagnostics/index.js";
import { cite } from "../layer.js";
import { MAYBE, YES } from "../space/bounds.js";
import type { Routed, Way } from "./way.js";

const GROUPS =
  /^(traefik\.(io|containo\.us)|projectcontour\.io|k8s\.nginx\.org|appprotect\.f5\.com|([\w-]+\.)?konghq\.com|getambassador\.io|x\.getambassador\.io|([\w-]+\.)?solo\.io|apisix\.apache\.org|voyager\.appscode\.com|([\w-]+\.)?haproxy\.(org|com)|gateway\.envoyproxy\.io|cilium\.io|networking\.internal\.knative\.dev|serving\.knative\.dev|elbv2\.k8s\.aws|cloud\.google\.com|networking\.gke\.io)$/;
const KINDS =
  /(Route|RouteTCP|RouteUDP|Ingress|HTTPProxy|TCPProxy|UDPProxy|Mapping|VirtualServer|VirtualServerRoute|TransportServer|VirtualService|VirtualHost|GlobalConfiguration|EnvoyConfig|DomainMapping|RouteTable|RouteGroup|TraefikService|TargetGroupBinding|APIRule)$/i;
/** Objects of the same groups that lead nowhere by themselves, but change what routes do. */
const HELPERS = /^(Middleware|MiddlewareTCP|TLSOption|ServersTransport|Filter|Policy)/;
/** Kinds that are read. */
const READ =
  /^(networking\.k8s\.io|extensions|route\.openshift\.io|networking\.istio\.io|gateway\.networking\.k8s\.io|rbac\..*|apps|batch|)$/;

export function foreignRoutes(cluster: Cluster): readonly KubeObject[] {
  return cluster.objects.filter(({ group, kind }) => {
    if (READ.test(group) || HELPERS.test(kind) || kind === "CiliumNetworkPolicy") return false;
    return KINDS.test(kind) && (GROUPS.test(group) || group.includes("."));
  });
}

/** What leads nobody knows where, a sentence each. */
export function routeNotes(cluster: Cluster): readonly string[] {
  const foreign = foreignRoutes(cluster).map((object) => {
    const place = formatSpan(object.origin.spanOf(["metadata", "name"]));
    return `${describeObject(object)} (${place}) is a route of a kind that is not read: what it lets in is not known`;
  });
  const delegates = cluster.virtualServices.flatMap(({ object, http }) =>
    http.flatMap(({ delegate }, index) => {
      if (delegate === undefined) return [];
      const { namespace, name } = delegate;
      if (cluster.virtualServices.some((one) => one.namespace === namespace && one.name === name)) return [];
      const place = formatSpan(object.origin.spanOf(["spec", "http", index, "delegate"]));
      return [`${describeObject(object)} (${place}) goes on in ${namespace}/${name}, which is not in these manifests`];
    }),
  );
  return [...foreign, ...delegates];
}

export function foreignWays(cluster: Cluster): readonly Routed[] {
  return waysThrough(cluster).map((way) => ({ entrance: way.entrance, ways: [way] }));
}

function waysThrough(cluster: Cluster): readonly Way[] {
  return foreignRoutes(cluster).flatMap((object) => {
    const named = new Set(textsOf((object.origin.value as { spec?: unknown } | null)?.spec));
    const behind = cluster.services.filter((service) =>
      [...named].some((text) => isNameOf(text, service, named.has(service.namespace) ? undefined : object.namespace)),
    );
    return behind.flatMap((service) =>
      endpointsOf(cluster, service).flatMap(({ workload, pod, port, servicePort: { protocol } }): Way[] => {
        if (port === undefined) return [];
        const text = `${cite(object)} names Service ${service.namespace}/${service.name}; routes of its kind are not read`;
        return [
          {
            entrance: {
              kind: "foreign",
              object,
              gateway: undefined,
              scheme: "https",
              port: 443,
              podPort: 443,
              exact: false,
              calls: undefined,
            },
            object,
            to: { workload, pod, port, protocol, service, certain: false, mirrored: false, change: NO_CHANGE },
            sent: MAYBE,
            passes: YES,
            before: () => MAYBE,
            beforePath: () => MAYBE,
            sources: undefined,
            reasons: () => [{ effect: "unknown", text, object }],
          },
        ];
      }),
    );
  });
}

/**
 * `name`, `namespace/name`, `name.namespace…`, perhaps as a URL, and with a port or more behind it.
 * @param home where a name without namespace is looked for; undefined: everywhere
 */
function isNameOf(
  text: string,
  service: { readonly namespace: string; readonly name: string },
  home?: string,
): boolean {
  const whole = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const spaced = `${service.namespace}/`;
  const bare = whole.startsWith(`${spaced}${service.name}`) ? whole.slice(spaced.length) : whole;
  if (!bare.startsWith(service.name)) return false;
  const rest = bare.slice(service.name.length);
  if (rest.startsWith(`.${service.namespace}`)) return true;
  return /^([:/@]|$)/.test(rest) && (bare !== whole || home === undefined || home === service.namespace);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
