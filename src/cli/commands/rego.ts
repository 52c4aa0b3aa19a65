import type { Command } from "commander";
import { type DeclareCommand, examples } from "../command.js";
import { regoBench } from "./rego/bench.js";
import { regoCheck } from "./rego/check.js";
import { regoDeps } from "./rego/deps.js";
import { regoEval } from "./rego/eval.js";
import { regoFmt } from "./rego/fmt.js";
import { regoGator } from "./rego/gator.js";
import { regoTest } from "./rego/test.js";

export const rego: DeclareCommand = (program, cli) => {
  const group: Command = program
    .command("rego")
    .description("evaluate, check, test and format Rego, as OPA does, in this process")
    .addHelpText(
      "after",
      examples(
        ["rego test deploy/opa/bundle deploy/opa/test", "run the generated tests"],
        ["rego eval -d policy.rego -i input.json 'data.authz.allow'", "a query, as `opa eval`"],
        ["rego check --strict policies", "errors of every module at once"],
        ["rego fmt -w policies", "format modules in place"],
      ),
    );
  regoEval(group, cli);
  regoCheck(group, cli);
  regoTest(group, cli);
  regoFmt(group, cli);
  regoDeps(group, cli);
  regoBench(group, cli);
  regoGator(group, cli);
};
