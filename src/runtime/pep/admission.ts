/**
 * The one sequence that every HTTP request goes through, whatever version carries it: form, host, token, room, address,
 * decision. What comes out is a permit with everything that is forwarded under it, or an answer that says no more than
 * a code and the decision's id.
 */
import type { Svid } from "../../identity/index.js";
import type { Protocol } from "../../policy/index.js";
import {
  type Callee,
  type Caller,
  type Denial,
  type Gate,
  type HttpFacts,
  type Layer,
  Permit,
  type TokenFacts,
} from "../decision/index.js";
import type { ActiveFlows } from "./active-flows.js";
import { forwardedClientCert } from "./forwarded-client-cert.js";
import type { Fields } from "./header-fields.js";
import type { UpstreamPool } from "./http1/index.js";
import type { Limits } from "./limits.js";
import { judgeHead, type RawHead, type RequestHead } from "./request-head.js";
import type { Dial } from "./upstream.js";
import type { UserTokens } from "./user-tokens.js";

/** Where requests of a route go, resolved for one decision. */
export interface Target {
  readonly callee: Callee;
  readonly pool: UpstreamPool;
  readonly dial: Dial;
}

/** What one listener serves. */
export interface Route {
  readonly direction: "inbound" | "outbound";
  readonly protocol: Protocol;
  /** the identity of the workload whose proxy this is */
  readonly own: string;
  /** whether users reach this listener directly */
  readonly isEdge: boolean;
  /** for the record, before a target is known */
  readonly callee: Callee;
  /** the authority under which the request is forwarded; undefined when the host is not this destination's */
  readonly authorityFor: (head: RequestHead) => string | undefined;
  readonly tokens: UserTokens | undefined;
  /** whether a flow to this destination declares WebSocket */
  readonly upgrades: boolean;
  /**
   * @param authority under which the request is forwarded; undefined for a whole connection
   * @throws when the destination may not be connected to
   */
  readonly target: (authority: string | undefined) => Target | Promise<Target>;
}

/** What is known of the connection that a request came on. */
export interface ConnectionFacts {
  readonly caller: Caller;
  readonly svid: Svid | undefined;
  readonly certificateThumbprint: string | undefined;
  readonly remoteAddress: string | undefined;
}

export interface Admitted {
  readonly permit: Permit;
  readonly head: RequestHead;
  readonly target: Target;
  /** every field to forward, `host` first */
  readonly fields: Fields;
  /** the policy that it was admitted under, for {@link ActiveFlows.add} */
  readonly asOf: number;
}

export interface Answer {
  readonly status: 400 | 401 | 403 | 413 | 421 | 502 | 503;
  /** the decision's id */
  readonly id: string;
  readonly layer: Layer;
}

/** What is known of a request when it is refused. */
interface Asker {
  readonly route: Route;
  readonly caller: Caller;
  readonly http: Partial<HttpFacts>;
  readonly token: TokenFacts | undefined;
}

const STATUS: Record<Layer, Answer["status"]> = {
  identity: 403,
  request: 400,
  limits: 503,
  token: 401,
  egress: 403,
  policy: 403,
};

export class Admission {
  readonly #gate: Gate;
  readonly #flows: ActiveFlows;
  readonly #limits: Pick<Limits, "requestsUnderWay" | "bodyBytes">;

  constructor(gate: Gate, flows: ActiveFlows, limits: Pick<Limits, "requestsUnderWay" | "bodyBytes">) {
    this.#gate = gate;
    this.#flows = flows;
    this.#limits = limits;
  }

  /** Judges one request. */
  admit(route: Route, raw: RawHead, connection: ConnectionFacts): Promise<Admitted | Answer> {
    const hasRoom = this.#flows.size < this.#limits.requestsUnderWay;
    return this.#flows.deciding((asOf) => this.#admit(route, raw, connection, hasRoom, asOf));
  }

