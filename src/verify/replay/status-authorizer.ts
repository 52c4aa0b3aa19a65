/**
 * One concrete auth request of ingress-nginx to an OPA that decides by its rules of `system.authz`: it answers 401 for no,
 * and otherwise what the data API answers, which is 200.
 */
import type { Cluster } from "../../cluster/index.js";
import { isObject, lookup, RegoError, type Value } from "../../rego/index.js";
import { bundleOf, opaServer } from "../opa/decision-points.js";
import { type HttpRequest, NOW, type Token } from "../request.js";
import { type Deciding, engineOf } from "./authorizer.js";
import { tokenText } from "./token-text.js";

const points = new WeakMap<Cluster, Map<string, Deciding | string>>();
const NOW_NS = BigInt(NOW) * 1_000_000_000n;

/** @param scheme of the request that is asked about */
export function asksByStatus(
  cluster: Cluster,
  { url, method }: { readonly url: string; readonly method: string },
  http: HttpRequest,
  token: Token | undefined,
  scheme: string,
): "allow" | "deny" | { readonly unknown: string } {
  const point = pointAt(cluster, url);
  if (typeof point === "string") return { unknown: point };
  const { pathname } = new URL(url);
  // What nginx and the client's network write is for nobody to say here.
  const rules = point.bundle.modules.map(({ text }) => text.replace(/#.*$/gm, "")).filter(isAuthorization);
  if (rules.some((text) => NOT_KNOWN.test(text))) return { unknown: "its rules look at what is not known of a client" };
  const headers = new Map<string, Value>([...http.headers].map(([name, value]) => [canonical(name), [value]]));
  if (token !== undefined) headers.set(canonical(token.at.name), [`${token.at.prefix ?? ""}${tokenText(token)}`]);
  headers.set("X-Original-Method", [http.method]);
  headers.set("X-Original-Url", [`${scheme}://${http.host}${http.target}`]);
  const input: Value = {
    method,
    path: pathname.split("/").filter((part) => part !== ""),
    params: {},
    headers: Object.fromEntries(headers),
  };
  const engine = engineOf(point);
  engine.outside = false;
  try {
    const value = engine.policy.rule(["system", "authz", "allow"]).value(input, { nowNs: NOW_NS });
    if (engine.outside) return { unknown: "its rules ask others" };
    const allowed = isObject(value as Value) ? lookup(value as Value, "allowed") : value;
    return allowed === true ? "allow" : "deny";
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { unknown: error.message };
  }
}

const isAuthorization = (text: string): boolean => /^\s*package\s+system\.authz\s*$/m.test(text);
const NOT_KNOWN = /x-(real-ip|forwarded|request-id|auth-request|sent-from)|input\.(identity|client_certificates|body)/i;

function pointAt(cluster: Cluster, url: string): Deciding | string {
  let known = points.get(cluster);
  if (known === undefined) {
    known = new Map();
    points.set(cluster, known);
  }
  let found = known.get(url);
  if (found === undefined) {
    found = resolve(cluster, url);
    known.set(url, found);
  }
  return found;
}

function resolve(cluster: Cluster, url: string): Deciding | string {
  if (!URL.canParse(url) || url.includes("$")) return "it is no plain URL";
  const { hostname, port, protocol, pathname, search } = new URL(url);
  if (protocol !== "http:" || search !== "" || !/^\/v1\/data(\/|$)/.test(pathname)) return "it is not OPA's data API";
  const server = opaServer(cluster, hostname, Number(port || 80));
  if ("text" in server) return server.text;
  if (!server.given.authorization) return "it decides nothing";
  return bundleOf(cluster, server);
}

/** As Go writes names of headers. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
