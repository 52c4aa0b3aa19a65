import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readCluster, readSources } from "../../cluster/index.js";
import { RingfenceError } from "../../diagnostics/index.js";
import { draftWorkflow } from "../../draft/index.js";
import { type DeclareCommand, deliver, examples } from "../command.js";

interface Options {
  readonly output?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly force?: true;
  readonly json?: true;
}

export const importManifests: DeclareCommand = (program, cli) => {
  program
    .command("import")
    .description("draft a workflow file from Kubernetes manifests, and report what they don't tell")
    .argument("<path...>", "manifests: files, folders, or - for standard input")
    .option("-o, --output <path>", "where to write the draft; - is standard output", "-")
    .option("--name <name>", "name of the workflow; taken from the manifests when absent")
    .option("-n, --namespace <name>", "the namespace of objects that name none", "default")
    .option("--force", "replace a file that is there")
    .option("--json", "print the report as JSON; the draft is a part of it unless -o names a file")
    .addHelpText(
      "after",
      examples(
        ["import manifests/ -o ringfence.yaml", "a folder of manifests"],
        ["import app.yaml db.yaml", "look at it first"],
        ["import - < rendered.yaml", "from `helm template` or `kubectl kustomize`"],
      ),
    )
    .action(async (paths: readonly string[], { output = "-", name, namespace, force, json }: Options) => {
      if (output !== "-" && force !== true && existsSync(output)) {
        throw new RingfenceError({
          code: "FILE_UNWRITABLE",
          message: `\`${output}\` is there already`,
          hint: "choose another place with -o, or replace it with --force",
        });
      }
      if (name !== undefined && !/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) {
        throw new RingfenceError({
          code: "USAGE",
          message: `\`${name}\` cannot be the name of a workflow`,
          hint: "use lower-case letters, digits and `-`, at most 40",
        });
      }
      cli.terminal.step("reading manifests");
      const { sources, problems } = readSources(paths);
      if (problems.length > 0) throw new RingfenceError(problems);
      const reading = readCluster(sources, namespace === undefined ? {} : { defaultNamespace: namespace });
      if (reading.cluster.objects.length === 0) throw new RingfenceError(nothingIn(paths, reading.problems));
      cli.terminal.step("drafting the workflow");
      const { text, report, summary } = draftWorkflow(reading, {
        ...(name === undefined ? {} : { name }),
        fallbackName: nameFrom(paths),
        ...(namespace === undefined ? {} : { defaultNamespace: namespace }),
      });
      cli.terminal.done();
      if (output !== "-") await deliver(cli, text, output);
      if (json === true) cli.terminal.json(output === "-" ? { ...report, draft: text } : { ...report, path: output });
      else {
        if (output === "-") cli.terminal.result(text);
        cli.terminal.note(`${summary}\n`);
        const file = output === "ringfence.yaml" || output === "-" ? "" : ` -f ${output}`;
        cli.terminal.note(
          output === "-" ? "write it with -o ringfence.yaml" : `wrote ${output}: next, \`ringfence check${file}\``,
        );
      }
    });
};

/** Folders that say what they hold, not whose it is. */
const GENERIC =
  /^(?:|\.+|-|k8s|kube|kubernetes|kubernetes-manifests|manifests?|deploy(?:ment)?s?|base|release|rendered|yaml|all)$/i;

/** The last part of the first path that is the name of something. */
function nameFrom(paths: readonly string[]): string {
  const [first = ""] = paths;
  const parts = first === "-" ? [] : resolve(first).split(/[\\/]/);
  const named = parts.map((part) => part.replace(/\.(?:ya?ml|json)$/i, "")).filter((part) => !GENERIC.test(part));
  return named.at(-1) ?? "imported";
}

function nothingIn(paths: readonly string[], problems: RingfenceError["problems"]): RingfenceError["problems"] {
  const nothing = {
    code: "DRAFT_NOTHING",
    message: `no Kubernetes object was found in ${paths.map((path) => (path === "-" ? "standard input" : `\`${path}\``)).join(", ")}`,
    hint: "name rendered manifests; build charts and overlays first, with `helm template` or `kubectl kustomize`",
  } as const;
  return problems.length > 0 ? [...problems, nothing] : [nothing];
}