  async #admit(
    route: Route,
    raw: RawHead,
    connection: ConnectionFacts,
    hasRoom: boolean,
    asOf: number,
  ): Promise<Admitted | Answer> {
    const head = judgeHead(raw);
    const asked: Asker = { route, caller: connection.caller, http: head.facts, token: undefined };
    if ("refused" in head) return this.#refuse(asked, "request", head.refused);
    if (connection.caller.kind === "unknown") {
      return this.#refuse(asked, "identity", "the caller's identity is not proven");
    }
    if (head.upgrade !== undefined && (head.upgrade !== "websocket" || !route.upgrades)) {
      return this.#refuse(asked, "request", "the upgrade is not one that the flow declares");
    }
    // RFC 6455 §4.1. It is forwarded as such, and what is decided about must be what is forwarded.
    if (
      head.upgrade !== undefined &&
      (head.facts.method !== "GET" || head.isChunked || (head.contentLength ?? 0) > 0)
    ) {
      return this.#refuse(asked, "request", "an upgrade is a GET without a body");
    }
    const authority = route.authorityFor(head);
    if (authority === undefined) return this.#refuse(asked, "request", "the host is not this destination's", 421);
    if ((head.contentLength ?? 0) > this.#limits.bodyBytes) {
      return this.#refuse(asked, "limits", "the body is too large", 413);
    }
    if (!hasRoom) return this.#refuse(asked, "limits", "too many requests are under way");
    let token: TokenFacts | undefined;
    try {
      const reading = route.tokens?.read(head, {
        binding: route.isEdge ? "here" : "before",
        certificateThumbprint: connection.certificateThumbprint,
      });
      token = reading instanceof Promise ? await reading : reading;
    } catch (error) {
      return this.#refuse(asked, "token", messageOf(error));
    }
    let target: Target;
    try {
      const finding = route.target(authority);
      target = finding instanceof Promise ? await finding : finding;
    } catch (error) {
      return this.#refuse({ ...asked, token }, "egress", messageOf(error));
    }
    const decided = await this.#gate.ask({
      direction: route.direction,
      caller: connection.caller,
      callee: target.callee,
      protocol: head.upgrade === undefined ? route.protocol : "websocket",
      http: { method: head.facts.method, host: hostOf(authority), path: head.facts.path },
      token,
    });
    if (!(decided instanceof Permit)) return answerOf(decided);
    return { permit: decided, head, target, fields: fieldsFor(route, head, authority, connection), asOf };
  }

  async #refuse(asked: Asker, layer: Layer, reason: string, status = STATUS[layer]): Promise<Answer> {
    const { direction, callee, protocol } = asked.route;
    const { caller, http, token } = asked;
    const denial = await this.#gate.refuse({ direction, caller, callee, protocol, http, token, layer, reason });
    return { ...denial, status };
  }
}

/** What a refusal of the gate says on the wire. */
function answerOf(denial: Denial): Answer {
  return { id: denial.id, layer: denial.layer, status: denial.unavailable ? 503 : STATUS[denial.layer] };
}

/** The body of a refusal: a code and the decision's id, nothing that helps to find the next way in. */
export function refusalBody({ status, id }: Answer): string {
  const word =
    status === 401 ? "unauthenticated" : status === 403 ? "denied" : status < 500 ? "refused" : "unavailable";
  return `${JSON.stringify({ error: word, decision: id })}\n`;
}

function fieldsFor(route: Route, head: RequestHead, authority: string, connection: ConnectionFacts): Fields {
  const fields: (readonly [string, string])[] = [["host", authority], ...head.forward];
  if (route.direction === "inbound" && connection.svid !== undefined) {
    fields.push(["x-forwarded-client-cert", forwardedClientCert(connection.svid, route.own)]);
  }
  if (route.isEdge) {
    fields.push(["x-forwarded-proto", "https"]);
    if (connection.remoteAddress !== undefined) fields.push(["x-forwarded-for", connection.remoteAddress]);
  }
  return fields;
}

/** The host of an authority that was judged before. */
function hostOf(authority: string): string {
  return authority.includes(":") ? authority.replace(/:[0-9]+$/, "") : authority;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown error";
}
