import { describe, expect, it } from "vitest";
import { CLEAN, edited, policyOf } from "../../test/threats/workflow.js";
import { parseImage } from "./image.js";
import { findingToJson, findThreats, renderFindings, SEVERITIES } from "./index.js";

describe("findThreats", () => {
  const leaky = edited([
    ["- { from: site, to: maps, data: [town] }", "- { from: prep, to: maps, data: [town] }"],
    ["env: { LOG_LEVEL: info }", "env: { API_KEY: s3cret-value }"],
    ["logs: fluent-bit", "logs: none"],
  ]);

  it("lists the worst first, the same each time, whatever the order of the file's flows", () => {
    const found = findThreats(policyOf(leaky));
    const ranks = found.map((finding) => SEVERITIES.indexOf(finding.severity));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(JSON.stringify(findThreats(policyOf(leaky)).map(findingToJson))).toBe(
      JSON.stringify(found.map(findingToJson)),
    );
  });

  it("follows data over several hops and shows the way", () => {
    const leak = findThreats(policyOf(leaky)).find((finding) => finding.rule === "restricted-data-leaves-unreleased");
    expect(leak?.evidence).toEqual([
      "`staff` sends `claim` to `edge` (staff>edge:8080)",
      "`edge` sends `claim` to `prep` (edge>prep:8081)",
      "`prep` sends `town`, which may hold `claim`, to `maps` (prep>maps:443)",
    ]);
    expect(leak?.remedy).toContain("have `prep` strip `claim` out of `town`");
  });

  it("never repeats a secret that it found", () => {
    const found = findThreats(policyOf(leaky));
    expect(found.map((finding) => finding.rule)).toContain("secret-in-env");
    expect(JSON.stringify(found.map(findingToJson)) + renderFindings(found)).not.toContain("s3cret-value");
  });

  it("does not confuse names with properties that every object has", () => {
    const odd = CLEAN.replaceAll("site", "constructor").replaceAll("town", "toString").replaceAll("towns", "x");
    expect(() => findThreats(policyOf(odd.replace(/toStrings/g, "towns")))).not.toThrow();
  });

  it("stays quick and whole on a chain of thousands", () => {
    const count = 2_000;
    const names = Array.from({ length: count }, (_, index) => `w${String(index).padStart(4, "0")}`);
    const workloads = names.map((name) => `  ${name}: { zone: z, port: 80 }`).join("\n");
    const flows = names.map((name, index) => `  - { from: ${name}, to: ${names[(index + 1) % count]} }`).join("\n");
    const found = findThreats(
      policyOf(
        `apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { z: { trust: internal } }\nworkloads:\n${workloads}\nflows:\n${flows}\n`,
      ),
    );
    expect(found.filter((finding) => finding.rule === "trust-cycle")).toHaveLength(1);
  });
});

describe("renderFindings", () => {
  it("shows place, reason, evidence and remedy, and counts", () => {
    const text = renderFindings(findThreats(policyOf(edited([["logs: fluent-bit", "logs: none"]]))));
    expect(text).toBe(
      [
        "ringfence.yaml:1:1: medium: logs are neither redacted nor shipped [no-log-pipeline]",
        "  where:    workflow",
        "  why:      secrets and personal data in a log stay on the node, and the traces of an attack go down with it",
        "  evidence: `targets.logs` is `none`",
        "  mend:     set `targets.logs` to `fluent-bit`, `fluentd` or `opentelemetry`",
        "",
        "1 medium",
      ].join("\n"),
    );
  });

  it("keeps accepted findings, short and last", () => {
    const accepted = `${edited([
      ["logs: fluent-bit", "logs: none"],
      ["encryption: { provider: kms }", "encryption: none"],
    ])}accept: [{ rule: no-log-pipeline, reason: "next\\tweek \u202e", until: 2026-02-01 }]\n`;
    const text = renderFindings(findThreats(policyOf(accepted), { today: "2026-01-01" }));
    expect(text.split("\n\n").at(-2)).toContain("accepted until 2026-02-01: next·week ·");
    expect(text.split("\n\n").at(-1)).toBe("1 medium; 1 accepted");
  });
});

describe("parseImage", () => {
  it.each([
    ["nginx", { repository: "nginx" }],
    ["nginx:1.2", { repository: "nginx", tag: "1.2" }],
    ["acme/app@sha256:ab", { repository: "acme/app", digest: "sha256:ab" }],
    ["localhost:5000/app", { registry: "localhost:5000", repository: "localhost:5000/app" }],
    ["ghcr.io/a/b:1@sha256:ab", { registry: "ghcr.io", repository: "ghcr.io/a/b", tag: "1", digest: "sha256:ab" }],
  ])("%s", (text, parts) => {
    expect(parseImage(text)).toEqual(parts);
  });
});
