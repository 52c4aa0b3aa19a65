/**
 * Runs a workflow: one authority, one sidecar for each workload, and the word between them. The supervisor itself
 * carries no traffic and decides no request; what it gives out are certificates, routes and policies, and everything it
 * started ends with it.
 */
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { join, sep } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import { writeWholeFile } from "../../files/index.js";
import { Authority, DevelopmentIssuer, parseSpiffeId } from "../../identity/index.js";
import type { IdentityProvider, Policy, Workload } from "../../policy/index.js";
import type { BundleFile } from "../decision/index.js";
import {
  type Address,
  DEFAULT_LIMITS,
  identitiesOf,
  type Limits,
  type ProxyPlan,
  planProxies,
  type StandIn,
} from "../pep/index.js";
import { detectIsolation, type Isolation } from "../sandbox/index.js";
import type { IssuerConfig, PolicyConfig, ProbeOutcome, Routes, RunConfig, SidecarConfig } from "../sidecar/index.js";
import { type Handler, serveControl } from "./control.js";
import { writeGeneratedFiles } from "./generated-files.js";
import { SidecarProcess } from "./sidecar-process.js";
import { startOrder } from "./start-order.js";
import type { StateFolder } from "./state-folder.js";

const READY_MS = 60_000;
const GRACE_MS = 5000;

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
  readonly state: SidecarProcess["state"];
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

export class Supervisor {
  readonly isolation: Isolation;
  /** resolves when everything has ended */
  readonly stopped: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #authority: Authority;
  readonly #sidecars = new Map<string, SidecarProcess>();
  readonly #issuers = new Map<string, DevelopmentIssuer>();
  #policy: Policy;
  #bundle: readonly BundleFile[];
  #plans: ReadonlyMap<string, ProxyPlan>;
  #control: Server | undefined;
  #stopping: Promise<void> | undefined;
  #resolveStopped: () => void = () => undefined;
  #applying: Promise<void> = Promise.resolve();
  readonly #waiters = new Set<() => void>();

