/**
 * The workflow as the file declares it: every name resolved, every list sorted as written, every node with its place.
 * Nothing is derived here (see policy/): this is what the author said, in the shape the rest of the code can rely on.
 */
import type { Span } from "../diagnostics/index.js";
import type { Operation, Protocol } from "./operation.js";

export interface Workflow {
  readonly name: string;
  readonly trustDomain: string;
  readonly zones: readonly Zone[];
  readonly data: readonly DataClass[];
  readonly identities: readonly IdentityProvider[];
  readonly workloads: readonly Workload[];
  readonly outside: readonly OutsideParty[];
  readonly flows: readonly Flow[];
  readonly secrets: readonly Secret[];
  /** the user's own Rego files */
  readonly policies: readonly PolicyFiles[];
  readonly receivers: readonly Receiver[];
  readonly respond: readonly ResponseRule[];
  readonly accepted: readonly AcceptedRisk[];
  readonly targets: TargetChoices;
  /** the whole document, for findings about what is not there */
  readonly span: Span;
}

/** In rising order: what a zone may be trusted with. */
export const TRUST_LEVELS = ["public", "internal", "restricted"] as const;
export type TrustLevel = (typeof TRUST_LEVELS)[number];

/** In rising order: how much harm a disclosure does. */
export const SENSITIVITIES = ["public", "internal", "confidential", "restricted"] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

/** A zone is a Kubernetes namespace and a trust level. */
export interface Zone {
  readonly name: string;
  readonly trust: TrustLevel;
  readonly span: Span;
}

/** The user's own Rego, by a pattern relative to the folder of the workflow file. */
export interface PolicyFiles {
  readonly pattern: string;
  readonly span: Span;
}

export interface DataClass {
  readonly name: string;
  readonly sensitivity: Sensitivity;
  readonly format?: string;
  readonly description?: string;
  readonly span: Span;
}

/** An OpenID Connect issuer whose tokens the workflow accepts. */
export interface IdentityProvider {
  readonly name: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** where the keys are; found by discovery when absent */
  readonly jwksUri?: string;
  /** the claim that holds the roles, as a path: `realm_access.roles` is `["realm_access", "roles"]` */
  readonly roles?: readonly string[];
  readonly span: Span;
}

export const WORKLOAD_KINDS = ["service", "gateway", "model", "store", "queue", "job"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export interface Workload {
  readonly name: string;
  readonly zone: string;
  readonly kind: WorkloadKind;
  readonly ports: readonly Port[];
  readonly image?: string;
  readonly run?: string;
  readonly env: Readonly<Record<string, string>>;
  /** HTTP path that answers 2xx once the workload can serve; TCP accept when absent */
  readonly ready?: string;
  readonly encryptedAtRest?: boolean;
  /** which data this workload may turn into which: a released class no longer counts as the one it was made from */
  readonly releases: readonly Release[];
  readonly kubernetes: KubernetesObject;
  readonly span: Span;
}

export interface Port {
  readonly name: string;
  /** the port on which the workload itself listens */
  readonly port: number;
  /** the port of its Service in a cluster that leads there */
  readonly servicePort: number;
  readonly protocol: Protocol;
  readonly span: Span;
}

export interface Release {
  readonly from: string;
  readonly to: readonly string[];
  readonly span: Span;
}

/** What runs a workload in a cluster: a Deployment and a Service of its name unless the file says otherwise. */
export interface KubernetesObject {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "Pod";
  readonly name: string;
  /** the Services that lead to it, at least one; the first is the one that others are told */
  readonly services: readonly [string, ...string[]];
}

export type OutsideParty = Users | OutsideApi;

/** People or programs that call in. Without an identity provider they are anonymous, which the file must say. */
export interface Users {
  readonly kind: "users";
  readonly name: string;
  readonly identity?: string;
  readonly span: Span;
}

/** A service that is not ours, known by its host name; `*.example.com` stands for every name below. */
export interface OutsideApi {
  readonly kind: "api";
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly span: Span;
}

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly data: readonly string[];
  readonly returns: readonly string[];
  /** undefined: every operation of the protocol, which `check` reports for HTTP and gRPC */
  readonly allow?: readonly Operation[];
  readonly span: Span;
}

export interface Secret {
  readonly name: string;
  readonly usedBy: readonly string[];
  readonly rotateSeconds?: number;
  readonly span: Span;
}

/** Where an alert is posted. The shared key, where there is one, is a secret of this file, by name. */
export interface Receiver {
  readonly name: string;
  readonly webhook: string;
  readonly secret?: string;
  readonly span: Span;
}

export const RESPONSE_TRIGGERS = [
  "denied-flows",
  "secret-in-log",
  "identity-mismatch",
  "invalid-token",
  "policy-changed",
  "unexpected-workload",
] as const;
export type ResponseTrigger = (typeof RESPONSE_TRIGGERS)[number];

export const RESPONSE_ACTIONS = ["alert", "quarantine", "revoke-tokens"] as const;
export type ResponseAction = (typeof RESPONSE_ACTIONS)[number];

export interface ResponseRule {
  readonly when: ResponseTrigger;
  /** over whose events `count` counts */
  readonly from: "one-workload" | "one-user" | "any";
  readonly count: number;
  readonly withinSeconds: number;
  readonly do: readonly ResponseAction[];
  readonly notify: readonly string[];
  readonly span: Span;
}

/** A finding that somebody decided to live with, until a day. */
export interface AcceptedRisk {
  readonly rule: string;
  /** the workload, flow, zone, secret or outside party it is accepted for; undefined: the workflow as a whole */
  readonly where?: string;
  readonly reason: string;
  /** last day on which it holds, `YYYY-MM-DD` */
  readonly until: string;
  readonly span: Span;
}

export interface TargetChoices {
  readonly network: { readonly engine: "kubernetes" | "cilium" };
  readonly mesh:
    | { readonly engine: "none" }
    | {
        readonly engine: "istio";
        readonly mode: "sidecar" | "ambient";
        readonly rootNamespace: string;
        /** the namespace of the egress gateway that outside flows leave through */
        readonly egressNamespace: string;
      };
  readonly gateway: {
    readonly engine: "gateway-api" | "ingress-nginx" | "none";
    readonly namespace: string;
    readonly className: string;
    /** host names under which users reach the workflow */
    readonly hosts: readonly string[];
  };
  readonly authorization: { readonly engine: "opa" | "none" };
  readonly admission: readonly ("gatekeeper" | "validating-admission-policy")[];
  readonly secrets:
    | { readonly engine: "none" }
    | { readonly engine: "vault"; readonly address: string; readonly mount: string; readonly authPath: string };
  readonly encryption: {
    readonly provider: "kms" | "secretbox" | "none";
    readonly kmsEndpoint: string;
    readonly storageProvisioner: string;
    readonly storageParameters: Readonly<Record<string, string>>;
  };
  readonly logs: { readonly engine: "fluentd" | "fluent-bit" | "opentelemetry" | "none"; readonly endpoint: string };
}
