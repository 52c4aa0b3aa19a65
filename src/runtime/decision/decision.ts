/**
 * The words of a decision. A request is described by what was proven (identities from connections and validated tokens)
 * and by the one normalized form that is also forwarded; nothing in it is a claim that the sender merely made.
 */
import type { Protocol } from "../../policy/index.js";

/** Who asks. `unknown` is somebody whose identity could not be proven; nothing is ever allowed to it. */
export type Caller =
  | { readonly kind: "workload"; readonly spiffeId: string; readonly name: string | undefined }
  | { readonly kind: "outside" }
  | { readonly kind: "unknown" };

/** What is asked for. */
export type Callee =
  | { readonly kind: "workload"; readonly name: string; readonly zone: string; readonly port: number }
  | {
      readonly kind: "api";
      readonly name: string;
      readonly host: string;
      readonly port: number;
      /** the address that was resolved for this decision and that the connection goes to, and to no other */
      readonly address: string;
    };

export interface HttpFacts {
  readonly method: string;
  /** lower case, without port */
  readonly host: string;
  /** decoded and normalized, without query */
  readonly path: string;
}

/** A validated token's content; never the token. */
export interface TokenFacts {
  /** the workflow's name for the identity provider */
  readonly identity: string;
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface DecisionRequest {
  readonly id: string;
  /** whose proxy asks: the caller's on the way out, the callee's on the way in */
  readonly direction: "inbound" | "outbound";
  readonly caller: Caller;
  readonly callee: Callee;
  readonly protocol: Protocol;
  /** undefined for a whole connection (TCP) */
  readonly http: HttpFacts | undefined;
  readonly token: TokenFacts | undefined;
}

export type Decision =
  | {
      readonly allow: true;
      /** ids of the rules that permit it */
      readonly rules: readonly string[];
    }
  | {
      readonly allow: false;
      /** ids of the rules between the two that did not apply */
      readonly rules: readonly string[];
      /** the condition that was missing, in words, for the log and never for the wire */
      readonly reason: string;
    };

/** Answers whether a request may happen. Throwing, and not answering in time, both deny. */
export interface DecisionPoint {
  decide(request: DecisionRequest): Decision | Promise<Decision>;
}

/** Which of the parts in the way refused. */
export type Layer =
  /** the connection's certificate */
  | "identity"
  /** the form of the request */
  | "request"
  /** a bound on connections, sizes, times or queues */
  | "limits"
  /** the user's token */
  | "token"
  /** the address behind a host name */
  | "egress"
  /** the decision point, or its absence */
  | "policy";

/** One decision as it is recorded, before anything is forwarded or answered. */
export interface DecisionEvent {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds */
  readonly time: string;
  readonly workflow: string;
  /** the workload whose proxy decided */
  readonly at: string;
  readonly direction: "inbound" | "outbound";
  readonly caller: string;
  readonly callee: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly method?: string;
  readonly host?: string;
  /** without query; what looks like a secret is struck out */
  readonly path?: string;
  /** the validated user */
  readonly subject?: string;
  readonly outcome: "allow" | "deny";
  readonly rules: readonly string[];
  readonly layer?: Layer;
  readonly reason?: string;
}

/** Where decisions are recorded. Nothing is forwarded before `append` has resolved; its failure denies. */
export interface DecisionLog {
  append(event: DecisionEvent): Promise<void>;
}
