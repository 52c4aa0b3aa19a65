/** JUnit XML, as build servers read it: one case an issue, and one that passes when there is none. */
import { element, plain } from "../../markup/index.js";
import type { Verification } from "../verify.js";
import { type Issue, issuesOf } from "./issue.js";

/** @param fails which issues end the run */
export function junitReport(verification: Verification, fails: (issue: Issue) => boolean): string {
  const issues = issuesOf(verification);
  const cases = issues.map((issue) => {
    const said = [
      ...issue.lines.map(({ text }) => text),
      ...(issue.command === undefined ? [] : [`try: ${issue.command}`]),
      `mend: ${issue.mend}`,
    ];
    const body = said.map(plain).join("\n");
    const result = fails(issue)
      ? element("failure", { message: issue.title, type: issue.id }, body)
      : element("skipped", { message: `${issue.title}: does not fail the run` });
    return element("testcase", { classname: `ringfence.${issue.kind}`, name: `${issue.id}: ${issue.title}` }, result);
  });
  const passing = element("testcase", { classname: "ringfence", name: "what is reachable is what is declared" });
  const failures = issues.filter(fails).length;
  const suite = element(
    "testsuite",
    { name: "ringfence verify", tests: Math.max(1, cases.length), failures, skipped: cases.length - failures },
    ...(cases.length === 0 ? [passing] : cases),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, suite).text}\n`;
}
