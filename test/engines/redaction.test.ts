/**
 * What the log engines themselves make of records with secrets: Fluent Bit's filter in Lua, Fluentd's in Ruby, and the
 * processor's configuration in a real OpenTelemetry Collector.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../src/targets/index.js";
import { redactionScript } from "../../src/targets/logging/fluent-bit.js";
import { redactionPlugin } from "../../src/targets/logging/fluentd.js";
import { redactionProcessor } from "../../src/targets/logging/opentelemetry.js";
import { toYaml } from "../../src/targets/yaml.js";
import { examplePolicy } from "../authorization/cases.js";
import { engine } from "../engine.js";
import { HARMLESS } from "../redaction/harmless.js";
import { leaks } from "../redaction/leaks.js";
import { records } from "../redaction/secrets.js";
import { HARMLESS_FIELDS, SHAPES } from "../redaction/shapes.js";

const folder = mkdtempSync(join(tmpdir(), "redaction-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const items = [...records(), ...SHAPES];
const inputs = [
  ...items.map(({ record }) => record),
  ...HARMLESS.map((line) => ({ log: line })),
  { harmless: HARMLESS_FIELDS },
];

function judge(outputs: readonly string[], name: string, most: number): void {
  expect(outputs.length).toBe(inputs.length);
  expect(items.flatMap((item, i) => leaks(item, outputs[i] ?? ""))).toEqual([]);
  const changed = HARMLESS.filter((_, i) => outputs[items.length + i]?.includes("[redacted]"));
  const rate = ((100 * changed.length) / HARMLESS.length).toFixed(1);
  console.log(
    `${name}: ${items.length} records with secrets, none leaves; ${changed.length} of ${HARMLESS.length} harmless lines changed (${rate} %)`,
  );
  expect(changed.length).toBeLessThanOrEqual(most);
  const kept = outputs.at(-1) ?? "";
  const missing = Object.entries(HARMLESS_FIELDS).filter(
    ([name, value]) => !kept.includes(name) || !kept.includes(String(value)),
  );
  expect(missing, kept).toEqual([]);
}

const lua = engine("lua5.1");
describe.skipIf(lua === undefined)("Fluent Bit's filter, in Lua", () => {
  it("lets no secret leave", () => {
    writeFileSync(join(folder, "redact.lua"), redactionScript());
    writeFileSync(
      join(folder, "run.lua"),
      `dofile("redact.lua")\n${LUA_JSON}\n${inputs.map((input) => `run(${luaTerm(input)})`).join("\n")}\n`,
    );
    const { status, stdout, stderr } = spawnSync(lua ?? "", ["run.lua"], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    expect(status, stderr).toBe(0);
    judge(stdout.trimEnd().split("\n"), "Fluent Bit", 0);
  });
});

const ruby = engine("ruby");
describe.skipIf(ruby === undefined)("Fluentd's filter, in Ruby", () => {
  it("lets no secret leave", () => {
    writeFileSync(join(folder, "redact.rb"), redactionPlugin());
    writeFileSync(join(folder, "inputs.json"), JSON.stringify(inputs));
    const script =
      'require "json"; require "./redact.rb"; JSON.parse(File.read("inputs.json")).each { |r| puts JSON.generate(RingfenceRedaction.value(r)) }';
    const { status, stdout, stderr } = spawnSync(ruby ?? "", ["-W0", "-EUTF-8", "-e", script], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    expect(status, stderr).toBe(0);
    judge(stdout.trimEnd().split("\n"), "Fluentd", 0);
  });
});

const collector = engine("collector");
describe.skipIf(collector === undefined)("the OpenTelemetry Collector", () => {
  let server: ChildProcess | undefined;
  afterAll(() => void server?.kill());

  it("lets no secret leave", async () => {
    const port = await freePort();
    const out = join(folder, "out.json");
    const configuration = toYaml({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      processors: { "transform/redact": redactionProcessor() },
      exporters: { file: { path: out, flush_interval: "100ms" } },
      service: {
        telemetry: { metrics: { level: "none" } },
        pipelines: { logs: { receivers: ["otlp"], processors: ["transform/redact"], exporters: ["file"] } },
      },
    });
    writeFileSync(join(folder, "collector.yaml"), configuration);
    let log = "";
    server = spawn(collector ?? "", ["--config", `file:${join(folder, "collector.yaml")}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    server.stderr?.on("data", (data: Buffer) => (log += data.toString()));
    const logRecords = inputs.map((input, i) => ({
      severityText: String(i),
      body: anyValue("log" in input ? input.log : input),
    }));
    const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    await posted(`http://127.0.0.1:${port}/v1/logs`, body, () => log);
    for (let i = 0; i < 100 && !(existsSync(out) && readFileSync(out, "utf8").endsWith("\n")); i++)
      await new Promise((done) => setTimeout(done, 100));
    const outputs: string[] = [];
    for (const line of readFileSync(out, "utf8").trimEnd().split("\n")) {
      const data = JSON.parse(line) as {
        resourceLogs: { scopeLogs: { logRecords: { severityText: string; body: unknown }[] }[] }[];
      };
      for (const record of data.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [])
        outputs[Number(record.severityText)] = JSON.stringify(record.body);
    }
    judge(outputs, "OpenTelemetry Collector", 2);
  });
});

/** A value in OTLP's JSON form. */
function anyValue(value: unknown): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { intValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  const values = Object.entries(value as object).map(([key, inner]) => ({ key, value: anyValue(inner) }));
  return { kvlistValue: { values } };
}

function luaTerm(value: unknown): string {
  if (typeof value === "string")
    return `"${[...Buffer.from(value)].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `{${value.map(luaTerm).join(",")}}`;
  return `{${Object.entries(value as object)
    .map(([key, inner]) => `[${luaTerm(key)}]=${luaTerm(inner)}`)
    .join(",")}}`;
}

const LUA_JSON = `
local function quoted(text)
  return '"' .. string.gsub(text, '[%c"\\\\]', function(c)
    if c == '"' or c == "\\\\" then return "\\\\" .. c end
    if c == "\\n" then return "\\\\n" end
    return string.format("\\\\u%04x", string.byte(c))
  end) .. '"'
end
local function json(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, inner in pairs(value) do parts[#parts + 1] = quoted(tostring(key)) .. ":" .. json(inner) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end
function run(record)
  local code, time, result = redact("tag", 0, record)
  print(json(result))
end
`;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function posted(url: string, body: string, log: () => string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      expect(response.status, await response.text()).toBe(200);
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  throw new Error(`the collector does not answer: ${log().slice(-2000)}`);
}

const promtool = engine("promtool");
describe.skipIf(promtool === undefined)("Prometheus", () => {
  it("accepts the detection rules", () => {
    const rules = compile(examplePolicy()).files.find(({ path }) => path === "logging/detections.yaml");
    const path = join(folder, "detections.yaml");
    writeFileSync(path, rules?.text ?? "");
    const { status, stdout, stderr } = spawnSync(promtool ?? "", ["check", "rules", path], { encoding: "utf8" });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toContain("6 rules found");
  });
});
