/**
 * Runs a workflow: one authority, one sidecar for each workload, and the word between them. The supervisor itself
 * carries no traffic and decides no request; what it gives out are certificates, routes and policies, and everything it
 * started ends with it.
 */
import type { Server } from "node:http";
import { join } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import { writeWholeFile } from "../../files/index.js";
import { Authority, parseSpiffeId } from "../../identity/index.js";
import type { Policy } from "../../policy/index.js";
import type { BundleFile } from "../decision/index.js";
import type { Trust } from "../pep/index.js";
import { detectIsolation, type Isolation } from "../sandbox/index.js";
import type { ProbeOutcome, Routes } from "../sidecar/index.js";
import { type Handler, serveControl } from "./control.js";
import { DevelopmentIssuers } from "./development-issuers.js";
import { type InForce, inForce, isEdge, mustRestart } from "./in-force.js";
import type { Status, SupervisorOptions, TokenOrder } from "./options.js";
import { refuseUnrunnable, refuseUnsafe } from "./preconditions.js";
import { type ConfigParts, policyConfig, sidecarConfig } from "./sidecar-config.js";
import { SidecarProcess } from "./sidecar-process.js";
import { mayStart, startOrder } from "./start-order.js";

const READY_MS = 60_000;
const GRACE_MS = 5000;

export class Supervisor {
  readonly isolation: Isolation;
  /** resolves when everything has ended */
  readonly stopped: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #authority: Authority;
  readonly #sidecars = new Map<string, SidecarProcess>();
  readonly #issuers = new DevelopmentIssuers();
  #force: InForce;
  #control: Server | undefined;
  #stopping: Promise<void> | undefined;
  #resolveStopped: () => void = () => undefined;
  #applying: Promise<void> = Promise.resolve();
  readonly #waiters = new Set<() => void>();

