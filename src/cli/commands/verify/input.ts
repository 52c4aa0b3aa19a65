/** What `verify` is told on the command line, and the manifests that it names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, readCluster, readLiveSources, readSources } from "../../../cluster/index.js";
import { RingfenceError } from "../../../diagnostics/index.js";
import type { Cli } from "../../command.js";

export interface VerifyFlags {
  readonly workflow?: string;
  readonly cluster?: true | string;
  readonly namespace?: string;
  readonly keepGoing?: true;
  readonly explain?: readonly string[];
  readonly diff?: true;
  readonly from?: string;
  readonly to?: string;
  readonly assume?: readonly string[];
  readonly allowUnknown?: true;
  readonly failOn: string;
  readonly format: string;
  readonly output?: string;
  readonly json?: true;
}

/** The manifests that the command line names. @throws with every problem, unless it is to go on without them */
export function clusterAt(cli: Cli, paths: readonly string[], flags: VerifyFlags): Cluster {
  const { cluster: live, keepGoing, namespace } = flags;
  if ((live === undefined) === (paths.length === 0)) {
    throw new RingfenceError({
      code: "USAGE",
      message: live === undefined ? "verify needs manifests, or --cluster" : "--cluster takes no paths beside it",
      hint: "for example `ringfence verify manifests/`, or `kubectl kustomize overlay | ringfence verify -`",
    });
  }
  cli.terminal.step(live === undefined ? "reading manifests" : "reading the cluster");
  const { sources, problems } =
    live === undefined ? readSources(paths) : readLiveSources(live === true ? undefined : live);
  if (problems.length > 0) throw new RingfenceError(problems);
  const reading = readCluster(sources, namespace === undefined ? {} : { defaultNamespace: namespace });
  if (reading.problems.length > 0) {
    if (keepGoing !== true) throw new RingfenceError(reading.problems);
    for (const problem of reading.problems) cli.terminal.warn(problem);
  }
  if (reading.cluster.objects.length === 0) {
    throw new RingfenceError({
      code: "DRAFT_NOTHING",
      message: `there is no Kubernetes object in ${live === undefined ? paths.map((path) => `\`${path}\``).join(", ") : "the cluster"}`,
    });
  }
  for (const path of paths) {
    if (!["kustomization.yaml", "kustomization.yml", "Kustomization"].some((name) => existsSync(join(path, name))))
      continue;
    cli.terminal.note(
      `note: \`${path}\` is a kustomization, and its files were read as they are: \`kubectl kustomize ${path} | ringfence verify -\` reads what is applied`,
    );
  }
  return reading.cluster;
}
