/**
 * One workload with its proxy, in one process of their own: the proxy here, the workload in a sandbox below. They live
 * and die together. The key of the workload's identity is made here and never leaves; what this process cannot do
 * without its supervisor (obtain certificates, learn of withdrawals) ends when the supervisor ends, and so does it.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { Credential, IssuerKeys, KeySet, TokenVerifier } from "../../identity/index.js";
import { BundlePoint, type DecisionPoint, Gate, JsonLinesLog, OpaPoint } from "../decision/index.js";
import { type Address, dialTcp, MutualTls, type TokenIssuer, WorkloadProxy } from "../pep/index.js";
import { EnclosedWorkload, placesOf } from "../sandbox/index.js";
import { workloadEnvironment } from "./environment.js";
import { insidePlaces } from "./inside-places.js";
import type {
  FromSidecar,
  IssuerConfig,
  PolicyConfig,
  Routes,
  RunConfig,
  SidecarConfig,
  ToSidecar,
} from "./messages.js";
import { probe } from "./probe.js";
import { waitUntilReady } from "./readiness.js";

export interface Channel {
  send(message: FromSidecar): void;
}

export class Sidecar {
  readonly #channel: Channel;
  readonly #config: SidecarConfig;
  readonly #bundle = new BundlePoint();
  readonly #issuing = new Map<number, (certificate: string | undefined) => void>();
  readonly #destinations = new Map<string, Address>();
  #nextIssue = 1;
  #routes: Routes = {};
  #names: Readonly<Record<string, string>>;
  #plan: PolicyConfig["plan"];
  #credential: Credential | undefined;
  #tls: MutualTls | undefined;
  #proxy: WorkloadProxy | undefined;
  #workload: EnclosedWorkload | undefined;
  #log: JsonLinesLog | undefined;
  #output: WriteStream | undefined;
  /** where the workload listens, as dialled from here */
  #ports: readonly { readonly name: string; readonly port: number; readonly at: number }[] = [];

  constructor(config: SidecarConfig, channel: Channel) {
    this.#config = config;
    this.#channel = channel;
    this.#names = config.policy.names;
    this.#plan = config.policy.plan;
  }

  /** Starts the proxy and makes the sandbox; the workload itself waits for {@link run}. */
  async start(): Promise<void> {
    const { policy, trustDomain, trust, limits, decisionLog, opa, isolation, standIns, run } = this.#config;
    const { plan } = policy;
    this.#log = JsonLinesLog.open(decisionLog);
    this.#bundle.load(policy.bundle);
    const point: DecisionPoint = opa === undefined ? this.#bundle : new OpaPoint(opa);
    this.#credential = await Credential.obtain({
      issue: (publicKey) => this.#issue(publicKey),
      onRotated: (credential) => {
        this.#tls?.renew(credential);
        void this.#proxy?.renewed();
      },
    });
    const credential = this.#credential.current;
    this.#tls = new MutualTls({ trustDomain, credential, trust, handshakeMs: limits.handshakeMs });
    const gate = new Gate({
      workflow: plan.workflow,
      at: plan.workload.name,
      point,
      log: this.#log,
      deadlineMs: limits.decisionMs,
    });
    if (run !== undefined) await this.#enclose(run);
    this.#proxy = await WorkloadProxy.start({
      plan,
      tls: this.#tls,
      gate,
      point,
      limits,
      issuers: policy.issuers.map(issuerOf),
      standIns: new Map(Object.entries(standIns)),
      dialOwn: (port) => this.#dialOwn(port),
      addressOf: (workload, port) => this.#routes[workload]?.[port],
      nameOf: (spiffeId) => (Object.hasOwn(this.#names, spiffeId) ? this.#names[spiffeId] : undefined),
      listen: (server, key, entrance) =>
        entrance === "own" && isolation.kind === "enforced"
          ? this.#listenInside(server, key)
          : this.#listen(server, key),
    });
    this.#report();
  }

  async receive(message: Exclude<ToSidecar, { kind: "configure" }>): Promise<void> {
    switch (message.kind) {
      case "issued":
        this.#issuing.get(message.id)?.(message.certificate);
        return;
      case "trust":
        this.#tls?.trust(message.trust);
        return;
      case "routes":
        this.#routes = message.routes;
        return;
      case "policy":
        await this.#apply(message.policy);
        return;
      case "probe": {
        const outcome =
          this.#tls === undefined ? { reached: false, answer: "not started" } : await probe(this.#tls, message.probe);
        this.#channel.send({ kind: "probed", id: message.id, outcome });
        return;
      }
      case "run":
        await this.#run();
        return;
      case "stop":
        await this.stop(message.graceMs);
        return;
    }
  }

  /** Ends the workload in order, then the proxy. */
  async stop(graceMs: number): Promise<void> {
    await this.#workload?.stop(graceMs);
    await this.#proxy?.close();
    this.#credential?.close();
    this.#log?.close();
    await new Promise<void>((resolve) => (this.#output === undefined ? resolve() : this.#output.end(resolve)));
  }

  /** Ends everything at once, e.g. because the supervisor is gone. */
  kill(): void {
    this.#workload?.kill();
  }

  async #enclose(run: RunConfig): Promise<void> {
    const { isolation, policy } = this.#config;
    const inside = new URL("../sandbox/inside.js", import.meta.url).pathname;
    const { name } = policy.plan.workload;
    this.#workload = EnclosedWorkload.enclose({ ...run, name, inside }, isolation);
    this.#output = createWriteStream(this.#config.workloadLog, { flags: "a", mode: 0o600 });
    this.#output.on("error", () => undefined);
    for (const stream of [this.#workload.output.stdout, this.#workload.output.stderr]) {
      stream.pipe(this.#output, { end: false });
    }
    this.#ports = await Promise.all(
      run.ports.map(async ({ name: portName, port }) => ({
        name: portName,
        port,
        at: isolation.kind === "enforced" ? unprivileged(port) : await freePort(),
      })),
    );
    void this.#workload.exited.then((code) => this.#channel.send({ kind: "exited", code }));
  }

  async #run(): Promise<void> {
    const { run, isolation, policy } = this.#config;
    if (run === undefined || this.#workload === undefined) {
      this.#channel.send({ kind: "ready" });
      return;
    }
    const { data, secrets } = placesOf(run, isolation, run.advisorySecrets);
    const env = workloadEnvironment(policy.plan.workload.name, run.env, this.#plan.outbound, {
      destinations: this.#destinations,
      ports: this.#ports.map(({ name, at }) => ({ name, port: at })),
      data,
      secrets,
    });
    this.#workload.run({ command: run.command, folder: run.folder, env });
    const isReady = await waitUntilReady({
      dials: this.#ports.map(({ port }) => this.#dialOwn(port)),
      path: run.ready,
      deadlineMs: run.readyMs,
      ended: this.#workload.exited,
    });
    if (isReady) this.#channel.send({ kind: "ready" });
    else this.#channel.send({ kind: "failed", reason: "the workload did not get ready in time" });
  }

  async #apply(policy: PolicyConfig): Promise<void> {
    let problem: string | undefined;
    try {
      this.#bundle.load(policy.bundle);
    } catch (error) {
      problem = error instanceof Error ? error.message : "unknown error";
    }
    // The plan goes with its bundle: what the last good bundle does not know of is denied anyway.
    if (problem === undefined) {
      this.#names = policy.names;
      this.#plan = policy.plan;
      await this.#proxy?.apply(policy.plan, policy.issuers.map(issuerOf));
      this.#report();
    }
    this.#channel.send({ kind: "applied", ...(problem === undefined ? {} : { problem }) });
  }

  #report(): void {
    const addresses: Record<string, Address> = {};
    for (const key of this.#proxy?.keys ?? []) {
      const address = this.#proxy?.addressOf(key);
      if (address !== undefined) addresses[key] = address;
    }
    this.#channel.send({ kind: "listening", addresses });
  }

  #issue(publicKey: Buffer): Promise<string> {
    const id = this.#nextIssue++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#issuing.get(id)?.(undefined), 10_000);
      this.#issuing.set(id, (certificate) => {
        clearTimeout(timer);
        this.#issuing.delete(id);
        if (certificate === undefined) reject(new Error("no certificate was issued"));
        else resolve(certificate);
      });
      this.#channel.send({ kind: "issue", id, publicKey: publicKey.toString("base64") });
    });
  }

  #dialOwn(port: number): () => Promise<Socket> {
    return async () => {
      const at = this.#ports.find((own) => own.port === port)?.at;
      if (this.#workload === undefined || at === undefined) throw new Error("the workload does not run");
      if (this.#config.isolation.kind === "enforced") return this.#workload.dial(at);
      return dialTcp({ host: "127.0.0.1", port: at }, this.#config.limits.connectMs)();
    };
  }

  /** Where the workload goes out: a socket on its own loopback, inside. */
  async #listenInside(server: Server, key: string): Promise<void> {
    const destination = this.#plan.outbound.find((entry) => entry.key === key);
    if (destination === undefined || this.#workload === undefined) throw new Error("there is no sandbox to listen in");
    const { host, port, name } = insidePlaces(this.#plan.outbound, destination);
    const handle = await this.#workload.listen(key, host, port);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(handle, () => resolve());
    });
    this.#destinations.set(key, { host: name, port });
  }

  async #listen(server: Server, key: string): Promise<void> {
    const preferred = this.#config.preferred[key] ?? 0;
    await listenOn(server, preferred).catch(() => listenOn(server, 0));
    const address = server.address();
    if (typeof address === "object" && address !== null) {
      this.#destinations.set(key, { host: "127.0.0.1", port: address.port });
    }
  }
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** Without capabilities no port below 1024 can be listened on; inside its own loopback a workload is told another. */
function unprivileged(port: number): number {
  return port < 1024 ? port + 10_000 : port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await listenOn(server, 0);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function issuerOf({ identity, issuer, audiences, jwksUri, keys }: IssuerConfig): TokenIssuer {
  if (keys !== undefined) {
    const set = KeySet.from(keys);
    const findKey = ({ alg, kid }: { alg: string; kid: string | undefined }) => set.find(alg, kid);
    return { identity, issuer, verifier: new TokenVerifier({ issuer, audiences, findKey }) };
  }
  const source = new IssuerKeys({ issuer, ...(jwksUri === undefined ? {} : { jwksUri }) });
  return {
    identity,
    issuer,
    verifier: new TokenVerifier({ issuer, audiences, findKey: (header) => source.find(header) }),
  };
}
