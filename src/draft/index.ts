import type { ClusterReading } from "../cluster/index.js";
import { type DraftOptions, draftOf } from "./draft.js";
import { type DraftReport, renderReport, reportOf } from "./report.js";
import { writeDraft } from "./write.js";

export type { DraftOptions } from "./draft.js";

export type { DraftReport } from "./report.js";

export interface DraftResult {
  /** the text of a workflow file that loads */
  readonly text: string;
  readonly report: DraftReport;
  /** the report for people, without line break at its end */
  readonly summary: string;
}

/** Drafts a workflow file from manifests, and reports what they don't tell. Values of Secrets are in neither. */
export function draftWorkflow(reading: ClusterReading, options: DraftOptions = {}): DraftResult {
  const draft = draftOf(reading, options);
  return { text: writeDraft(draft), report: reportOf(draft), summary: renderReport(draft) };
}
