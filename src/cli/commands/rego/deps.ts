import { RingfenceError } from "../../../diagnostics/index.js";
import { compile, type Dependencies, type DependencyPath, writeJson } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { choice, type DeclareCommand, examples } from "../../command.js";
import { type VerifyOptions, verifyOptions } from "./bundles.js";
import { collect, loadAll } from "./load.js";
import { table } from "./table.js";

const FORMATS = ["pretty", "json"] as const;

interface Options extends VerifyOptions {
  readonly data: readonly string[];
  readonly bundle: readonly string[];
  readonly format: string;
  readonly v0Compatible?: true;
  readonly json?: true;
}

export const regoDeps: DeclareCommand = (group, cli) => {
  verifyOptions(
    group
      .command("deps")
      .description("the documents and rules that a query depends on")
      .argument("<query>", "a Rego query")
      .option("-d, --data <path>", "modules, data files and folders; may be repeated", collect, [])
      .option("-b, --bundle <path>", "a bundle, .tar.gz or folder; may be repeated", collect, []),
  )
    .option("-f, --format <format>", FORMATS.join(", "), "pretty")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--json", "the same as --format json")
    .addHelpText("after", examples(["rego deps -d policy.rego data.authz.allow", "what the decision is made of"]))
    .action((query: string, options: Options) => {
      const format = choice("--format", options.json === true ? "json" : options.format, FORMATS);
      const { modules, data, sources } = loadAll(options, options.v0Compatible === true ? "v0" : "v1");
      let found: Dependencies;
      try {
        found = compile(modules, { data }).dependencies(query);
      } catch (error) {
        throw new RingfenceError(regoProblems(error, [...sources, { path: "query", text: query }], "REGO_INVALID"));
      }
      const { base, virtual } = found;
      if (format === "json") {
        const terms = (path: DependencyPath) =>
          path.map((part, at) => ({ type: at === 0 ? "var" : typeof part, value: part }));
        cli.terminal.json({ base: base.map(terms), virtual: virtual.map(terms) });
        return;
      }
      const rows = Array.from({ length: Math.max(base.length, virtual.length) }, (_, at) => [
        shown(base[at]),
        shown(virtual[at]),
      ]);
      cli.terminal.result(table(["BASE DOCUMENTS", "VIRTUAL DOCUMENTS"], rows));
    });
};

function shown(path: DependencyPath | undefined): string {
  const [root = "", ...rest] = path ?? [];
  const parts = rest.map((part) =>
    typeof part === "string" && /^[A-Za-z_]\w*$/.test(part) ? `.${part}` : `[${writeJson(part)}]`,
  );
  return `${String(root)}${parts.join("")}`;
}
