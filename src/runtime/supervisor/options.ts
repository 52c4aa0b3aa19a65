/** What a supervisor is started with, and what it says of itself. */
import type { Policy } from "../../policy/index.js";
import type { BundleFile } from "../decision/index.js";
import type { Limits, StandIn } from "../pep/index.js";
import type { Isolation } from "../sandbox/index.js";
import type { StateFolder } from "./state-folder.js";

export interface SupervisorOptions {
  readonly policy: Policy;
  readonly bundle: readonly BundleFile[];
  /** where the workflow file is, absolute */
  readonly folder: string;
  readonly state: StateFolder;
  /** opens the authority's key */
  readonly secret: Uint8Array;
  /** whose tokens count: this machine's own issuer in the place of the declared ones, or the declared ones */
  readonly issuers: "development" | "declared";
  /** address of a real OPA that decides instead of the embedded decision point */
  readonly opa?: string;
  /** hosts outside that something on this machine stands in for, by name */
  readonly standIns?: Readonly<Record<string, StandIn>>;
  /** folder with one file for each secret of the workflow */
  readonly secretsFolder?: string;
  /** further files and folders that no workload may see, should they lie in the workflow's folder */
  readonly hidden?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly isolation?: Isolation;
  /** life of an SVID, 10..3600 */
  readonly svidSeconds?: number;
  /** lines for whoever looks on */
  readonly note?: (line: string) => void;
}

export interface WorkloadStatus {
  readonly name: string;
  readonly zone: string;
  readonly state: "starting" | "listening" | "ready" | "waiting" | "stopped";
  readonly pid: number | undefined;
  readonly restarts: number;
  /** where users reach it */
  readonly edges: readonly string[];
  readonly problem: string | undefined;
}

export interface Status {
  readonly workflow: string;
  readonly pid: number;
  readonly isolation: { readonly kind: Isolation["kind"]; readonly reason?: string };
  readonly issuers: "development" | "declared";
  readonly decisionPoint: string;
  /** the certificate that clients of the edges trust */
  readonly authority: string;
  readonly withdrawn: readonly string[];
  readonly workloads: readonly WorkloadStatus[];
}

export interface TokenOrder {
  readonly roles: readonly string[];
  readonly subject?: string;
  readonly identity?: string;
  readonly ttlSeconds?: number;
}
