// The main job on real input: manifests are imported, checked, mapped and compiled; then the example runs here.
// `npm run tour` takes the example of this repository, `npm run tour -- PATH…` manifests of yours; where the corpus of
// third-party applications is (RINGFENCE_CORPUS), some of them are done as well.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = "tour";
const beside = join(root, "../shared/corpus");
const corpus = process.env.RINGFENCE_CORPUS ?? (existsSync(beside) ? beside : undefined);

const THIRD_PARTY = {
  chatqna: "apps/opea-chatqna/cpu/xeon/manifest/chatqna.yaml",
  "microservices-demo": "apps/microservices-demo/kubernetes-manifests",
};

const given = process.argv.slice(2).map((path) => (path === "-" ? path : resolve(path)));
const inputs =
  given.length > 0
    ? [["yours", ...given]]
    : [
        ["rag-chat", "examples/rag-chat/manifests"],
        ...(corpus === undefined
          ? []
          : Object.entries(THIRD_PARTY).map(([name, path]) => [name, relative(root, join(corpus, path))])),
      ];

process.chdir(root);
rmSync(out, { recursive: true, force: true });
for (const [name, ...paths] of inputs) {
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "ringfence.yaml");
  console.log(`\n== ${name}: ${paths.join(" ")}`);
  run(["import", ...paths, "--name", name, "-o", file], { quiet: true });
  console.log(summary(run(["check", "-f", file], { quiet: true })));
  run(["map", "-f", file]);
  run(["map", "-f", file, "--format", "html", "-o", join(folder, "map.html")]);
  run(["compile", "-f", file, "-o", join(folder, "manifests")]);
  console.log(`Look at ${join(folder, "map.html")} and ${join(folder, "manifests/CONTROLS.md")}.`);
}
if (corpus === undefined && given.length === 0)
  console.log("\nnot run: third-party manifests (RINGFENCE_CORPUS is not set)");

if (given.length === 0) {
  console.log("\n== claims-triage: the example workflow, running here\n");
  run(["demo"]);
}

function run(args, { quiet = false } = {}) {
  const result = spawnSync(process.execPath, [join(root, "bin/ringfence.js"), ...args], {
    encoding: "utf8",
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) return result.stdout ?? "";
  if (quiet) process.stderr.write(result.stderr);
  process.exit(result.status ?? 1);
}

/** Of a check: its first line and its last. */
function summary(text) {
  const lines = text.trim().split("\n");
  return `${lines[0]} Findings: ${lines.at(-1)}.`;
}
