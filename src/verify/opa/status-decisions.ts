/**
 * An OPA that is asked by its HTTP status: with `--authorization=basic` its own rules decide who may use its API, and
 * whoever may not is answered 401. An auth request to the data API then passes as those rules say, since the API itself
 * answers 200 whatever it decides.
 */
import type { Cluster, Pod } from "../../cluster/index.js";
import type { Arguments } from "./arguments.js";
import type { Bundle } from "./bundle.js";
import { bundleOf, type OpaServer, opaServer } from "./decision-points.js";

export interface StatusDecision {
  readonly server: OpaServer;
  readonly bundle: Bundle;
  readonly v0: boolean;
  /** the document that is the answer, below `data` */
  readonly decision: readonly string[];
  /** what is asked for */
  readonly path: string;
  readonly authentication: Arguments["authentication"];
}

/** of a cluster, since what a pod mounts changes without it */
const bundles = new WeakMap<Cluster, Map<Pod, ReturnType<typeof bundleOf>>>();

/** The rules behind the URL of an auth request, or why nobody can know them. */
export function statusDecision(cluster: Cluster, url: string, method: string): StatusDecision | string {
  const [, host, port, path] = /^http:\/\/([^/:?#$]+)(?::(\d+))?(\/v1\/data(?:\/[\w.~-]+)*)$/.exec(url) ?? [];
  if (host === undefined || path === undefined || /\/\.\.?(\/|$)/.test(path)) return "it is not plainly OPA's data API";
  if (!/^(GET|POST)$/.test(method)) return `what OPA answers to ${method} is not followed`;
  const server = opaServer(cluster, host, Number(port ?? 80));
  if ("text" in server) return server.text;
  const { given, pod, workload } = server;
  if (!given.authorization) return "it decides nothing";
  if (given.tls) return `${workload.id} answers HTTPS alone`;
  let ofPods = bundles.get(cluster);
  if (ofPods === undefined) {
    ofPods = new Map();
    bundles.set(cluster, ofPods);
  }
  let found = ofPods.get(pod);
  if (found === undefined) {
    found = bundleOf(cluster, server);
    ofPods.set(pod, found);
  }
  if (typeof found === "string") return `${workload.id}: ${found}`;
  const { bundle, v0, settings } = found;
  const decision = String(settings.default_authorization_decision ?? "/system/authz/allow");
  return {
    server,
    bundle,
    v0,
    decision: decision.split("/").filter((part) => part !== ""),
    path,
    authentication: given.authentication,
  };
}
