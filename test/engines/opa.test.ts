/** The compiled bundle in the real OPA: it checks strictly, passes its own tests, and decides as our engine does. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { draftWorkflow } from "../../src/draft/index.js";
import { listFiles, readSource } from "../../src/files/index.js";
import { derive, type Policy } from "../../src/policy/index.js";
import { readTarget } from "../../src/runtime/pep/request-target.js";
import { compile } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { authorizationCases, examplePolicy, type Issued } from "../authorization/cases.js";
import { TARGETS } from "../authorization/request-targets.js";
import { corpus, engine } from "../engine.js";

const opa = engine("opa");
const apps = corpus("apps");
const folder = mkdtempSync(join(tmpdir(), "opa-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, policy: Policy): string {
  for (const { path, text } of compile(policy).files.filter(({ path }) => path.startsWith("opa/"))) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name, "opa");
}

function run(...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(opa ?? "", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return { status, text: `${stdout}${stderr}` };
}

function imported(...parts: string[]): Policy {
  const { text } = draftWorkflow(readCluster(listFiles(parts, [".yaml", ".yml", ".json"]).map(readSource)));
  return derive(loadWorkflow({ path: "draft.yaml", text }));
}

const OWN = 'package narrow.a\n\ndeny contains "x" if input.request.host == "x"\n\npermit := true\n';
const IMPORTED = [
  ["opea-chatqna", "opea-chatqna/cpu/xeon/manifest/chatqna.yaml"],
  ["opea-codegen", "opea-codegen/cpu/xeon/manifest/codegen.yaml"],
  ["microservices-demo", "microservices-demo/kubernetes-manifests"],
  ["kubeai-deep-chat", "kubeai-deep-chat/manifests"],
] as const;
const POLICIES: [string, () => Policy][] = [
  ["claims-triage", () => examplePolicy()],
  ["claims-triage with Rego of its own", () => examplePolicy([{ path: "p.rego", text: OWN }])],
  ["rag-chat", () => imported(resolve(import.meta.dirname, "../../examples/rag-chat/manifests"))],
  ...(apps === undefined
    ? []
    : IMPORTED.map(([name, path]): [string, () => Policy] => [name, () => imported(join(apps, path))])),
];

describe.skipIf(opa === undefined)("opa", () => {
  it.each(POLICIES)("checks and tests the bundle of %s", (name, policy) => {
    const path = write(name, policy());
    expect(run("check", "--strict", join(path, "bundle"))).toEqual({ status: 0, text: "" });
    const tested = run("test", join(path, "bundle"), join(path, "test"));
    expect(tested.text).toMatch(/^PASS: \d+\/\d+\n$/m);
    expect(tested.status).toBe(0);
  });

  describe("as a server", () => {
    let issued: Issued;
    let server: ChildProcess | undefined;
    let base = "";
    beforeAll(async () => {
      issued = await authorizationCases();
      const path = write("server", examplePolicy());
      writeFileSync(join(folder, "corp.json"), JSON.stringify(issued.keys.corp));
      const port = await freePort();
      base = `http://127.0.0.1:${port}`;
      const args = ["run", "--server", "--authorization=basic", `--addr=127.0.0.1:${port}`, "--skip-version-check"];
      const files = [join(path, "bundle"), `ringfence.keys.corp:${join(folder, "corp.json")}`];
      server = spawn(opa ?? "", [...args, "--log-level=error", ...files], { stdio: "ignore" });
      await answering(base);
    });
    afterAll(() => void server?.kill());

    it("answers a gateway with 200 for yes and 401 for no", async () => {
      const wrong: string[] = [];
      for (const { note, query, input, allow } of issued.cases) {
        if (query !== "data.system.authz.allow") continue;
        const asked = input as { method: string; path: string[]; headers: Record<string, string[]> };
        const headers = Object.entries(asked.headers).flatMap(([name, values]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const { status } = await fetch(`${base}/${asked.path.join("/")}`, { method: asked.method, headers });
        if (status !== (allow ? 200 : 401)) wrong.push(`${note}: ${status}`);
      }
      expect(wrong).toEqual([]);
    });
  });

  it("reads every request target as the embedded proxy does", () => {
    const path = write("targets", examplePolicy());
    writeFileSync(join(folder, "targets.json"), JSON.stringify({ targets: TARGETS }));
    const query = '[object.get({"p": p | p := data.ringfence.paths.plain(t)}, "p", null) | some t in data.targets]';
    const files = [join(path, "bundle"), join(folder, "targets.json")];
    const evaluated = run("eval", "--format=raw", ...files.flatMap((file) => ["-d", file]), query);
    expect(evaluated.status, evaluated.text).toBe(0);
    const read = JSON.parse(evaluated.text) as unknown[];
    const expected = TARGETS.map((target) => {
      const embedded = readTarget(target);
      return "refused" in embedded ? null : embedded.path;
    });
    expect(TARGETS.filter((_, i) => read[i] !== expected[i])).toEqual([]);
  });

  it("decides every case as our engine does", async () => {
    const { keys, cases } = await authorizationCases();
    const path = write("cases", examplePolicy());
    writeFileSync(join(folder, "keys.json"), JSON.stringify({ ringfence: { keys } }));
    writeFileSync(join(folder, "inputs.json"), JSON.stringify({ cases }));
    writeFileSync(join(folder, "probe.rego"), PROBE);
    const files = [
      join(path, "bundle"),
      ...["keys.json", "inputs.json", "probe.rego"].map((file) => join(folder, file)),
    ];
    const evaluated = run("eval", "--format=raw", ...files.flatMap((file) => ["-d", file]), "data.probe.results");
    expect(evaluated.status, evaluated.text).toBe(0);
    expect(JSON.parse(evaluated.text)).toEqual(cases.map(({ note, allow }) => ({ note, allow })));
  });
});

const PROBE = `package probe

verdict(c) := v if {
	c.query == "data.ringfence.envoy.allow"
	v := data.ringfence.envoy.allow with input as c.input
}

verdict(c) := v if {
	c.query == "data.system.authz.allow"
	v := data.system.authz.allow with input as c.input
}

results := [r | some c in data.cases; r := {"note": c.note, "allow": verdict(c)}]
`;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function answering(base: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      await fetch(base);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  throw new Error("OPA does not answer");
}
