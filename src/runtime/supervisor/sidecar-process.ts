/**
 * A sidecar as the supervisor sees it: a process that is started, answers, ends, and is started again, each time a
 * little later, until it holds.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Address } from "../pep/index.js";
import type { FromSidecar, Probe, ProbeOutcome, Routes, SidecarConfig, ToSidecar } from "../sidecar/index.js";
import type { WorkloadStatus } from "./options.js";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A sidecar that served this long starts again without the pause of its earlier failures. */
const STEADY_MS = 60_000;

export interface SidecarOptions {
  readonly name: string;
  /** made anew for each start */
  readonly config: (preferred: Readonly<Record<string, number>>) => SidecarConfig;
  readonly issue: (publicKey: Buffer) => string;
  readonly onChange: () => void;
  readonly onProblem: (problem: string) => void;
  /** whether the workload may start: those that it calls are ready */
  readonly mayRun: () => boolean;
}

export class SidecarProcess {
  readonly name: string;
  state: WorkloadStatus["state"] = "stopped";
  addresses: Readonly<Record<string, Address>> = {};
  restarts = 0;
  lastProblem: string | undefined;
  readonly #options: SidecarOptions;
  #child: ChildProcess | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #readyAt = 0;
  #hasRun = false;
  #stopping: Promise<void> | undefined;
  readonly #probes = new Map<number, (outcome: ProbeOutcome) => void>();
  #nextProbe = 1;
  readonly #applied: ((problem: string | undefined) => void)[] = [];

  constructor(options: SidecarOptions) {
    this.#options = options;
    this.name = options.name;
  }

  /** Whether those that call this workload should wait for it. */
  get holdsUpCallers(): boolean {
    return this.state !== "ready" && this.restarts === 0;
  }

  /** Where its proxy serves other workloads, by port; undefined while it does not. */
  get routes(): Routes[string] | undefined {
    if (this.state === "waiting" || this.state === "starting" || this.state === "stopped") return undefined;
    return Object.fromEntries(this.#entrance("workloads"));
  }

  get status(): Omit<WorkloadStatus, "name" | "zone"> {
    return {
      state: this.state,
      pid: this.#child?.pid,
      restarts: this.restarts,
      edges: this.#entrance("users").map(([, { port }]) => `https://localhost:${port}`),
      problem: this.lastProblem,
    };
  }

  /** Addresses at which somebody is let in, by the workload's own port. */
  #entrance(who: "users" | "workloads"): [string, Address][] {
    return Object.entries(this.addresses)
      .filter(([key]) => key.startsWith(`${who} `))
      .map(([key, address]) => [key.slice(who.length + 1), address]);
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#hasRun = false;
    this.#set("starting");
    const preferred = Object.fromEntries(Object.entries(this.addresses).map(([key, { port }]) => [key, port]));
    let config: SidecarConfig;
    try {
      config = this.#options.config(preferred);
    } catch (error) {
      // A full disk, for one: it passes, and whoever waits is served then.
      this.#problem(error instanceof Error ? error.message : String(error));
      this.#startLater();
      return;
    }
    // Nothing of this process's environment but what Node needs to find things.
    const { PATH, HOME, TZ, NODE_EXTRA_CA_CERTS } = process.env;
    const env = Object.fromEntries(
      Object.entries({ PATH, HOME, TZ, NODE_EXTRA_CA_CERTS }).filter(([, value]) => value !== undefined),
    );
    const child = fork(new URL("../sidecar/main.js", import.meta.url), {
      env,
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    child.on("message", (message: FromSidecar) => this.#receive(child, message));
    child.on("error", (error) => {
      this.#problem(error.message);
      // What could not even be started does not end.
      if (child.pid === undefined) this.#ended(child, null, null);
    });
    child.once("exit", (code, signal) => this.#ended(child, code, signal));
    this.send({ kind: "configure", config });
  }

  send(message: ToSidecar): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  /** Lets the workload start once what it calls is there. */
  runIfMay(): void {
    if (this.state !== "listening" || this.#hasRun || !this.#options.mayRun()) return;
    this.#hasRun = true;
    this.send({ kind: "run" });
  }

  /** Sends a changed policy; resolves with what is wrong with it, if anything. */
  apply(policy: SidecarConfig["policy"]): Promise<string | undefined> {
    if (this.#child?.connected !== true) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#applied.push(resolve);
      this.send({ kind: "policy", policy });
    });
  }

  /** Has the sidecar try a request under its own identity, past its own proxy. */
  probe(probe: Probe): Promise<ProbeOutcome> {
    if (this.#child?.connected !== true) return Promise.resolve({ reached: false, answer: "not running" });
    const id = this.#nextProbe++;
    return new Promise((resolve) => {
      this.#probes.set(id, resolve);
      this.send({ kind: "probe", id, probe });
    });
  }

  /** Ends it in order within `graceMs`, then for certain. It is not started again. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async restart(graceMs: number): Promise<void> {
    await this.stop(graceMs);
    this.#stopping = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.start();
  }

  async #stop(graceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      this.send({ kind: "stop", graceMs });
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs + 2000);
      await ended;
      clearTimeout(timer);
    }
    this.#set("stopped");
  }

  #receive(child: ChildProcess, message: FromSidecar): void {
    if (child !== this.#child) return;
    switch (message.kind) {
      case "issue": {
        let certificate: string | undefined;
        try {
          certificate = this.#options.issue(Buffer.from(message.publicKey, "base64"));
        } catch (error) {
          this.#problem(error instanceof Error ? error.message : String(error));
        }
        this.send({ kind: "issued", id: message.id, ...(certificate === undefined ? {} : { certificate }) });
        return;
      }
      case "listening":
        this.addresses = message.addresses;
        if (this.state === "starting") this.#set("listening");
        else this.#options.onChange();
        return;
      case "ready":
        this.#readyAt = Date.now();
        this.lastProblem = undefined;
        this.#set("ready");
        return;
      case "applied":
        this.#applied.shift()?.(message.problem);
        return;
      case "probed":
        this.#probes.get(message.id)?.(message.outcome);
        this.#probes.delete(message.id);
        return;
      case "failed":
        this.#problem(message.reason);
        child.kill("SIGKILL");
        return;
      case "exited":
        if (this.#stopping === undefined) this.#problem(`the workload ended with code ${message.code}`);
        // Without its workload the proxy has nothing to serve; both start anew, together.
        if (this.#stopping === undefined) child.kill("SIGKILL");
        return;
    }
  }

  #ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    for (const resolve of this.#applied.splice(0)) resolve(undefined);
    for (const resolve of this.#probes.values()) resolve({ reached: false, answer: "not running" });
    this.#probes.clear();
    if (this.#stopping !== undefined) return;
    this.lastProblem ??= `the proxy ended (${signal ?? code})`;
    if (this.#readyAt !== 0 && Date.now() - this.#readyAt > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#startLater();
  }

  #startLater(): void {
    this.restarts++;
    this.#set("waiting");
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #problem(problem: string): void {
    this.lastProblem = problem;
    this.#options.onProblem(problem);
  }

  #set(state: WorkloadStatus["state"]): void {
    this.state = state;
    this.#options.onChange();
  }
}
