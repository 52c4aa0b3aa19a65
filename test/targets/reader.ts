/**
 * Reads the emitted bytes as the engines would, on its own: nothing of src/targets/ but the text goes in. Small on
 * purpose: it knows the objects that the targets write and throws at anything else.
 */
import { parseAllDocuments } from "yaml";

// The shapes below are those of foreign documents; the reader narrows them as it goes.
// biome-ignore lint/suspicious/noExplicitAny: documents of many kinds, read structurally
export type Loose = any;

export interface Emitted {
  readonly path: string;
  readonly text: string;
}

/** All objects of the manifests among the files, in order. */
export function objectsOf(files: readonly Emitted[]): Loose[] {
  return files
    .filter(({ path }) => path.endsWith(".yaml") && !path.startsWith("workloads/") && path !== "kustomization.yaml")
    .flatMap(({ text }) => parseAllDocuments(text, { version: "1.1" }).map((document) => document.toJS() as Loose))
    .filter((object) => typeof object?.kind === "string");
}

export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether NetworkPolicies let packets through, both ways asked: out of `from` and into `to`. */
export function networkAllows(objects: readonly Loose[], from: Pod, to: Pod, port: number): boolean {
  return direction(objects, "Egress", from, to, port) && direction(objects, "Ingress", to, from, port);
}

function direction(
  objects: readonly Loose[],
  type: "Ingress" | "Egress",
  subject: Pod,
  peer: Pod,
  port: number,
): boolean {
  const selecting = objects.filter(
    ({ kind, metadata, spec }) =>
      kind === "NetworkPolicy" &&
      metadata.namespace === subject.namespace &&
      spec.policyTypes.includes(type) &&
      selects(spec.podSelector, subject.labels),
  );
  if (selecting.length === 0) return true;
  return selecting.some(({ spec }) =>
    (spec[type.toLowerCase()] ?? []).some((rule: Loose) => {
      const peers: Loose[] = rule[type === "Ingress" ? "from" : "to"] ?? [];
      const ports: Loose[] | undefined = rule.ports;
      const portMatches =
        ports === undefined ||
        ports.length === 0 ||
        ports.some((entry) => entry.protocol === "TCP" && entry.port === port);
      return portMatches && (peers.length === 0 || peers.some((entry) => peerMatches(entry, peer)));
    }),
  );
}

function peerMatches(entry: Loose, peer: Pod): boolean {
  if (entry.ipBlock !== undefined) return false;
  if (!selects(entry.namespaceSelector, { "kubernetes.io/metadata.name": peer.namespace })) return false;
  return entry.podSelector === undefined || selects(entry.podSelector, peer.labels);
}

function selects(selector: Loose, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [], ...rest } = selector ?? {};
  if (Object.keys(rest).length > 0)
    throw new Error(`a selector that this reader does not know: ${JSON.stringify(selector)}`);
  if (matchExpressions.some((entry: Loose) => entry.operator !== "In")) throw new Error("only In is known here");
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((entry: Loose) => entry.values.includes(labels[entry.key]))
  );
}

export interface Request {
  readonly principal: string;
  readonly port: number;
  /** undefined: a plain connection, without requests */
  readonly http?: { readonly method: string; readonly path: string; readonly host: string };
  /** claims of a validated token */
  readonly token?: Readonly<Record<string, unknown>>;
  readonly sni?: string;
}

/** Whether the ALLOW policies that `attached` picks let a request through; there must be one, else nothing is denied. */
export function meshAllows(objects: readonly Loose[], attached: (object: Loose) => boolean, request: Request): boolean {
  const policies = objects.filter((object) => object.kind === "AuthorizationPolicy" && attached(object));
  if (policies.some(({ spec }) => (spec.action ?? "ALLOW") !== "ALLOW")) throw new Error("only ALLOW is known here");
  if (policies.length === 0) return true;
  return policies.some(({ spec }) => (spec.rules ?? []).some((rule: Loose) => ruleAllows(rule, request)));
}

function ruleAllows(rule: Loose, request: Request): boolean {
  const { from, to, when, ...rest } = rule;
  if (Object.keys(rest).length > 0) throw new Error(`a rule that this reader does not know: ${JSON.stringify(rule)}`);
  return (
    (from === undefined || from.some(({ source }: Loose) => sourceMatches(source, request))) &&
    (to === undefined || to.some(({ operation }: Loose) => operationMatches(operation, request))) &&
    (when === undefined || when.every((condition: Loose) => conditionMatches(condition, request)))
  );
}

