import type { Cluster } from "../../cluster/index.js";
import { Network } from "../layers/network/index.js";
import { admissionFailsOpen, admissionOnlyWarns, controlsLoosenedByOwner, imageByExactName } from "./admission.js";
import { authorizerFailsOpen, authSubrequestAlwaysOk, ingressSnippet, roleFromCaller } from "./authorizers.js";
import { proxyBypassed } from "./bypass.js";
import type { Check, Finding, Severity } from "./check.js";
import { logsNotRedacted, redactionTopLevelOnly } from "./logs.js";
import {
  allowRuleForEveryone,
  contradictingLayers,
  denialByIdentity,
  mtlsNotStrict,
  mtlsPortException,
  noAuthorization,
  outboundAnywhere,
  tokenNotRequired,
} from "./mesh.js";
import {
  allowAllBesideDeny,
  hostNetworkPods,
  metadataReachable,
  noDefaultDeny,
  outsideReachesUnprotected,
  policiesNotEnforced,
} from "./network.js";
import { refusedByAdmission } from "./refused.js";
import {
  encryptionAtRest,
  secretInArguments,
  secretInConfigMap,
  secretInEnvironment,
  secretWrittenDown,
} from "./secrets.js";
import { selectorMatchesNothing } from "./selectors.js";
import { shadowedAdminRule } from "./shadows.js";

export type { Audit, Check, Evidence, Finding, Severity } from "./check.js";

/** Every check, in the order in which gaps of one severity are shown. */
export const CHECKS: readonly Check[] = [
  noDefaultDeny,
  allowAllBesideDeny,
  selectorMatchesNothing,
  policiesNotEnforced,
  metadataReachable,
  outsideReachesUnprotected,
  hostNetworkPods,
  shadowedAdminRule,
  mtlsNotStrict,
  mtlsPortException,
  proxyBypassed,
  noAuthorization,
  allowRuleForEveryone,
  denialByIdentity,
  tokenNotRequired,
  contradictingLayers,
  outboundAnywhere,
  authorizerFailsOpen,
  authSubrequestAlwaysOk,
  ingressSnippet,
  roleFromCaller,
  imageByExactName,
  admissionFailsOpen,
  admissionOnlyWarns,
  refusedByAdmission,
  controlsLoosenedByOwner,
  secretInArguments,
  secretInEnvironment,
  secretInConfigMap,
  secretWrittenDown,
  encryptionAtRest,
  logsNotRedacted,
  redactionTopLevelOnly,
];

export interface Gap extends Finding {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly remedy: string;
}

const ORDER: readonly Severity[] = ["high", "medium", "low"];

/** Every gap of a cluster: by severity, then in the order of the checks, then of the cluster. */
export function findGaps(cluster: Cluster, network: Network = new Network(cluster)): readonly Gap[] {
  const gaps = CHECKS.flatMap(({ id, severity, title, remedy, find }) =>
    [...find({ cluster, network })].map((finding): Gap => ({ id, severity, title, remedy, ...finding })),
  );
  return ORDER.flatMap((severity) => gaps.filter((gap) => gap.severity === severity));
}
