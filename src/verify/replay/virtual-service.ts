/** Where the VirtualServices that a proxy has send one request: first match, delegates followed. */
import {
  type Cluster,
  endpointsOf,
  type RouteDestination,
  type Service,
  type TextMatch,
  type VirtualRoute,
  type VirtualService,
} from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import type { Place } from "./istio-wire.js";
import { type Asking, changedRequest, conditionHolds } from "./route-match.js";
import type { Truth } from "./truth.js";

/** One place that a request goes to. */
export interface Hit extends Place {
  readonly port: number;
  readonly service: Service | undefined;
  /** as the destination gets it; undefined where it cannot be told */
  readonly http: HttpRequest | undefined;
  /** undefined: perhaps */
  readonly sure: Truth;
}

export interface Sent {
  readonly hits: readonly Hit[];
  readonly reason: string;
  /** whether it is known what becomes of the request */
  readonly known: boolean;
}

const name = ({ namespace, name: own }: VirtualService): string => `VirtualService ${namespace}/${own}`;

/** What one VirtualService does with the request; undefined where no route of it matches. */
export function sentBy(cluster: Cluster, service: VirtualService, asking: Asking): Sent | undefined {
  return along(cluster, service, service.http, asking, undefined);
}

function along(
  cluster: Cluster,
  service: VirtualService,
  routes: readonly VirtualRoute[],
  asking: Asking,
  outer: TextMatch | undefined,
): Sent | undefined {
  const maybe: Sent[] = [];
  for (const route of routes) {
    const { conditions } = route;
    const holding: readonly { readonly holds: Truth; readonly path: TextMatch | undefined }[] =
      conditions.length === 0
        ? [{ holds: true, path: outer }]
        : conditions.map((one) => ({ holds: conditionHolds(one, asking), path: one.path ?? outer }));
    const chosen = holding.find(({ holds }) => holds === true) ?? holding.find(({ holds }) => holds === undefined);
    if (chosen === undefined) continue;
    const sent = followed(cluster, service, route, asking, chosen.path);
    if (sent === undefined) continue;
    maybe.push(sent);
    if (chosen.holds === true) break;
  }
  const [only] = maybe;
  if (maybe.length === 0 || only === undefined) return undefined;
  const certain = maybe.length === 1 && routes.some((one) => surely(one, asking));
  if (certain) return only;
  return {
    hits: maybe.flatMap(({ hits }) => hits.map((hit) => ({ ...hit, sure: undefined }))),
    reason: `which route of ${name(service)} matches is not known`,
    known: false,
  };
}

const surely = ({ conditions }: VirtualRoute, asking: Asking): boolean =>
  conditions.length === 0 || conditions.some((one) => conditionHolds(one, asking) === true);

function followed(
  cluster: Cluster,
  service: VirtualService,
  route: VirtualRoute,
  asking: Asking,
  path: TextMatch | undefined,
): Sent | undefined {
  if (route.delegate !== undefined) {
    const { namespace, name: wanted } = route.delegate;
    const other = cluster.virtualServices.find((one) => one.namespace === namespace && one.name === wanted);
    if (other === undefined)
      return { hits: [], reason: `its delegate ${namespace}/${wanted} is missing`, known: false };
    return along(cluster, other, other.http, asking, path);
  }
  if (route.redirect) return { hits: [], reason: `${name(service)} answers itself`, known: true };
  if (route.abort === "always") return { hits: [], reason: `${name(service)} ends every request`, known: true };
  const alone = route.destinations.length === 1;
  const going = [
    ...route.destinations.filter(({ weight }) => (alone ? weight !== 0 : (weight ?? 0) > 0)),
    ...route.mirrors,
  ];
  const hits = going.flatMap((to) => landing(cluster, service, to, asking, path));
  const untold = route.abort === "untold";
  return {
    hits: untold ? hits.map((hit) => ({ ...hit, sure: undefined })) : hits,
    reason: `${name(service)} sends it on`,
    known: !untold,
  };
}

function landing(
  cluster: Cluster,
  { namespace }: VirtualService,
  { host, subset, port, change }: RouteDestination,
  { http, path: read }: Asking,
  matched: TextMatch | undefined,
): readonly Hit[] {
  const full = host.includes(".") ? host : `${host}.${namespace}.svc.cluster.local`;
  const dotted = /^[^.]+\.[^.]+$/.test(full);
  const changed = changedRequest(http, change, read, matched);
  return cluster.services.flatMap((service) => {
    const own = `${service.name}.${service.namespace}`;
    if (![own, `${own}.svc`, `${own}.svc.cluster.local`].includes(full)) return [];
    if (service.type === "ExternalName") return [];
    const labels = cluster.destinationRules
      .filter(
        (rule) =>
          (rule.host.includes(".") ? rule.host : `${rule.host}.${rule.namespace}.svc.cluster.local`) ===
          `${own}.svc.cluster.local`,
      )
      .flatMap(({ subsets }) => subsets.filter((one) => one.name === subset).map((one) => one.labels));
    const told = subset === undefined || labels.length === 1;
    const open = !told || dotted || (port === undefined && service.ports.length > 1);
    return endpointsOf(cluster, service)
      .filter(({ servicePort, pod }) => {
        const fits = (wanted: ReadonlyMap<string, string>): boolean =>
          [...wanted].every(([key, value]) => pod.labels.get(key) === value);
        return (port === undefined || servicePort.port === port) && (labels.length === 0 || labels.some(fits));
      })
      .flatMap(({ workload, pod, port: at }): Hit[] =>
        at === undefined
          ? []
          : [
              {
                workload,
                pod,
                port: at,
                service,
                http: changed,
                sure: open || changed === undefined ? undefined : true,
              },
            ],
      );
  });
}
