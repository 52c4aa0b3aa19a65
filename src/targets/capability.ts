/**
 * What an engine can and cannot do, as data: the documentation, the summary of controls and the refusal of what nobody
 * enforces all read these tables. A table is complete by its type; what a target that is about something
 * else says nothing of is left to others, never enforced.
 */

/** Where a control stands. One engine may stand for a layer or another, never for two at once. */
export const LAYERS = {
  cluster: "namespaces, identities and pod security",
  network: "packets between pods",
  mesh: "mutual TLS and requests between workloads",
  gateway: "the way in from outside",
  authorization: "decisions over requests, tokens and the user's own rules",
  admission: "which objects may come into the cluster",
  secrets: "who may read which secret",
  encryption: "data at rest",
  logs: "records of decisions, without secrets",
} as const;
export type Layer = keyof typeof LAYERS;

export const FEATURES = {
  "default-deny": "what no rule permits is refused",
  callers: "only the callers that a rule names reach a workload",
  ports: "only the ports that a rule names are reached",
  identity: "a caller is known by its certificate, not by its address",
  mtls: "traffic between workloads is mutual TLS, plaintext is refused",
  methods: "only the methods that a rule names",
  paths: "only the paths that a rule names",
  hosts: "only the host names that a rule names",
  token: "a user's request carries a valid token of the identity provider",
  roles: "the token holds one of the roles that a rule names",
  normalization: "paths have one form before they are compared",
  "outside-hosts": "outside services are reached by the declared host name only",
  "tls-origination": "what a workload sends out in plaintext leaves as TLS",
  "pod-security": "pods run without privileges",
  accounts: "each workload has an identity of its own, and no access to the cluster's API",
  placement: "only a workload's own image runs under its name",
  "own-rules": "the user's own Rego narrows what the rules permit",
  secrets: "a secret is readable by the workloads that use it",
  "at-rest": "stored data and secrets are encrypted",
  redaction: "secrets are removed from logs before they leave the node",
  "decision-log": "each decision leaves a record",
  response: "response rules see what they react to",
} as const;
export type Feature = keyof typeof FEATURES;

export type Capability =
  | { readonly level: "enforced"; readonly how: string }
  /** enforced with the limits named; `to`: who holds the rest */
  | { readonly level: "partly"; readonly how: string; readonly limits: string; readonly to: readonly Layer[] }
  | { readonly level: "left"; readonly to: readonly Layer[]; readonly why: string };

export type CapabilityTable = Readonly<Record<Feature, Capability>>;

export const enforced = (how: string): Capability => ({ level: "enforced", how });
export const partly = (how: string, limits: string, ...to: readonly Layer[]): Capability => ({
  level: "partly",
  how,
  limits,
  to,
});
export const left = (why: string, ...to: readonly Layer[]): Capability => ({ level: "left", why, to });

/** Who holds a feature when an engine is about something else. */
const HOLDERS: Readonly<Record<Feature, readonly Layer[]>> = {
  "default-deny": ["mesh", "network"],
  callers: ["mesh", "network"],
  ports: ["mesh", "network"],
  identity: ["mesh"],
  mtls: ["mesh"],
  methods: ["mesh", "authorization"],
  paths: ["mesh", "authorization"],
  hosts: ["mesh", "authorization"],
  token: ["mesh", "authorization"],
  roles: ["mesh", "authorization"],
  normalization: ["mesh"],
  "outside-hosts": ["mesh", "network"],
  "tls-origination": ["mesh"],
  "pod-security": ["cluster", "admission"],
  accounts: ["cluster"],
  placement: ["admission"],
  "own-rules": ["authorization"],
  secrets: ["secrets"],
  "at-rest": ["encryption"],
  redaction: ["logs"],
  "decision-log": ["logs"],
  response: ["logs"],
};

/** The table of an engine that is about something else, to be overridden where it is not. */
export function leftToOthers(why: string): CapabilityTable {
  const entries = Object.entries(HOLDERS).map(([feature, holders]) => [feature, left(why, ...holders)] as const);
  return Object.fromEntries(entries) as Record<Feature, Capability>;
}
