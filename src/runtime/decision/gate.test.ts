import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision, DecisionEvent, DecisionLog, DecisionPoint } from "./decision.js";
import { type Asked, type Denial, Gate, Permit, spend } from "./gate.js";
import { JsonLinesLog } from "./json-lines-log.js";
import { redactPath, redactText } from "./redact.js";

const ASKED: Asked = {
  direction: "inbound",
  caller: { kind: "workload", spiffeId: "spiffe://td/ns/z/sa/a", name: "a" },
  callee: { kind: "workload", name: "b", zone: "z", port: 80 },
  protocol: "http",
  http: { method: "GET", host: "b", path: "/x" },
  token: undefined,
};
const ALLOW: Decision = { allow: true, rules: ["a>b:80"] };

let events: DecisionEvent[] = [];
const log: DecisionLog = {
  append: async (event) => {
    events.push(event);
  },
};
beforeEach(() => {
  events = [];
});

function gate(decide: DecisionPoint["decide"], theLog = log): Gate {
  return new Gate({ workflow: "w", at: "b", point: { decide }, log: theLog, deadlineMs: 30, now: () => 0 });
}

describe("Gate", () => {
  it("gives a permit after an allow was recorded, and the permit works once", async () => {
    const permit = await gate(() => ALLOW).ask(ASKED);
    expect(permit).toBeInstanceOf(Permit);
    expect(events).toMatchObject([{ outcome: "allow", rules: ["a>b:80"], caller: "a", callee: "b", path: "/x" }]);
    const request = spend(permit as Permit);
    expect(request.id).toBe(events[0]?.id);
    expect(() => spend(permit as Permit)).toThrow(/without a permit/);
  });

  it("accepts no permit that it did not give", async () => {
    const real = (await gate(() => ALLOW).ask(ASKED)) as Permit;
    expect(() => spend(new Permit(real.request))).toThrow(/without a permit/);
    expect(() => spend({ request: real.request } as Permit)).toThrow(/without a permit/);
    expect(() => spend(Object.create(real) as Permit)).toThrow(/without a permit/);
  });

  it.each([
    ["a denial", () => ({ allow: false, rules: ["r"], reason: "no role" }), false],
    [
      "an error",
      () => {
        throw new Error("broken");
      },
      true,
    ],
    ["a rejection", () => Promise.reject(new Error("broken")), true],
    ["no answer in time", () => new Promise<never>(() => undefined), true],
    ["undefined", () => undefined, true],
    ["a truthy allow", () => ({ allow: 1, rules: ["r"] }), true],
    ["an allow without a rule", () => ({ allow: true, rules: [] }), true],
    ["undefined, later", async () => undefined, true],
    ["an allow without rules, later", async () => ({ allow: true }), true],
    ["a denial without a reason", () => ({ allow: false, rules: [] }), true],
    ["a denial without rules, later", async () => ({ allow: false, reason: "no" }), true],
  ] as [string, () => unknown, boolean][])("denies on %s, with one event", async (_case, decide, unavailable) => {
    const answer = await gate(decide as DecisionPoint["decide"]).ask(ASKED);
    expect(answer).toMatchObject({ layer: "policy", unavailable });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ outcome: "deny", id: (answer as Denial).id });
  });

  it("denies when the log does not write", async () => {
    const broken: DecisionLog = { append: () => Promise.reject(new Error("disk full")) };
    expect(await gate(() => ALLOW, broken).ask(ASKED)).toMatchObject({ unavailable: true });
  });

  it("waits for the log before it gives the permit", async () => {
    let write = (): void => undefined;
    const slow: DecisionLog = {
      append: () =>
        new Promise((resolve) => {
          write = resolve;
        }),
    };
    let given = false;
    const asked = gate(() => ALLOW, slow)
      .ask(ASKED)
      .then((answer) => {
        given = true;
        return answer;
      });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBe(false);
    write();
    expect(await asked).toBeInstanceOf(Permit);
  });
});

describe("redaction", () => {
  const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
  it.each([
    [`/reset/${jwt}`, "/reset/[redacted]"],
    ["/x?token=abc", "/x"],
    ["/x#frag", "/x"],
    ["/key/sk-abcdefghijklmnop", "/key/[redacted]"],
    ["/a;token=abc/b", "/a;[redacted]/b"],
    ["/v1/claims/4711", "/v1/claims/4711"],
    ["/x\r\ny", "/x··y"],
  ])("%j", (path, want) => expect(redactPath(path)).toBe(want));

  it("bounds the length", () => expect(redactText("ab ".repeat(2000)).length).toBeLessThan(600));
});

describe("JsonLinesLog", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ringfence-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const event = (id: string): DecisionEvent => ({
    id,
    time: "1970-01-01T00:00:00.000Z",
    workflow: "w",
    at: "b",
    direction: "inbound",
    caller: "a",
    callee: "b",
    port: 80,
    protocol: "http",
    outcome: "allow",
    rules: ["a>b:80"],
  });

  it("has every line on disk when its append resolves, in order", async () => {
    const path = join(folder, "decisions.jsonl");
    const jsonLines = JsonLinesLog.open(path);
    await Promise.all(Array.from({ length: 500 }, (_, n) => jsonLines.append(event(`e${n}`))));
    const ids = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(ids).toEqual(Array.from({ length: 500 }, (_, n) => `e${n}`));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    jsonLines.close();
    await expect(jsonLines.append(event("late"))).rejects.toThrow(/closed/);
  });

  it("starts on a line of its own after a line that was cut", async () => {
    const path = join(folder, "decisions.jsonl");
    writeFileSync(path, '{"id":"whole"}\n{"id":"cu');
    const jsonLines = JsonLinesLog.open(path);
    await jsonLines.append(event("next"));
    jsonLines.close();
    expect(readFileSync(path, "utf8").split("\n")[2]).toContain('"next"');
  });

  it("refuses on a full disk and recovers nothing silently", async () => {
    // /dev/full answers every write as a full disk does.
    const jsonLines = JsonLinesLog.open("/dev/full");
    await expect(jsonLines.append(event("a"))).rejects.toMatchObject({ code: "ENOSPC" });
    jsonLines.close();
  });

  it("bounds what waits", async () => {
    const jsonLines = JsonLinesLog.open(join(folder, "decisions.jsonl"));
    const appends = Array.from({ length: 10_050 }, (_, n) => jsonLines.append(event(`e${n}`)));
    const settled = await Promise.allSettled(appends);
    expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(50);
    jsonLines.close();
  });
});
