/**
 * A gap is something a reviewer would object to in any cluster, whatever its workflow is meant to be. A check finds one
 * kind of gap; all that is said of the kind stands in its row, all that is said of one finding in the finding.
 */
import type { Cluster, KubeObject, Origin } from "../../cluster/index.js";
import type { Span } from "../../diagnostics/index.js";
import type { Network } from "../layers/network/index.js";

export type Severity = "high" | "medium" | "low";

export interface Evidence {
  readonly text: string;
  /** the line at the place may hold a secret: show the place, never the line */
  readonly withhold?: true;
  readonly object?: KubeObject;
  readonly span?: Span;
}

export interface Finding {
  /** what has the gap: `namespace shop`, `shop/cart[Deployment]`, `NetworkPolicy shop/p` */
  readonly subject: string;
  /** one sentence: what is wrong here */
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

export interface Audit {
  readonly cluster: Cluster;
  readonly network: Network;
}

export interface Check {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** what to change; never a wider policy */
  readonly remedy: string;
  readonly find: (audit: Audit) => Iterable<Finding>;
}

/** Evidence at a place within an object. */
export function at(object: KubeObject, path: Parameters<Origin["spanOf"]>[0], text: string): Evidence {
  return { text, object, span: object.origin.spanOf(path) };
}

/** `a, b, c and 7 more`. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
