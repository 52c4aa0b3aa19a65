/**
 * One concrete auth request of ingress-nginx to an OPA that decides by its rules of `system.authz`: it answers 401 for no,
 * and otherwise what the data API answers, which is 200.
 */
import type { Cluster } from "../../cluster/index.js";
import { isObject, lookup, RegoError, type Value } from "../../rego/index.js";
import { statusDecision } from "../opa/status-decisions.js";
import { type HttpRequest, NOW, type Token } from "../request.js";
import { engineOf } from "./authorizer.js";
import { tokenText } from "./token-text.js";

const NOW_NS = BigInt(NOW) * 1_000_000_000n;

/** @param scheme of the request that is asked about */
export function asksByStatus(
  cluster: Cluster,
  { url, method }: { readonly url: string; readonly method: string },
  http: HttpRequest,
  token: Token | undefined,
  scheme: string,
): "allow" | "deny" | { readonly unknown: string } {
  const point = statusDecision(cluster, url, method);
  if (typeof point === "string") return { unknown: point };
  const { decision, path, authentication } = point;
  // What nginx and the client's network write is for nobody to say here.
  const texts = point.bundle.modules.map(({ text }) => text.replace(/#.*$/gm, ""));
  if (texts.some((text) => NOT_KNOWN.test(text))) return { unknown: "its rules look at what is not known of a client" };
  if (authentication === "tls" && texts.some((text) => /input\.(identity|client_certificates)/.test(text)))
    return { unknown: "its rules look at certificates" };
  const authorization =
    token === undefined ? http.headers.get("authorization") : `${token.at.prefix ?? ""}${tokenText(token)}`;
  const headers = new Map<string, Value>([...http.headers].map(([name, value]) => [canonical(name), [value]]));
  if (token !== undefined) headers.set(canonical(token.at.name), [authorization ?? ""]);
  headers.set("X-Original-Method", [http.method]);
  headers.set("X-Original-Url", [`${scheme}://${http.host}${http.target}`]);
  const identity = authentication === "token" ? /^Bearer\s+(\S+)$/.exec(authorization ?? "")?.[1] : undefined;
  const input: Value = {
    method,
    path: path.slice(1).split("/"),
    params: {},
    headers: Object.fromEntries(headers),
    ...(identity === undefined ? {} : { identity }),
  };
  const engine = engineOf(point);
  engine.outside = false;
  try {
    const value = engine.policy.rule(decision).value(input, { nowNs: NOW_NS });
    if (engine.outside) return { unknown: "its rules ask others" };
    const allowed = isObject(value as Value) ? lookup(value as Value, "allowed") : value;
    return allowed === true ? "allow" : "deny";
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { unknown: error.message };
  }
}

/** Headers that a client does not write, and what a body may say. */
const NOT_KNOWN =
  /["'`](x-(real-ip|forwarded[\w-]*|request-id|scheme|original-uri|auth-request[\w-]*|sent-from)|ssl-client[\w-]*)["'`]|input\.body/i;

/** As Go writes names of headers. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
