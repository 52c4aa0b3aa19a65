/**
 * One workload's proxy: the listeners of its plan, joined to the ways on. A new plan is applied in place: listeners that
 * stay keep their connections, listeners that go are closed, and everything that is under way is asked about again.
 */

import type { AddressInfo } from "node:net";
import { isIP, type Server } from "node:net";
import type { Callee, DecisionPoint, Gate } from "../decision/index.js";
import { ActiveFlows } from "./active-flows.js";
import type { Route, Target } from "./admission.js";
import { AddressBook, type LookUp } from "./egress-address.js";
import { type Deadlines, deadlinesFor, UpstreamPool } from "./http1/index.js";
import { SessionPool } from "./http2.js";
import type { Limits } from "./limits.js";
import { alpnOf, type Entrance, type Listener, newListener } from "./listener.js";
import type { MutualTls } from "./mutual-tls.js";
import type { InboundPlan, OutboundPlan, ProxyPlan } from "./plan.js";
import type { RequestHead } from "./request-head.js";
import { type Dial, dialTcp, dialTls } from "./upstream.js";
import { type TokenIssuer, UserTokens } from "./user-tokens.js";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A place outside that stands in for a declared host on this machine, named by whoever runs the workflow. */
export interface StandIn extends Address {
  /** PEM of the authority of its certificate */
  readonly ca?: string;
}

export interface ProxyOptions {
  readonly plan: ProxyPlan;
  readonly tls: MutualTls;
  readonly gate: Gate;
  readonly point: DecisionPoint;
  readonly limits: Limits;
  readonly issuers: readonly TokenIssuer[];
  /** connects to the proxy's own workload */
  readonly dialOwn: (port: number) => Dial;
  /** where another workload's proxy listens for a port now; undefined while it does not */
  readonly addressOf: (workload: string, port: number) => Address | undefined;
  readonly nameOf: (spiffeId: string) => string | undefined;
  readonly standIns?: ReadonlyMap<string, StandIn>;
  /** lets a server listen; what the workload itself connects to may lie inside its sandbox */
  readonly listen?: (server: Server, key: string, entrance: "own" | "users" | "workloads") => Promise<void>;
  readonly lookUp?: LookUp;
}

type Live = Omit<Route, "tokens" | "upgrades"> & { tokens: Route["tokens"]; upgrades: boolean };

interface Listening extends Listener {
  readonly change: (plan: InboundPlan | OutboundPlan) => void;
}

