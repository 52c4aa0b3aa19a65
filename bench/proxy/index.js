// Two proxies between a client and a service, mutual TLS between them: ours (token, decision and decision log on) beside
// none, two Envoys (mutual TLS and RBAC) and two nginx (client certificates) where they are installed. Passes alternate
// in one run; before any is measured, every way must give the same answer.
//
//   npm run build && node bench/proxy [--seconds 5] [--passes 3]      ENVOY and NGINX name the programs
import { fork, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Authority, DevelopmentIssuer, parseSpiffeId } from "../../dist/identity/index.js";
import { derive } from "../../dist/policy/index.js";
import { planProxies } from "../../dist/runtime/index.js";
import { authorizationBundle } from "../../dist/targets/index.js";
import { loadWorkflow } from "../../dist/workflow/index.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    passes: { type: "string", default: "3" },
    connections: { type: "string", default: "32" },
    warmup: { type: "string", default: "10" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "ringfence-bench-"));
const children = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const WORKFLOW = `
apiVersion: ringfence.dev/v1
workflow: bench
trustDomain: bench.example.com
zones: { z: { trust: internal } }
data: { q: { sensitivity: internal } }
identity: { corp: { issuer: "https://login.example.com", audience: api, roles: realm_access.roles } }
workloads:
  client: { zone: z, port: 8080 }
  model: { zone: z, port: 8500 }
outside: { users: { kind: users, identity: corp } }
flows:
  - { from: users, to: client, data: [q], allow: [{ method: POST, path: /ask, roles: [asker] }] }
  - { from: client, to: model, data: [q], returns: [q], allow: [{ method: POST, path: /infer, roles: [asker] }] }
`;
const policy = derive(loadWorkflow({ path: "bench.yaml", text: WORKFLOW }));
const plans = planProxies(policy);
const authority = { path: join(folder, "authority.json"), trustDomain: policy.trustDomain, secret: randomBytes(32) };
const ca = await Authority.open(authority);
const issuer = await DevelopmentIssuer.start({ issuer: "https://login.example.com" });
const token = await issuer.issue({
  subject: "ada",
  audience: "api",
  roles: ["asker"],
  rolesPath: ["realm_access", "roles"],
  ttlSeconds: 3600,
});

/** Starts a program of ours and waits for its first message. */
function start(file, env = {}) {
  const child = fork(new URL(file, import.meta.url), { env: { ...process.env, ...env } });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve({ child, message }));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

async function twoFreePorts() {
  const servers = [createServer(), createServer()];
  for (const server of servers) await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** A certificate and key of a workload, as files. */
let files = 0;
function credentialFiles(name) {
  const stem = join(folder, `${name}-${files++}`);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { spiffeId } = policy.workloads.find((workload) => workload.name === name);
  const pem = ca.issue(parseSpiffeId(spiffeId), publicKey.export({ format: "der", type: "spki" }), { dns: [name] });
  const paths = { cert: `${stem}.pem`, key: `${stem}.key`, ca: join(folder, "ca.pem") };
  writeFileSync(paths.cert, pem);
  writeFileSync(paths.key, privateKey.export({ format: "pem", type: "pkcs8" }));
  writeFileSync(paths.ca, ca.bundle.join(""));
  return { ...paths, spiffeId };
}

async function ours(workloadPort) {
  const shared = {
    bundle: authorizationBundle(policy),
    authority: { ...authority, secret: authority.secret.toString("hex") },
    issuer: { issuer: issuer.issuer, keys: issuer.keys },
    names: Object.fromEntries(policy.workloads.map(({ name, spiffeId }) => [spiffeId, name])),
  };
  const proxy = async (name, more) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(
      path,
      JSON.stringify({ ...shared, plan: plans.get(name), log: join(folder, `${name}.jsonl`), ...more }),
    );
    return start("own-proxy.js", { BENCH_CONFIG: path });
  };
  const inward = await proxy("model", { workloadPort });
  const outward = await proxy("client", { peer: inward.message["workloads 8500"] });
  const { host, port } = outward.message["workload model 8500"];
  return { url: `http://${host}:${port}`, pids: [inward.child.pid, outward.child.pid] };
}

