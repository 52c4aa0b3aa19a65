/**
 * The only way to a permit. A permit exists when a decision point allowed this very request within its deadline and the
 * log has recorded it; whoever forwards must hold one and can use it once. The mark of a real permit is known to this
 * module alone, so that no other part can make one, whatever its types say.
 *
 * FAIL CLOSED: an error, a timeout, an answer of another shape and a log that does not write all deny.
 */
import { randomUUID } from "node:crypto";
import type { Protocol } from "../../policy/index.js";
import type {
  Callee,
  Caller,
  Decision,
  DecisionEvent,
  DecisionLog,
  DecisionPoint,
  DecisionRequest,
  HttpFacts,
  Layer,
  TokenFacts,
} from "./decision.js";
import { redactPath, redactText } from "./redact.js";

const unspent = new WeakSet<Permit>();

/** Leave to forward one request or connection, as it stands in `request`. */
export class Permit {
  readonly request: DecisionRequest;

  /** Only {@link Gate} makes permits that {@link spend} accepts. */
  constructor(request: DecisionRequest) {
    this.request = request;
    Object.freeze(this);
  }
}

/**
 * Uses a permit up and returns what it permits. The forwarder calls this first and forwards what it returns.
 * @throws when the value is no permit of the gate, or was used before: a bug, and nothing is forwarded
 */
export function spend(permit: Permit): DecisionRequest {
  if (!unspent.delete(permit)) throw new Error("a request was about to be forwarded without a permit");
  return permit.request;
}

export interface Denial {
  readonly id: string;
  readonly layer: Layer;
  /** true when not the policy said no but a part that it needs is missing or broken */
  readonly unavailable: boolean;
}

export interface GateOptions {
  readonly workflow: string;
  /** the workload whose proxy this is */
  readonly at: string;
  readonly point: DecisionPoint;
  readonly log: DecisionLog;
  readonly deadlineMs: number;
  readonly now?: () => number;
}

type Judged = Decision & { readonly unavailable: boolean };
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What is asked; the gate adds the id. */
export type Asked = Omit<DecisionRequest, "id">;

/** A refusal by another part than the decision point, as far as it got to know the request. */
export interface Refused {
  readonly direction: "inbound" | "outbound";
  readonly caller: Caller;
  readonly callee: Callee;
  readonly protocol: Protocol;
  readonly http?: Partial<HttpFacts> | undefined;
  readonly token?: TokenFacts | undefined;
  readonly layer: Layer;
  readonly reason: string;
}

export class Gate {
  readonly #options: GateOptions;
  #timeOf = Number.NaN;
  #timeText = "";

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Decides and records. */
  async ask(asked: Asked): Promise<Permit | Denial> {
    const { direction, caller, callee, protocol, http, token } = asked;
    const request: DecisionRequest = Object.freeze({
      id: randomUUID(),
      direction,
      caller,
      callee,
      protocol,
      http,
      token,
    });
    const deciding = this.#decide(request);
    const decision = deciding instanceof Promise ? await deciding : deciding;
    const event = this.#event(request, request.id, decision.allow ? "allow" : "deny", decision.rules);
    if (!decision.allow) {
      event.layer = "policy";
      event.reason = redactText(decision.reason);
    }
    const recorded = await this.#record(event);
    if (!decision.allow) return { id: request.id, layer: "policy", unavailable: decision.unavailable };
    if (!recorded) return { id: request.id, layer: "policy", unavailable: true };
    const permit = new Permit(request);
    unspent.add(permit);
    return permit;
  }

  /** Records a refusal that another part has made. The refusal stands even when it cannot be recorded. */
  async refuse(refused: Refused): Promise<Denial> {
    const id = randomUUID();
    const event = this.#event(refused, id, "deny", []);
    event.layer = refused.layer;
    event.reason = redactText(refused.reason);
    await this.#record(event);
    return { id, layer: refused.layer, unavailable: false };
  }

  /** What the decision point says, at once where it answers at once. */
  #decide(request: DecisionRequest): Judged | Promise<Judged> {
    try {
      const answer = this.#options.point.decide(request);
      if (answer instanceof Promise) return within(answer, this.#options.deadlineMs).then(judged).catch(noDecision);
      return judged(answer);
    } catch (error) {
      return noDecision(error);
    }
  }

  async #record(event: DecisionEvent): Promise<boolean> {
    try {
      await this.#options.log.append(event);
      return true;
    } catch {
      return false;
    }
  }

  #event(
    asked: Pick<Refused, "direction" | "caller" | "callee" | "protocol" | "http" | "token">,
    id: string,
    outcome: "allow" | "deny",
    rules: readonly string[],
  ): Writable<DecisionEvent> {
    const { caller, callee, http, token } = asked;
    const event: Writable<DecisionEvent> = {
      id,
      time: this.#time(),
      workflow: this.#options.workflow,
      at: this.#options.at,
      direction: asked.direction,
      caller: nameCaller(caller),
      callee: callee.name,
      port: callee.port,
      protocol: asked.protocol,
      outcome,
      rules,
    };
    if (http?.method !== undefined) event.method = redactText(http.method);
    if (http?.host !== undefined) event.host = redactText(http.host);
    if (http?.path !== undefined) event.path = redactPath(http.path);
    if (token !== undefined) event.subject = redactText(token.subject);
    return event;
  }

  /** RFC 3339; written anew when the clock has moved on. */
  #time(): string {
    const now = (this.#options.now ?? Date.now)();
    if (now !== this.#timeOf) {
      this.#timeOf = now;
      this.#timeText = new Date(now).toISOString();
    }
    return this.#timeText;
  }
}

/** A decision as it was given, if every part of it is there. */
function judged(answer: Decision): Judged {
  const { allow, rules } = answer;
  if (Array.isArray(rules) && allow === true && rules.length > 0) return { allow, rules, unavailable: false };
  if (Array.isArray(rules) && allow === false && typeof answer.reason === "string") {
    return { allow, rules, reason: answer.reason, unavailable: false };
  }
  return noDecision(new Error("the decision point gave no answer that is understood"));
}

function noDecision(error: unknown): Judged {
  const reason = error instanceof Error ? error.message : "unknown error";
  return { allow: false, rules: [], reason: `no decision: ${reason}`, unavailable: true };
}

function nameCaller(caller: Caller): string {
  return caller.kind === "workload" ? (caller.name ?? caller.spiffeId) : caller.kind;
}

async function within<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the decision point did not answer in time")), deadlineMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
