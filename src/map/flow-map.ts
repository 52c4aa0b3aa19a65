/**
 * The flow map: what a policy says, as people look at it. Plain data without spans, the same for the terminal, the
 * diagrams and `--format json`, so that no picture says something that the table does not.
 *
 * Findings are numbered by rule, not by place: `H2` on four boxes is one thing to understand, explained once.
 */
import type { Boundary, Party, Protocol, Transport, TrustLevel, WorkloadKind } from "../policy/index.js";
import type { Severity } from "../threats/index.js";

export interface FlowMap {
  readonly workflow: string;
  readonly trustDomain: string;
  readonly zones: readonly MapZone[];
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly boundaries: readonly MapBoundary[];
  readonly findings: readonly MapFinding[];
}

export interface MapZone {
  readonly name: string;
  readonly trust: TrustLevel;
  readonly workloads: readonly string[];
  readonly badges: readonly Badge[];
}

export type NodeKind = WorkloadKind | "users" | "api";

export interface MapNode {
  readonly name: string;
  readonly kind: NodeKind;
  /** undefined: outside */
  readonly zone?: string;
  readonly trust: TrustLevel;
  /** SPIFFE ID of a workload, identity provider of users (`anonymous` without), host of an API */
  readonly identity: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: Protocol }[];
  readonly badges: readonly Badge[];
}

/** A row of the data-flow table and an arrow of the diagram. */
export interface MapEdge {
  /** the rule's id */
  readonly id: string;
  readonly from: Party;
  readonly to: Party;
  readonly port: number;
  readonly protocol: Protocol;
  readonly transport: Transport;
  /** in words, with TLS: `HTTP in mTLS`, `HTTPS`, `TCP, plaintext` */
  readonly wire: string;
  readonly data: readonly string[];
  readonly returns: readonly string[];
  readonly trust: TrustLevel;
  readonly boundary?: Boundary;
  readonly operations: readonly MapOperation[];
  readonly badges: readonly Badge[];
}

/** Who may do what on a flow. */
export interface MapOperation {
  /** the principal of a workload, or the name of the users */
  readonly caller: string;
  readonly methods: readonly string[] | "any";
  readonly paths: readonly string[] | "any";
  readonly hosts: readonly string[] | "any";
  readonly roles: readonly string[] | "none";
  readonly identity?: string;
}

/** A trust boundary and the flows across it. */
export interface MapBoundary {
  readonly kind: Boundary["kind"];
  readonly from: string;
  readonly to: string;
  readonly flows: readonly string[];
}

export interface Badge {
  /** the finding's, as `H2` */
  readonly tag: string;
  readonly severity: Severity;
  /** the risk at this place is accepted */
  readonly accepted: boolean;
}

/** All that one threat rule found. */
export interface MapFinding {
  /** severity's letter and a running number */
  readonly tag: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly places: readonly MapPlace[];
}

export interface MapPlace {
  readonly where: string;
  /** `path:line:col` */
  readonly place: string;
  readonly evidence: readonly string[];
  readonly remedy: string;
  readonly accepted?: { readonly reason: string; readonly until: string };
}
