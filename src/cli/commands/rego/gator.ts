import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { RingfenceError } from "../../../diagnostics/index.js";
import { runSuite } from "../../../gatekeeper/index.js";
import { type Cli, examples } from "../../command.js";
import { gatorTest } from "./gator-test.js";

/** `rego gator`: what Gatekeeper's gator does, without a cluster. */
export function regoGator(group: Command, cli: Cli): void {
  const gator = group.command("gator").description("Gatekeeper's templates and constraints, as gator runs them");
  gatorTest(gator, cli);
  gator
    .command("verify <paths...>")
    .description("run the suites in files and folders")
    .option("-v, --verbose", "name the cases that pass, too")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["rego gator verify deploy/gatekeeper/test", "the generated suite"]))
    .action((paths: string[], { verbose, json }: { verbose?: true; json?: true }) => {
      cli.terminal.step("running suites");
      const results = paths.flatMap(suitesAt).flatMap((path) => runSuite(path, readText));
      const count = (state: string) => results.filter((result) => result.state === state).length;
      if (count("failed") > 0 || results.length === 0) cli.exit(1);
      if (json === true) {
        cli.terminal.json({ cases: results });
        return;
      }
      for (const { test, name, state, reasons } of results) {
        if (state === "passed" && verbose !== true) continue;
        cli.terminal.result(`${state}: ${test} / ${name}${reasons.map((reason) => `\n  ${reason}`).join("")}`);
      }
      cli.terminal.result(`${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run`);
    });
}

function suitesAt(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((name) => /\.ya?ml$/.test(name) && /^apiVersion: test\.gatekeeper\.sh\//m.test(readText(name)))
    .sort();
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new RingfenceError({ code: "FILE_UNREADABLE", message: `\`${path}\` cannot be read` }, { cause });
  }
}
