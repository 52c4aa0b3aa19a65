/** The entries of VirtualServices that one proxy has for one kind of traffic: in order, delegates put in where they are. */
import type { Cluster, RouteChange, RouteCondition, VirtualRoute, VirtualService } from "../../cluster/index.js";
import { type Bounds, both, exactly, MAYBE, YES } from "../space/bounds.js";
import { dimension, Language, only, RequestSet } from "../space/index.js";
import { destinationOf } from "./backends.js";
import { type Asker, anyBounds, conditionBounds, hostLanguage, ofHosts } from "./condition.js";
import { type Entry, type Order, type Resolved, resolved } from "./table.js";

/** Entries of one host of one VirtualService. */
interface Listed {
  readonly entry: Entry;
  readonly service: VirtualService;
  readonly pattern: string;
  readonly position: number;
}

/** A VirtualService as far as it is bound to the proxy: which of the hosts that it names get there. */
export interface Bound {
  readonly service: VirtualService;
  readonly hosts: readonly { readonly pattern: string; readonly language: Language }[];
  readonly doubts: readonly string[];
}

const HTTP = exactly(RequestSet.where(dimension.protocol, only("http")));

/** The HTTP routes; a more specific host has a table of its own, and nothing falls through to a wildcard's. */
export function httpEntries(cluster: Cluster, bound: readonly Bound[], asker: Asker): readonly Resolved[] {
  const patterns = new Map(bound.flatMap(({ hosts }) => hosts.map(({ pattern, language }) => [pattern, language])));
  const listed = bound.flatMap(({ service, hosts, doubts }) =>
    hosts.flatMap(({ pattern, language }) => {
      const above = [...patterns].filter(([other]) => isNarrower(other, pattern));
      const own = above.reduce((rest, [, taken]) => rest.minus(taken), language);
      const entries = entriesOf(cluster, service, service.http, asker, [both(HTTP, ofHosts(own))], ["http"], doubts);
      return entries.map((entry, position): Listed => ({ entry, service, pattern, position }));
    }),
  );
  return resolved(
    listed.map(({ entry }) => entry),
    (a, b) => order(listed[a], listed[b]),
  );
}

function order(a: Listed | undefined, b: Listed | undefined): Order {
  if (a === undefined || b === undefined || a.pattern !== b.pattern) return "never";
  if (a.service !== b.service) return "maybe";
  return a.position < b.position ? "surely" : "never";
}

function isNarrower(a: string, b: string): boolean {
  if (a === b || a === "*") return false;
  if (b === "*") return true;
  return b.startsWith("*") && a.endsWith(b.slice(1)) && a.length > b.length - 1;
}

/** Bytes: by the port, for `tls` by the server name that the client asks for. */
export function byteEntries(
  cluster: Cluster,
  bound: readonly Bound[],
  asker: Asker,
  kind: "tls" | "tcp",
): readonly Resolved[] {
  const sets = kind === "tls" ? exactly(RequestSet.where(dimension.protocol, only("tcp"))) : YES;
  const entries = bound.flatMap(({ service, doubts }) =>
    entriesOf(cluster, service, service[kind], asker, [sets], [kind], doubts),
  );
  // By another server name each may be reached.
  return resolved(entries, (a, b) =>
    kind === "tls" || entries[a]?.object !== entries[b]?.object ? "never" : a < b ? "surely" : "never",
  );
}

function entriesOf(
  cluster: Cluster,
  service: VirtualService,
  routes: readonly VirtualRoute[],
  asker: Asker,
  given: readonly Bounds[],
  at: readonly string[],
  doubts: readonly string[],
  depth = 0,
): readonly Entry[] {
  return routes.flatMap((route, index): readonly Entry[] => {
    const place = ["spec", ...at, index];
    const conditions: readonly (RouteCondition | undefined)[] =
      route.conditions.length === 0 ? [undefined] : route.conditions;
    if (route.delegate !== undefined && depth === 0)
      return delegated(cluster, service, route, asker, given, place, doubts);
    return conditions.map((condition) => {
      const asked = condition === undefined ? YES : conditionBounds(condition, asker);
      const own = [...doubts, ...doubtsOf(route, condition)];
      const { targets, unsure } = targetsOf(cluster, route, service.namespace);
      const matches = both(...given, asked);
      const [object, path] = [service.object, condition?.path];
      return { object, at: place, matches, path, targets, doubts: [...own, ...unsure] };
    });
  });
}

function doubtsOf({ abort }: VirtualRoute, condition: RouteCondition | undefined): readonly string[] {
  const unread = condition?.unread ?? [];
  return [
    ...unread.map((name) => `\`match.${name}\` is not followed`),
    ...(abort === "untold" ? ["how many requests `fault.abort` ends is not said"] : []),
  ];
}

function targetsOf(
  cluster: Cluster,
  route: VirtualRoute,
  namespace: string,
): { readonly targets: Entry["targets"]; readonly unsure: readonly string[] } {
  if (route.redirect || route.abort === "always") return { targets: [], unsure: [] };
  const several = route.destinations.length > 1;
  const backends = [
    ...route.destinations
      .filter(({ weight }) => !(several && (weight ?? 0) === 0) && weight !== 0)
      .map((one) => destinationOf(cluster, one, namespace)),
    ...route.mirrors.map((one) => destinationOf(cluster, one, namespace, true)),
  ];
  const targets = backends.flatMap((one) => one.targets);
  return {
    targets: route.abort === "untold" ? targets.map((one) => ({ ...one, certain: false })) : targets,
    unsure: backends.flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt])),
  };
}

/** The root's condition and one of the delegate's must hold; the root's rewrites are the delegate's business. */
function delegated(
  cluster: Cluster,
  root: VirtualService,
  { delegate, conditions }: VirtualRoute,
  asker: Asker,
  given: readonly Bounds[],
  place: readonly (string | number)[],
  doubts: readonly string[],
): readonly Entry[] {
  const asked = anyBounds(conditions.map((one) => conditionBounds(one, asker)));
  const other = cluster.virtualServices.find(
    ({ namespace, name }) => namespace === delegate?.namespace && name === delegate.name,
  );
  if (other === undefined) {
    const missing = `its delegate ${delegate?.namespace}/${delegate?.name} is not in the manifests`;
    const matches = both(...given, asked, MAYBE);
    return [{ object: root.object, at: place, matches, path: undefined, targets: [], doubts: [...doubts, missing] }];
  }
  const within = entriesOf(cluster, other, other.http, asker, [...given, asked], ["http"], doubts, 1);
  // A rewrite of the delegate takes away the prefix of the condition of the two that is the narrower.
  const roots = conditions.flatMap(({ path }) => (path === undefined ? [] : [path]));
  return within.map((entry) => {
    if (entry.path !== undefined || roots.length === 0) return entry;
    if (roots.length === 1) return { ...entry, path: roots[0] };
    return { ...entry, targets: entry.targets.map((one) => ({ ...one, change: untold(one.change) })) };
  });
}

function untold(change: RouteChange): RouteChange {
  return change.path === undefined ? change : { ...change, path: { kind: "unread", value: "rewrite" } };
}

/** Where the hosts that a VirtualService names and those that a listener takes meet. */
export function meeting(
  hosts: readonly string[],
  taken: readonly string[],
): readonly { readonly pattern: string; readonly language: Language }[] {
  const listening = taken.map((one) => hostLanguage(one)).reduce((sum, one) => sum.union(one), Language.only());
  return hosts.flatMap((pattern) => {
    const language = hostLanguage(pattern).intersect(listening);
    return language.isEmpty ? [] : [{ pattern: pattern.toLowerCase(), language }];
  });
}
