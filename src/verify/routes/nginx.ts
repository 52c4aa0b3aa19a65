/**
 * Ways through ingress-nginx: one server a host, in it one location a path. Where any Ingress of a host asks for regular
 * expressions, or rewrites, all paths of the host are expressions without regard to case, the longest first.
 */
import type { Cluster, Ingress, RouteChange } from "../../cluster/index.js";
import type { Reason } from "../layer.js";
import { type Bounds, both, either, exactly, MAYBE } from "../space/bounds.js";
import { dimension, Language, only, RequestSet, readSearch, regex, Text } from "../space/index.js";
import { backendOf, byServicePort } from "./backends.js";
import { beforeChange, blurred } from "./change.js";
import { hostLanguage, languageOf, ofHosts } from "./condition.js";
import type { GatewayPod } from "./gateways.js";
import { entrancesOf, type Row, rowsOf } from "./ingress.js";
import { leads } from "./istio.js";
import { annotation, isCanary, PREFIX, rawAnnotations, rewriteOf } from "./nginx-annotations.js";
import { type Gate, gateOf, type Reaches } from "./nginx-gate.js";
import { beforeRewrite } from "./nginx-rewrite.js";
import { type ControllerSettings, settingsOf } from "./nginx-settings.js";
import {
  doubtReasons,
  type Entry,
  gated,
  type Order,
  type Resolved,
  resolved,
  type Target,
  UNCHANGED,
} from "./table.js";
import type { Entrance, Routed, Way } from "./way.js";

interface Location {
  readonly ingress: Ingress;
  readonly row: Row;
  readonly host: string;
  readonly entry: Entry;
  readonly regex: boolean;
  readonly canary: boolean;
  /** where answers that are errors come from, those of a refusal among them */
  readonly errors: ReadonlySet<Target>;
}

export function nginxWays(
  cluster: Cluster,
  ingresses: readonly Ingress[],
  seat: GatewayPod | undefined,
  given: readonly string[],
  reaches: Reaches,
): readonly Routed[] {
  const settings = settingsOf(cluster, seat);
  const hosts = new HostModes(ingresses, settings);
  const locations = ingresses.flatMap((ingress) => locationsOf(cluster, ingress, hosts, given));
  const gates = new Map(ingresses.map((one) => [one, gateOf(cluster, one, seat, settings, reaches)]));
  const table = resolved(
    locations.map(({ entry }) => entry),
    (a, b) => order(locations[a], locations[b]),
  );
  return table.flatMap((row, i): readonly Routed[] => {
    const location = locations[i];
    const gate = location === undefined ? undefined : gates.get(location.ingress);
    if (location === undefined || gate === undefined) return [];
    const { ingress } = location;
    const service = annotation(ingress, "service-upstream") === "true" || settings.callsService;
    const raw = hosts.rawOf(location.host);
    const open = raw.length > 0 || location.canary || location.row.pathType === "Default";
    const asked = open ? opened(gate) : exempted(gate, location.row);
    const plain =
      annotation(ingress, "ssl-redirect") === "false" && annotation(ingress, "force-ssl-redirect") !== "true";
    return entrancesOf(cluster, ingress, seat, service ? "service" : "address").map(({ entrance, certain }) => {
      const sure = certain || plain ? row : { ...row, gets: gated(row.gets, false) };
      const targets = row.gets.may.isEmpty ? [] : row.entry.targets;
      const gateTo = (to: Target): Gate => (location.errors.has(to) ? opened(asked) : asked);
      return { entrance, ways: targets.map((to) => wayTo(cluster, entrance, location, sure, gateTo(to), to)) };
    });
  });
}

