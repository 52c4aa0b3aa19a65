/**
 * A small mesh for tests: real authorities, real TLS, real sockets on loopback, workloads given by their address. The
 * decision point is the test's own, so that a test can say yes, no, late, or nothing at all.
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority, Credential, workloadId } from "../../src/identity/index.js";
import {
  type DecisionEvent,
  type DecisionLog,
  type DecisionPoint,
  type DecisionRequest,
  Gate,
} from "../../src/runtime/decision/index.js";
import {
  type Address,
  DEFAULT_LIMITS,
  dialTcp,
  type Limits,
  MutualTls,
  type ProxyPlan,
  type StandIn,
  type TokenIssuer,
  WorkloadProxy,
} from "../../src/runtime/pep/index.js";

const TRUST_DOMAIN = "test.example";
const ZONE = "z";

export interface MeshOptions {
  /** `undefined` is an answer that never comes */
  readonly allow?: (request: DecisionRequest) => boolean | Promise<boolean>;
  readonly limits?: Partial<Limits>;
  readonly log?: DecisionLog;
  readonly issuers?: readonly TokenIssuer[];
  readonly standIns?: ReadonlyMap<string, StandIn>;
  readonly lookUp?: (host: string) => Promise<readonly string[]>;
  /** zones of workloads that are in another than the tests' own */
  readonly zones?: Readonly<Record<string, string>>;
}

export class Mesh {
  readonly events: DecisionEvent[] = [];
  readonly asked: DecisionRequest[] = [];
  readonly authority: Authority;
  readonly tls = new Map<string, MutualTls>();
  readonly proxies = new Map<string, WorkloadProxy>();
  readonly credentials = new Map<string, Credential>();
  allow: NonNullable<MeshOptions["allow"]>;
  readonly #options: MeshOptions;
  readonly #folder: string;
  readonly #closers: (() => unknown)[] = [];

  private constructor(authority: Authority, folder: string, options: MeshOptions) {
    this.authority = authority;
    this.#folder = folder;
    this.#options = options;
    this.allow = options.allow ?? (() => true);
  }

  static async start(options: MeshOptions = {}): Promise<Mesh> {
    const folder = mkdtempSync(join(tmpdir(), "ringfence-mesh-"));
    const path = join(folder, "authority.json");
    const authority = await Authority.open({ path, trustDomain: TRUST_DOMAIN, secret: Buffer.alloc(32, 1) });
    return new Mesh(authority, folder, options);
  }

  idOf(workload: string): string {
    return this.#id(workload).uri;
  }

  #zoneOf(workload: string): string {
    return this.#options.zones?.[workload] ?? ZONE;
  }

  #id(workload: string) {
    return workloadId({ trustDomain: TRUST_DOMAIN, zone: this.#zoneOf(workload), workload });
  }

  async credential(workload: string): Promise<Credential> {
    const credential = await Credential.obtain({
      issue: async (key) =>
        this.authority.issue(this.#id(workload), key, {
          dns: ["localhost"],
          ip: [Buffer.from([127, 0, 0, 1])],
        }),
    });
    this.#closers.push(() => credential.close());
    return credential;
  }

  async mutualTls(workload: string): Promise<MutualTls> {
    const known = this.tls.get(workload);
    if (known !== undefined) return known;
    const credential = await this.credential(workload);
    this.credentials.set(workload, credential);
    const tls = new MutualTls({
      trustDomain: TRUST_DOMAIN,
      credential: credential.current,
      trust: { authorities: this.authority.bundle, withdrawals: this.authority.withdrawals },
      handshakeMs: this.#options.limits?.handshakeMs ?? 5000,
    });
    this.tls.set(workload, tls);
    return tls;
  }

  get point(): DecisionPoint {
    return {
      decide: async (request) => {
        this.asked.push(request);
        const rule = `${request.caller.kind}>${request.callee.name}:${request.callee.port}`;
        return (await this.allow(request))
          ? { allow: true, rules: [rule] }
          : { allow: false, rules: [], reason: "the test says no" };
      },
    };
  }

  /** Starts the proxy of a workload whose own ports are served at the given addresses. */
  async proxy(
    name: string,
    plan: Pick<Partial<ProxyPlan>, "inbound" | "outbound">,
    own: Readonly<Record<number, Address>> = {},
  ): Promise<WorkloadProxy> {
    const tls = await this.mutualTls(name);
    const limits = { ...DEFAULT_LIMITS, ...this.#options.limits };
    const log = this.#options.log ?? {
      append: async (event: DecisionEvent) => {
        this.events.push(event);
      },
    };
    const { point } = this;
    const gate = new Gate({ workflow: "test", at: name, point, log, deadlineMs: limits.decisionMs });
    const { standIns, lookUp } = this.#options;
    const proxy = await WorkloadProxy.start({
      plan: {
        workflow: "test",
        workload: { name, zone: this.#zoneOf(name), spiffeId: this.idOf(name) },
        inbound: plan.inbound ?? [],
        outbound: plan.outbound ?? [],
      },
      tls,
      gate,
      point,
      limits,
      issuers: this.#options.issuers ?? [],
      dialOwn: (port) => {
        const address = own[port];
        return address === undefined
          ? () => Promise.reject(new Error("no such port"))
          : dialTcp(address, limits.connectMs);
      },
      addressOf: (workload, port) => this.proxies.get(workload)?.addressOf(`workloads ${port}`),
      nameOf: (spiffeId) => [...this.tls.keys()].find((known) => this.idOf(known) === spiffeId),
      ...(standIns === undefined ? {} : { standIns }),
      ...(lookUp === undefined ? {} : { lookUp }),
    });
    this.proxies.set(name, proxy);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  /** Has a server listen on loopback until the mesh closes. */
  async serve(server: Server): Promise<Address> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#closers.push(() => server.close());
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  onClose(close: () => unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function inbound(
  port: number,
  changes: Partial<ProxyPlan["inbound"][number]> = {},
): ProxyPlan["inbound"][number] {
  const entrance = changes.entrance ?? "workloads";
  return {
    key: `${entrance} ${port}`,
    entrance,
    port,
    protocol: "http",
    upgrades: false,
    hosts: ["server", `server.${ZONE}`],
    identities: [],
    ...changes,
  };
}

export function outbound(
  port: number,
  spiffeId: string,
  changes: { protocol?: ProxyPlan["outbound"][number]["protocol"]; upgrades?: boolean } = {},
): ProxyPlan["outbound"][number] {
  return {
    key: `workload server ${port}`,
    kind: "workload",
    name: "server",
    zone: ZONE,
    spiffeId,
    port,
    protocol: "http",
    upgrades: false,
    hosts: ["server", `server.${ZONE}`],
    identities: [],
    ...changes,
  };
}
