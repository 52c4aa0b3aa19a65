// Builds the real engines from Go modules into one folder. Needs nothing but Go and its module proxy.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const bin = process.env.RINGFENCE_ENGINES ?? join(homedir(), ".cache/ringfence/engines/bin");

const KUBERNETES = { module: "k8s.io/kubernetes", version: "v1.37.2" };
/** A collector of our own choice of parts; these versions are the newest that go together in Go's module proxy. */
const CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib";
const COLLECTOR = [
  `${CONTRIB}/exporter/fileexporter@v0.161.0`,
  `${CONTRIB}/receiver/fluentforwardreceiver@v0.161.0`,
  `${CONTRIB}/processor/transformprocessor@v0.161.0`,
];
const ENGINES = {
  opa: { module: "github.com/open-policy-agent/opa", version: "v1.22.2", package: "github.com/open-policy-agent/opa" },
  kubectl: { ...KUBERNETES, package: "k8s.io/kubernetes/cmd/kubectl" },
  "kube-apiserver": { ...KUBERNETES, package: "k8s.io/kubernetes/cmd/kube-apiserver" },
  gator: {
    module: "github.com/open-policy-agent/gatekeeper/v3",
    version: "v3.23.1",
    package: "github.com/open-policy-agent/gatekeeper/v3/cmd/gator",
  },
  istioctl: {
    module: "istio.io/istio",
    version: "v0.0.0-20260827124520-eed52ebb66ad",
    package: "istio.io/istio/istioctl/cmd/istioctl",
  },
  collector: { source: "collector", requires: COLLECTOR },
  /** no program: its definitions of objects are read from Go's module cache */
  cilium: { module: "github.com/cilium/cilium", version: "v1.20.2" },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(ENGINES, name));
if (unknown.length > 0) {
  console.error(`no such engine: ${unknown.join(", ")}; there are ${Object.keys(ENGINES).join(", ")}`);
  process.exit(2);
}
if (spawnSync("go", ["version"]).status !== 0) {
  console.error("not run: engines are built with Go, and there is no `go` here");
  process.exit(4);
}
mkdirSync(bin, { recursive: true });
let failed = false;
for (const name of asked.length === 0 ? Object.keys(ENGINES) : asked) {
  if (existsSync(join(bin, name))) console.log(`${name}: there`);
  else failed = !build(name, ENGINES[name]) || failed;
}
process.exit(failed ? 4 : 0);

function build(name, engine) {
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "ringfence-engine-"));
  try {
    if (engine.package === undefined && engine.source === undefined) {
      run(folder, "mod", "download", `${engine.module}@${engine.version}`);
      console.log(`${name}: its definitions are there`);
      return true;
    }
    if (engine.source === undefined) {
      writeFileSync(join(folder, "go.mod"), goMod(engine));
      run(folder, "mod", "tidy");
    } else {
      cpSync(join(import.meta.dirname, engine.source), folder, { recursive: true });
      writeFileSync(join(folder, "go.mod"), "module engines.local/build\n\ngo 1.26.0\n");
      run(folder, "get", ...engine.requires);
      run(folder, "get", ".");
    }
    const flags = ["-mod=mod", "-trimpath", "-ldflags", `-s -w ${versionFlags(engine)}`];
    run(folder, "build", ...flags, "-o", join(bin, name), engine.package ?? ".");
    console.log(`${name}: built in ${Math.round((Date.now() - started) / 1000)} s`);
    return true;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function goMod({ module, version, package: path }) {
  return `module engines.local/build\n\ngo 1.26.0\n\ntool ${path}\n\nrequire ${module} ${version}\n${replaces(module, version)}`;
}

/** Kubernetes names its staging modules v0.0.0 and replaces them by folders of its own; outside it they have versions. */
function replaces(module, version) {
  if (module !== KUBERNETES.module) return "";
  run(tmpdir(), "mod", "download", `${module}@${version}`);
  const cache = spawnSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).stdout.trim();
  const text = readFileSync(join(cache, "cache/download", module, "@v", `${version}.mod`), "utf8");
  const staged = [...text.matchAll(/^\s*(k8s\.io\/[a-z-]+) v0\.0\.0$/gm)].map((match) => match[1]);
  return `\nreplace (\n${[...new Set(staged)].map((name) => `\t${name} => ${name} ${version.replace("v1.", "v0.")}`).join("\n")}\n)\n`;
}

/** Without them the API server calls itself v0.0.0-master and refuses some objects. */
function versionFlags({ module, version }) {
  if (module !== KUBERNETES.module) return "";
  const [, minor] = version.split(".");
  const set = { gitVersion: version, gitMajor: 1, gitMinor: minor, gitCommit: version, gitTreeState: "clean" };
  return Object.entries(set)
    .map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
    .join(" ");
}

function run(folder, ...args) {
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" };
  const result = spawnSync("go", args, { cwd: folder, env, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0)
    throw new Error(`go ${args[0]} failed: ${(result.stderr ?? "").trim().split("\n").slice(-3).join(" | ")}`);
}
