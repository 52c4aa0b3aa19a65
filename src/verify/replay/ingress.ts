/**
 * Where the controller of an Ingress sends one request, and what it asks before. ingress-nginx reads a path with its
 * escapes undone; of another controller only what Kubernetes itself says of an Ingress is taken for known.
 */
import { type Cluster, endpointsOf, type Ingress, type IngressPath, parseCidr } from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import type { Place } from "./istio-wire.js";
import { addressMatches } from "./match.js";
import { hostFits } from "./route-match.js";
import type { Hit, Sent } from "./virtual-service.js";

export interface SentIn extends Sent {
  /** clients that are let in; undefined: all */
  readonly blocks: readonly string[] | undefined;
  /** the URL of an auth request that must be answered first */
  readonly asks: Asks | undefined;
  readonly byService: boolean;
}

export interface Asks {
  readonly url: string;
  readonly method: string;
  /** it is asked with headers of its own, or its answer is kept for other requests */
  readonly otherwise: boolean;
}

interface Found {
  readonly ingress: Ingress;
  readonly path: IngressPath;
}

const NGINX = "nginx.ingress.kubernetes.io/";
const note = ({ object }: Ingress, name: string): string | undefined =>
  object.annotations.get(NGINX + name)?.trim() || undefined;

const PLAIN: Omit<SentIn, "reason" | "known" | "hits"> = { blocks: undefined, asks: undefined, byService: false };
const nowhere = (reason: string): SentIn => ({ hits: [], reason, known: true, ...PLAIN });
const untold = (reason: string, hits: readonly Hit[] = []): SentIn => ({
  hits: hits.map((hit) => ({ ...hit, sure: undefined })),
  reason,
  known: false,
  ...PLAIN,
});

