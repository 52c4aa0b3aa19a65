/** Names are data. Whatever they hold, no format lets them become markup, a formula, a link or a line of their own. */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import type { FlowMap } from "../../src/map/index.js";
import { renderMap } from "../../src/map/index.js";
import { cellsOf, mxfileProblems } from "./mxfile.js";

const NAMES = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `=HYPERLINK("http://evil.example","x")`,
  `@SUM(1+1)*cmd|'/C calc'!A0`,
  "a|b\n| c `code` [x](javascript:alert(1)) ![i](http://evil.example/i.png)",
  "\u202egnp.exe\u2066 \u200b\ufeff",
  'x; click n0 href "javascript:alert(1)"\n%%{init: {}}%%',
  `"]; evil -> evil [URL="javascript:x"] //`,
  "]]> <!-- &amp; &#60;b&#62; \u0000\u001b[31m \ud800",
  "漢字のとても長い名前".repeat(8),
  "__proto__",
];

function hostileMap(): FlowMap {
  const badges = [{ tag: "C1", severity: "critical" as const, accepted: false }];
  return {
    workflow: NAMES[0] ?? "",
    trustDomain: NAMES[1] ?? "",
    zones: NAMES.map((name) => ({ name, trust: "internal" as const, workloads: [name], badges })),
    nodes: NAMES.map((name) => ({
      name,
      kind: "store" as const,
      zone: name,
      trust: "internal" as const,
      identity: name,
      ports: [],
      badges,
    })),
    edges: NAMES.map((name, index) => ({
      id: name,
      from: { kind: "workload" as const, name },
      to: { kind: "workload" as const, name: NAMES[(index + 1) % NAMES.length] ?? "" },
      port: 1,
      protocol: "http" as const,
      transport: "mtls" as const,
      wire: "HTTP in mTLS",
      data: [name],
      returns: [name],
      trust: "internal" as const,
      boundary: { kind: "zone" as const, from: name, to: name },
      operations: [
        { caller: name, methods: "any" as const, paths: [name], hosts: [name], roles: [name], identity: name },
      ],
      badges,
    })),
    boundaries: NAMES.map((name) => ({ kind: "zone" as const, from: name, to: name, flows: [name] })),
    findings: NAMES.map((name) => ({
      tag: "C1",
      rule: name,
      severity: "critical" as const,
      title: name,
      why: name,
      places: [
        { where: name, place: name, evidence: [name], remedy: name },
        { where: name, place: name, evidence: [name], remedy: name, accepted: { reason: name, until: name } },
      ],
    })),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in any output
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

describe("hostile names", () => {
  const map = hostileMap();

  it.each(["svg", "drawio", "html", "markdown", "mermaid", "csv", "table"] as const)(
    "cannot act in %s",
    async (format) => {
      const text = await renderMap(map, format);
      expect(text).not.toMatch(UNSEEN);
      if (format === "table" || format === "csv") return;
      expect(text).not.toMatch(/<script>alert|<img|<b>&#62;/);
    },
  );

  it("stay text in SVG", async () => {
    const svg = await renderMap(map, "svg");
    expect(XMLValidator.validate(svg)).toBe(true);
    const names = new Set([...svg.matchAll(/<([a-zA-Z]+)/g)].map((found) => found[1]));
    expect([...names].sort()).toEqual(
      ["circle", "desc", "g", "path", "polygon", "rect", "svg", "text", "title"].filter((name) => names.has(name)),
    );
    const root = new XMLParser({ processEntities: true }).parse(svg) as { svg: { title: string } };
    expect(root.svg.title).toContain("<script>alert(1)</script>");
  });

  it("stay text in draw.io, in the file and in the labels that it renders as HTML", async () => {
    const text = await renderMap(map, "drawio");
    expect(mxfileProblems(text)).toEqual([]);
    for (const cell of cellsOf(text)) {
      const tags = [...(cell["@value"] ?? "").matchAll(/<\/?([a-z]+)/gi)].map((found) => found[1]);
      expect(tags.filter((tag) => !["b", "br", "font", "span"].includes(tag ?? ""))).toEqual([]);
      expect(cell["@style"] ?? "").not.toMatch(/alert|evil|script/);
    }
  });

  it("stay text in the page, whose policy lets only its own script run", async () => {
    const html = await renderMap(map, "html");
    expect(html.match(/<script>/g)).toHaveLength(1);
    expect(html.match(/<(?:img|iframe|object|embed|link|form|a|base)\b/g)).toBeNull();
    expect(html).toMatch(/default-src (?:'|&#39;)none(?:'|&#39;)/);
    expect(html).not.toMatch(/unsafe-inline|unsafe-eval|\sstyle="|src=x onerror=alert\(1\)>/);
  });

  it("stay one cell a name in CSV, and no formula", async () => {
    const csv = await renderMap(map, "csv");
    const rows = parseCsv(csv);
    expect(rows).toHaveLength(NAMES.length + 1);
    for (const row of rows) {
      expect(row).toHaveLength(9);
      for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    }
    expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"",""x"")"`);
  });

  it("stay in their row of a Markdown table, without a link or a tag", async () => {
    const lines = (await renderMap(map, "markdown")).split("\n");
    const rows = lines.filter((line) => line.startsWith("| ") && line.split(/(?<!\\)\|/).length === 11);
    expect(rows).toHaveLength(NAMES.length + 1);
    expect(lines.join("\n").replaceAll("<br>", "")).not.toMatch(/[<>]|(?<!\\)\]\(|https?:\/\//);
  });

  it("stay labels in Mermaid: one statement a line, as many as there are things", async () => {
    const lines = (await renderMap(map, "mermaid")).trim().split("\n");
    expect(lines).toHaveLength(1 + 3 * NAMES.length + NAMES.length + NAMES.length);
    for (const line of lines) {
      const label = /"(.*)"/.exec(line)?.[1] ?? "";
      expect(label.replaceAll("<br/>", "")).not.toMatch(/["<>;`\\[\]{}|](?<!#\d+;)/);
    }
  });

  it("stay on their lines in the terminal", async () => {
    const text = await renderMap(map, "table", { width: 120 });
    expect(text.split("\n").every((line) => [...line].length <= 140)).toBe(true);
  });
});

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const record of text.split(/\r\n(?=(?:[^"]*"[^"]*")*[^"]*$)/).slice(0, -1)) {
    const cells = [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)];
    rows.push(cells.map((cell) => (cell[1] ?? cell[2] ?? "").replaceAll('""', '"')));
  }
  return rows;
}
