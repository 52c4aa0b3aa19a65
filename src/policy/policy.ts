/**
 * The policy: engine-neutral, closed, derived once from the workflow, and the only thing that anything downstream
 * reads. Frozen data without methods. All lists are sorted by name or id, so that equal workflows give equal policies.
 */
import type { Span } from "../diagnostics/index.js";
import type {
  AcceptedRisk,
  DataClass,
  Workload as DeclaredWorkload,
  IdentityProvider,
  Operation,
  OutsideApi,
  Port,
  Protocol,
  Receiver,
  ResponseRule,
  Secret,
  TargetChoices,
  TrustLevel,
  Users,
  Zone,
} from "../workflow/index.js";

export interface Policy {
  readonly workflow: string;
  readonly trustDomain: string;
  readonly zones: readonly Zone[];
  readonly data: readonly DataClass[];
  readonly identities: readonly IdentityProvider[];
  readonly workloads: readonly Workload[];
  readonly outside: readonly (Users | OutsideApi)[];
  /** the closed world: what no rule permits is denied */
  readonly rules: readonly Rule[];
  readonly secrets: readonly Secret[];
  readonly receivers: readonly Receiver[];
  readonly respond: readonly ResponseRule[];
  readonly accepted: readonly AcceptedRisk[];
  readonly targets: TargetChoices;
  /** for each data class, every party that can come to hold it, with the shortest way there */
  readonly reach: readonly Reach[];
  /** the user's own Rego modules, in the order of their paths; they may narrow what rules permit */
  readonly modules: readonly { readonly path: string; readonly text: string }[];
  readonly span: Span;
}

export interface Workload extends DeclaredWorkload {
  readonly trust: TrustLevel;
  /** `spiffe://<trust domain>/ns/<zone>/sa/<workload>` */
  readonly spiffeId: string;
  /** the same without its scheme, as Istio writes principals */
  readonly principal: string;
}

/** A party of a rule: the closed set of who can send or receive. */
export type Party =
  | { readonly kind: "workload"; readonly name: string }
  | { readonly kind: "users"; readonly name: string }
  | { readonly kind: "api"; readonly name: string };

/** How a rule's traffic is protected on the wire. */
export type Transport =
  /** both ends are workloads: mutual TLS between their identities */
  | "mtls"
  /** one end is outside: TLS with a server certificate */
  | "tls"
  /** an outside party is spoken to without TLS */
  | "plaintext";

export interface Rule {
  /** `from>to:port`, stable: every artifact, decision, event and finding about this flow carries it */
  readonly id: string;
  readonly from: Party;
  readonly to: Party;
  /** the pod's port for a workload, the host's port for an outside API */
  readonly port: Port;
  readonly protocol: Protocol;
  readonly transport: Transport;
  /** never empty; a rule without restrictions has one operation in which everything is `any` */
  readonly operations: readonly Operation[];
  readonly data: readonly string[];
  readonly returns: readonly string[];
  /** the lower of the two ends' trust; outside parties are `public` */
  readonly trust: TrustLevel;
  readonly boundary: Boundary | undefined;
  readonly span: Span;
}

/** A trust boundary: the ends of a flow differ in zone, in trust, or one is outside. */
export interface Boundary {
  readonly kind: "ingress" | "egress" | "trust" | "zone";
  /** zone names; `outside` for a party that is not ours */
  readonly from: string;
  readonly to: string;
}

export interface Reach {
  readonly data: string;
  readonly holders: readonly Holder[];
}

export interface Holder {
  readonly party: Party;
  /** from where the data enters the workflow to this party; empty for a party that it originates at */
  readonly path: readonly ReachStep[];
  /** true when it can arrive only inside another class whose sensitivity is lower and that nobody released it to */
  readonly unreleased: boolean;
}

export interface ReachStep {
  readonly rule: string;
  /** `data`: with the flow; `returns`: against it, in the answer */
  readonly direction: "data" | "returns";
  readonly from: string;
  readonly to: string;
  /** the class as it is labelled on this step */
  readonly as: string;
}
