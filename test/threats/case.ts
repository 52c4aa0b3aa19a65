import type { Edit } from "./workflow.js";

/** One threat rule: the edits that bring it up, where and with which evidence, and a near miss that does not. */
export interface Case {
  readonly rule: string;
  readonly yes: readonly Edit[];
  readonly where: readonly string[];
  /** part of the evidence */
  readonly says: string;
  /** empty: the workflow as it is */
  readonly no: readonly Edit[];
  /** the user's own Rego, with `yes` */
  readonly modules?: readonly { readonly path: string; readonly text: string }[];
}