/** @param served the Ingresses of the controller */
export function sentByIngress(
  cluster: Cluster,
  served: readonly Ingress[],
  nginx: boolean,
  controller: Place,
  http: HttpRequest,
): SentIn {
  const raw = /^[^?#]*/.exec(http.target)?.[0] ?? "/";
  const path = nginx ? decoded(raw) : /%|\\|\/\/|\/\.\.?(\/|$)/.test(raw) ? undefined : raw;
  if (path === undefined) return untold("how the controller reads such a path is not known");
  const servers = served.flatMap((ingress) =>
    ingress.paths.flatMap((one) =>
      [one.host, ...aliasesOf(served, one.host)].map((host) => ({ host, ingress, path: one })),
    ),
  );
  const named = servers.filter(({ host }) => host !== undefined && fits(host, http.host, nginx));
  const weight = (host = ""): number => (host.startsWith("*") ? host.length : host === "" ? 0 : 10_000);
  const most = Math.max(0, ...named.map(({ host }) => weight(host)));
  const server =
    named.length > 0
      ? named.filter(({ host }) => weight(host) === most)
      : servers.filter(({ host }) => host === undefined);
  if (
    !nginx &&
    server.length !== servers.filter(({ host }) => host === undefined || fits(host, http.host, nginx)).length
  )
    return untold("whether the controller falls back to other rules is not known");
  const found = nginx ? nginxLocation(server, path) : plainLocation(server, path);
  if (found === "unknown") return untold("which path of the Ingress matches is not known");
  const owners = [...new Set(server.map(({ ingress }) => ingress))];
  if (nginx && owners.some(writesRaw)) return untold("an Ingress of the host writes nginx configuration of its own");
  if (found === undefined) return fallback(cluster, served, http);
  return through(cluster, found, nginx, controller, http, raw);
}

/** A target that is the path itself rewrites nothing. */
function rewrites(ingress: Ingress, path: string): string | undefined {
  const target = note(ingress, "rewrite-target");
  return target === path ? undefined : target;
}

const aliases = (ingress: Ingress): readonly string[] =>
  (note(ingress, "server-alias") ?? "").split(",").flatMap((one) => one.trim() || []);

/** An alias is one of the whole server, whichever Ingress gives it. */
function aliasesOf(served: readonly Ingress[], host: string | undefined): readonly string[] {
  if (host === undefined) return [];
  const own = served.filter((one) => note(one, "canary") !== "true" && one.paths.some((path) => path.host === host));
  return [...new Set(own.flatMap(aliases))].filter((alias) => alias !== host);
}

function fits(pattern: string, host: string, nginx: boolean): boolean {
  if (!hostFits(pattern, host)) return false;
  return nginx || !pattern.startsWith("*") || !host.slice(0, host.length - pattern.length + 1).includes(".");
}

function writesRaw({ object }: Ingress): boolean {
  if (object.annotations.get(`${NGINX}ssl-passthrough`)?.trim() === "true") return true;
  return [...object.annotations.keys()].some(
    (name) => name.startsWith(NGINX) && /snippet$/.test(name) && !/auth-snippet$/.test(name),
  );
}

/** `$uri`: escapes undone, slashes merged, segments of dots taken away. */
function decoded(raw: string): string | undefined {
  let text: string;
  try {
    text = decodeURIComponent(raw);
  } catch {
    return undefined;
  }
  const stack: string[] = [];
  const pieces = text.replace(/\/\/+/g, "/").split("/").slice(1);
  for (const [i, piece] of pieces.entries()) {
    const last = i === pieces.length - 1;
    if (piece === "..") {
      if (stack.pop() === undefined) return undefined;
      if (last) stack.push("");
    } else if (piece !== ".") stack.push(piece);
    else if (last) stack.push("");
  }
  return `/${stack.join("/")}`;
}

type Server = readonly Found[];

function nginxLocation(server: Server, path: string): Found | "unknown" | undefined {
  const main = server.filter(({ ingress }) => note(ingress, "canary") !== "true");
  const expressions = main.some(
    ({ ingress, path: one }) => note(ingress, "use-regex") === "true" || rewrites(ingress, one.path) !== undefined,
  );
  if (expressions) {
    const hits = main.filter(({ path: one }) => new RegExp(`^${one.path}`, "i").test(path));
    return longest(hits);
  }
  const exact = main.filter(({ path: one }) => one.pathType === "Exact" && one.path === path);
  if (exact.length > 0) return longest(exact);
  const slack = main.some(
    ({ path: one }) => one.pathType === "Prefix" && one.path.length > 1 && `${path}/` === one.path,
  );
  if (slack) return "unknown";
  return longest(
    main.filter(({ path: one }) => {
      if (one.pathType === "Exact") return false;
      if (one.pathType === "ImplementationSpecific") return path.startsWith(one.path);
      const stem = one.path.replace(/\/$/, "");
      return path === stem || path.startsWith(`${stem}/`);
    }),
  );
}

function plainLocation(server: Server, path: string): Found | "unknown" | undefined {
  if (server.some(({ path: one }) => one.pathType === "ImplementationSpecific")) return "unknown";
  const exact = server.filter(({ path: one }) => one.pathType === "Exact" && one.path === path);
  if (exact.length > 0) return longest(exact);
  return longest(
    server.filter(({ path: one }) => {
      const stem = one.path.replace(/\/$/, "");
      return one.pathType === "Prefix" && (path === stem || path.startsWith(`${stem}/`));
    }),
  );
}

function longest(found: Server): Found | "unknown" | undefined {
  const stem = ({ path }: Found): number => path.path.replace(/\/$/, "").length;
  const most = Math.max(...found.map(stem));
  const best = found.filter((one) => stem(one) === most);
  return best.length > 1 ? "unknown" : best[0];
}

function fallback(cluster: Cluster, served: readonly Ingress[], http: HttpRequest): SentIn {
  const defaults = served.flatMap((ingress) => {
    const backend = ingress.defaultBackend;
    return backend === undefined ? [] : landing(cluster, ingress, backend, http);
  });
  if (defaults.length === 0) return nowhere("no path of an Ingress matches it");
  return untold("whether a default backend takes it is not known", defaults);
}

function through(
  cluster: Cluster,
  { ingress, path }: Found,
  nginx: boolean,
  controller: Place,
  http: HttpRequest,
  raw: string,
): SentIn {
  const { namespace, name } = ingress;
  if (path.backend === undefined) return untold("the backend is no Service");
  const told = [...ingress.object.annotations.keys()].filter((one) =>
    /(^|[.])(ingress|traefik|haproxy|nginx|kong)[\w.-]*\//.test(one),
  );
  if (!nginx && told.some((one) => one !== "kubernetes.io/ingress.class"))
    return untold("what the annotations of the Ingress change is not known");
  if (["permanent-redirect", "temporal-redirect"].some((one) => note(ingress, one) !== undefined))
    return nowhere(`Ingress ${namespace}/${name} redirects it`);
  const goingOn = nginx ? rewritten(ingress, path, http, raw) : http;
  const hits = landing(cluster, ingress, path.backend, goingOn ?? http);
  const config = nginx ? configOf(cluster, controller) : new Map<string, string>();
  const doubtful = nginx && (asksMore(ingress) || [...config.keys()].some((one) => UNREAD_SETTINGS.test(one)));
  const listed =
    note(ingress, "whitelist-source-range") ??
    note(ingress, "allowlist-source-range") ??
    config.get("whitelist-source-range");
  const addressTold =
    listed !== undefined &&
    ["use-forwarded-headers", "use-proxy-protocol", "enable-real-ip"].some((one) => config.get(one)?.trim() === "true");
  if (goingOn === undefined || doubtful || addressTold)
    return untold("what the controller asks or rewrites is not followed", hits);
  const url =
    note(ingress, "auth-url") ??
    (note(ingress, "enable-global-auth") === "false" ? undefined : config.get("global-auth-url"));
  const answered = url === undefined ? [] : writtenByAnswer(ingress, config);
  if (answered.some((one) => BY_OPA.test(one)))
    return untold("what the answer to an auth request writes is not known", hits);
  return {
    hits: hits.map((hit) => (hit.http === undefined ? hit : { ...hit, http: without(hit.http, answered) })),
    reason: `Ingress ${namespace}/${name} leads there`,
    known: true,
    blocks: nginx && listed !== undefined ? listed.split(",").map((one) => one.trim()) : undefined,
    asks: nginx && url !== undefined ? asksOf(ingress, config, url) : undefined,
    byService: nginx && (note(ingress, "service-upstream") === "true" || config.get("service-upstream") === "true"),
  };
}

/** The headers that the answer to an auth request writes; those that it has not are taken away. */
function writtenByAnswer(ingress: Ingress, config: ReadonlyMap<string, string>): readonly string[] {
  const lists = [note(ingress, "auth-response-headers"), config.get("global-auth-response-headers")];
  return lists.flatMap((list = "") => list.split(",").flatMap((one) => one.trim().toLowerCase() || []));
}

/** Written by OPA's server, or the token, which is looked at elsewhere. */
const BY_OPA = /^(authorization|content-.*|date|server|vary|transfer-encoding|connection|.*warning.*)$/;

function without(http: HttpRequest, names: readonly string[]): HttpRequest {
  const headers = new Map(http.headers);
  for (const name of names) headers.delete(name);
  return { ...http, headers };
}

function asksOf(ingress: Ingress, config: ReadonlyMap<string, string>, url: string): Asks {
  const own = note(ingress, "auth-url") !== undefined;
  const text = (name: string): string | undefined => (own ? note(ingress, name) : config.get(`global-${name}`)?.trim());
  const otherwise = ["auth-cache-key", "auth-proxy-set-headers"].some((name) => (text(name) ?? "") !== "");
  return { url, method: text("auth-method") || "GET", otherwise };
}

const UNREAD_SETTINGS = /snippet|block-|modsecurity|proxy-set-headers|denylist|lua/;

/** Passwords, certificates and whatever else nobody here can answer. */
function asksMore(ingress: Ingress): boolean {
  const certificate =
    note(ingress, "auth-tls-secret") !== undefined &&
    !/^(optional|off)/.test(note(ingress, "auth-tls-verify-client") ?? "on");
  const others = ["auth-type", "auth-tls-match-cn", "enable-modsecurity", "satisfy", "denylist-source-range"];
  return certificate || [...others, "auth-snippet", "mirror-target"].some((one) => note(ingress, one) !== undefined);
}

function configOf(cluster: Cluster, { workload, pod }: Place): ReadonlyMap<string, string> {
  const told = pod.containers.flatMap(({ args, command }) => [...command, ...args]).join(" ");
  const name = /--configmap=\S*\/(\S+)/.exec(told)?.[1];
  const map = cluster.configMaps.find(
    (one) =>
      one.namespace === workload.namespace &&
      (name === undefined ? /^(ingress-nginx-controller|nginx-configuration)$/.test(one.name) : one.name === name),
  );
  return map?.data ?? new Map();
}

function rewritten(ingress: Ingress, { path }: IngressPath, http: HttpRequest, raw: string): HttpRequest | undefined {
  const host = note(ingress, "upstream-vhost") ?? http.host;
  const target = rewrites(ingress, path);
  if (target === undefined) return { ...http, host };
  const groups = new RegExp(`^${path}`, "i").exec(raw);
  if (groups === null || /%/.test(raw)) return undefined;
  const query = /\?.*$/s.exec(http.target)?.[0] ?? "";
  return {
    ...http,
    host,
    target: target.replace(/\$(\d)/g, (_, digit: string) => groups[Number(digit)] ?? "") + query,
  };
}

function landing(
  cluster: Cluster,
  { namespace }: Ingress,
  backend: NonNullable<IngressPath["backend"]>,
  http: HttpRequest,
): readonly Hit[] {
  return cluster.services
    .filter((one) => one.namespace === namespace && one.name === backend.service && one.type !== "ExternalName")
    .flatMap((service) =>
      endpointsOf(cluster, service).flatMap(({ workload, pod, port, servicePort }): Hit[] => {
        const chosen = [undefined, servicePort.port, servicePort.name].includes(backend.port);
        return port === undefined || !chosen ? [] : [{ workload, pod, port, service, http, sure: true }];
      }),
    );
}

/** One address of each block that is let in, and those of the given ones that are. */
export function lettingIn(blocks: readonly string[] | undefined, outside: readonly string[]): readonly string[] {
  if (blocks === undefined) return outside;
  const inside = outside.filter((address) => blocks.some((block) => addressMatches(block, address)));
  const own = blocks.flatMap((block) => {
    const first = block.split("/")[0];
    return first !== undefined && parseCidr(block.includes("/") ? block : `${block}/32`) !== undefined ? [first] : [];
  });
  return [...inside, ...own];
}
