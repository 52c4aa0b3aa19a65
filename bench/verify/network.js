/**
 * The network layer by cluster size: wall time of each stage, processor time of all (what counts on a busy machine),
 * peak memory, and the re-check after one edit.
 * Run `npm run build && node bench/verify/network.js [PODS ...]`. Each size runs in a process of its own, so that the
 * peak is its own.
 */
import { fileURLToPath } from "node:url";
import { bySize, median, milliseconds as ms } from "../by-size.js";
import { clusterOf } from "./manifests.js";

await bySize(fileURLToPath(import.meta.url), {
  sizes: [100, 1_000, 5_000, 10_000],
  size: "pods",
  time: "cpu",
  head: "  pods  policies      read     index  all rows     total       cpu     pairs    ports  peak MB   re-check",
  line,
  measure,
});

function line(r) {
  return [
    String(r.pods).padStart(6),
    String(r.policies).padStart(9),
    ms(r.read),
    ms(r.index),
    ms(r.rows),
    ms(r.total),
    ms(r.cpu),
    String(r.pairs).padStart(9),
    String(r.portSets).padStart(8),
    r.peakMb.toFixed(0).padStart(8),
    r.edit === undefined ? "" : `${r.edit.toFixed(1)} ms`.padStart(10),
  ].join(" ");
}

async function measure(pods) {
  const { editCluster, readCluster } = await import("../../dist/cluster/index.js");
  const { Network } = await import("../../dist/verify/layers/network/index.js");
  const text = clusterOf(pods);
  const times = [performance.now()];
  const started = process.cpuUsage();
  const { cluster, problems } = readCluster([{ path: "cluster.yaml", text }]);
  if (problems.length > 0) throw new Error(problems[0].message);
  times.push(performance.now());
  const network = new Network(cluster);
  times.push(performance.now());
  let pairs = 0;
  const sets = new Set();
  for (const { index } of network.points.all) {
    for (const { points, ports } of network.to(index).may) {
      pairs += points.count();
      sets.add(ports);
    }
  }
  times.push(performance.now());
  const cpu = process.cpuUsage(started);
  const edit = median(
    Array.from({ length: 9 }, (_, turn) => recheck(network, cluster, { readCluster, editCluster }, turn)),
  );
  const [read, index, rows] = [1, 2, 3].map((at) => times[at] - times[at - 1]);
  const result = {
    pods,
    policies: cluster.networkPolicies.length,
    read,
    index,
    rows,
    total: read + index + rows,
    cpu: (cpu.user + cpu.system) / 1000,
    pairs,
    portSets: sets.size,
    edit,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
  console.log(JSON.stringify(result));
}

/** One policy loses a rule and gets it back: read the edited document, put it in place, ask for all it may change. */
function recheck(network, cluster, { readCluster, editCluster }, turn) {
  const policies = cluster.networkPolicies.filter(({ name }) => name !== "default-deny");
  const before = policies[Math.floor(((turn + 1) * policies.length) / 10)];
  const text = JSON.stringify({
    ...before.object.origin.value,
    spec: { ...before.object.origin.value.spec, ingress: before.object.origin.value.spec.ingress.slice(1) },
  });
  const started = performance.now();
  const put = readCluster([{ path: "edited.json", text }]).cluster;
  const [after] = put.networkPolicies;
  editCluster(cluster, { put });
  const change = network.replace(before, after);
  for (const destination of change.destinations) network.to(destination);
  for (const source of change.sources) network.from(source);
  const spent = performance.now() - started;
  network.replace(after, before);
  return spent;
}