function wayTo(
  cluster: Cluster,
  entrance: Entrance,
  { ingress, entry, row, canary }: Location,
  { gets }: Resolved,
  gate: Gate,
  to: Target,
): Way {
  const target = rewriteOf(ingress, row.path);
  const mode = cluster.mesh.pathNormalization;
  const fallback = row.pathType === "Default";
  // Whether an Ingress's annotations hold for its default backend is not told.
  const sentOn = fallback
    ? (behind: Bounds): Bounds => blurred(behind, dimension.host, dimension.path, dimension.query)
    : beforeChange(to.change, undefined, mode);
  const before = (behind: Bounds): Bounds => sentOn(beforeAnswer(behind, gate.writes));
  const rewrite =
    target === undefined || fallback || to.change.untold === true ? undefined : beforeRewrite(row.path, target, mode);
  return {
    entrance,
    object: ingress.object,
    to,
    passes: gate.passes,
    sent: gated(gets, to.certain && entry.doubts.length === 0 && !canary),
    beforePath: rewrite ?? (to.change.path === undefined ? undefined : (behind) => blurred(behind, dimension.path)),
    before: (behind) => (rewrite === undefined ? before(behind) : rewrite(before(behind))),
    sources: gate.sources,
    reasons: (): readonly Reason[] => [leads(entrance, entry, to), ...gate.reasons(), ...doubtReasons(entry)],
  };
}

/** Headers that the answer to an auth request writes are not the client's, the token among them. */
function beforeAnswer(behind: Bounds, written: readonly string[]): Bounds {
  const names = written.map((name) => name.toLowerCase());
  const blurs: dimension.Dimension[] = names.map((name) => dimension.header(name));
  if (names.includes("authorization")) {
    const all = [...behind.may.dimensions, ...behind.must.dimensions];
    blurs.push(...all.filter(({ key }) => /^(token$|tokenRest$|claim:|form:)/.test(key)));
  }
  return blurs.length === 0 ? behind : blurred(behind, ...blurs);
}

/** Raw configuration may leave out any check. */
function opened(gate: Gate): Gate {
  return { ...gate, passes: either([gate.passes, MAYBE]), sources: undefined };
}

/** No auth request is made for the challenges of certificate authorities. */
function exempted(gate: Gate, { path }: Row): Gate {
  return path.startsWith("/.well-known/acme-challenge") ? opened(gate) : gate;
}

/** What holds for a host because one Ingress of it says so. */
class HostModes {
  readonly #regex = new Set<string>();
  readonly #raw = new Map<string, string[]>();
  readonly #everywhere: readonly string[];
  readonly #aliases = new Map<string, Set<string>>();
  readonly named: ReadonlySet<string>;