export class WorkloadProxy {
  readonly flows = new ActiveFlows();
  readonly #options: ProxyOptions;
  readonly #sessions = new SessionPool();
  readonly #deadlines: Deadlines;
  readonly #book: AddressBook;
  readonly #listening = new Map<string, Listening>();
  readonly #targets = new Map<string, Target>();
  #issuers: readonly TokenIssuer[];
  #isClosed = false;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#issuers = options.issuers;
    this.#deadlines = deadlinesFor(options.limits);
    this.#book = new AddressBook(options.lookUp === undefined ? {} : { lookUp: options.lookUp });
  }

  static async start(options: ProxyOptions): Promise<WorkloadProxy> {
    const proxy = new WorkloadProxy(options);
    await proxy.apply(options.plan, options.issuers);
    return proxy;
  }

  /** Where the listener with a plan's key listens. */
  addressOf(key: string): Address | undefined {
    const address = this.#listening.get(key)?.server.address();
    if (address === null || address === undefined || typeof address === "string") return undefined;
    return { host: (address as AddressInfo).address, port: address.port };
  }

  get keys(): readonly string[] {
    return [...this.#listening.keys()];
  }

  /** Applies a plan: new listeners open, removed ones close, flows that are no longer allowed are cut. */
  async apply(plan: ProxyPlan, issuers: readonly TokenIssuer[] = this.#issuers): Promise<void> {
    this.#issuers = issuers;
    const wanted = new Map<string, InboundPlan | OutboundPlan>();
    for (const entry of [...plan.inbound, ...plan.outbound]) wanted.set(entry.key, entry);
    for (const [key, listener] of this.#listening) {
      if (wanted.has(key)) continue;
      listener.close();
      this.#listening.delete(key);
    }
    try {
      for (const entry of wanted.values()) {
        const known = this.#listening.get(entry.key);
        if (known !== undefined) known.change(entry);
        else await this.#open(plan, entry);
      }
    } finally {
      // Whatever of the plan could not be applied: what is no longer allowed ends.
      await this.recheck();
    }
  }

  /** Asks about everything under way again, e.g. after a new bundle. */
  async recheck(): Promise<void> {
    await this.flows.recheck(async (request) => (await this.#options.point.decide(request)).allow === true);
  }

  /** After the credential was renewed: what is under way goes on, what comes next proves itself anew. */
  async renewed(): Promise<void> {
    const old = [...this.#targets.entries()].filter(([key]) => key.startsWith("peer "));
    for (const [key, { pool, dial }] of old) {
      this.#targets.delete(key);
      await this.#sessions.retire(dial);
      pool.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listener of this.#listening.values()) listener.close();
    this.#listening.clear();
    this.flows.cutAll();
    await this.#sessions.close();
    const pools = [...this.#targets.values()];
    this.#targets.clear();
    for (const { pool } of pools) pool.destroy();
  }

  async #open({ workload }: ProxyPlan, first: InboundPlan | OutboundPlan): Promise<void> {
    let current = first;
    const route =
      "entrance" in first ? this.#inbound(() => current as InboundPlan) : this.#outbound(() => current as OutboundPlan);
    // What changes with a plan stands on the route, which is read when a request comes.
    const live: Live = { ...route, tokens: this.#tokensFor(first.identities), upgrades: first.upgrades };
    const { tls, gate, limits, nameOf, listen } = this.#options;
    const entrance: Entrance =
      "entrance" in first
        ? { kind: first.entrance, tls }
        : { kind: "own", spiffeId: workload.spiffeId, name: workload.name };
    const listener = newListener(live, entrance, { gate, limits, nameOf, flows: this.flows, sessions: this.#sessions });
    await (listen ?? listenOnLoopback)(listener.server, first.key, entrance.kind);
    this.#listening.set(first.key, {
      ...listener,
      change: (plan) => {
        current = plan;
        live.tokens = this.#tokensFor(plan.identities);
        live.upgrades = plan.upgrades;
      },
    });
  }

  #tokensFor(identities: readonly string[]): UserTokens | undefined {
    if (identities.length === 0) return undefined;
    return new UserTokens(this.#issuers.filter(({ identity }) => identities.includes(identity)));
  }

  #inbound(current: () => InboundPlan): Route {
    const { name, zone, spiffeId } = this.#options.plan.workload;
    const { port, protocol, entrance } = current();
    const isEdge = entrance === "users";
    const callee: Callee = { kind: "workload", name, zone, port };
    return {
      direction: "inbound",
      protocol,
      own: spiffeId,
      isEdge,
      callee,
      tokens: undefined,
      upgrades: false,
      authorityFor: ({ facts, authority }) =>
        isNamed(facts.host, current().hosts) || (isEdge && isLoopback(facts.host)) ? authority : undefined,
      target: () => this.#target(`own ${port}`, callee, () => this.#options.dialOwn(port)),
    };
  }

  #outbound(current: () => OutboundPlan): Route {
    const first = current();
    const { protocol } = first;
    const shared = {
      direction: "outbound",
      protocol,
      own: this.#options.plan.workload.spiffeId,
      isEdge: false,
    } as const;
    if (first.kind === "workload") {
      const { name, zone, port, spiffeId } = first;
      const key = `peer ${name} ${port}`;
      const callee: Callee = { kind: "workload", name, zone, port };
      return {
        ...shared,
        callee,
        tokens: undefined,
        upgrades: false,
        authorityFor: (head) => named(head, current().hosts, `${name}.${zone}:${port}`),
        target: () => this.#target(key, callee, () => this.#dialPeer(name, port, spiffeId, alpnOf(protocol))),
      };
    }
    const { name, host, port, tls } = first;
    const isWild = host.startsWith("*.");
    const own = isWild ? undefined : host + (port === (tls ? 443 : 80) ? "" : `:${port}`);
    return {
      ...shared,
      callee: { kind: "api", name, host, port, address: "" },
      tokens: undefined,
      upgrades: false,
      authorityFor: (head) => named(head, current().hosts, own),
      target: (authority) =>
        this.#outsideTarget(name, authority?.replace(/:[0-9]+$/, "") ?? host, port, tls, alpnOf(protocol)),
    };
  }

  #dialPeer(workload: string, port: number, spiffeId: string, alpn: string): Dial {
    return async () => {
      const address = this.#options.addressOf(workload, port);
      if (address === undefined) throw new Error("the destination's proxy does not run");
      return this.#options.tls.connect(address, spiffeId, alpn);
    };
  }

  async #outsideTarget(name: string, host: string, port: number, tls: boolean, alpn: string): Promise<Target> {
    const standIn = this.#options.standIns?.get(name);
    const address = standIn?.host ?? (await this.#book.pin(host));
    const callee: Callee = { kind: "api", name, host, port, address };
    const connectMs = this.#options.limits.connectMs;
    const to = standIn?.port ?? port;
    return this.#target(`api ${name} ${host} ${address} ${to}`, callee, () =>
      tls
        ? dialTls(
            { address, port: to, servername: host, ...(standIn?.ca === undefined ? {} : { ca: standIn.ca }) },
            alpn === "ringfence-tcp/1" ? undefined : alpn,
            connectMs,
          )
        : dialTcp({ host: address, port: to }, connectMs),
    );
  }

  /** The one pool and dial for a destination. */
  #target(key: string, callee: Callee, dialer: () => Dial): Target {
    // What was being decided when the proxy closed goes nowhere.
    if (this.#isClosed) throw new Error("the proxy is closing");
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    if (this.#targets.size > 512) this.#forgetOutside();
    const dial = dialer();
    const pool = new UpstreamPool(dial, this.#options.limits, this.#deadlines);
    const target = { callee, dial, pool };
    this.#targets.set(key, target);
    return target;
  }

  #forgetOutside(): void {
    for (const [key, { pool }] of this.#targets) {
      if (!key.startsWith("api ")) continue;
      this.#targets.delete(key);
      pool.close();
    }
  }
}

async function listenOnLoopback(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}

function isNamed(host: string, names: readonly string[]): boolean {
  return names.some((name) =>
    name.startsWith("*.") ? host.length > name.length - 1 && host.endsWith(name.slice(1)) : host === name,
  );
}

/** The authority to forward under: what the workload wrote, or the destination's own where it wrote its proxy's. */
function named(head: RequestHead, names: readonly string[], own: string | undefined): string | undefined {
  if (isNamed(head.facts.host, names)) return head.authority;
  return isLoopback(head.facts.host) ? own : undefined;
}
