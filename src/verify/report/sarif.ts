/** SARIF 2.1.0 (OASIS), as code scanning services read it. */
import { locate } from "../../diagnostics/index.js";
import { CHECKS } from "../gaps/index.js";
import type { Verification } from "../verify.js";
import { type Issue, issuesOf, KINDS, spanOf } from "./issue.js";

const LEVELS = { high: "error", medium: "warning", low: "note" } as const;

export function sarifReport(verification: Verification, version: string): string {
  const issues = issuesOf(verification);
  const rules = [
    ...Object.entries(KINDS).map(([id, text]) => ({ id, shortDescription: { text } })),
    ...CHECKS.map(({ id, title, remedy }) => ({ id, shortDescription: { text: title }, help: { text: remedy } })),
  ];
  const places = new Map(rules.map(({ id }, index) => [id, index]));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "ringfence", version, rules } },
        results: issues.map((issue) => resultOf(issue, places)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(issue: Issue, places: ReadonlyMap<string, number>): Record<string, unknown> {
  const span = spanOf(issue);
  const said = [
    issue.title,
    ...issue.lines.map(({ text }) => text),
    ...(issue.command === undefined ? [] : [`try: ${issue.command}`]),
    `mend: ${issue.mend}`,
  ];
  return {
    ruleId: issue.id,
    ruleIndex: places.get(issue.id) ?? -1,
    level: LEVELS[issue.severity],
    message: { text: said.join("\n") },
    ...(span === undefined || span.source.path === "-"
      ? {}
      : {
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(span.source.path.replaceAll("\\", "/")) },
                region: { startLine: locate(span).line, startColumn: locate(span).column },
              },
            },
          ],
        }),
    partialFingerprints: { "ringfence/v1": `${issue.id} ${issue.title}` },
  };
}
