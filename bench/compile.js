/**
 * Compiling by size: from the text of ringfence.yaml to the files on disk, stage by stage, with the whole set of engines
 * that a workflow chooses by itself. Run `npm run build && node bench/compile.js [WORKLOADS ...]`. Each size runs in a
 * process of its own, so that the peak is its own and nothing is warm.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bySize } from "./by-size.js";

const PER_ZONE = 25;
const FLOWS_EACH = 5;

await bySize(fileURLToPath(import.meta.url), {
  sizes: [10, 100, 1_000],
  variants: ["istio", "istio-ambient"],
  size: "workloads",
  time: "total",
  head: "workloads  flows    load  derive compile   write   check   total  files  objects     MB  peak MB",
  line,
  measure,
});

async function measure(workloads, mesh) {
  const { loadWorkflow } = await import("../dist/workflow/index.js");
  const { derive } = await import("../dist/policy/index.js");
  const { compile } = await import("../dist/targets/index.js");
  const { compareFileSet, writeFileSet } = await import("../dist/files/index.js");
  const text = workflowOf(workloads, mesh);
  const folder = mkdtempSync(join(tmpdir(), "ringfence-bench-"));
  const times = {};
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    times[name] = performance.now() - start;
    return result;
  };
  try {
    const workflow = await timed("load", () => loadWorkflow({ path: "bench.yaml", text }));
    const policy = await timed("derive", () => derive(workflow));
    const compilation = await timed("compile", () => compile(policy));
    await timed("write", () => writeFileSet(folder, compilation.files));
    const comparisons = await timed("check", () => compareFileSet(folder, compilation.files));
    if (comparisons.some(({ state }) => state !== "same")) throw new Error("what was written is not what was compiled");
    const total = Object.values(times).reduce((sum, time) => sum + time, 0);
    const objects = compilation.artifacts.reduce((sum, { objects = [] }) => sum + objects.length, 0);
    const bytes = compilation.files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
    const peak = process.resourceUsage().maxRSS / 1024;
    console.log(
      JSON.stringify({
        workloads,
        flows: policy.rules.length,
        ...times,
        total,
        files: compilation.files.length,
        objects,
        bytes,
        peak,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A workflow of a given size: 25 workloads a zone, five flows from each, most with operations, some with roles. */
function workflowOf(workloads, mesh) {
  const name = (index) => `w${index % workloads}`;
  const lines = ["apiVersion: ringfence.dev/v1", "workflow: bench", "trustDomain: bench.example", "zones:"];
  for (let zone = 0; zone * PER_ZONE < workloads; zone++)
    lines.push(`  zone-${zone}: { trust: ${zone % 3 === 0 ? "restricted" : "internal"} }`);
  lines.push(
    "identity:",
    "  corp: { issuer: https://login.example, audience: bench, roles: realm_access.roles }",
    "workloads:",
  );
  for (let index = 0; index < workloads; index++)
    lines.push(`  ${name(index)}: { zone: zone-${Math.floor(index / PER_ZONE)}, port: 8080 }`);
  lines.push(
    "outside:",
    "  people: { kind: users, identity: corp }",
    "  api: { kind: api, host: api.example }",
    "flows:",
  );
  for (let index = 0; index < workloads; index++) {
    const roles = index % 4 === 0 ? ", roles: [reader, writer]" : "";
    for (let flow = 1; flow < FLOWS_EACH; flow++) {
      const to = name(index + (flow === FLOWS_EACH - 1 ? 37 : flow));
      lines.push(
        `  - { from: ${name(index)}, to: ${to}, allow: [{ method: [GET, POST], path: ["/v${flow}/items/{id}", /v${flow}/items]${roles} }] }`,
      );
    }
    lines.push(
      index % 10 === 0
        ? `  - { from: people, to: ${name(index)}, allow: [{ path: /**, roles: reader }] }`
        : `  - { from: ${name(index)}, to: api }`,
    );
  }
  lines.push(`targets: { mesh: ${mesh} }`);
  return `${lines.join("\n")}\n`;
}

function line(run) {
  const ms = (value) => `${value.toFixed(0)} ms`.padStart(8);
  const columns = [run.load, run.derive, run.compile, run.write, run.check, run.total].map(ms).join("");
  const size = `${String(run.workloads).padStart(9)}${String(run.flows).padStart(7)}`;
  return `${size}${columns}${String(run.files).padStart(7)}${String(run.objects).padStart(9)}${(run.bytes / 1e6).toFixed(1).padStart(7)}${run.peak.toFixed(0).padStart(9)}`;
}
