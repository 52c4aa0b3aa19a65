/**
 * A real API server on loopback, with etcd and nothing else: it validates, admits and stores, and runs no pod. Each call
 * starts a fresh one in a folder of its own, with a token made for it; it ends with the test, and with the process.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engine } from "../engine.js";

export interface Kubectl {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kube {
  readonly kubeconfig: string;
  kubectl(args: readonly string[], input?: string): Kubectl;
  /** the bytes that etcd holds for a key, as text; empty when there are none */
  stored(key: string): Promise<string>;
  stop(): Promise<void>;
}

/** The programs that it takes; undefined, with a line for each that is absent. */
export function kubePrograms() {
  const [server, kubectl, etcd] = [engine("kube-apiserver"), engine("kubectl"), engine("etcd")];
  return server === undefined || kubectl === undefined || etcd === undefined ? undefined : { server, kubectl, etcd };
}

/** @param flags more flags for the API server */
export async function startKube(
  programs: NonNullable<ReturnType<typeof kubePrograms>>,
  flags: readonly string[] = [],
): Promise<Kube> {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-kube-"));
  const [client, peer, api] = await freePorts(3);
  const token = randomBytes(16).toString("hex");
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "sa.key"), keys.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(folder, "sa.pub"), keys.publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(join(folder, "tokens.csv"), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { server: `https://127.0.0.1:${api}`, "insecure-skip-tls-verify": true };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr?.on("data", (data: Buffer) => {
      log = (log + data.toString()).slice(-4000);
    });
    child.once("exit", (code) => {
      if (!stopping) console.log(`${program} ended with ${code}:\n${log}`);
    });
    children.push(child);
    return child;
  };
  let stopping = false;
  const killAll = () => {
    for (const child of children) child.kill("SIGKILL");
  };
  process.once("exit", killAll);
  const url = `http://127.0.0.1:${client}`;
  start(programs.etcd, [
    ...["--name", "test", "--data-dir", join(folder, "etcd"), "--log-level", "error"],
    ...["--listen-client-urls", url, "--advertise-client-urls", url],
    ...["--listen-peer-urls", `http://127.0.0.1:${peer}`, "--initial-advertise-peer-urls", `http://127.0.0.1:${peer}`],
    ...["--initial-cluster", `test=http://127.0.0.1:${peer}`, "--unsafe-no-fsync"],
  ]);
  const server = start(programs.server, [
    `--etcd-servers=${url}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${api}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-cluster-ip-range=10.96.0.0/24",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--endpoint-reconciler-type=none",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "sa.pub")}`,
    `--service-account-signing-key-file=${join(folder, "sa.key")}`,
    ...flags,
  ]);
  const kubectl = (args: readonly string[], input?: string): Kubectl => {
    const options = { encoding: "utf8" as const, maxBuffer: 1 << 28, ...(input === undefined ? {} : { input }) };
    const { status, stdout, stderr } = spawnSync(programs.kubectl, ["--kubeconfig", kubeconfig, ...args], options);
    return { status, stdout, stderr };
  };
  const stop = async () => {
    stopping = true;
    process.off("exit", killAll);
    // The API server first: without etcd it waits for it.
    for (const child of [...children].reverse()) {
      if (child.exitCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let waited = 0; kubectl(["get", "--raw", "/readyz"]).status !== 0; waited++) {
      if (server.exitCode !== null || waited > 240) throw new Error("the API server did not become ready");
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  // etcd's own gateway of its API to JSON: no further program is needed.
  const stored = async (key: string): Promise<string> => {
    const body = JSON.stringify({ key: Buffer.from(key).toString("base64") });
    const answer = await fetch(`${url}/v3/kv/range`, { method: "POST", body });
    const { kvs = [] } = (await answer.json()) as { kvs?: { value: string }[] };
    return kvs.map(({ value }) => Buffer.from(value, "base64").toString("latin1")).join("");
  };
  return { kubeconfig, kubectl, stored, stop };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Texts of CustomResourceDefinitions that Go's module cache holds since the engines were installed.
 * Undefined, with a line that says so, when a module is not there.
 */
export function crds(...engines: readonly (keyof typeof CRD_FILES)[]): readonly string[] | undefined {
  const cache = process.env.GOMODCACHE ?? join(process.env.HOME ?? "", "go/pkg/mod");
  const found: string[] = [];
  for (const name of engines) {
    const pattern = CRD_FILES[name];
    const listed = spawnSync("sh", ["-c", `ls -d ${pattern}`], { cwd: cache, encoding: "utf8" });
    const paths = listed.stdout.split("\n").filter((path) => path !== "");
    if (listed.status !== 0 || paths.length === 0) {
      console.log(`not run: the CRDs of ${name} are not in ${cache}`);
      return undefined;
    }
    found.push(...paths.map((path) => readFileSync(join(cache, path), "utf8")));
  }
  return found;
}

const OPA = "github.com/open-policy-agent";
const CRD_FILES = {
  Istio: "istio.io/istio@*/manifests/charts/base/files/crd-all.gen.yaml",
  "the Gateway API": "sigs.k8s.io/gateway-api@*/config/crd/standard/gateway.networking.k8s.io_*.yaml",
  Gatekeeper: `${OPA}/gatekeeper/v3@*/config/crd/bases/constrainttemplate-customresourcedefinition.yaml`,
  "Gatekeeper's match": `${OPA}/gatekeeper/v3@*/config/crd/bases/match.gatekeeper.sh_matchcrd.yaml`,
  Cilium: "github.com/cilium/cilium@*/pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml",
} as const;
