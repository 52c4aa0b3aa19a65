import { openPolicy } from "../../ringfence.js";
import { authorizationBundle } from "../../targets/index.js";
import {
  ACCEPTANCE_KINDS,
  findingToJson,
  findThreats,
  renderFindings,
  SEVERITIES,
  summarize,
  THREAT_RULES,
} from "../../threats/index.js";
import { choice, type DeclareCommand, examples } from "../command.js";

const THRESHOLDS = [...SEVERITIES, "none"] as const;

export const check: DeclareCommand = (program, cli) => {
  program
    .command("check")
    .description("check a workflow file, and look at it as an attacker would")
    .option("-f, --file <path>", "the workflow file; - is standard input", "ringfence.yaml")
    .option("--fail-on <severity>", `exit with 1 for findings from this severity up: ${THRESHOLDS.join(", ")}`, "none")
    .option("--rules", "list the threat rules instead")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        ["check", "ringfence.yaml here"],
        ["check --fail-on high", "for CI"],
        ["check --rules", "what is looked for"],
      ),
    )
    .action(({ file, failOn, rules, json }: { file: string; failOn: string; rules?: true; json?: true }) => {
      if (rules === true) {
        const listed = [...THREAT_RULES, ...ACCEPTANCE_KINDS].map(({ id, severity, title, why }) => ({
          id,
          severity,
          title,
          why,
        }));
        if (json === true) cli.terminal.json(listed);
        else
          cli.terminal.result(listed.map(({ id, severity, title }) => `${id}  (${severity})\n    ${title}`).join("\n"));
        return;
      }
      const threshold = choice("--fail-on", failOn, THRESHOLDS);
      cli.terminal.step(`reading ${file}`);
      const policy = openPolicy(file);
      // The file's own Rego counts as a part of it: what could not be compiled is not right.
      if (policy.modules.length > 0) authorizationBundle(policy);
      cli.terminal.step("looking for threats");
      const findings = findThreats(policy, { today: cli.today });
      const open = findings.filter((finding) => finding.accepted === undefined);
      if (json === true) {
        cli.terminal.json({ workflow: policy.workflow, valid: true, findings: findings.map(findingToJson) });
      } else {
        const { workloads, rules: flows, data } = policy;
        const count = (list: readonly unknown[], one: string, more = `${one}s`) =>
          `${list.length} ${list.length === 1 ? one : more}`;
        const size = [
          count(workloads, "workload"),
          count(flows, "flow"),
          count(data, "data class", "data classes"),
        ].join(", ");
        cli.terminal.result(`${policy.workflow}: ${size}. The file is right.`);
        if (findings.length > 0) cli.terminal.result(`\n${renderFindings(findings, cli.terminal.palette)}`);
        else cli.terminal.result(summarize(findings));
      }
      if (threshold === "none") return;
      const failing = SEVERITIES.slice(0, SEVERITIES.indexOf(threshold) + 1);
      if (open.some(({ severity }) => failing.includes(severity))) cli.exit(1);
    });
};