  private constructor(options: SupervisorOptions, authority: Authority) {
    this.#options = options;
    this.#authority = authority;
    this.#force = inForce(options.policy, options.bundle);
    this.isolation = options.isolation ?? detectIsolation();
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /**
   * Starts a workflow; {@link ready} waits until it serves.
   * @throws RUNTIME_NOT_RUNNABLE with every reason; RUNTIME_RUNNING; IDENTITY_AUTHORITY, IDENTITY_SEALED
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const { policy, state, secret } = options;
    refuseUnsafe(options);
    await state.take();
    try {
      const authority = await Authority.open({ path: state.authority, trustDomain: policy.trustDomain, secret });
      await writeWholeFile(join(state.path, "ca.pem"), authority.bundle.join(""), { mode: 0o644 });
      const supervisor = new Supervisor(options, authority);
      await supervisor.#begin();
      return supervisor;
    } catch (error) {
      state.release();
      throw error;
    }
  }

  status(): Status {
    const { state, issuers, opa } = this.#options;
    return {
      workflow: this.#policy.workflow,
      pid: process.pid,
      isolation:
        this.isolation.kind === "enforced" ? { kind: "enforced" } : { kind: "advisory", reason: this.isolation.reason },
      issuers,
      decisionPoint: opa === undefined ? "embedded" : `OPA at ${opa}`,
      authority: join(state.path, "ca.pem"),
      withdrawn: this.#authority.withdrawals.barred,
      workloads: this.#policy.workloads.flatMap(({ name, zone }) => {
        const sidecar = this.#sidecars.get(name);
        return sidecar === undefined ? [] : [{ name, zone, ...sidecar.status }];
      }),
    };
  }

  /** The certificates that clients of the edges trust, PEM. */
  authorities(): string[] {
    return [...this.#authority.bundle];
  }

  /** Waits until every workload is ready. @throws RUNTIME_NOT_READY with what is not, and why */
  async ready(deadlineMs = READY_MS): Promise<void> {
    const until = Date.now() + deadlineMs;
    const waiting = (): SidecarProcess[] => [...this.#sidecars.values()].filter(({ state }) => state !== "ready");
    while (waiting().length > 0 && this.#stopping === undefined) {
      if (Date.now() > until || waiting().some(({ restarts }) => restarts > 3)) {
        throw new RingfenceError(
          waiting().map(({ name, lastProblem }) => ({
            code: "RUNTIME_NOT_READY" as const,
            message: `\`${name}\` is not ready${lastProblem === undefined ? "" : `: ${lastProblem}`}`,
            hint: `\`ringfence logs ${name}\` shows what it writes`,
          })),
        );
      }
      await this.#changed(Math.min(500, Math.max(1, until - Date.now())));
    }
  }

  /** Ends one workload with its proxy and starts both again. @throws USAGE for a name that is none */
  async restart(name: string): Promise<void> {
    const sidecar = this.#sidecars.get(name);
    if (sidecar === undefined) throw new RingfenceError({ code: "USAGE", message: `there is no workload \`${name}\`` });
    await sidecar.restart(GRACE_MS);
  }

  /** Cuts an identity off: no new certificate, no new connection, and none of those it has. */
  async withdraw(name: string): Promise<void> {
    try {
      await this.#authority.withdraw(this.#identityOf(name));
    } finally {
      // What cannot be written stands all the same: the disk must not decide who is cut off.
      this.#tellTrust();
    }
  }

  async restore(name: string): Promise<void> {
    await this.#authority.restore(this.#identityOf(name));
    this.#tellTrust();
    await this.restart(name);
  }

  /**
   * Lets `from` try every port of `to` under its own proven identity, past its own proxy: what a compromised workload
   * could do that also held its proxy's key.
   */
  async probe(from: string, to: string): Promise<readonly (ProbeOutcome & { readonly port: number })[]> {
    const sidecar = this.#sidecars.get(from);
    const target = this.#policy.workloads.find(({ name }) => name === to);
    if (sidecar === undefined || target === undefined) return [];
    return Promise.all(
      target.ports.map(async ({ port, protocol }) => {
        const address = this.#routes()[to]?.[port];
        if (address === undefined) return { port, reached: false, answer: "nothing listens for workloads" };
        const host = `${to}.${target.zone}:${port}`;
        const tried = { address, spiffeId: target.spiffeId, protocol, host, path: "/" };
        return { port, ...(await sidecar.probe(tried)) };
      }),
    );
  }

  /** Signs a token as the development issuer. @throws USAGE when there is none, or several to choose from */
  token(wanted: TokenOrder): Promise<string> {
    return this.#issuers.token(this.#policy, wanted);
  }

  /**
   * Applies a changed workflow: what is unchanged goes on undisturbed, removed flows are cut, changed workloads start
   * again.
   * @throws RUNTIME_NOT_RUNNABLE, or with what is wrong with the bundle; the workflow before it stays in force
   */
  apply(policy: Policy, bundle: readonly BundleFile[]): Promise<void> {
    const applied = this.#applying.then(() => this.#apply(policy, bundle));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  /** Ends everything, callers first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  get #policy(): Policy {
    return this.#force.policy;
  }

  async #begin(): Promise<void> {
    if (this.#options.issuers === "development") await this.#issuers.open(this.#policy);
    const handlers: Record<string, Handler> = {
      status: () => this.status(),
      restart: ({ workload }) => this.restart(String(workload)),
      withdraw: ({ workload }) => this.withdraw(String(workload)),
      restore: ({ workload }) => this.restore(String(workload)),
      token: (body) => this.token(body as unknown as TokenOrder),
      down: () => {
        // Answered first: the socket goes with the rest.
        setImmediate(() => void this.stop());
      },
    };
    this.#control = await serveControl(this.#options.state.socket, handlers);
    for (const name of startOrder(this.#policy)) this.#startSidecar(name);
  }

  #startSidecar(name: string): void {
    const note = this.#options.note ?? (() => undefined);
    const sidecar = new SidecarProcess({
      name,
      config: (preferred) => sidecarConfig(name, this.#force, this.#configParts(), preferred),
      issue: (publicKey) => this.#issue(name, publicKey),
      onChange: () => this.#onChange(),
      onProblem: (problem) => note(`${name}: ${problem}`),
      mayRun: () => mayStart(name, this.#policy, (callee) => this.#sidecars.get(callee)?.holdsUpCallers !== true),
    });
    this.#sidecars.set(name, sidecar);
    sidecar.start();
  }

  #issue(name: string, publicKey: Buffer): string {
    const { svidSeconds } = this.#options;
    // Only where users come in is a name of the web's of use; whoever else had one could pass for the edge.
    const hosts = this.#policy.targets.gateway.hosts.filter((host) => !host.startsWith("*"));
    return this.#authority.issue(parseSpiffeId(this.#identityOf(name)), publicKey, {
      ...(isEdge(this.#force, name) ? { dns: ["localhost", ...hosts], ip: [Buffer.from([127, 0, 0, 1])] } : {}),
      ...(svidSeconds === undefined ? {} : { ttlSeconds: svidSeconds }),
    });
  }

  #identityOf(name: string): string {
    const workload = this.#policy.workloads.find((candidate) => candidate.name === name);
    if (workload === undefined)
      throw new RingfenceError({ code: "USAGE", message: `there is no workload \`${name}\`` });
    return workload.spiffeId;
  }

  #onChange(): void {
    const routes = this.#routes();
    for (const sidecar of this.#sidecars.values()) sidecar.send({ kind: "routes", routes });
    if (this.#stopping === undefined) for (const sidecar of this.#sidecars.values()) sidecar.runIfMay();
    for (const wake of this.#waiters) wake();
  }

  #routes(): Routes {
    return Object.fromEntries([...this.#sidecars].flatMap(([name, { routes }]) => (routes ? [[name, routes]] : [])));
  }

  #changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiters.add(wake);
    });
  }

  get #trust(): Trust {
    return { authorities: this.#authority.bundle, withdrawals: this.#authority.withdrawals };
  }

  #tellTrust(): void {
    for (const sidecar of this.#sidecars.values()) sidecar.send({ kind: "trust", trust: this.#trust });
  }

  #configParts(): ConfigParts {
    return { options: this.#options, isolation: this.isolation, trust: this.#trust, issuers: this.#issuers };
  }

  async #apply(policy: Policy, bundle: readonly BundleFile[]): Promise<void> {
    refuseUnrunnable(policy);
    if (policy.trustDomain !== this.#policy.trustDomain || policy.workflow !== this.#policy.workflow) {
      throw new RingfenceError({
        code: "RUNTIME_NOT_RUNNABLE",
        message: "a running workflow keeps its name and trust domain",
        hint: "`ringfence down`, then `ringfence up`",
      });
    }
    if (this.#options.issuers === "development") await this.#issuers.open(policy);
    const before = this.#force;
    const after = inForce(policy, bundle);
    this.#force = after;
    for (const [name, sidecar] of this.#sidecars) {
      if (after.plans.has(name)) continue;
      await sidecar.stop(GRACE_MS);
      this.#sidecars.delete(name);
    }
    const problems: string[] = [];
    for (const name of startOrder(policy)) {
      const sidecar = this.#sidecars.get(name);
      if (sidecar === undefined) this.#startSidecar(name);
      else if (mustRestart(name, before, after)) await sidecar.restart(GRACE_MS);
      else {
        const problem = await sidecar.apply(policyConfig(name, after, this.#issuers));
        if (problem !== undefined) problems.push(`${name}: ${problem}`);
      }
    }
    this.#onChange();
    if (problems.length > 0) {
      throw new RingfenceError(
        problems.map((message) => ({
          code: "RUNTIME_NOT_RUNNABLE" as const,
          message: `the bundle is broken: ${message}`,
        })),
      );
    }
  }

  async #stop(): Promise<void> {
    await this.#applying;
    for (const name of [...startOrder(this.#policy)].reverse()) await this.#sidecars.get(name)?.stop(GRACE_MS);
    await this.#issuers.close();
    this.#control?.close();
    this.#control?.closeAllConnections();
    this.#options.state.release();
    for (const wake of this.#waiters) wake();
    this.#resolveStopped();
  }
}
