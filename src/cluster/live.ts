/**
 * Reads a running cluster through kubectl and its current context: lists of the kinds that are understood, and nothing is
 * ever written. Secrets are not asked for at all; no verdict needs a value of theirs.
 */
import { spawnSync } from "node:child_process";
import type { Problem, Source } from "../diagnostics/index.js";
import type { SourceReading } from "./files.js";

/** Groups of which every kind is asked for; of the others only those by name. */
const GROUPS = new Set([
  "security.istio.io",
  "networking.istio.io",
  "extensions.istio.io",
  "gateway.networking.k8s.io",
  "policy.networking.k8s.io",
  "constraints.gatekeeper.sh",
  "templates.gatekeeper.sh",
  "cilium.io",
  "crd.projectcalico.org",
]);
const NAMED = new Set([
  "namespaces",
  "pods",
  "services",
  "serviceaccounts",
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "replicasets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "networkpolicies.networking.k8s.io",
  "ingresses.networking.k8s.io",
  "routes.route.openshift.io",
  "storageclasses.storage.k8s.io",
  "roles.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io",
  "validatingwebhookconfigurations.admissionregistration.k8s.io",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io",
]);
/** Kinds that change from second to second and say nothing of what may reach what. */
const PASSED_OVER = new Set(["ciliumendpoints.cilium.io", "ciliumidentities.cilium.io", "ciliumnodes.cilium.io"]);

const SECONDS = 120;
const MAX_BYTES = 1 << 29;

/** @param context of the kubeconfig; the current one when absent */
export function readLiveSources(context?: string): SourceReading {
  const at = context === undefined ? [] : ["--context", context];
  const listed = kubectl([...at, "api-resources", "--verbs=list", "--output=name"]);
  if (typeof listed !== "string") return { sources: [], problems: [listed] };
  const kinds = listed
    .split("\n")
    .map((line) => line.trim())
    .filter((name) => NAMED.has(name) || (GROUPS.has(name.slice(name.indexOf(".") + 1)) && !PASSED_OVER.has(name)));
  const sources: Source[] = [];
  const problems: Problem[] = [];
  for (const kind of kinds) {
    const text = kubectl([...at, "get", kind, "--all-namespaces", "--output=json", `--request-timeout=${SECONDS}s`]);
    // FAIL CLOSED: what could not be listed could hold the policy that decides.
    if (typeof text === "string") sources.push({ path: `cluster/${kind}`, text });
    else problems.push(text);
  }
  return { sources, problems };
}

function kubectl(args: readonly string[]): string | Problem {
  const { status, stdout, stderr, error } = spawnSync("kubectl", args, {
    encoding: "utf8",
    timeout: SECONDS * 1000,
    maxBuffer: MAX_BYTES,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return stdout;
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return {
      code: "CLUSTER_UNREACHABLE",
      message: "there is no `kubectl` on the path",
      hint: "install it, or give manifests instead: `kubectl get … -o json | ringfence verify -`",
    };
  }
  const said = (stderr.trim().split("\n").at(-1) ?? "").replace(/^error: /, "");
  const why = said === "" ? (error?.message ?? "it gave no reason") : said;
  return {
    code: "CLUSTER_UNREACHABLE",
    message: `\`kubectl ${args.join(" ")}\` failed: ${why}`,
    hint: "check the context and that it may list this kind",
  };
}
