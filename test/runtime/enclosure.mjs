/**
 * Runs inside a closed network namespace that the test made: starts everything that a workload must not reach, then the
 * probe, once as a plain process (the control: every attempt succeeds) and once in the sandbox (none does). Nothing that
 * is tried here can leave the machine, for the namespace has nothing but its own loopback.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [sandboxModule, insideProgram, asOther] = process.argv.slice(2);
const { detectIsolation, EnclosedWorkload, placesOf } = await import(sandboxModule);

const OUTSIDE = "1.1.1.1";
const METADATA = "169.254.169.254";
for (const command of [
  ["ip", "link", "set", "lo", "up"],
  ["ip", "addr", "add", `${OUTSIDE}/32`, "dev", "lo"],
  ["ip", "addr", "add", `${METADATA}/32`, "dev", "lo"],
]) {
  const done = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command.join(" ")}: ${done.stderr}`);
}

const root = mkdtempSync(join(tmpdir(), "ringfence-enclosure-"));
const folder = join(root, "workflow");
const data = join(root, "data");
const others = join(folder, ".ringfence");
for (const path of [folder, data, others]) mkdirSync(path, { recursive: true });
const keyFile = join(others, "proxy.key");
writeFileSync(keyFile, "private");
writeFileSync(join(folder, ".env"), "TOKEN=private");
writeFileSync(join(folder, "service.txt"), "own code");
// What lies in the workflow's folder and is nobody's to read: hidden files at any depth, everybody's secrets.
const nested = join(folder, "services/model");
const othersSecrets = join(folder, "all-secrets");
for (const path of [nested, othersSecrets]) mkdirSync(path, { recursive: true });
writeFileSync(join(nested, ".env.production"), "TOKEN=private");
writeFileSync(join(othersSecrets, "another-key"), "private");

const listen = (server, ...at) => new Promise((resolve) => server.listen(...at, () => resolve(server.address())));
const hello = () => createServer((socket) => socket.on("error", () => undefined).end("reached"));
const otherWorkload = (await listen(hello(), 0, "127.0.0.1")).port;
const outside = (await listen(hello(), 0, OUTSIDE)).port;
const metadata = (await listen(hello(), 0, METADATA)).port;
const socketPath = join(others, "other.sock");
await listen(hello(), socketPath);
const abstract = `\0ringfence-test-${process.pid}`;
const abstractHolder = spawn(
  "python3",
  [
    "-c",
    `import socket,sys
s=socket.socket(socket.AF_UNIX); s.bind("\\0"+sys.argv[1]); s.listen(); print("ready", flush=True)
while True:
  c,_=s.accept(); c.sendall(b"reached"); c.close()`,
    abstract.slice(1),
  ],
  { stdio: ["pipe", "pipe", "inherit"] },
);
await new Promise((resolve) => abstractHolder.stdout.once("data", resolve));
const victim = spawn("sleep", ["600"], { stdio: "ignore" });

const peer = createHttp((_request, response) => response.end("through the proxy"));

async function probe(isolation) {
  const spec = {
    name: "probe",
    folder,
    data,
    etc: {},
    secrets: {},
    hidden: [othersSecrets],
    inside: insideProgram,
    command: `"${process.execPath}" "$PROBE"`,
    env: {},
  };
  const probePath = join(folder, "probe.mjs");
  writeFileSync(probePath, readFileSync(fileURLToPath(new URL("./enclosure-probe.mjs", import.meta.url))));
  const workload = EnclosedWorkload.enclose(spec, isolation);
  const output = [];
  workload.output.stdout.on("data", (chunk) => output.push(chunk));
  workload.output.stderr.on("data", (chunk) => process.stderr.write(chunk));
  const listening = await workload.listen("way-out", "127.0.0.1", 18080);
  peer.listen(listening);
  workload.run({
    ...spec,
    env: {
      PATH: "/usr/bin:/bin",
      PROBE: probePath,
      DATA: placesOf(spec, isolation, "").data,
      TARGETS: JSON.stringify({
        otherWorkload: { host: "127.0.0.1", port: otherWorkload },
        outside: { host: OUTSIDE, port: outside },
        metadata: { host: METADATA, port: metadata },
        otherSocket: { path: socketPath },
        abstractSocket: { abstract: abstract.slice(1) },
      }),
      FILES: JSON.stringify({
        keyFile,
        envFile: join(folder, ".env"),
        nestedEnvFile: join(nested, ".env.production"),
        othersSecret: join(othersSecrets, "another-key"),
        hostShadow: "/etc/shadow",
        hostHome: "/root",
      }),
      VICTIM: String(victim.pid),
      SUPERVISOR: String(process.pid),
    },
  });
  // The probe serves on 18081 when it is done; whoever is let in by the proxy can reach it.
  let inward = "";
  for (let attempt = 0; attempt < 200 && inward === ""; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      const socket = await workload.dial(18081);
      socket.on("error", () => undefined);
      inward = await new Promise((resolve) => {
        socket.once("data", (chunk) => resolve(chunk.toString()));
        socket.once("close", () => resolve("closed"));
      });
    } catch {
      // Not there yet.
    }
  }
  const code = await workload.exited;
  peer.close();
  const text = Buffer.concat(output).toString();
  return {
    isolation: isolation.kind,
    inward,
    code,
    ...JSON.parse(text.split("\n").find((line) => line.startsWith("{")) ?? "{}"),
  };
}

const control = await probe({ kind: "advisory", reason: "control" });
const isolation = detectIsolation();
const enclosed = isolation.kind === "enforced" ? await probe(isolation) : { skipped: isolation.reason };
const victimLives = victim.exitCode === null && victim.signalCode === null;
console.log(JSON.stringify({ control, enclosed, victimLives, asOther }));
victim.kill("SIGKILL");
abstractHolder.kill("SIGKILL");
process.exit(0);
