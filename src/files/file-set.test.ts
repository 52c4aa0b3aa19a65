import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { built } from "../../test/built.js";
import { compareFileSet, RECORD, recoverFileSet, writeFileSet } from "./index.js";

let folder = "";
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "ringfence-set-")), "out");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const set = (files: Record<string, string>) => Object.entries(files).map(([path, text]) => ({ path, text }));
const states = (files: Record<string, string>) =>
  compareFileSet(folder, set(files)).map(({ path, state }) => `${path} ${state}`);
const tree = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe("writeFileSet", () => {
  it("writes, changes and removes what is its own, and nothing else", async () => {
    await writeFileSet(folder, set({ "a.yaml": "1", "x/b.yaml": "2" }));
    writeFileSync(join(folder, "mine.txt"), "hands off");
    expect(states({ "a.yaml": "one", "c.yaml": "3" })).toEqual(["a.yaml outdated", "c.yaml missing", "x/b.yaml stale"]);
    await writeFileSet(folder, set({ "a.yaml": "one", "c.yaml": "3" }));
    expect(tree()).toEqual([RECORD, "a.yaml", "c.yaml", "mine.txt"].sort());
    expect(readFileSync(join(folder, "a.yaml"), "utf8")).toBe("one");
    expect(existsSync(join(folder, "x"))).toBe(false);
    expect(states({ "a.yaml": "one", "c.yaml": "3" })).toEqual(["a.yaml same", "c.yaml same"]);
  });

  it("refuses to touch anything when a file was edited or is somebody else's", async () => {
    await writeFileSet(folder, set({ "a.yaml": "1", "b.yaml": "2", "c.yaml": "3" }));
    writeFileSync(join(folder, "a.yaml"), "edited");
    writeFileSync(join(folder, "b.yaml"), "edited too");
    writeFileSync(join(folder, "d.yaml"), "foreign");
    const next = set({ "a.yaml": "new", "c.yaml": "new", "d.yaml": "new" });
    const failed = await writeFileSet(folder, next).catch((error) => error);
    expect(failed).toMatchObject({ code: "FILE_SET_EDITED" });
    expect(failed.problems).toHaveLength(3);
    expect(readFileSync(join(folder, "c.yaml"), "utf8")).toBe("3");
    expect(readFileSync(join(folder, "a.yaml"), "utf8")).toBe("edited");
    await writeFileSet(folder, next, { force: true });
    expect(tree()).toEqual([RECORD, "a.yaml", "c.yaml", "d.yaml"].sort());
    expect(readFileSync(join(folder, "d.yaml"), "utf8")).toBe("new");
  });

  it("takes an identical file that it didn't write as its own", async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "a.yaml"), "1");
    await writeFileSet(folder, set({ "a.yaml": "1" }));
    expect(states({})).toEqual(["a.yaml stale"]);
  });

  it("never replaces a folder or a link, force or not", async () => {
    mkdirSync(join(folder, "a.yaml"), { recursive: true });
    symlinkSync("/etc/hostname", join(folder, "b.yaml"));
    for (const force of [false, true]) {
      const failed = await writeFileSet(folder, set({ "a.yaml": "1", "b.yaml": "2" }), { force }).catch(
        (error) => error,
      );
      expect(failed.problems).toHaveLength(2);
    }
  });

  it("never follows a link above a file, force or not, not even to remove", async () => {
    const elsewhere = join(folder, "..", "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "a.yaml"), "1");
    await writeFileSet(folder, set({ "x/y/a.yaml": "1" }));
    rmSync(join(folder, "x"), { recursive: true });
    symlinkSync("..", join(folder, "x"));
    mkdirSync(join(folder, "..", "y"));
    symlinkSync(join(elsewhere, "a.yaml"), join(folder, "..", "y", "a.yaml"));
    symlinkSync(elsewhere, join(folder, "z"));
    for (const files of [{ "x/y/a.yaml": "2" }, { "z/a.yaml": "2" }, { "z/new.yaml": "2" }, {}]) {
      for (const force of [false, true]) {
        const failed = await writeFileSet(folder, set(files), { force }).catch((error) => error);
        expect(failed).toMatchObject({ code: "FILE_SET_EDITED" });
        expect(failed.message).toContain("follow a link");
      }
    }
    expect(readdirSync(elsewhere)).toEqual(["a.yaml"]);
    expect(readFileSync(join(elsewhere, "a.yaml"), "utf8")).toBe("1");
  });

  it("follows no link that appears between a decision and its end", async () => {
    await writeFileSet(folder, set({ "x/a.yaml": "1" }));
    const elsewhere = join(folder, "..", "elsewhere");
    mkdirSync(elsewhere);
    const decided = join(folder, ".ringfence-next");
    mkdirSync(decided);
    writeFileSync(join(decided, "0"), "2");
    writeFileSync(join(decided, "plan"), JSON.stringify({ put: ["z/a.yaml"], remove: [] }));
    symlinkSync(elsewhere, join(folder, "z"));
    await expect(recoverFileSet(folder)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(join(folder, "z"));
    await recoverFileSet(folder);
    expect(readFileSync(join(folder, "z/a.yaml"), "utf8")).toBe("2");
  });

  it.each(["../x", "/x", "a/../../x", "a//b", "", "a\\b"])(
    "refuses the path %j in a set and in a record",
    async (path) => {
      await expect(writeFileSet(folder, [{ path, text: "x" }])).rejects.toMatchObject({ code: "FILE_SET_RECORD" });
      writeFileSync(join(folder, RECORD), JSON.stringify({ format: "ringfence.dev/files/v1", files: { [path]: "x" } }));
      await expect(writeFileSet(folder, set({ a: "1" }))).rejects.toMatchObject({ code: "FILE_SET_RECORD" });
    },
  );

  it("says when its record is damaged", async () => {
    await writeFileSet(folder, set({ a: "1" }));
    for (const text of ["{", "[]", '{"format":"other","files":{}}']) {
      writeFileSync(join(folder, RECORD), text);
      await expect(writeFileSet(folder, set({ a: "1" }))).rejects.toMatchObject({ code: "FILE_SET_RECORD" });
    }
  });

  it("is the old set or the new one, whole, after a kill at any moment", async () => {
    const old = set(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}/a.yaml`, `old ${i}`])));
    await writeFileSet(folder, old);
    const script = join(folder, "..", "writer.mjs");
    writeFileSync(
      script,
      `import { writeFileSet } from ${JSON.stringify(built("files/index.js"))};
       process.send("ready");
       for (let round = 1; ; round++)
         await writeFileSet(${JSON.stringify(folder)},
           Array.from({ length: 40 }, (_, i) => ({ path: "f" + (i + round % 3) + "/a.yaml", text: "round " + round })));`,
    );
    for (let attempt = 0; attempt < 8; attempt++) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      await once(child, "message");
      await new Promise((resolve) => setTimeout(resolve, 20 + attempt * 11));
      child.kill("SIGKILL");
      await once(child, "exit");
      await recoverFileSet(folder);
      const files = tree().filter((path) => path !== RECORD);
      expect(files).toHaveLength(40);
      const texts = new Set(files.map((path) => readFileSync(join(folder, path), "utf8").replace(/^old \d+$/, "old")));
      expect(texts.size).toBe(1);
      expect(compareFileSet(folder, []).every(({ state }) => state === "stale")).toBe(true);
      expect(readdirSync(folder).filter((name) => name.startsWith(".ringfence-next"))).toEqual([]);
    }
  });
});
