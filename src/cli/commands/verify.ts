import type { Cluster } from "../../cluster/index.js";
import { openPolicy } from "../../ringfence.js";
import {
  dotReport,
  type Edge,
  edgesOf,
  endNamed,
  githubReport,
  type Issue,
  issuesOf,
  jsonReport,
  junitReport,
  matrixReport,
  Network,
  type NetworkModel,
  sarifReport,
  tableReport,
  textReport,
  type Verification,
  verifyCluster,
} from "../../verify/index.js";
import { type Cli, choice, type DeclareCommand, deliver, examples } from "../command.js";
import { packageVersion } from "../version.js";
import { ASSUMPTIONS, modelOf } from "./verify/assumptions.js";
import { diff } from "./verify/diff.js";
import { explain } from "./verify/explain.js";
import { clusterAt, type VerifyFlags } from "./verify/input.js";

const FORMATS = ["text", "table", "json", "sarif", "junit", "github", "dot", "svg"] as const;
const THRESHOLDS = ["high", "medium", "low", "none"] as const;

export const verify: DeclareCommand = (program, cli) => {
  program
    .command("verify")
    .description("who can really reach what, across all layers of any manifests, and whether that is what is declared")
    .argument("[path...]", "manifests: files, folders, or - for standard input (kustomize or helm output)")
    .option("-w, --workflow <file>", "the workflow file to compare with; without it only gaps are looked for")
    .option("--cluster [context]", "read the running cluster through kubectl instead; nothing is written")
    .option("--explain <ends...>", "FROM TO [PORT]: every layer's reason for one connection")
    .option("--diff", "what became reachable or unreachable from the first path to the second")
    .option("--from <name>", "only findings from this workload")
    .option("--to <name>", "only findings to this workload")
    .option("--assume <what...>", `what manifests leave open: ${Object.keys(ASSUMPTIONS).join(", ")}`)
    .option("--keep-going", "go on without documents that cannot be read; what they may decide is unknown")
    .option("--allow-unknown", "exit with 0 when nothing worse than unknowns was found")
    .option("--fail-on <severity>", `exit with 1 for gaps from this severity up: ${THRESHOLDS.join(", ")}`, "none")
    .option("-n, --namespace <name>", "the namespace of objects that name none", "default")
    .option("--format <format>", FORMATS.join(", "), "text")
    .option("-o, --output <path>", "where to write; standard output when absent")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      examples(
        ["verify manifests/", "what a reviewer would object to"],
        ["verify -w ringfence.yaml manifests/", "leaks and blockages, each with a request that was replayed"],
        ["verify manifests/ --explain web db 5432", "why, layer by layer"],
        ["verify --diff before/ after/", "what a change opens or closes"],
        ["verify -w ringfence.yaml --cluster --format sarif -o verify.sarif", "the running cluster, for code scanning"],
      ),
    )
    .action(async (paths: readonly string[], flags: VerifyFlags) => {
      if (flags.diff === true) await diff(cli, paths, flags);
      else if (flags.explain !== undefined) await explain(cli, paths, flags);
      else await report(cli, paths, flags);
    });
};

async function report(cli: Cli, paths: readonly string[], flags: VerifyFlags): Promise<void> {
  const format = flags.json === true ? "json" : choice("--format", flags.format, FORMATS);
  const threshold = choice("--fail-on", flags.failOn, THRESHOLDS);
  const model = modelOf(flags.assume ?? []);
  const policy = flags.workflow === undefined ? undefined : openPolicy(flags.workflow);
  const cluster = clusterAt(cli, paths, flags);
  cli.terminal.step("verifying");
  const verification = verifyCluster(cluster, {
    model,
    ...(policy === undefined ? {} : { policy }),
    ...named(cluster, "from", flags.from),
    ...named(cluster, "to", flags.to),
  });
  const fails = (issue: Issue): boolean => {
    if (issue.kind === "gap")
      return THRESHOLDS.indexOf(issue.severity) <= THRESHOLDS.indexOf(threshold) && threshold !== "none";
    return issue.kind !== "unknown" || flags.allowUnknown !== true;
  };
  await deliver(
    cli,
    written(cli, verification, cluster, format, fails, flags, () => edgesAsked(cluster, model, flags)),
    flags.output,
  );
  if (issuesOf(verification).some(fails)) cli.exit(1);
}

function written(
  cli: Cli,
  verification: Verification,
  cluster: Cluster,
  format: (typeof FORMATS)[number],
  fails: (issue: Issue) => boolean,
  flags: VerifyFlags,
  edges: () => readonly Edge[],
): string {
  const { comparison } = verification;
  switch (format) {
    case "text":
      return textReport(verification, flags.output === undefined ? cli.terminal.palette : undefined);
    case "json":
      return JSON.stringify(jsonReport(verification), null, 2);
    case "sarif":
      return sarifReport(verification, packageVersion());
    case "junit":
      return junitReport(verification, fails);
    case "github":
      return githubReport(verification);
    case "table":
      return tableReport(edges(), comparison);
    case "dot":
      return dotReport(edges(), comparison, cluster.workloads);
    case "svg": {
      const title =
        verification.workflow === undefined ? "Who reaches whom" : `${verification.workflow}: who reaches whom`;
      return matrixReport(
        edges(),
        comparison,
        cluster.workloads.map(({ id }) => id),
        title,
      );
    }
  }
}

/** The connections between the ends that were asked for: what is left out of the findings is left out of the pictures. */
function edgesAsked(cluster: Cluster, model: NetworkModel, flags: VerifyFlags): readonly Edge[] {
  const { from } = named(cluster, "from", flags.from);
  const { to } = named(cluster, "to", flags.to);
  return edgesOf(new Network(cluster, model)).filter(
    (edge) => (from?.(edge.from.id) ?? true) && (to?.(edge.to.id) ?? true),
  );
}

type Wanted = Partial<Record<"from" | "to", (party: string) => boolean>>;

function named(cluster: Cluster, which: "from" | "to", name: string | undefined): Wanted {
  if (name === undefined) return {};
  const end = endNamed(cluster, name);
  const id = end.kind === "pod" ? end.workload.id : end.name;
  // Further pods of a workload carry a number behind its id.
  return { [which]: (party: string) => party === id || party.startsWith(`${id}#`) };
}
