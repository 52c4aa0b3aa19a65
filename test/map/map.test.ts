/** The map in every format: whole, well-formed, the same bytes again, and safe with names that attack. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { MAP_FORMATS, renderMap } from "../../src/map/index.js";
import { mapOf } from "./map-of.js";
import { mxfileProblems } from "./mxfile.js";
import { workflowOf } from "./workflows.js";

const GOLDEN = resolve(import.meta.dirname, "../map-golden");
const EXAMPLE = resolve(import.meta.dirname, "../../examples/claims-triage/ringfence.yaml");

const example = mapOf(readFileSync(EXAMPLE, "utf8"));
const EXTENSIONS = {
  table: "txt",
  markdown: "md",
  csv: "csv",
  json: "json",
  mermaid: "mmd",
  svg: "svg",
  drawio: "drawio",
  html: "html",
};

describe("the map of the example", () => {
  it.each(MAP_FORMATS)("is as kept, as %s", async (format) => {
    const path = join(GOLDEN, `claims-triage.${EXTENSIONS[format]}`);
    const text = await renderMap(example, format);
    if (process.env.UPDATE_GOLDEN === "1" && process.env.CI === undefined) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path)).toBe(true);
    expect(text).toBe(readFileSync(path, "utf8"));
  });
});

describe.each([6, 12, 60])("a map of %d workloads", (count) => {
  const map = mapOf(workflowOf(count));

  it("shows every party and every flow", async () => {
    for (const format of ["svg", "drawio", "html", "mermaid", "json"] as const) {
      // A long name is broken into lines of its own, each of which stands whole.
      const text = (await renderMap(map, format)).replaceAll(
        /<\/?tspan[^>]*>|<\/text>\s*<text[^>]*>|\s|&lt;br&gt;|&#10;/g,
        "",
      );
      const missing = map.nodes.filter(({ name }) => !text.includes(name) && !text.includes(name.slice(0, 10)));
      expect(
        missing.map(({ name }) => name),
        format,
      ).toEqual([]);
    }
    const table = await renderMap(map, "table", { width: 200 });
    for (const { port } of map.edges) expect(table).toContain(` ${port} `);
  });

  it("opens in draw.io, in a browser and in a spreadsheet", async () => {
    expect(mxfileProblems(await renderMap(map, "drawio"))).toEqual([]);
    expect(XMLValidator.validate(await renderMap(map, "svg"))).toBe(true);
    const lines = (await renderMap(map, "csv")).trimEnd().split("\r\n");
    expect(lines.length).toBe(map.edges.length + 1);
  });

  it("has the same bytes again", async () => {
    for (const format of MAP_FORMATS)
      expect(await renderMap(mapOf(workflowOf(count)), format), format).toBe(await renderMap(map, format));
  });
});

describe("a map without a mesh", () => {
  it("does not claim mutual TLS", () => {
    const text = `apiVersion: ringfence.dev/v1
workflow: w
zones: { z: { trust: internal } }
workloads: { a: { zone: z, port: 80 }, b: { zone: z, ports: [{ port: 443, protocol: https }] } }
flows: [{ from: b, to: a }, { from: a, to: b }]
targets: { mesh: none }
`;
    expect(mapOf(text).edges.map(({ wire }) => wire)).toEqual(["HTTPS", "HTTP, plaintext"]);
  });
});

describe("a map with words that attack", () => {
  const attacks = ["<script>alert(1)</script>", "=HYPERLINK(1)", '"onload=alert(1)', "]]>", "\u202egnp.exe", "</svg>"];
  const text = `apiVersion: ringfence.dev/v1
workflow: w
zones: { z: { trust: internal } }
workloads: { a: { zone: z, port: 80, image: "x<b>:1" } }
identity: { corp: { issuer: https://x.example, audience: a, roles: roles } }
outside: { u: { kind: users, identity: corp } }
flows:
  - { from: u, to: a, allow: [{ roles: ${JSON.stringify(attacks)} }] }
accept: [{ rule: image-without-digest, where: a, reason: ${JSON.stringify(attacks.join(" "))}, until: 2030-01-01 }]
`;

  it("writes them as text everywhere", async () => {
    const map = mapOf(text);
    for (const format of ["svg", "drawio"] as const)
      expect(XMLValidator.validate(await renderMap(map, format)), format).toBe(true);
    const html = await renderMap(map, "html");
    expect(html.match(/<script>alert/g)).toBeNull();
    expect(html).not.toContain("\u202e");
    expect(html).toContain("Content-Security-Policy");
    expect(html.match(/(src|href)\s*=\s*["']?https?:/g)).toBeNull();
    const cells = (await renderMap(map, "csv")).split(/[\r\n,]/);
    expect(cells.filter((cell) => /^"?[=+\-@]/.test(cell))).toEqual([]);
  });

  it("draws even a workflow without flows", async () => {
    const map = mapOf(
      "apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { z: { trust: internal } }\nworkloads: { a: { zone: z } }\n",
    );
    for (const format of MAP_FORMATS) expect((await renderMap(map, format)).length, format).toBeGreaterThan(0);
  });
});
