/** One case file, two decision points: the embedded one and a real OPA, asked over HTTP, give the same verdicts. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METHODS } from "../../src/policy/index.js";
import { BundlePoint, type Decision, type DecisionRequest, OpaPoint } from "../../src/runtime/index.js";
import { authorizationBundle } from "../../src/targets/index.js";
import { examplePolicy } from "../authorization/cases.js";
import { engine } from "../engine.js";

const opa = engine("opa");
const OWN = 'package narrow.office\n\ndeny contains "closed" if input.request.path == "/v1/claims/closed"\n';
const policy = examplePolicy([{ path: "office.rego", text: OWN }]);
const bundle = authorizationBundle(policy);

/** Every caller, callee and port with the methods, paths, hosts and roles that appear anywhere, and some that do not. */
function cases(): DecisionRequest[] {
  const callers: DecisionRequest["caller"][] = [
    { kind: "outside" },
    { kind: "unknown" },
    { kind: "workload", spiffeId: "spiffe://nobody.example/ns/x/sa/y", name: undefined },
    ...policy.workloads.map(({ name, spiffeId }) => ({ kind: "workload" as const, spiffeId, name })),
  ];
  const callees = [...new Map(policy.rules.map(({ to, port }) => [`${to.name} ${port.port}`, { to, port }])).values()];
  const texts = policy.rules.flatMap(({ operations }) =>
    operations.flatMap(({ paths }) =>
      paths === "any" ? [] : paths.map(({ text }) => text.replace(/\{\w+\}|\*/g, "4711")),
    ),
  );
  const paths = [...new Set([...texts, "/", "/v1/claims/closed", "/undeclared", "/v1/claims/a/b"])];
  const roles = [undefined, [], ["adjuster"], ["auditor"], ["ml_engineer", "intern"]];
  const all: DecisionRequest[] = [];
  for (const caller of callers) {
    for (const { to, port } of callees) {
      for (const [index, path] of paths.entries()) {
        for (const held of roles) {
          const method = METHODS[(index + (held?.length ?? 3)) % 3 === 0 ? 0 : 2] ?? "GET";
          all.push({
            id: String(all.length),
            direction: "inbound",
            caller,
            callee: { kind: "workload", name: to.name, zone: "z", port: port.port },
            protocol: port.protocol,
            http: index === 0 && held === undefined ? undefined : { method, host: "claims.example.com", path },
            token:
              held === undefined
                ? undefined
                : {
                    identity: "corp",
                    issuer: "https://login.example.com",
                    subject: "ada",
                    claims: { realm_access: { roles: held } },
                  },
          });
        }
      }
    }
  }
  return all;
}

describe.skipIf(opa === undefined)("a real OPA as the decision point", () => {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-opa-"));
  let server: ChildProcess;
  let address = "";

  beforeAll(async () => {
    for (const { path, text } of bundle) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const at = probe.address();
        probe.close(() => resolve(typeof at === "object" && at !== null ? at.port : 0));
      });
    });
    address = `http://127.0.0.1:${port}`;
    server = spawn(opa ?? "", ["run", "--server", `--addr=127.0.0.1:${port}`, "--disable-telemetry", folder], {
      stdio: "ignore",
    });
    for (;;) {
      const isUp = await fetch(`${address}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  afterAll(() => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("decides every case as the embedded one does", async () => {
    const embedded = new BundlePoint();
    embedded.load(bundle);
    const real = new OpaPoint(address);
    const all = cases();
    const sorted = (decision: Decision): Decision => ({ ...decision, rules: [...decision.rules].sort() });
    let allowed = 0;
    for (const request of all) {
      const ours = sorted(embedded.decide(request));
      expect({ request, decision: sorted(await real.decide(request)) }).toEqual({ request, decision: ours });
      if (ours.allow) allowed++;
    }
    console.log(`${all.length} cases, ${allowed} allowed, both decision points agree`);
    expect(allowed).toBeGreaterThan(5);
    expect(allowed).toBeLessThan(all.length / 2);
  });

  it("denies when it is gone, and when it answers something else", async () => {
    const [request] = cases();
    if (request === undefined) throw new Error("no case");
    await expect(new OpaPoint("http://127.0.0.1:9").decide(request)).rejects.toThrow();
    await expect(new OpaPoint(`${address}/v1/data/nothing?x=`).decide(request)).rejects.toThrow();
  });
});

describe("the embedded decision point", () => {
  it("keeps the last good bundle when a new one is broken, and without any allows nothing", () => {
    const point = new BundlePoint();
    const request = cases().find(({ caller, callee }) => caller.kind === "workload" && callee.name === "results-db");
    if (request === undefined) throw new Error("no case");
    expect(() => point.decide(request)).toThrow(/no bundle/);
    point.load(bundle);
    const before = point.decide(request);
    const broken = bundle.map((file) =>
      file.path === "authz.rego" ? { ...file, text: "package ringfence.authz\n\nallow if {" } : file,
    );
    expect(() => point.load(broken)).toThrow();
    expect(() => point.load([])).toThrow(/no decision/);
    expect(() =>
      point.load([...bundle.filter(({ path }) => path !== "data.json"), { path: "data.json", text: "{" }]),
    ).toThrow();
    expect(point.decide(request)).toEqual(before);
  });
});
