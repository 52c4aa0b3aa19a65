/** What supervisor and sidecars say to each other over the channel that ends with either of them. */
import type { Protocol } from "../../policy/index.js";
import type { BundleFile } from "../decision/index.js";
import type { Address, Limits, ProxyPlan, StandIn, Trust } from "../pep/index.js";
import type { Isolation } from "../sandbox/index.js";

/** Where every workload's proxy listens: workload → port → address. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Address>>>>;

/** An identity provider as sidecars need it: keys that are given, or an issuer to fetch them from. */
export interface IssuerConfig {
  readonly identity: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri?: string;
  /** a JSON Web Key Set; the issuer is not asked when it is here */
  readonly keys?: unknown;
}

/** What a change of the workflow file changes. */
export interface PolicyConfig {
  readonly plan: ProxyPlan;
  readonly bundle: readonly BundleFile[];
  readonly issuers: readonly IssuerConfig[];
  /** SPIFFE id → workload */
  readonly names: Readonly<Record<string, string>>;
}

export interface RunConfig {
  readonly command: string;
  /** where the workflow file is */
  readonly folder: string;
  readonly data: string;
  readonly etc: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** what may lie in `folder` and is not the workload's to see */
  readonly hidden: readonly string[];
  /** folder of this workload's secrets when there is no sandbox to mount them into */
  readonly advisorySecrets: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly ready: string | undefined;
  readonly readyMs: number;
}

export interface SidecarConfig {
  readonly policy: PolicyConfig;
  readonly trustDomain: string;
  readonly trust: Trust;
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly decisionLog: string;
  readonly workloadLog: string;
  /** undefined: the embedded decision point */
  readonly opa: string | undefined;
  readonly standIns: Readonly<Record<string, StandIn>>;
  /** ports on which listeners should be found again after a restart, by key */
  readonly preferred: Readonly<Record<string, number>>;
  /** undefined: only the proxy runs here */
  readonly run: RunConfig | undefined;
}

/** A request that a sidecar makes under its own identity, past its own proxy, to find out whether it is let through. */
export interface Probe {
  readonly address: Address;
  readonly spiffeId: string;
  readonly protocol: Protocol;
  readonly host: string;
  readonly path: string;
}

/** `reached`: the other end answered as if nothing stood between; everything else is a refusal. */
export interface ProbeOutcome {
  readonly reached: boolean;
  /** what came back: an HTTP status, `closed`, or why there was no connection */
  readonly answer: string;
}

export type ToSidecar =
  | { readonly kind: "configure"; readonly config: SidecarConfig }
  | { readonly kind: "issued"; readonly id: number; readonly certificate?: string }
  | { readonly kind: "trust"; readonly trust: Trust }
  | { readonly kind: "routes"; readonly routes: Routes }
  | { readonly kind: "policy"; readonly policy: PolicyConfig }
  | { readonly kind: "probe"; readonly id: number; readonly probe: Probe }
  | { readonly kind: "run" }
  | { readonly kind: "stop"; readonly graceMs: number };

export type FromSidecar =
  | { readonly kind: "issue"; readonly id: number; readonly publicKey: string }
  /** the proxy serves; addresses by plan key */
  | { readonly kind: "listening"; readonly addresses: Readonly<Record<string, Address>> }
  | { readonly kind: "ready" }
  | { readonly kind: "applied"; readonly problem?: string }
  | { readonly kind: "probed"; readonly id: number; readonly outcome: ProbeOutcome }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "exited"; readonly code: number };
