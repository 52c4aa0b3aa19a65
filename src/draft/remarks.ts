/** What the import could not tell, or told by a rule that the reader should know: the second half of its result. */
import { formatSpan, type Span } from "../diagnostics/index.js";

/** Topics in the order of the report, each with its heading. */
export const TOPICS = {
  conflict: "defined twice: the definition named here counts",
  skipped: "not read",
  "not-understood": "custom resources that are not understood as workloads",
  invisible: "served, and called by nobody in the manifests: their callers' images know, add those flows by hand",
  dangling: "names that no manifest defines",
  unresolved: "addresses that only the running container knows",
  undrafted: "seen, and no flow of a workflow",
  port: "ports that do not fit",
  assumed: "taken by a rule, check it",
  broad: "policies too broad to be evidence of a flow",
  download: "models and files that are fetched",
  image: "told of no other party: what they call, if anything, is up to their images",
  credential: "literal values that look like credentials (not copied)",
} as const;
export type Topic = keyof typeof TOPICS;

export interface Remark {
  readonly topic: Topic;
  /** the workload, object or name that it is about */
  readonly subject: string;
  readonly text: string;
  readonly place: Span | undefined;
}

/** Collects remarks, each once. */
export class Remarks {
  readonly #held = new Map<string, Remark>();

  add(topic: Topic, subject: string, text: string, place?: Span): void {
    const key = JSON.stringify([topic, subject, text]);
    if (!this.#held.has(key)) this.#held.set(key, { topic, subject, text, place });
  }

  /** by topic, then subject, text and place */
  sorted(): readonly Remark[] {
    const order = Object.keys(TOPICS);
    const keyOf = ({ topic, subject, text, place }: Remark) => [
      String(order.indexOf(topic)).padStart(2, "0"),
      subject,
      text,
      place === undefined ? "" : formatSpan(place),
    ];
    return [...this.#held.values()].sort((a, b) => (keyOf(a).join("\0") < keyOf(b).join("\0") ? -1 : 1));
  }
}
