/**
 * The input of OPA's Envoy plugin for one concrete request. Fields whose value nobody outside the proxies knows can be
 * given in several ways, and tell when they were looked at.
 */
import type { HttpRequest } from "../request.js";

export interface Checked {
  /** the SPIFFE id as a URI; undefined for plaintext */
  readonly principal: string | undefined;
  readonly destinationPrincipal: string;
  readonly port: number;
  /** undefined for bytes; `path` is the evaluated one */
  readonly http: (HttpRequest & { readonly path: string }) | undefined;
  /** headers that a filter of the proxy writes, before the question or behind it */
  readonly written?: readonly string[];
}

/** What unknown fields hold while the policy is evaluated, and whether one of them was asked for. */
export interface Unknowns {
  readonly value: unknown;
  touched: string | undefined;
}

type Fields = Record<string, unknown>;

/** Fields that read as `unknowns.value`; left out where that is undefined, which is told all the same. */
function withUnknowns(fields: Fields, names: readonly string[], unknowns: Unknowns): Fields {
  for (const name of names) {
    const own = fields[name];
    Object.defineProperty(fields, name, {
      enumerable: true,
      get() {
        unknowns.touched = name;
        return own ?? unknowns.value;
      },
    });
  }
  return fields;
}

const SET_ON_THE_WAY = [
  ":scheme",
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-client-cert",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-envoy-external-address",
  "x-envoy-attempt-count",
  "x-envoy-peer-metadata",
  "content-length",
];

/** The input, or `refused` where the plugin cannot read the path, or undefined where that is not known. */
export function checkRequest(checked: Checked, unknowns: Unknowns): Fields | "refused" | undefined {
  const { http, principal, destinationPrincipal, port } = checked;
  const encrypted = principal !== undefined;
  const parsed = http === undefined ? [""] : parsedPath(http.path);
  if (parsed === "refused" || parsed === undefined) return parsed;
  const attributes: Fields = {
    source: withUnknowns(encrypted ? { principal } : {}, ["address", "certificate", "service", "labels"], unknowns),
    destination: withUnknowns(
      {
        ...(encrypted ? { principal: destinationPrincipal } : {}),
        address: { socketAddress: withUnknowns({ portValue: port }, ["address"], unknowns) },
      },
      ["certificate", "service", "labels"],
      unknowns,
    ),
    ...(http === undefined
      ? {}
      : { request: withUnknowns({ http: httpFields(http, checked.written ?? [], unknowns) }, ["time"], unknowns) }),
  };
  withUnknowns(attributes, ["contextExtensions", "metadataContext", "routeMetadataContext", "tlsSession"], unknowns);
  const others = ["parsed_query", "parsed_body", "truncated_body", "version"];
  return withUnknowns({ attributes, parsed_path: parsed }, others, unknowns);
}

function httpFields(
  http: HttpRequest & { readonly path: string },
  written: readonly string[],
  unknowns: Unknowns,
): Fields {
  const path = http.path + queryOf(http.target);
  const headers: Fields = { ":method": http.method, ":path": path, ":authority": http.host };
  for (const [name, value] of http.headers) headers[name] = value;
  return withUnknowns(
    {
      method: http.method,
      path,
      host: http.host,
      headers: withUnknowns(headers, [...SET_ON_THE_WAY, ...written], unknowns),
    },
    ["id", "headerMap", "scheme", "query", "fragment", "size", "protocol", "body", "rawBody"],
    unknowns,
  );
}

function queryOf(target: string): string {
  const plain = target.split("#", 1)[0] ?? "";
  const start = plain.indexOf("?");
  return start === -1 ? "" : plain.slice(start);
}

/** The path as Go's `net/url` reads it, split; `//host/…` names a host first. */
function parsedPath(path: string): readonly string[] | "refused" | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return "refused";
  let rest = path;
  if (rest.startsWith("//") && !rest.startsWith("///")) {
    const host = rest.slice(2).split("/", 1)[0] ?? "";
    if (!/^[-._~!$&'()*+,;=0-9A-Za-z]*$/.test(host)) return undefined;
    rest = rest.slice(2 + host.length);
  }
  try {
    return decodeURIComponent(rest).replace(/^\/+/, "").split("/");
  } catch {
    return undefined;
  }
}