  private constructor(options: SupervisorOptions, authority: Authority) {
    this.#options = options;
    this.#authority = authority;
    this.#policy = options.policy;
    this.#bundle = options.bundle;
    this.#plans = planProxies(options.policy);
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
    refuseUnrunnable(policy);
    refuseExposedSecrets(options);
    refuseOpenDecisions(options.opa);
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
        if (sidecar === undefined) return [];
        return [
          {
            name,
            zone,
            state: sidecar.state,
            pid: sidecar.pid,
            restarts: sidecar.restarts,
            edges: edgesOf(sidecar.addresses),
            problem: sidecar.lastProblem,
          },
        ];
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
  async token({ roles, subject, identity, ttlSeconds }: TokenOrder): Promise<string> {
    const known = [...this.#issuers.keys()];
    const name = identity ?? (known.length === 1 ? known[0] : undefined);
    const issuer = this.#issuers.get(name ?? "");
    const provider = this.#policy.identities.find((candidate) => candidate.name === name);
    if (issuer === undefined || provider === undefined) {
      throw new RingfenceError({
        code: "USAGE",
        message: known.length === 0 ? "no development issuer runs" : `name one of the identities ${known.join(", ")}`,
        hint: known.length === 0 ? "tokens come from the issuers that the workflow declares" : "use `--identity`",
      });
    }
    return issuer.issue({
      subject: subject ?? "developer",
      audience: provider.audiences[0] ?? "",
      roles,
      rolesPath: provider.roles ?? [],
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
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

  async #begin(): Promise<void> {
    await this.#openIssuers(this.#policy);
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
      config: (preferred) => this.#configOf(name, preferred),
      issue: (publicKey) => this.#issue(name, publicKey),
      onChange: () => this.#onChange(),
      onProblem: (problem) => note(`${name}: ${problem}`),
      mayRun: () => this.#mayRun(name),
    });
    this.#sidecars.set(name, sidecar);
    sidecar.start();
  }

  #issue(name: string, publicKey: Buffer): string {
    const { svidSeconds } = this.#options;
    // Only where users come in is a name of the web's of use; whoever else had one could pass for the edge.
    const isEdge = this.#plans.get(name)?.inbound.some(({ entrance }) => entrance === "users") === true;
    const hosts = this.#policy.targets.gateway.hosts.filter((host) => !host.startsWith("*"));
    return this.#authority.issue(parseSpiffeId(this.#identityOf(name)), publicKey, {
      ...(isEdge ? { dns: ["localhost", ...hosts], ip: [Buffer.from([127, 0, 0, 1])] } : {}),
      ...(svidSeconds === undefined ? {} : { ttlSeconds: svidSeconds }),
    });
  }

  #identityOf(name: string): string {
    const workload = this.#policy.workloads.find((candidate) => candidate.name === name);
    if (workload === undefined)
      throw new RingfenceError({ code: "USAGE", message: `there is no workload \`${name}\`` });
    return workload.spiffeId;
  }

  /** A workload starts when those that it calls are ready; one that is in trouble holds up nobody for long. */
  #mayRun(name: string): boolean {
    const order = startOrder(this.#policy);
    return this.#policy.rules.every(({ from, to }) => {
      if (from.kind !== "workload" || from.name !== name || to.kind !== "workload") return true;
      // In a cycle somebody must be first: who comes earlier in the order does not wait for who comes later.
      if (order.indexOf(to.name) > order.indexOf(name)) return true;
      const callee = this.#sidecars.get(to.name);
      return callee === undefined || callee.state === "ready" || callee.restarts > 0;
    });
  }

  #onChange(): void {
    const routes = this.#routes();
    for (const sidecar of this.#sidecars.values()) sidecar.send({ kind: "routes", routes });
    if (this.#stopping === undefined) for (const sidecar of this.#sidecars.values()) sidecar.runIfMay();
    for (const wake of this.#waiters) wake();
  }

  #routes(): Routes {
    const routes: Record<string, Record<string, Address>> = {};
    for (const [name, { addresses, state }] of this.#sidecars) {
      if (state === "waiting" || state === "starting" || state === "stopped") continue;
      const ports: Record<string, Address> = {};
      for (const [key, address] of Object.entries(addresses)) {
        const [entrance, port] = key.split(" ");
        if (entrance === "workloads" && port !== undefined) ports[port] = address;
      }
      routes[name] = ports;
    }
    return routes;
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

  #tellTrust(): void {
    const trust = { authorities: this.#authority.bundle, withdrawals: this.#authority.withdrawals };
    for (const sidecar of this.#sidecars.values()) sidecar.send({ kind: "trust", trust });
  }

  #configOf(name: string, preferred: Readonly<Record<string, number>>): SidecarConfig {
    const { state, opa, standIns, limits } = this.#options;
    const workload = this.#policy.workloads.find((candidate) => candidate.name === name);
    if (workload === undefined) throw new Error(`no workload ${name}`);
    return {
      policy: this.#policyConfig(this.#policy, this.#plans, this.#bundle, name),
      trustDomain: this.#policy.trustDomain,
      trust: { authorities: this.#authority.bundle, withdrawals: this.#authority.withdrawals },
      isolation: this.isolation,
      limits: { ...DEFAULT_LIMITS, ...limits },
      decisionLog: state.decisions(name),
      workloadLog: state.log(name),
      opa,
      standIns: standIns ?? {},
      preferred,
      run: this.#runConfig(workload),
    };
  }

  #runConfig(workload: Workload): RunConfig {
    const { state, folder } = this.#options;
    const { name, run, env, ports, ready } = workload;
    const data = state.data(name);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    return {
      command: run ?? "",
      folder,
      data,
      etc: writeGeneratedFiles(state.generated(name), name, this.#plans.get(name)?.outbound ?? []),
      secrets: this.#placeSecrets(name),
      hidden: this.#hidden(),
      advisorySecrets: state.secrets(name),
      env,
      ports: ports.map((port) => ({ name: port.name, port: port.port })),
      ready,
      readyMs: READY_MS,
    };
  }

  /** What is not the workloads' to see, wherever in their folder it lies. */
  #hidden(): string[] {
    const { state, secretsFolder, hidden } = this.#options;
    const paths = [state.path, ...(secretsFolder === undefined ? [] : [secretsFolder]), ...(hidden ?? [])];
    return paths.filter((path) => existsSync(path)).map((path) => realpathSync(path));
  }

  /** Copies a workload's own secrets to where only it gets them from. */
  #placeSecrets(name: string): Record<string, string> {
    const { state, secretsFolder } = this.#options;
    const target = state.secrets(name);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const placed: Record<string, string> = {};
    if (secretsFolder === undefined) return placed;
    for (const secret of this.#policy.secrets) {
      const source = join(secretsFolder, secret.name);
      if (!secret.usedBy.includes(name) || !existsSync(source)) continue;
      placed[secret.name] = join(target, secret.name);
      cpSync(source, join(target, secret.name), { mode: 0, dereference: true });
    }
    return placed;
  }

  #policyConfig(
    policy: Policy,
    plans: ReadonlyMap<string, ProxyPlan>,
    bundle: readonly BundleFile[],
    name: string,
  ): PolicyConfig {
    const plan = plans.get(name);
    if (plan === undefined) throw new Error(`no plan for ${name}`);
    const needed = [...plan.inbound, ...plan.outbound].flatMap(({ identities }) => identities);
    return {
      plan,
      bundle,
      issuers: identitiesOf(policy, needed).map((provider) => this.#issuerConfig(provider)),
      names: Object.fromEntries(policy.workloads.map((workload) => [workload.spiffeId, workload.name])),
    };
  }

  #issuerConfig({ name, issuer, audiences, jwksUri }: IdentityProvider): IssuerConfig {
    const development = this.#issuers.get(name);
    return {
      identity: name,
      issuer,
      audiences,
      ...(development === undefined ? (jwksUri === undefined ? {} : { jwksUri }) : { keys: development.keys }),
    };
  }

  async #openIssuers(policy: Policy): Promise<void> {
    if (this.#options.issuers !== "development") return;
    for (const { name, issuer } of policy.identities) {
      if (!this.#issuers.has(name)) this.#issuers.set(name, await DevelopmentIssuer.start({ issuer }));
    }
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
    await this.#openIssuers(policy);
    const plans = planProxies(policy);
    const before = this.#policy;
    const beforePlans = this.#plans;
    this.#policy = policy;
    this.#bundle = bundle;
    this.#plans = plans;
    for (const [name, sidecar] of this.#sidecars) {
      if (plans.has(name)) continue;
      await sidecar.stop(GRACE_MS);
      this.#sidecars.delete(name);
    }
    const problems: string[] = [];
    for (const name of startOrder(policy)) {
      const sidecar = this.#sidecars.get(name);
      if (sidecar === undefined) this.#startSidecar(name);
      else if (mustRestart(name, before, policy, beforePlans, plans)) await sidecar.restart(GRACE_MS);
      else {
        const problem = await sidecar.apply(this.#policyConfig(policy, plans, bundle, name));
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
    for (const issuer of this.#issuers.values()) await issuer.close();
    this.#control?.close();
    this.#control?.closeAllConnections();
    this.#options.state.release();
    for (const wake of this.#waiters) wake();
    this.#resolveStopped();
  }
}

function edgesOf(addresses: Readonly<Record<string, Address>>): string[] {
  return Object.entries(addresses)
    .filter(([key]) => key.startsWith("users "))
    .map(([, { port }]) => `https://localhost:${port}`);
}

/** Workloads see the workflow's folder; secrets in a folder of their own inside it are covered, mixed into it they are not. */
function refuseExposedSecrets({ folder, secretsFolder }: SupervisorOptions): void {
  if (secretsFolder === undefined || !existsSync(secretsFolder) || !existsSync(folder)) return;
  const secrets = realpathSync(secretsFolder);
  if (secrets !== sep && !`${realpathSync(folder)}${sep}`.startsWith(`${secrets}${sep}`)) return;
  throw new RingfenceError({
    code: "USAGE",
    message: `the secrets' folder \`${secretsFolder}\` holds the workflow's folder, which every workload reads`,
    hint: "keep secrets in a folder that has nothing else in it",
  });
}

/** Whoever sits between a proxy and its decision point decides. */
function refuseOpenDecisions(opa: string | undefined): void {
  if (opa === undefined) return;
  const url = URL.canParse(opa) ? new URL(opa) : undefined;
  const isHere = url !== undefined && /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isHere)) return;
  throw new RingfenceError({
    code: "USAGE",
    message: `the decision point \`${opa}\` is neither on this machine nor reached over https`,
    hint: "run OPA beside the workflow, e.g. http://127.0.0.1:8181",
  });
}

function refuseUnrunnable(policy: Policy): void {
  const problems = policy.workloads
    .filter(({ run }) => run === undefined || run.trim() === "")
    .map(({ name, span }) => ({
      code: "RUNTIME_NOT_RUNNABLE" as const,
      message: `workload \`${name}\` does not say how it is started here`,
      hint: "add `run:` with its command",
      span,
    }));
  if (problems.length > 0) throw new RingfenceError(problems);
}

/** Whether a change reaches into the workload itself: its command, environment, ports, identity, or new destinations. */
function mustRestart(
  name: string,
  before: Policy,
  after: Policy,
  beforePlans: ReadonlyMap<string, ProxyPlan>,
  afterPlans: ReadonlyMap<string, ProxyPlan>,
): boolean {
  const essence = (policy: Policy): string => {
    const workload = policy.workloads.find((candidate) => candidate.name === name);
    const ports = workload?.ports.map(({ name: portName, port, protocol }) => [portName, port, protocol]);
    return JSON.stringify([workload?.run, workload?.env, ports, workload?.spiffeId, workload?.ready]);
  };
  if (essence(before) !== essence(after)) return true;
  const known = new Set(beforePlans.get(name)?.outbound.map(({ key }) => key));
  return (afterPlans.get(name)?.outbound ?? []).some(({ key }) => !known.has(key));
}
