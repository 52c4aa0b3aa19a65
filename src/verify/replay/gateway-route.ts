/** Where a Gateway of the Gateway API sends one request: the most specific match of the routes that hang on it. */
import {
  type BackendRef,
  type Cluster,
  endpointsOf,
  type Gateway,
  type GatewayRoute,
  type Listener,
  matches,
  type RouteCondition,
} from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import { normalizedPath } from "./match.js";
import { changedRequest, conditionHolds, hostFits } from "./route-match.js";
import { either, type Truth } from "./truth.js";
import type { Hit, Sent } from "./virtual-service.js";

interface Candidate {
  readonly route: GatewayRoute;
  readonly rule: GatewayRoute["rules"][number];
  readonly condition: RouteCondition | undefined;
  readonly hostname: string;
  readonly holds: Truth;
}

export function sentByRoutes(cluster: Cluster, gateway: Gateway, port: number, http: HttpRequest): Sent {
  const mesh = gateway.className.startsWith("istio");
  const path = mesh ? normalizedPath(http.target, cluster.mesh.pathNormalization) : /^[^?#]*/.exec(http.target)?.[0];
  if (path === undefined) return { hits: [], reason: "the gateway refuses the path", known: true };
  if (!mesh && /%|\\|\/\/|\/\.\.?(\/|$)/.test(path))
    return { hits: [], reason: "how the gateway reads such a path is not known", known: false };
  const listeners = gateway.listeners.filter((one) => one.port === port && /^HTTPS?$/.test(one.protocol));
  const candidates = listeners.flatMap((listener) =>
    cluster.gatewayRoutes.flatMap((route) => hanging(cluster, gateway, listener, route, http, path, port)),
  );
  const possible = candidates.filter(({ holds }) => holds !== false);
  if (possible.length === 0) return { hits: [], reason: "no route matches it", known: true };
  const best = possible.filter((one) => !possible.some((other) => goesBefore(other, one)));
  const [first] = best;
  const sure = first !== undefined && best.every(({ rule }) => rule === first.rule) && first.holds === true;
  const hits = best.flatMap((one) => landing(cluster, one, http, path));
  if (!sure) {
    return {
      hits: hits.map((hit) => ({ ...hit, sure: undefined })),
      reason: "which of several routes goes first is not known",
      known: false,
    };
  }
  const { kind, namespace, name } = first.route;
  return { hits, reason: `${kind} ${namespace}/${name} sends it on`, known: first.rule.filters.unread.length === 0 };
}

function hanging(
  cluster: Cluster,
  gateway: Gateway,
  listener: Listener,
  route: GatewayRoute,
  http: HttpRequest,
  path: string,
  port: number,
): readonly Candidate[] {
  const refers = route.parents.some(
    (one) =>
      one.kind === "Gateway" &&
      one.group === "gateway.networking.k8s.io" &&
      `${one.namespace}/${one.name}` === `${gateway.namespace}/${gateway.name}` &&
      [undefined, listener.name].includes(one.sectionName) &&
      [undefined, port].includes(one.port),
  );
  if (!refers || !/^(HTTP|GRPC)Route$/.test(route.kind)) return [];
  if ((listener.kinds?.length ?? 0) > 0 && !listener.kinds?.includes(route.kind)) return [];
  const admitted = admits(cluster, gateway, listener, route);
  if (admitted === false || !hostFits(listener.hostname ?? "*", http.host)) return [];
  const names = route.hostnames.length === 0 ? [listener.hostname ?? "*"] : route.hostnames;
  return names
    .filter((name) => hostFits(name, http.host))
    .flatMap((hostname) =>
      route.rules.flatMap((rule) => {
        const conditions: readonly (RouteCondition | undefined)[] =
          rule.conditions.length === 0 ? [undefined] : rule.conditions;
        return conditions.map((condition): Candidate => {
          const asking = { http, path, gateway: "", namespace: undefined, labels: undefined, port };
          const holds = condition === undefined ? true : conditionHolds(condition, asking);
          return { route, rule, condition, hostname, holds: holds === true ? admitted : holds };
        });
      }),
    );
}

function admits(cluster: Cluster, gateway: Gateway, { from }: Listener, route: GatewayRoute): Truth {
  if (from === "All") return true;
  if (from === "None") return false;
  if (from === "Same") return gateway.namespace === route.namespace;
  const space = cluster.namespaces.get(route.namespace);
  if (space !== undefined && matches(from, space.labels)) return true;
  return space?.object === undefined ? undefined : false;
}

/** By name, kind and length of the path, method, headers, query; regular expressions and ages leave it open. */
function goesBefore(a: Candidate, b: Candidate): boolean {
  if (a.holds !== true || a === b) return false;
  const names = nameWeight(a.hostname) - nameWeight(b.hostname);
  if (names !== 0) return names > 0;
  if ([a, b].some((one) => one.condition?.path?.kind === "regex")) return false;
  const keys = [pathWeight, methodWeight, headerWeight, queryWeight];
  for (const key of keys) {
    const difference = key(a.condition) - key(b.condition);
    if (difference !== 0) return difference > 0;
  }
  return a.route === b.route && a.route.rules.indexOf(a.rule) < b.route.rules.indexOf(b.rule);
}

const nameWeight = (name: string): number =>
  name === "*" || name === "" ? 0 : name.startsWith("*") ? name.length : 10_000;
const pathWeight = (condition: RouteCondition | undefined): number =>
  condition?.path?.kind === "exact" ? 1_000_000 : (condition?.path?.value ?? "/").replace(/\/+$/, "").length;
const methodWeight = (condition: RouteCondition | undefined): number => (condition?.method === undefined ? 0 : 1);
const headerWeight = (condition: RouteCondition | undefined): number => condition?.headers.length ?? 0;
const queryWeight = (condition: RouteCondition | undefined): number => condition?.query.length ?? 0;

function landing(
  cluster: Cluster,
  { route, rule, condition }: Candidate,
  http: HttpRequest,
  path: string,
): readonly Hit[] {
  if (rule.filters.answers) return [];
  return [...rule.backends.filter(({ weight }) => weight > 0), ...rule.mirrors].flatMap((ref) => {
    if (ref.kind !== "Service" || ref.group !== "" || ref.filters.answers || !mayRefer(cluster, route, ref)) return [];
    const first = changedRequest(http, rule.filters.change, path, condition?.path);
    const second =
      first === undefined ? undefined : changedRequest(first, ref.filters.change, pathIn(first), undefined);
    const told = second !== undefined && [...rule.filters.unread, ...ref.filters.unread].length === 0;
    return cluster.services
      .filter((one) => one.namespace === ref.namespace && one.name === ref.name && one.type !== "ExternalName")
      .flatMap((service) =>
        endpointsOf(cluster, service).flatMap(({ workload, pod, port, servicePort }): Hit[] =>
          port === undefined || (ref.port !== undefined && servicePort.port !== ref.port)
            ? []
            : [{ workload, pod, port, service, http: second, sure: told ? true : undefined }],
        ),
      );
  });
}

const pathIn = ({ target }: HttpRequest): string => /^[^?#]*/.exec(target)?.[0] ?? target;

function mayRefer({ referenceGrants }: Cluster, route: GatewayRoute, { namespace, name }: BackendRef): boolean {
  if (namespace === route.namespace) return true;
  return (
    either(
      referenceGrants.map(
        (grant) =>
          grant.namespace === namespace &&
          grant.from.some((one) => one.kind === route.kind && one.namespace === route.namespace) &&
          grant.to.some((one) => one.kind === "Service" && [undefined, name].includes(one.name)),
      ),
    ) === true
  );
}
