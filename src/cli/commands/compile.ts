import { RingfenceError } from "../../diagnostics/index.js";
import { compareFileSet, type FileComparison, type FileState, writeFileSet } from "../../files/index.js";
import { openPolicy } from "../../ringfence.js";
import { type Compilation, compile as compilePolicy, controlsSummary, TARGETS, textOf } from "../../targets/index.js";
import { type Cli, type DeclareCommand, examples } from "../command.js";

interface Options {
  readonly file: string;
  readonly output?: string;
  readonly target?: readonly string[];
  readonly check?: true;
  readonly stdout?: true;
  readonly force?: true;
  readonly json?: true;
}

export const compile: DeclareCommand = (program, cli) => {
  program
    .command("compile")
    .description("write the manifests of every engine that the workflow chooses")
    .option("-f, --file <path>", "the workflow file; - is standard input", "ringfence.yaml")
    .option("-o, --output <folder>", "the folder to write; it then holds this set and files of your own")
    .option("--target <name...>", `only these: ${TARGETS.map(({ name }) => name).join(", ")}`)
    .option("--check", "write nothing; exit with 1 when the folder differs")
    .option("--stdout", "print the objects as one YAML stream instead")
    .option("--force", "replace generated files that were edited")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        ["compile -o deploy/ringfence", "write the folder, ready for `kubectl apply -k`"],
        ["compile -o deploy/ringfence --check", "for CI: fail when the folder is not what the workflow says"],
        ["compile --stdout --target network-policy | kubectl diff -f -", "what would change in the cluster"],
      ),
    )
    .action(async (options: Options) => {
      refuseContradictions(options);
      cli.terminal.step(`reading ${options.file}`);
      const policy = openPolicy(options.file);
      cli.terminal.step(`compiling ${policy.workflow}`);
      const compilation = compilePolicy(policy, options.target === undefined ? {} : { targets: options.target });
      if (options.stdout === true) {
        const applied = compilation.artifacts.filter(
          (artifact) => artifact.kind === "manifests" && artifact.apply !== false,
        );
        cli.terminal.result(applied.map((artifact) => textOf(policy, artifact)).join(""));
        return;
      }
      const folder = options.output ?? "";
      if (options.check === true) {
        cli.terminal.step(`comparing ${folder}`);
        const comparisons = compareFileSet(folder, compilation.files);
        reportCheck(cli, folder, comparisons, options.json === true);
        return;
      }
      cli.terminal.step(`writing ${folder}`);
      const comparisons = await writeFileSet(folder, compilation.files, { force: options.force === true });
      reportWritten(cli, { folder, workflow: policy.workflow, compilation, comparisons, json: options.json === true });
    });
};

function refuseContradictions({ output, check, stdout, force, json }: Options): void {
  const problem =
    stdout === true
      ? output !== undefined || check === true || force === true || json === true
        ? "--stdout prints the objects, and takes no -o, --check, --force or --json"
        : undefined
      : output === undefined
        ? "compile needs -o FOLDER, or --stdout"
        : check === true && force === true
          ? "--check writes nothing, so --force has no meaning with it"
          : undefined;
  if (problem !== undefined) throw new RingfenceError({ code: "USAGE", message: problem });
}

const DRIFT: Readonly<Record<Exclude<FileState, "same">, string>> = {
  missing: "missing",
  outdated: "differs",
  stale: "no longer generated",
  edited: "was edited",
  foreign: "was not generated",
};

function reportCheck(cli: Cli, folder: string, comparisons: readonly FileComparison[], json: boolean): void {
  const drift = comparisons.filter(({ state }) => state !== "same");
  if (json) {
    cli.terminal.json({ folder, same: drift.length === 0, drift: drift.map(({ path, state }) => ({ path, state })) });
  } else if (drift.length === 0) {
    cli.terminal.result(`${folder} is what the workflow says: ${comparisons.length} files.`);
  } else {
    const lines = drift.flatMap((comparison) => {
      const { path, state } = comparison;
      return [`${path}: ${state === "same" ? "" : DRIFT[state]}${counted(comparison)}`, ...firstDifference(comparison)];
    });
    cli.terminal.result(`${lines.join("\n")}\n\n${drift.length} of ${comparisons.length} files differ.`);
  }
  if (drift.length > 0) cli.exit(1);
}

/** `(+3 -1)`: lines that the workflow's file has and the folder's hasn't, and the other way round. */
function counted({ before, after }: FileComparison): string {
  if (before === undefined || after === undefined) return "";
  const counts = new Map<string, number>();
  for (const line of after.split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of before.split("\n")) counts.set(line, (counts.get(line) ?? 0) - 1);
  let added = 0;
  let removed = 0;
  for (const count of counts.values()) {
    if (count > 0) added += count;
    else removed -= count;
  }
  return ` (+${added} -${removed})`;
}

/** The first lines at which the two part ways: enough to see what it is about. */
function firstDifference({ before, after }: FileComparison): string[] {
  if (before === undefined || after === undefined) return [];
  const [left, right] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < left.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const shown = (sign: string, lines: readonly string[]): string[] =>
    lines
      .slice(start, Math.max(start, lines.length - end))
      .slice(0, 4)
      .map((line) => `    ${sign} ${line}`);
  return [`    line ${start + 1}:`, ...shown("-", left), ...shown("+", right)];
}

interface Written {
  readonly folder: string;
  readonly workflow: string;
  readonly compilation: Compilation;
  readonly comparisons: readonly FileComparison[];
  readonly json: boolean;
}

function reportWritten(cli: Cli, { folder, workflow, compilation, comparisons, json }: Written): void {
  const { generation, artifacts, files, requires } = compilation;
  const removed = comparisons.filter(({ after }) => after === undefined);
  const same = comparisons.filter(({ state }) => state === "same");
  const written = comparisons.length - removed.length - same.length;
  if (json) {
    const list = files.map(({ path, target }) => ({ path, ...(target === undefined ? {} : { target }) }));
    cli.terminal.json({
      workflow,
      generation,
      folder,
      files: list,
      removed: removed.map(({ path }) => path),
      requires,
    });
    return;
  }
  const objects = artifacts.reduce(
    (sum, artifact) => sum + (artifact.kind === "manifests" ? artifact.objects.length : 0),
    0,
  );
  const changes = `${written} written, ${same.length} unchanged, ${removed.length} removed`;
  cli.terminal.result(`${workflow}: ${objects} objects in ${folder} (${changes}), generation ${generation}.`);
  cli.terminal.result(`\nWhich layer carries which flow (by which object: ${folder}/CONTROLS.md):\n`);
  cli.terminal.result(`${controlsSummary(compilation.controls)}\n`);
  cli.terminal.result(`Apply with \`kubectl apply -k ${folder}\`. What it relies on stands in ${folder}/README.md.`);
}
