/** Everything that is to be said of one set of manifests, in one value: what every report is written from. */
import type { Cluster } from "../cluster/index.js";
import type { Policy } from "../policy/index.js";
import { judgeAdmission } from "./admission.js";
import { type Comparison, compare, type Finding } from "./compare/index.js";
import { type Disclosure, disclosures } from "./data.js";
import { findGaps, type Gap } from "./gaps/index.js";
import { speaksOfIstio } from "./istio/presence.js";
import { Network, type NetworkModel, OPEN_WORLD } from "./layers/network/index.js";

export interface Verification {
  readonly workflow: string | undefined;
  readonly size: { readonly workloads: number; readonly objects: number; readonly policies: number };
  /** undefined without a workflow to compare with */
  readonly comparison: Comparison | undefined;
  readonly disclosures: readonly Disclosure[];
  readonly gaps: readonly Gap[];
  /** what was not looked at, and why, a sentence each */
  readonly notes: readonly string[];
}

export interface VerifyOptions {
  /** what is declared; without it only the gap audit is done */
  readonly policy?: Policy;
  readonly model?: NetworkModel;
  /** only findings whose source, or destination, this is true of */
  readonly from?: (party: string) => boolean;
  readonly to?: (party: string) => boolean;
}

export function verifyCluster(cluster: Cluster, options: VerifyOptions = {}): Verification {
  const { policy, model = OPEN_WORLD, from = () => true, to = () => true } = options;
  const network = new Network(cluster, model);
  const whole = policy === undefined ? undefined : compare(policy, network);
  const wanted = (finding: Finding): boolean => from(finding.from) && to(finding.to);
  const idOf = (name: string): string | undefined => {
    const declared = policy?.workloads.find((one) => one.name === name);
    return cluster.workloads.find((one) => one.namespace === declared?.zone && one.name === declared?.kubernetes.name)
      ?.id;
  };
  const spread = policy === undefined || whole === undefined ? [] : disclosures(policy, whole.findings, idOf);
  return {
    workflow: policy?.workflow,
    size: {
      workloads: cluster.workloads.length,
      objects: cluster.objects.length,
      policies: cluster.networkPolicies.length + cluster.authorizationPolicies.length,
    },
    comparison: whole === undefined ? undefined : { ...whole, findings: whole.findings.filter(wanted) },
    disclosures: spread.filter(({ path }) => path.some(wanted)),
    gaps: findGaps(cluster, network),
    notes: [...meshNotes(cluster, policy), ...(whole?.notes ?? []), ...judgeAdmission(cluster).unjudged],
  };
}

/** What a mesh is taken for whose settings are in no manifest. */
function meshNotes(cluster: Cluster, policy: Policy | undefined): readonly string[] {
  const { mesh } = cluster;
  if (mesh.declared || !speaksOfIstio(cluster)) return [];
  const other = policy !== undefined && policy.trustDomain !== mesh.trustDomain;
  const domain = other
    ? `, so identities are of \`${mesh.trustDomain}\`, not of the workflow's \`${policy.trustDomain}\``
    : "";
  return [
    `the mesh's settings are not in these manifests (the ConfigMap \`istio\`, or an IstioOperator such as \`istio/mesh-config.yaml\` of what \`compile\` writes): Istio's defaults were assumed${domain}`,
  ];
}
