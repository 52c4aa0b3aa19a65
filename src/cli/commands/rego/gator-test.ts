import type { Command } from "commander";
import { stringify } from "yaml";
import { RingfenceError } from "../../../diagnostics/index.js";
import { type Json, readDocuments } from "../../../documents/index.js";
import { listFiles, readSource } from "../../../files/index.js";
import { type Audit, audit, type Finding, isDenied } from "../../../gatekeeper/index.js";
import { RegoError } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { type Cli, choice, examples } from "../../command.js";
import { collect } from "./load.js";

const FORMATS = ["text", "json", "yaml"] as const;
const TARGET = "admission.k8s.gatekeeper.sh";

interface Options {
  readonly filename: readonly string[];
  readonly output: string;
  readonly denyOnly?: true;
  readonly json?: true;
}

/** `rego gator test`: objects against templates and constraints, without a cluster. */
export function gatorTest(group: Command, cli: Cli): void {
  group
    .command("test")
    .description("hold manifests against templates and constraints")
    .option("-f, --filename <path>", "a file or folder of all three; may be repeated; - is standard input", collect, [])
    .option("-o, --output <format>", FORMATS.join(", "), "text")
    .option("--deny-only", "leave out what is not denied")
    .option("--json", "the same as --output json")
    .addHelpText(
      "after",
      examples(
        ["rego gator test -f deploy/gatekeeper -f manifests", "what Gatekeeper would say of them"],
        ["kustomize build . | ringfence rego gator test -f policies -f -", "of what a pipe brings"],
      ),
    )
    .action((options: Options) => {
      const format = choice("--output", options.json === true ? "json" : options.output, FORMATS);
      const paths = options.filename.length === 0 ? ["-"] : options.filename;
      const documents = listFiles(paths, [".yaml", ".yml", ".json"]).flatMap(documentsOf);
      if (documents.length === 0)
        throw new RingfenceError({ code: "USAGE", message: "there are no documents to test" });
      let result: Audit;
      try {
        result = audit(documents);
      } catch (error) {
        if (error instanceof RegoError) throw new RingfenceError(regoProblems(error, [], "REGO_INVALID"));
        throw error;
      }
      for (const { constraint, reason } of result.notRun) cli.terminal.note(`not run: ${constraint} (${reason})`);
      const shown = result.findings.filter((finding) => options.denyOnly !== true || isDenied(finding));
      if (format === "json") cli.terminal.json(shown.map(asGator));
      else if (format === "yaml") cli.terminal.result(stringify(shown.map(asGator)));
      else for (const finding of shown) cli.terminal.result(line(finding));
      if (result.findings.some(isDenied)) cli.exit(1);
    });
}

function documentsOf(path: string): readonly Json[] {
  const { documents, problems } = readDocuments(readSource(path));
  if (problems.length > 0) throw new RingfenceError(problems);
  return documents.map(({ value }) => value).filter((value) => value !== null);
}

function line({ object, constraint, message, action }: Finding): string {
  const { name, namespace } = metadataOf(object);
  const of = namespace === "" ? name : `${namespace}/${name}`;
  const shown = action === "deny" ? "" : ` (${action})`;
  const about = JSON.stringify(metadataOf(constraint).name);
  return `${String(object.apiVersion)}/${String(object.kind)} ${of}: [${about}]${shown} Message: ${JSON.stringify(message)}`;
}

function metadataOf(object: Finding["object"]): { name: string; namespace: string } {
  const { name, namespace } = (object.metadata ?? {}) as { name?: unknown; namespace?: unknown };
  return { name: typeof name === "string" ? name : "", namespace: typeof namespace === "string" ? namespace : "" };
}

/** The fields of gator's own report. */
function asGator({ message, details, constraint, action, scopedActions, object }: Finding): unknown {
  return {
    target: TARGET,
    msg: message,
    metadata: { details: details ?? {} },
    constraint,
    enforcementAction: action,
    ...(scopedActions.length === 0 ? {} : { scopedEnforcementActions: scopedActions }),
    violatingObject: object,
  };
}
