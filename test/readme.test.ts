/** What the README shows is what the program prints. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { THREAT_RULES } from "../src/threats/index.js";

const ROOT = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

function ringfence(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "bin/ringfence.js"), ...args], {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

describe("the README", () => {
  it("shows what verify prints of the leaky tutorial", () => {
    const paths = ["examples/leaky-tutorial/ringfence.yaml", "examples/leaky-tutorial/leaky"] as const;
    expect(readme).toContain(`npx ringfence verify -w ${paths.join(" ")}`);
    const { status, stdout } = spawnSync(process.execPath, ["bin/ringfence.js", "verify", "-w", ...paths], {
      cwd: ROOT,
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    expect(status).toBe(1);
    const shown = /examples\/leaky-tutorial\/leaky\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const lines = shown.split("\n").filter((line) => line !== "" && line !== "…");
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(stdout).toContain(line);
  });

  it("shows what compile prints", () => {
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    try {
      const printed = ringfence(
        folder,
        "compile",
        "-f",
        join(ROOT, "examples/claims-triage/ringfence.yaml"),
        "-o",
        "deploy",
      );
      // The generation changes with every byte that is compiled.
      const lines = printed.split("\n").map((line) => line.replace(/, generation [0-9a-f]{16}\./, ""));
      for (const line of lines) expect(readme).toContain(line);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("shows what an import drafts, and counts the threat rules", () => {
    const draft = ringfence(ROOT, "import", "examples/rag-chat/manifests", "--name", "rag-chat", "-o", "-");
    const shown = /```yaml\nflows:.*\n([\s\S]*?)```/.exec(readme)?.[1]?.trim().split("\n") ?? [];
    expect(shown.length).toBeGreaterThan(4);
    for (const line of shown) expect(draft).toContain(line);
    expect(readme).toContain(`${THREAT_RULES.length} threat rules`);
  });
});
