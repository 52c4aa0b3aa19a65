import { describe, expect, it } from "vitest";
import { RingfenceError, renderProblem } from "../diagnostics/index.js";
import { derive } from "../policy/index.js";
import { loadWorkflow } from "../workflow/index.js";
import { type CompileOptions, compile, TARGETS } from "./index.js";

const HEAD = `apiVersion: ringfence.dev/v1
workflow: shop
zones: { a: { trust: internal }, b: { trust: restricted } }
identity:
  corp: { issuer: https://id.example, audience: shop, roles: groups }
workloads:
  one: { zone: a, port: 8080 }
  two: { zone: b, ports: [{ port: 8080 }, { name: db, port: 5432, protocol: tcp }, { name: own-tls, port: 8443, protocol: https }] }
outside:
  staff: { kind: users, identity: corp }
  anyone: { kind: users, anonymous: true }
  api: { kind: api, host: api.example }
  wild: { kind: api, host: "*.wild.example" }
`;
const policyOf = (text: string) => derive(loadWorkflow({ path: "shop.yaml", text: HEAD + text }));
const compiled = (text: string, options?: CompileOptions) => compile(policyOf(text), options);

/** The first line of each problem, as a user reads it. */
function refusals(text: string, options?: CompileOptions): string[] {
  try {
    compiled(text, options);
  } catch (error) {
    if (error instanceof RingfenceError) {
      return error.problems.flatMap((problem) => {
        const lines = renderProblem(problem).split("\n");
        return [lines[0] ?? "", ...lines.filter((line) => line.startsWith("  hint:"))];
      });
    }
    throw error;
  }
  return [];
}

const NONE = "authorization: none, admission: []";

describe("compile", () => {
  it("refuses what no chosen engine enforces, where the workflow asks for it", () => {
    const text = `flows:
  - from: one
    to: two
    port: 8080
    allow:
      - { path: /a, roles: admin }
      - { method: GET }
  - { from: one, to: api }
targets: { mesh: none, ${NONE} }
`;
    expect(refusals(text)).toMatchInlineSnapshot(`
      [
        "shop.yaml:19:9: error: no chosen engine enforces this of \`one>two:8080\`: paths, roles [TARGET_UNENFORCED]",
        "  hint: \`kubernetes\` connects every pod to every other; \`network-policy\` sees addresses and ports, not requests; \`gateway\` stands at the way in, not between workloads",
        "shop.yaml:20:9: error: no chosen engine enforces this of \`one>two:8080\`: methods [TARGET_UNENFORCED]",
        "  hint: \`kubernetes\` connects every pod to every other; \`network-policy\` sees addresses and ports, not requests; \`gateway\` stands at the way in, not between workloads",
        "shop.yaml:21:5: error: no chosen engine enforces this of \`one>api:443\`: outside host, callers, ports [TARGET_UNENFORCED]",
        "  hint: \`kubernetes\` connects every pod to every other; \`network-policy\` knows no host names: choose \`network: cilium\` or a mesh; \`gateway\` stands at the way in, not between workloads",
      ]
    `);
  });

  it.each([
    [
      "an outside host below `*.` with a mesh",
      "{ from: one, to: wild }",
      `mesh: istio, ${NONE}`,
      /`one>wild:443`: outside host, callers, ports/,
    ],
    [
      "requests inside a workload's own TLS",
      "{ from: one, to: two, port: own-tls, allow: [{ path: /a }] }",
      `mesh: istio, ${NONE}`,
      /`one>two:8443`: paths/,
    ],
    [
      "a token on a connection",
      "{ from: staff, to: two, port: db }",
      `mesh: istio, ${NONE}`,
      /`staff>two:5432`: token/,
    ],
    [
      "users without a gateway",
      "{ from: anyone, to: one }",
      `mesh: istio, gateway: none, ${NONE}`,
      /`anyone>one:8080`: callers/,
    ],
  ])("refuses %s", (_, flow, targets, message) => {
    const [first] = refusals(`flows:\n  - ${flow}\ntargets: { ${targets} }\n`);
    expect(first).toMatch(message);
    expect(first).toContain("[TARGET_UNENFORCED]");
  });

  it.each([
    ["an outside host", "{ from: one, to: api }", `mesh: istio, ${NONE}`],
    ["an outside host by Cilium alone", "{ from: one, to: api }", `mesh: none, network: cilium, ${NONE}`],
    ["a host below `*.` by Cilium beside a mesh", "{ from: one, to: wild }", `mesh: istio, network: cilium, ${NONE}`],
    ["requests to an outside host", "{ from: one, to: api, allow: [{ path: /a }] }", `mesh: istio, ${NONE}`],
    ["connections without a mesh", "{ from: one, to: two, port: db }", `mesh: none, ${NONE}`],
  ])("accepts %s", (_, flow, targets) => {
    expect(refusals(`flows:\n  - ${flow}\ntargets: { ${targets} }\n`)).toEqual([]);
  });

  it.each([
    ["roles: '*'", /role `\*` has a `\*` at its end, which Istio reads as a pattern/],
    ["roles: 'admin*'", /role `admin\*`/],
    ["roles: '*-admin'", /role `\*-admin`/],
  ])("refuses a value that an engine would read as a pattern: %s", (roles, message) => {
    const [first] = refusals(
      `flows: [{ from: staff, to: one, allow: [{ ${roles} }] }]\ntargets: { mesh: istio, ${NONE} }\n`,
    );
    expect(first).toMatch(message);
    expect(first).toContain("[TARGET_INEXPRESSIBLE]");
  });

  it("writes the targets that are named, and says which there are", () => {
    const text = `flows: [{ from: one, to: two, port: 8080 }]\ntargets: { mesh: none, ${NONE} }\n`;
    const { files } = compiled(text, { targets: ["network-policy"] });
    expect(files.map(({ target }) => target).filter((target) => target !== undefined)).toEqual([
      "network-policy",
      "network-policy",
    ]);
    expect(refusals(text, { targets: ["netwrk-policy", "istio", "x"] })).toEqual([
      "error: unknown target `netwrk-policy` [TARGET_UNKNOWN]",
      "  hint: did you mean `network-policy`?",
      "error: the workflow's `targets` do not choose `istio` [TARGET_NOT_CHOSEN]",
      expect.stringMatching(/hint: it chooses: kubernetes, network-policy/),
      "error: unknown target `x` [TARGET_UNKNOWN]",
      `  hint: there are: ${TARGETS.map(({ name }) => name).join(", ")}`,
    ]);
  });

  it("knows for each rule and boundary which object holds it", () => {
    const { controls } = compiled(
      `flows: [{ from: one, to: two, port: 8080, allow: [{ path: /a }] }]\ntargets: { mesh: istio, ${NONE} }\n`,
    );
    const [rule] = controls.rules;
    expect(rule?.demands.map(({ feature, heldBy }) => [feature, heldBy])).toEqual([
      ["callers", ["network-policy", "istio"]],
      ["ports", ["network-policy", "istio"]],
      ["paths", ["istio"]],
    ]);
    expect(rule?.demands[2]?.left).toContainEqual({
      target: "network-policy",
      why: "sees addresses and ports, not requests",
    });
    expect(rule?.layers.flatMap(({ layer, objects }) => objects.map(({ title }) => `${layer}: ${title}`))).toEqual([
      "network: NetworkPolicy a/workload.one",
      "network: NetworkPolicy b/workload.two",
      "mesh: Sidecar a/workload.one",
      "mesh: AuthorizationPolicy b/workload.two",
    ]);
    expect(controls.boundaries).toHaveLength(1);
    expect(controls.boundaries[0]).toMatchObject({
      boundary: { kind: "trust", from: "a", to: "b" },
      rules: ["one>two:8080"],
    });
    const mesh = controls.boundaries[0]?.layers.find(({ layer }) => layer === "mesh");
    expect(mesh?.objects).toContainEqual({ path: "istio/b.yaml", title: "PeerAuthentication b/default" });
    expect(controls.zones.find(({ zone }) => zone === "a")?.layers.flatMap(({ holds }) => holds)).toEqual(
      expect.arrayContaining(["default-deny", "mtls", "normalization", "pod-security"]),
    );
  });
});

