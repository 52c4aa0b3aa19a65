/** The page beside the manifests: what they are, how they are applied, and what they rely on. */
import type { Policy } from "../policy/index.js";
import type { Artifact, Target } from "./target.js";

export function readmeOf(
  policy: Policy,
  emitted: ReadonlyMap<Target, readonly Artifact[]>,
  generation: string,
): string {
  const byHand = [...emitted.values()].flat().filter((artifact) => isPlacedByHand(artifact));
  const hasPatches = [...emitted.values()].flat().some((artifact) => artifact.kind === "patch");
  const lines = [
    `# Controls of the workflow \`${policy.workflow}\``,
    "",
    "Compiled by Ringfence from the workflow file: change that and compile again, not these files.",
    `Generation \`${generation}\`.`,
    "",
    "| Folder | What it holds |",
    "|-|-|",
    ...[...emitted].map(([{ name, summary }]) => `| \`${name}/\` | ${summary} |`),
    ...(hasPatches ? ["| `workloads/` | a kustomize component with what your own workloads get |"] : []),
    "",
    "## Apply",
    "",
    "```sh",
    "kubectl apply -k .",
    "```",
    "",
    ...(hasPatches
      ? [
          "Your workloads take part once the component is listed in the kustomization that holds them. Each of them has to",
          "state its `metadata.namespace`; one that is not there is passed over:",
          "",
          "```yaml",
          "resources: [my-workloads, ringfence] # `ringfence` is this folder",
          "components: [ringfence/workloads]",
          "```",
          "",
        ]
      : []),
    ...(byHand.length > 0
      ? [
          "## Place by hand",
          "",
          "These are not objects of the cluster; each says at its top where it goes:",
          "",
          ...byHand.map(({ path }) => `- \`${path}\``),
          "",
        ]
      : []),
    "## What it relies on",
    "",
    "The controls mean what they say where all of this holds:",
    "",
    ...new Set([...emitted].flatMap(([target]) => target.requires(policy).map((sentence) => `- ${sentence}`))),
  ];
  return `${lines.join("\n")}\n`;
}

function isPlacedByHand(artifact: Artifact): boolean {
  return artifact.kind === "text"
    ? artifact.byHand === true
    : artifact.kind === "manifests" && artifact.apply === false;
}