async function envoys(workloadPort) {
  const program = process.env.ENVOY ?? "envoy";
  if (spawnSync(program, ["--version"]).status !== 0) return undefined;
  const [client, model] = [credentialFiles("client"), credentialFiles("model")];
  const [inPort, outPort] = await twoFreePorts();
  const tls = ({ cert, key, ca: trusted }, peer) => ({
    common_tls_context: {
      tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
      tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
      validation_context: {
        trusted_ca: { filename: trusted },
        match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: peer } }],
      },
    },
  });
  const type = (name) => `type.googleapis.com/envoy.extensions.${name}`;
  const config = (port, listenerTls, upstreamPort, upstreamTls, filters) => ({
    static_resources: {
      listeners: [
        {
          address: { socket_address: { address: "127.0.0.1", port_value: port } },
          filter_chains: [
            {
              ...(listenerTls && {
                transport_socket: {
                  name: "tls",
                  typed_config: {
                    "@type": type("transport_sockets.tls.v3.DownstreamTlsContext"),
                    require_client_certificate: true,
                    ...listenerTls,
                  },
                },
              }),
              filters: [
                {
                  name: "http",
                  typed_config: {
                    "@type": type("filters.network.http_connection_manager.v3.HttpConnectionManager"),
                    stat_prefix: "bench",
                    route_config: {
                      virtual_hosts: [
                        {
                          name: "all",
                          domains: ["*"],
                          routes: [{ match: { prefix: "/" }, route: { cluster: "next" } }],
                        },
                      ],
                    },
                    http_filters: [
                      ...filters,
                      { name: "router", typed_config: { "@type": type("filters.http.router.v3.Router") } },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "next",
          type: "STATIC",
          load_assignment: {
            cluster_name: "next",
            endpoints: [
              {
                lb_endpoints: [
                  { endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: upstreamPort } } } },
                ],
              },
            ],
          },
          ...(upstreamTls && {
            transport_socket: {
              name: "tls",
              typed_config: { "@type": type("transport_sockets.tls.v3.UpstreamTlsContext"), ...upstreamTls },
            },
          }),
        },
      ],
    },
  });
  const rbac = {
    name: "rbac",
    typed_config: {
      "@type": type("filters.http.rbac.v3.RBAC"),
      rules: {
        action: "ALLOW",
        policies: {
          infer: {
            permissions: [
              {
                and_rules: {
                  rules: [
                    { url_path: { path: { exact: "/infer" } } },
                    { header: { name: ":method", string_match: { exact: "POST" } } },
                  ],
                },
              },
            ],
            principals: [{ authenticated: { principal_name: { exact: client.spiffeId } } }],
          },
        },
      },
    },
  };
  const configs = [
    config(inPort, tls(model, client.spiffeId), workloadPort, undefined, [rbac]),
    config(outPort, undefined, inPort, tls(client, model.spiffeId), []),
  ];
  const pids = configs.map((content, index) => {
    const path = join(folder, `envoy-${index}.json`);
    writeFileSync(path, JSON.stringify(content));
    const args = ["-c", path, "--base-id", String(4000 + process.pid + index), "--log-level", "error"];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    children.push(child);
    return child.pid;
  });
  return { url: `http://127.0.0.1:${outPort}`, pids };
}

async function nginxes(workloadPort) {
  const program = process.env.NGINX ?? "nginx";
  if (spawnSync(program, ["-v"]).error !== undefined) return undefined;
  const [client, model] = [credentialFiles("client"), credentialFiles("model")];
  const [inPort, outPort] = await twoFreePorts();
  const config = (index, listen, next, extra) => `
daemon off; worker_processes 1; pid ${folder}/nginx-${index}.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream next { server 127.0.0.1:${next}; keepalive 64; }
  server {
    listen 127.0.0.1:${listen}; keepalive_requests 1000000;
    location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass ${extra.scheme}://next; ${extra.location} }
    ${extra.server}
  }
}`;
  const inward = config(0, `${inPort} ssl`, workloadPort, {
    scheme: "http",
    location: "",
    server: `ssl_protocols TLSv1.3; ssl_certificate ${model.cert}; ssl_certificate_key ${model.key}; ssl_client_certificate ${model.ca}; ssl_verify_client on;`,
  });
  const outward = config(1, outPort, inPort, {
    scheme: "https",
    location: `proxy_ssl_protocols TLSv1.3; proxy_ssl_certificate ${client.cert}; proxy_ssl_certificate_key ${client.key}; proxy_ssl_trusted_certificate ${client.ca}; proxy_ssl_verify on; proxy_ssl_name model;`,
    server: "",
  });
  const pids = [inward, outward].flatMap((text, index) => {
    const path = join(folder, `nginx-${index}.conf`);
    writeFileSync(path, text);
    const child = spawn(program, ["-c", path, "-p", folder], { stdio: "ignore" });
    // Its workers end only if it may end them itself.
    children.push({ kill: () => child.kill("SIGTERM") });
    return child.pid;
  });
  return { url: `http://127.0.0.1:${outPort}`, pids, workers: true };
}

/** A process and what it started. */
function withChildren(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return [pid, ...text.split(" ").filter(Boolean).map(Number).flatMap(withChildren)];
  } catch {
    return [pid];
  }
}

function usage(pids) {
  let ticks = 0;
  let kib = 0;
  for (const pid of pids.flatMap(withChildren)) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
    kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  }
  return { cpuMs: ticks * 10, mib: kib / 1024 };
}

