/**
 * The contract of every enforcement layer. A layer looks at one connection (from, to, port) and answers with two sets of
 * requests: `may` holds every request that could get through it, `must` only requests that surely do. Unknown is what
 * lies between. A layer that cannot read something widens `may` and shrinks `must`; it never guesses.
 *
 * Some attributes are not for the sender to choose: its principal is what its proxy presents, its address what the
 * network gave it. A layer that knows says so in `given`; what no layer knows is taken to be anything.
 */
import type { KubeObject, Pod, Protocol, Service, Workload } from "../cluster/index.js";
import { describeObject } from "../cluster/index.js";
import { formatSpan, type Span } from "../diagnostics/index.js";
import { type AnyValues, type Dimension, dimension, RequestSet } from "./space/index.js";

/** One end of a connection: a pod of a workload, or a party outside the cluster. */
export type End =
  | { readonly kind: "pod"; readonly workload: Workload; readonly pod: Pod }
  | { readonly kind: "outside"; readonly name: string };

export interface Connection {
  readonly from: End;
  readonly to: End;
  /** the destination pod's port; the host's port outside */
  readonly port: number;
  readonly protocol: Protocol;
  /** the Services that it may be called through; empty: the pod's address alone; absent: whichever the sender likes */
  readonly by?: readonly Service[];
}

/**
 * What is known of an attribute that is given to the sender. One of the worlds is real and nobody knows which; within
 * a world the sender may bring about any of its values. `each` is the short form of one world a value.
 */
export type Given =
  | { readonly dimension: Dimension; readonly worlds: readonly AnyValues[] }
  | { readonly dimension: Dimension; readonly each: AnyValues };

/** Why: one sentence in words, and the object with the place that it rests on. */
export interface Reason {
  readonly effect: "allows" | "denies" | "unknown" | "note";
  readonly text: string;
  readonly object?: KubeObject;
  readonly span?: Span;
}

export interface LayerVerdict {
  readonly may: RequestSet;
  readonly must: RequestSet;
  readonly given: readonly Given[];
  /** made only when somebody asks: most verdicts are never explained */
  reasons(): readonly Reason[];
}

export type LayerName = "network" | "mtls" | "authorization" | "jwt" | "opa" | "egress" | "admission" | "route";

export interface Layer {
  readonly name: LayerName;
  judge(connection: Connection): LayerVerdict;
}

export interface Judgement {
  readonly may: RequestSet;
  readonly must: RequestSet;
}

const NOTHING_GIVEN: readonly Given[] = [];
const NO_REASONS: readonly Reason[] = [];

export function verdict(
  may: RequestSet,
  must: RequestSet,
  reasons: () => readonly Reason[] = () => NO_REASONS,
  given: readonly Given[] = NOTHING_GIVEN,
): LayerVerdict {
  return { may, must, given, reasons };
}

/** A layer that does not stand in the way. */
export function open(reasons?: () => readonly Reason[]): LayerVerdict {
  return verdict(RequestSet.full, RequestSet.full, reasons);
}

export function closed(reasons?: () => readonly Reason[]): LayerVerdict {
  return verdict(RequestSet.empty, RequestSet.empty, reasons);
}

/** FAIL CLOSED: everything may get through, nothing surely does. */
export function unknown(reasons?: () => readonly Reason[]): LayerVerdict {
  return verdict(RequestSet.full, RequestSet.empty, reasons);
}

/** What gets through all layers, over the attributes that the sender chooses; given attributes no longer occur. */
export function combine(verdicts: readonly LayerVerdict[]): Judgement {
  let may = RequestSet.all(verdicts.map((one) => one.may));
  let must = RequestSet.all(verdicts.map((one) => one.must));
  for (const given of verdicts.flatMap((one) => one.given)) {
    if ("each" in given) {
      may = may.some(given.dimension, given.each);
      must = must.every(given.dimension, given.each);
    } else {
      const [before, sure] = [may, must];
      may = RequestSet.any(given.worlds.map((world) => before.some(given.dimension, world)));
      must = RequestSet.all(given.worlds.map((world) => sure.some(given.dimension, world)));
    }
  }
  for (const one of may.dimensions) if (dimension.isGiven(one)) may = may.some(one);
  for (const one of must.dimensions) if (dimension.isGiven(one)) must = must.every(one);
  return { may, must };
}

export type Outcome = "allowed" | "denied" | "unknown";

/** Whether any request of `asked` gets through. */
export function outcome({ may, must }: Judgement, asked: RequestSet = RequestSet.full): Outcome {
  if (!must.intersect(asked).isEmpty) return "allowed";
  return may.intersect(asked).isEmpty ? "denied" : "unknown";
}

/** `AuthorizationPolicy ns1/b (policies.yaml:3:1)`. */
export function cite(object: KubeObject, span: Span = object.origin.spanOf(["metadata", "name"])): string {
  return `${describeObject(object)} (${formatSpan(span)})`;
}
