import { describe, expect, it } from "vitest";
import { type Json, readDocuments } from "../../src/documents/index.js";
import { audit, isDenied } from "../../src/gatekeeper/index.js";

const TEMPLATE = `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: { name: owned }
spec:
  crd: { spec: { names: { kind: Owned } } }
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package owned
        violation[{"msg": msg, "details": {"of": kind}}] {
          not input.review.object.metadata.labels.owner
          kind := input.review.object.kind
          msg := sprintf("%v %v has no owner", [kind, input.review.object.metadata.name])
        }
`;

function constraint(spec: string, name = "must"): string {
  return `
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Owned
metadata: { name: ${name} }
spec:
  match: { kinds: [{ apiGroups: ["", "apps"], kinds: [Pod, Deployment] }] }
${spec}
`;
}

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: bare }
`;
const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, labels: { owner: us } }
spec: { template: { metadata: { labels: { app: web } }, spec: {} } }
`;
const EXPANSION = `
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: { name: pods }
spec:
  applyTo: [{ groups: [apps], versions: [v1], kinds: [Deployment] }]
  templateSource: spec.template
  generatedGVK: { group: "", version: v1, kind: Pod }
`;

function documents(...texts: string[]): Json[] {
  const { documents: found, problems } = readDocuments({ path: "all.yaml", text: texts.join("---\n") });
  expect(problems).toEqual([]);
  return found.map(({ value }) => value);
}

const run = (...texts: string[]) => audit(documents(...texts));

describe("audit", () => {
  it("holds every object against every constraint", () => {
    const { findings, notRun } = run(TEMPLATE, constraint(""), POD, DEPLOYMENT);
    expect(findings).toMatchObject([
      { message: "Pod bare has no owner", action: "deny", details: { of: "Pod" }, object: { kind: "Pod" } },
    ]);
    expect(findings.every(isDenied)).toBe(true);
    expect(notRun).toEqual([]);
  });

  it.each([
    ["warn", "  enforcementAction: warn", "warn", false],
    ["dryrun", "  enforcementAction: dryrun", "dryrun", false],
    [
      "scoped to gator",
      "  enforcementAction: scoped\n  scopedEnforcementActions: [{ action: deny, enforcementPoints: [{ name: gator.gatekeeper.sh }] }]",
      "scoped",
      true,
    ],
  ])("says what is asked for: %s", (_, spec, action, denied) => {
    const [finding] = run(TEMPLATE, constraint(spec), POD).findings;
    expect(finding?.action).toBe(action);
    expect(finding !== undefined && isDenied(finding)).toBe(denied);
  });

  it("leaves out what is enforced elsewhere", () => {
    const spec =
      "  enforcementAction: scoped\n  scopedEnforcementActions: [{ action: deny, enforcementPoints: [{ name: audit.gatekeeper.sh }] }]";
    expect(run(TEMPLATE, constraint(spec), POD).findings).toEqual([]);
  });

  it("expands what controllers make", () => {
    const [finding, ...more] = run(TEMPLATE, constraint(""), DEPLOYMENT, EXPANSION).findings;
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ message: "[Implied by pods] Pod web-pod has no owner", action: "deny" });
    expect(finding?.object).toMatchObject({ kind: "Deployment" });
    const warning = EXPANSION.replace("templateSource", "enforcementAction: warn\n  templateSource");
    expect(run(TEMPLATE, constraint(""), DEPLOYMENT, warning).findings[0]?.action).toBe("warn");
  });

  it("matches what is generated apart", () => {
    const original = constraint("").replace("match: {", "match: { source: Original,");
    expect(run(TEMPLATE, original, DEPLOYMENT, EXPANSION).findings).toEqual([]);
    const generated = constraint("").replace("match: {", "match: { source: Generated,");
    expect(run(TEMPLATE, generated, POD, DEPLOYMENT, EXPANSION).findings).toHaveLength(1);
  });

  it("reports templates that it cannot run", () => {
    const cel = TEMPLATE.replace(/rego: \|[\s\S]*$/, "code: [{ engine: K8sNativeValidation, source: {} }]\n");
    expect(run(cel, constraint(""), POD)).toMatchObject({
      findings: [],
      notRun: [{ constraint: "Owned/must", reason: "engine K8sNativeValidation" }],
    });
  });

  it.each([
    ["a constraint without a template", [constraint(""), POD], /no template for the constraint Owned\/must/],
    [
      "mutators beside expansion",
      [EXPANSION, "\napiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: { name: a }\n"],
      /the Assign `a` changes what is expanded/,
    ],
    [
      "an object without what is expanded",
      [EXPANSION, DEPLOYMENT.replace("template:", "other:")],
      /has no spec\.template/,
    ],
    [
      "an expansion into itself",
      [
        EXPANSION.replace("kind: Pod", "kind: Deployment").replace('group: ""', "group: apps"),
        `${DEPLOYMENT.replace(/spec: .*\n/, "")}spec: &s { template: { spec: { template: { spec: {} } } } }\n`,
      ],
      /has no spec\.template/,
    ],
  ])("refuses %s", (_, texts, message) => {
    expect(() => run(...texts)).toThrow(message);
  });
});