async function load(url, seconds) {
  const { message } = await start("client.js", {
    URL: url,
    TOKEN: token,
    SECONDS: String(seconds),
    CONNECTIONS: values.connections,
  });
  return message;
}

const server = await start("server.js");
const ways = { direct: { url: `http://127.0.0.1:${server.message}`, pids: [] } };
for (const [name, make] of Object.entries({ ours, "two Envoys": envoys, "two nginx": nginxes })) {
  const way = await make(server.message);
  if (way === undefined) console.log(`not run: ${name} are not installed`);
  else ways[name] = way;
}
for (const [name, { url }] of Object.entries(ways)) {
  // Some need a moment until they serve.
  let warmed = await load(url, 1);
  for (let tries = 0; tries < 20 && warmed.wrong > 0; tries++) warmed = await load(url, 1);
  if (warmed.wrong > 0)
    throw new Error(`${name}: ${warmed.wrong} of ${warmed.requests} answers differ: ${warmed.example}`);
}
// Ours is compiled while it runs; what counts is how it serves, not how it starts.
for (const { url } of Object.values(ways)) await load(url, Number(values.warmup));
console.log(
  `equal answers; ${cpus().length} CPUs, ${values.connections} connections, 1 KiB each way, ${values.passes} passes of ${values.seconds} s`,
);
const results = new Map(Object.keys(ways).map((name) => [name, []]));
for (let pass = 0; pass < Number(values.passes); pass++) {
  for (const [name, { url, pids }] of Object.entries(ways)) {
    const before = usage(pids);
    const measured = await load(url, Number(values.seconds));
    const after = usage(pids);
    results
      .get(name)
      .push({ ...measured, cpu: ((after.cpuMs - before.cpuMs) / measured.requests) * 1000, mib: after.mib });
  }
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const envoyRps = median((results.get("two Envoys") ?? []).map(({ rps }) => rps));
console.log("way          requests/s  ÷ Envoys   p50 ms   p99 ms  proxies' CPU ms/1000  MiB");
for (const [name, passes] of results) {
  const of = (key) => median(passes.map((pass) => pass[key]));
  const ratio = envoyRps === 0 ? "-" : (of("rps") / envoyRps).toFixed(2);
  console.log(
    `${name.padEnd(12)} ${of("rps").toFixed(0).padStart(10)} ${ratio.padStart(9)} ${of("p50").toFixed(2).padStart(8)} ${of("p99").toFixed(2).padStart(8)} ${of("cpu").toFixed(0).padStart(21)} ${of("mib").toFixed(0).padStart(4)}`,
  );
}
await issuer.close();
process.exit(0);
