/** The authority's process, killed at any moment of its writing: what it said was withdrawn is, and it opens again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { built } from "../../test/built.js";
import { Authority } from "./authority.js";

it("an authority that is killed while it writes keeps what it acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-authority-killed-"));
  const options = {
    path: join(folder, "authority.json"),
    trustDomain: "ai.example.com",
    secret: Buffer.alloc(32, 7),
  };
  try {
    const certificate = (await Authority.open(options)).bundle[0];
    let acknowledged = 0;
    for (let round = 0; round < 8; round++) {
      const program = `
        const { Authority } = await import(${JSON.stringify(built("identity/index.js"))});
        const authority = await Authority.open({ path: ${JSON.stringify(options.path)}, trustDomain: "ai.example.com", secret: Buffer.alloc(32, 7) });
        for (let at = ${acknowledged}; ; at++) {
          await authority.withdraw("spiffe://ai.example.com/ns/z/sa/w" + at);
          process.send(at + 1);
        }`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      child.on("message", (count: number) => {
        acknowledged = count;
      });
      await once(child, "message");
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 7));
      child.kill("SIGKILL");
      await once(child, "close");
      const { bundle, withdrawals } = await Authority.open(options);
      expect(bundle[0]).toBe(certificate);
      for (let at = 0; at < acknowledged; at++) {
        expect(withdrawals.barred).toContain(`spiffe://ai.example.com/ns/z/sa/w${at}`);
      }
      // One more may have been written whose word did not get out.
      expect(withdrawals.barred.length - acknowledged).toBeLessThanOrEqual(1);
      acknowledged = withdrawals.barred.length;
    }
    expect(acknowledged).toBeGreaterThan(8);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
