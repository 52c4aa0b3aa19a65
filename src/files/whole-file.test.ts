import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { built } from "../../test/built.js";
import { RingfenceError } from "../diagnostics/index.js";
import { writeWholeFile } from "./whole-file.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("writeWholeFile", () => {
  it("replaces the content, with the permissions asked for, and leaves no draft", async () => {
    const path = join(folder, "a.json");
    writeFileSync(path, "old", { mode: 0o644 });
    await writeWholeFile(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await writeWholeFile(path, Buffer.from("newer"), { mode: 0o640 });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });

  it("says what failed and leaves nothing behind", async () => {
    const missing = join(folder, "missing", "a.json");
    await expect(writeWholeFile(missing, "x")).rejects.toThrow(RingfenceError);
    await expect(writeWholeFile(folder, "x")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is whole after a kill at any moment", async () => {
    const path = join(folder, "state");
    const script = join(folder, "writer.mjs");
    writeFileSync(
      script,
      `import { writeWholeFile } from ${JSON.stringify(built("files/index.js"))};
       process.send("ready");
       for (let i = 0; ; i++) await writeWholeFile(${JSON.stringify(path)}, String(i % 10).repeat(200_000));`,
    );
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      await once(child, "message");
      while (!readdirSync(folder).includes("state")) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 40 + round * 13));
      child.kill("SIGKILL");
      await once(child, "exit");
      const content = readFileSync(path, "utf8");
      expect(content).toHaveLength(200_000);
      expect(new Set(content).size).toBe(1);
    }
  });
});