  constructor(ingresses: readonly Ingress[], settings: ControllerSettings) {
    this.#everywhere = settings.raw.map(
      (key) => `\`${key}\` of the controller's ConfigMap writes nginx configuration of its own`,
    );
    if (settings.absent !== undefined) {
      this.#everywhere = [`the controller's ConfigMap \`${settings.absent}\` is not in the manifests`];
    }
    const named = new Set<string>();
    for (const ingress of ingresses) {
      if (isCanary(ingress)) continue;
      const aliases = (annotation(ingress, "server-alias") ?? "").split(",").map((one) => one.trim());
      for (const host of ingress.paths.flatMap((one) => one.host ?? [])) {
        const known = this.#aliases.get(host) ?? new Set<string>();
        this.#aliases.set(host, new Set([...known, ...aliases.filter((one) => one !== "")]));
      }
    }
    for (const ingress of ingresses) {
      const rewrites = rowsOf(ingress).some(({ path }) => rewriteOf(ingress, path) !== undefined);
      const expressions = !isCanary(ingress) && (annotation(ingress, "use-regex") === "true" || rewrites);
      const raw = rawAnnotations(ingress).map((name) => {
        const does = name === "ssl-passthrough" ? "passes TLS on as it is" : "writes nginx configuration of its own";
        return `\`${PREFIX}${name}\` of ${ingress.namespace}/${ingress.name} ${does}`;
      });
      for (const host of new Set(rowsOf(ingress).flatMap((row) => this.serversOf(row)))) {
        if (host !== "") named.add(host);
        if (expressions) this.#regex.add(host);
        if (raw.length > 0) this.#raw.set(host, [...(this.#raw.get(host) ?? []), ...raw]);
      }
    }
    this.named = named;
  }

  /**
   * The servers that a row is in; one without host is in the server for every other host. An alias is one of the whole
   * server, whichever Ingress gives it.
   */
  serversOf({ host }: Row): readonly string[] {
    return host === undefined ? [""] : [...new Set([host, ...(this.#aliases.get(host) ?? [])])];
  }

  isRegex(host: string): boolean {
    return this.#regex.has(host);
  }

  rawOf(host: string): readonly string[] {
    return [...this.#everywhere, ...(this.#raw.get(host) ?? [])];
  }
}

const HTTP = exactly(RequestSet.where(dimension.protocol, only("http")));

function locationsOf(
  cluster: Cluster,
  ingress: Ingress,
  hosts: HostModes,
  given: readonly string[],
): readonly Location[] {
  const canary = isCanary(ingress);
  return rowsOf(ingress).flatMap((row) =>
    hosts.serversOf(row).map((host): Location => {
      const expression = hosts.isRegex(host);
      const raw = hosts.rawOf(host);
      const { targets, errors, doubts } = targetsOf(cluster, ingress, row);
      const own = [...given, ...doubts, ...raw];
      const paths =
        raw.length > 0 ? MAYBE : pathsOf(canary ? { ...row, pathType: "ImplementationSpecific" } : row, expression);
      const entry: Entry = {
        object: ingress.object,
        at: row.at,
        // Which of the servers take a default backend for their own is not told.
        matches: row.pathType === "Default" ? both(HTTP, MAYBE) : both(HTTP, hostBounds(host, hosts.named), paths),
        path: undefined,
        targets,
        doubts: own,
      };
      return { ingress, row, host, entry, regex: expression, canary, errors };
    }),
  );
}

/** nginx takes the server with the name itself, else with the longest wildcard, else the one for all others. */
function hostBounds(host: string, named: ReadonlySet<string>): Bounds {
  if (host.startsWith("~") || [...named].some((one) => one.startsWith("~"))) return MAYBE;
  const own = host === "" ? "*" : host.toLowerCase();
  const others = [...named]
    .map((one) => one.toLowerCase())
    .filter((one) => one !== own && (own === "*" || (own.startsWith("*") && one.endsWith(own.slice(1)))))
    .map((one) => hostLanguage(one))
    .reduce((sum, one) => sum.union(one), Language.only());
  return ofHosts(hostLanguage(own).minus(others));
}

function targetsOf(cluster: Cluster, ingress: Ingress, { backend, pathType }: Row) {
  const redirects = ["permanent-redirect", "temporal-redirect"].some((name) => annotation(ingress, name) !== undefined);
  const host = annotation(ingress, "upstream-vhost");
  // A canary's requests are changed as the Ingress beside it says; what errors lead to is asked for a path of its own.
  const untold: RouteChange = { ...UNCHANGED, path: { kind: "unread", value: "rewrite" }, untold: true };
  const passed = annotation(ingress, "ssl-passthrough") === "true";
  const change: RouteChange = isCanary(ingress) || passed ? untold : { ...UNCHANGED, host };
  const lead = (name: string, port: number | string | undefined, made = change) =>
    backendOf(cluster, { namespace: ingress.namespace, name }, byServicePort(port), made);
  const main =
    (redirects && pathType !== "Default") || backend === undefined ? undefined : lead(backend.service, backend.port);
  const fallback = annotation(ingress, "default-backend");
  const other = fallback === undefined ? undefined : lead(fallback, undefined, untold);
  const errors = (other?.targets ?? []).map((one): Target => ({ ...one, certain: false }));
  const mirror = annotation(ingress, "mirror-target");
  const doubts = [
    ...(backend === undefined ? ["where a backend that is no Service leads is not known"] : []),
    ...(main?.doubt === undefined ? [] : [main.doubt]),
    ...(mirror === undefined ? [] : [`\`${PREFIX}mirror-target\` sends copies to \`${mirror}\``]),
  ];
  return {
    targets: [...(main?.targets ?? []), ...errors, ...mirrored(cluster, mirror, ingress)],
    errors: new Set(errors),
    doubts,
  };
}

/** A mirror is sent what its URL says, which is read as far as the Service. */
function mirrored(cluster: Cluster, mirror: string | undefined, { namespace }: Ingress): readonly Target[] {
  const [, host = "", port] = /^https?:\/\/([^/:$]+)(?::(\d+))?/.exec(mirror ?? "") ?? [];
  const [name = "", given = namespace] = host.split(".");
  if (name === "") return [];
  const untold: RouteChange = { ...UNCHANGED, path: { kind: "unread", value: "mirror-target" } };
  const found = backendOf(
    cluster,
    { namespace: given, name },
    byServicePort(port === undefined ? undefined : Number(port)),
    untold,
    true,
  );
  return found.targets.map((one) => ({ ...one, certain: false }));
}

function pathsOf({ path, pathType }: Row, expression: boolean): Bounds {
  const paths = (language: Language): RequestSet => RequestSet.where(dimension.path, Text.of(language));
  if (pathType === "Default") return exactly(RequestSet.full);
  if (expression) {
    const read = /^[\w/.~-]*$/.test(path)
      ? Language.matching(regex.sequence(regex.literal(path, { ignoreCase: true }), regex.anything))
      : readSearch(`^${caseless(path)}`);
    // A dot of a plain path stands for any character.
    if (read === undefined) return MAYBE;
    const may = path.includes(".") ? (readSearch(`^${caseless(path)}`) ?? Language.allBut()) : read;
    return { may: paths(may), must: paths(read) };
  }
  if (pathType === "Exact") return exactly(paths(Language.only(path)));
  if (pathType === "ImplementationSpecific") {
    return exactly(paths(languageOf({ kind: "prefix", value: path }) ?? Language.allBut()));
  }
  const segments = languageOf({ kind: "segments", value: path }) ?? Language.allBut();
  // Whether `/a` belongs to `/a/` is told one way by Kubernetes and another by nginx.
  const sure = path.endsWith("/") && path !== "/" ? segments.minus(Language.only(path.slice(0, -1))) : segments;
  return { may: paths(segments), must: paths(sure) };
}

/** An expression that means the same in either case of each letter: RE2's own way folds more than ASCII. */
export function caseless(source: string): string {
  let out = "";
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source[i] ?? "";
    if (char === "\\") {
      out += char + (source[++i] ?? "");
      continue;
    }
    if (char === "[") inClass = true;
    if (char === "]") inClass = false;
    const [low, high] = [char.toLowerCase(), char.toUpperCase()];
    const range = inClass ? /^([A-Za-z])-([A-Za-z])/.exec(source.slice(i)) : null;
    if (range !== null) {
      const [, from = "", to = ""] = range;
      out += `${from.toLowerCase()}-${to.toLowerCase()}${from.toUpperCase()}-${to.toUpperCase()}`;
      i += 2;
    } else if (/[A-Za-z]/.test(char)) out += inClass ? low + high : `[${low}${high}]`;
    else out += char;
  }
  return out;
}

function order(a: Location | undefined, b: Location | undefined): Order {
  if (a === undefined || b === undefined || a.canary || b.canary) return "never";
  if (a.row.pathType === "Default") return b.row.pathType === "Default" ? "maybe" : "never";
  if (b.row.pathType === "Default") return "surely";
  if (a.host !== b.host) return "never";
  const [x, y] = [a.row.path.length, b.row.path.length];
  if (a.regex) return x === y ? "maybe" : x > y ? "surely" : "never";
  if (a.row.pathType === "Exact" || b.row.pathType === "Exact") {
    if (a.row.pathType === b.row.pathType) return a.row.path === b.row.path ? "maybe" : "never";
    return a.row.pathType === "Exact" ? "surely" : "never";
  }
  const [p, q] = [a.row.path.replace(/\/+$/, "").length, b.row.path.replace(/\/+$/, "").length];
  return p === q ? "maybe" : p > q ? "surely" : "never";
}