describe("names with a meaning of their own", () => {
  const refused = (zone: string, workload: string, targets: string) => {
    const text = `apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { ${zone}: { trust: internal } }\nworkloads: { ${workload}: { zone: ${zone}, port: 80 } }\ntargets: { ${targets} }\n`;
    try {
      compile(derive(loadWorkflow({ path: "w.yaml", text })));
    } catch (error) {
      if (error instanceof RingfenceError) return error.problems.map(({ code, message }) => `${code} ${message}`);
      throw error;
    }
    return [];
  };

  it.each([
    ["mesh", "x", `mesh: { engine: istio, rootNamespace: mesh }, ${NONE}`, "root namespace"],
    ["istio-egress", "x", `mesh: istio, ${NONE}`, "egress gateway"],
    ["istio-ingress", "x", `mesh: istio, ${NONE}`, "holds the gateway"],
    ["a", "default", `mesh: none, ${NONE}`, "what every pod without one runs as"],
    ["a", "waypoint", `mesh: istio-ambient, ${NONE}`, "waypoint proxy's name"],
  ])("are refused: zone %s, workload %s with %s", (zone, workload, targets, message) => {
    expect(refused(zone, workload, targets)).toEqual([expect.stringContaining(message)]);
  });

  it("are free where they mean nothing", () => {
    expect(refused("istio-egress", "waypoint", `mesh: none, gateway: none, ${NONE}`)).toEqual([]);
  });
});

describe("ports of the mesh's own", () => {
  const refused = (port: number, mesh: string) => {
    const text = `apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { a: { trust: internal } }\nworkloads: { x: { zone: a, ports: [{ port: 80 }, { port: ${port} }] } }\ntargets: { mesh: ${mesh}, ${NONE} }\n`;
    try {
      compile(derive(loadWorkflow({ path: "w.yaml", text })));
    } catch (error) {
      if (error instanceof RingfenceError) return error.problems.map(({ code, message }) => `${code} ${message}`);
      throw error;
    }
    return [];
  };

  it.each([15001, 15006, 15008, 15020, 15021, 15090])("refuse a workload on %i, past which the mesh looks", (port) => {
    const problem = `TARGET_INEXPRESSIBLE workload \`x\`: port ${port} belongs to Istio in every pod, and its policies do not hold there`;
    expect(refused(port, "istio")).toEqual([problem]);
    expect(refused(port, "istio-ambient")).toEqual([problem]);
  });

  it("are free beside them, and without a mesh", () => {
    expect(refused(15100, "istio")).toEqual([]);
    expect(refused(15008, "none, gateway: none")).toEqual([]);
  });
});
