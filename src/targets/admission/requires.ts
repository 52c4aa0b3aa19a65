/** What both admission engines rely on, in the sentences of the compiled README. */
import type { Policy } from "../../policy/index.js";
import { meshNamespaces } from "./facts.js";

export function admissionRequires(policy: Policy): readonly string[] {
  const unnamed = policy.workloads.filter(({ image }) => image === undefined).map(({ name }) => `\`${name}\``);
  const ofMesh = meshNamespaces(policy).map((name) => `\`${name}\``);
  const also = ofMesh.length === 0 ? "" : `, and of the mesh's in ${ofMesh.join(", ")}`;
  return [
    "Who applies these files is in the group `ringfence:managers` or `system:masters`.",
    `So is who changes policies of the cluster as a whole${also}: one of theirs could open what this set closes.`,
    ...(unnamed.length === 0
      ? []
      : [`${unnamed.join(", ")} has no \`image\` in the file: admission refuses its pods until it has one.`]),
  ];
}