function sourceMatches({ principals, requestPrincipals, ...rest }: Loose, request: Request): boolean {
  if (Object.keys(rest).length > 0) throw new Error("a source that this reader does not know");
  const { token } = request;
  const requester = token === undefined ? undefined : `${token.iss}/${token.sub}`;
  return (
    (principals === undefined || anyMatches(principals, request.principal)) &&
    (requestPrincipals === undefined ||
      (request.http !== undefined && requester !== undefined && anyMatches(requestPrincipals, requester)))
  );
}

function operationMatches({ hosts, ports, methods, paths, ...rest }: Loose, request: Request): boolean {
  if (Object.keys(rest).length > 0) throw new Error("an operation that this reader does not know");
  if (hosts === undefined && ports === undefined && methods === undefined && paths === undefined) {
    throw new Error("an empty operation");
  }
  const { http } = request;
  if (ports !== undefined && !ports.includes(String(request.port))) return false;
  if (hosts === undefined && methods === undefined && paths === undefined) return true;
  if (http === undefined) return false;
  return (
    (hosts === undefined || anyMatches(hosts, http.host)) &&
    (methods === undefined || methods.includes(http.method)) &&
    (paths === undefined || paths.some((pattern: string) => pathMatches(pattern, http.path)))
  );
}

function conditionMatches({ key, values, ...rest }: Loose, request: Request): boolean {
  if (Object.keys(rest).length > 0) throw new Error("a condition that this reader does not know");
  if (key === "connection.sni") return request.sni !== undefined && anyMatches(values, request.sni);
  const claim = /^request\.auth\.claims((?:\[[^[\]]+\])+)$/.exec(key);
  if (claim === null) throw new Error(`a condition that this reader does not know: ${key}`);
  if (request.http === undefined || request.token === undefined) return false;
  let value: Loose = request.token;
  for (const [, name] of (claim[1] ?? "").matchAll(/\[([^[\]]+)\]/g)) value = value?.[name ?? ""];
  const held: Loose[] = Array.isArray(value) ? value : [value];
  return held.some((text) => typeof text === "string" && anyMatches(values, text));
}

function anyMatches(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === "*") return text !== "";
    if (pattern.startsWith("*")) return text.endsWith(pattern.slice(1));
    if (pattern.endsWith("*")) return text.startsWith(pattern.slice(0, -1));
    return pattern === text;
  });
}

function pathMatches(pattern: string, path: string): boolean {
  if (!/\{\*\*?\}/.test(pattern)) return anyMatches([pattern], path);
  const source = pattern
    .split("/")
    .map((part) => (part === "{*}" ? "[^/]+" : part === "{**}" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("/");
  return new RegExp(`^${source}$`).test(path);
}

/** Everything that the objects permit, taken apart into single statements: more statements, more permission. */
export function permissionsOf(objects: readonly Loose[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { kind, metadata, spec } of objects) {
    const where = metadata.namespace;
    if (kind === "NetworkPolicy") {
      for (const type of ["ingress", "egress"] as const) {
        for (const rule of spec[type] ?? []) {
          for (const peer of rule[type === "ingress" ? "from" : "to"] ?? ["any"]) {
            for (const port of rule.ports ?? ["any"]) found.add(say(kind, where, spec.podSelector, type, peer, port));
          }
        }
      }
    } else if (kind === "CiliumNetworkPolicy") {
      for (const rule of spec.egress) found.add(say(kind, where, spec.endpointSelector, rule));
    } else if (kind === "AuthorizationPolicy") {
      const attach = spec.selector ?? spec.targetRefs ?? "namespace";
      for (const rule of spec.rules ?? []) {
        for (const { source } of rule.from) {
          for (const { operation } of rule.to ?? [{ operation: {} }]) {
            for (const method of operation.methods ?? ["any"]) {
              for (const path of operation.paths ?? ["any"]) {
                for (const host of operation.hosts ?? ["any"]) {
                  for (const principal of source.principals)
                    found.add(
                      say(
                        kind,
                        where,
                        attach,
                        principal,
                        source.requestPrincipals ?? "any",
                        operation.ports ?? "any",
                        method,
                        path,
                        host,
                        rule.when ?? [],
                      ),
                    );
                }
              }
            }
          }
        }
      }
    } else if (kind === "Sidecar") {
      for (const { hosts } of spec.egress) {
        for (const host of hosts) if (host !== "~/*") found.add(say(kind, where, spec.workloadSelector ?? "", host));
      }
    } else if (kind === "ServiceEntry") {
      for (const port of spec.ports) for (const to of spec.exportTo) found.add(say(kind, where, spec.hosts, port, to));
    } else if (kind === "RequestAuthentication") {
      for (const { issuer, audiences } of spec.jwtRules) {
        found.add(say(kind, where, spec.selector ?? spec.targetRefs, issuer, audiences));
      }
    }
  }
  return found;
}

function say(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}
