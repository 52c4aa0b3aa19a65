/**
 * All layers by cluster size: network policies, mutual TLS, tokens, authorization and the egress registry, for every
 * source of every port of every workload. Wall and processor time, peak memory, and the re-check after one edit of an
 * AuthorizationPolicy and of a NetworkPolicy.
 * Run `npm run build && node bench/verify/layers.js [PODS ...]`. Each size runs in a process of its own.
 */
import { fileURLToPath } from "node:url";
import { bySize, median, milliseconds as ms } from "../by-size.js";
import { clusterOf } from "./manifests.js";

const PORTS = [8080, 9090];
await bySize(fileURLToPath(import.meta.url), {
  sizes: [100, 1_000, 5_000, 10_000],
  size: "pods",
  time: "cpu",
  head: "  pods  policies      read     index    answer     total       cpu  groups  peak MB   re-check (mesh, network)",
  line,
  measure,
});

function line(r) {
  return [
    String(r.pods).padStart(6),
    String(r.policies).padStart(9),
    ms(r.read),
    ms(r.index),
    ms(r.answer),
    ms(r.total),
    ms(r.cpu),
    String(r.groups).padStart(7),
    r.peakMb.toFixed(0).padStart(8),
    `${r.mesh.toFixed(1)} ms`.padStart(10),
    `${r.network.toFixed(1)} ms`.padStart(9),
  ].join(" ");
}

async function measure(pods) {
  const { editCluster, readCluster } = await import("../../dist/cluster/index.js");
  const { Network } = await import("../../dist/verify/index.js");
  const { Reachability } = await import("../../dist/verify/reach.js");
  const text = clusterOf(pods, { mesh: true });
  const times = [performance.now()];
  const started = process.cpuUsage();
  const { cluster, problems } = readCluster([{ path: "cluster.yaml", text }]);
  if (problems.length > 0) throw new Error(problems[0].message);
  times.push(performance.now());
  const network = new Network(cluster);
  const reach = new Reachability(network);
  times.push(performance.now());
  let groups = 0;
  for (const point of network.points.pods) {
    for (const port of PORTS) groups += reach.to(point, port).filter(({ judgement }) => !judgement.may.isEmpty).length;
  }
  times.push(performance.now());
  const cpu = process.cpuUsage(started);
  const [read, index, answer] = [1, 2, 3].map((at) => times[at] - times[at - 1]);
  const tools = { editCluster, readCluster, Reachability, cluster, network, reach };
  console.log(
    JSON.stringify({
      pods,
      policies: cluster.networkPolicies.length + cluster.authorizationPolicies.length,
      read,
      index,
      answer,
      total: read + index + answer,
      cpu: (cpu.user + cpu.system) / 1000,
      groups,
      mesh: median(Array.from({ length: 5 }, (_, turn) => recheckMesh(tools, turn))),
      network: median(Array.from({ length: 5 }, (_, turn) => recheckNetwork(tools, turn))),
      peakMb: process.resourceUsage().maxRSS / 1024,
    }),
  );
}

/** An AuthorizationPolicy loses a rule: everything is asked again of the workloads of its namespace. */
function recheckMesh({ editCluster, readCluster, cluster, network, reach }, turn) {
  const policies = cluster.authorizationPolicies.filter(({ name }) => name !== "deny-all");
  const before = policies[Math.floor(((turn + 1) * policies.length) / 6)];
  const { value } = before.object.origin;
  const text = JSON.stringify({ ...value, spec: { ...value.spec, rules: value.spec.rules.slice(1) } });
  const started = performance.now();
  const edited = editCluster(cluster, { put: readCluster([{ path: "edited.json", text }]).cluster });
  const rechecked = reach.after(edited);
  for (const point of network.points.pods) {
    if (point.workload.namespace !== before.namespace) continue;
    for (const port of PORTS) rechecked.to(point, port);
  }
  return performance.now() - started;
}

/** A NetworkPolicy loses a rule and gets it back: everything is asked again of the ends that it names. */
function recheckNetwork({ editCluster, readCluster, Reachability, cluster, network }, turn) {
  const policies = cluster.networkPolicies.filter(({ name }) => name !== "default-deny");
  const before = policies[Math.floor(((turn + 1) * policies.length) / 6)];
  const { value } = before.object.origin;
  const text = JSON.stringify({ ...value, spec: { ...value.spec, ingress: value.spec.ingress.slice(1) } });
  const started = performance.now();
  const put = readCluster([{ path: "edited.json", text }]).cluster;
  editCluster(cluster, { put });
  const [after] = put.networkPolicies;
  const change = network.replace(before, after);
  const reach = new Reachability(network);
  for (const destination of change.destinations) {
    for (const port of PORTS) reach.to(network.points.all[destination], port);
  }
  const spent = performance.now() - started;
  network.replace(after, before);
  return spent;
}
