/**
 * Every error code, its one-line summary and the exit code of a command that ends with it.
 * `ringfence explain CODE` and docs/reference/errors.md are made from this table, so nothing is typed twice.
 *
 * Exit codes: 0 done or yes; 1 no; 2 usage; 3 invalid input; 4 environment; 70 our own bug.
 */
export const CODES = {
  // cli
  USAGE: { exit: 2, summary: "the command line does not fit the command" },
  INTERNAL: { exit: 70, summary: "a bug in Ringfence itself" },
  // documents
  DOCUMENT_SYNTAX: { exit: 3, summary: "the text is not well-formed YAML or JSON" },
  DOCUMENT_DUPLICATE_KEY: { exit: 3, summary: "a mapping names one key twice" },
  DOCUMENT_ALIAS: { exit: 3, summary: "anchors, aliases and merge keys are not accepted here" },
  DOCUMENT_TOO_LARGE: { exit: 3, summary: "the document exceeds the size that is read" },
  DOCUMENT_TOO_DEEP: { exit: 3, summary: "the document nests deeper than is read" },
  DOCUMENT_NUMBER: { exit: 3, summary: "a number cannot be represented exactly" },
  // files
  FILE_NOT_FOUND: { exit: 4, summary: "a file or folder that was named does not exist" },
  FILE_UNREADABLE: { exit: 4, summary: "a file or folder cannot be read" },
  FILE_NOT_TEXT: { exit: 3, summary: "a file that is read as text is not UTF-8" },
  FILE_UNWRITABLE: { exit: 4, summary: "a file or folder cannot be written" },
  FILE_SET_EDITED: { exit: 1, summary: "a generated file was edited, or stands where another file stood before" },
  FILE_SET_RECORD: { exit: 3, summary: "the record of a folder's generated files is damaged" },
  // identity
  IDENTITY_SPIFFE_ID: { exit: 3, summary: "a text is not a SPIFFE ID, a trust domain or a part of one" },
  IDENTITY_SVID: { exit: 1, summary: "a certificate chain is not a valid X.509-SVID of the trust domain" },
  IDENTITY_REVOKED: { exit: 1, summary: "an identity was withdrawn" },
  IDENTITY_FOREIGN_DOMAIN: { exit: 3, summary: "an identity lies outside the authority's trust domain" },
  IDENTITY_ISSUE: { exit: 3, summary: "a certificate cannot be issued as asked" },
  IDENTITY_AUTHORITY: { exit: 4, summary: "the file of a certificate authority cannot be used" },
  IDENTITY_SEALED: { exit: 4, summary: "a sealed key cannot be opened with the secret at hand" },
  IDENTITY_TOKEN: { exit: 1, summary: "a token is not valid for this workflow" },
  IDENTITY_ISSUER: { exit: 4, summary: "the keys of a token issuer cannot be obtained" },
  // workflow
  WORKFLOW_SHAPE: { exit: 3, summary: "a value of ringfence.yaml has the wrong type or form" },
  WORKFLOW_UNKNOWN_KEY: { exit: 3, summary: "ringfence.yaml has a key that the schema does not know" },
  WORKFLOW_MISSING_KEY: { exit: 3, summary: "ringfence.yaml lacks a required key" },
  WORKFLOW_UNKNOWN_NAME: { exit: 3, summary: "a name refers to nothing that the file declares" },
  WORKFLOW_AMBIGUOUS: { exit: 3, summary: "one name or port stands for more than one thing" },
  WORKFLOW_CONFLICT: { exit: 3, summary: "two parts of the file contradict each other" },
  // targets
  TARGET_UNKNOWN: { exit: 2, summary: "a target is named that Ringfence does not have" },
  TARGET_NOT_CHOSEN: { exit: 2, summary: "a target is named that the workflow does not choose" },
  TARGET_UNENFORCED: { exit: 3, summary: "a rule asks for something that no chosen engine enforces" },
  TARGET_INEXPRESSIBLE: { exit: 3, summary: "a name or value means something else in an engine's own language" },
  POLICY_MODULE: { exit: 3, summary: "a Rego file that the workflow names could do something other than narrow" },
  // rego
  REGO_INVALID: { exit: 3, summary: "a Rego module, query or data file is wrong, or its evaluation fails" },
  // cluster
  CLUSTER_SHAPE: { exit: 3, summary: "a field of a Kubernetes object has the wrong type" },
  CLUSTER_VALUE: { exit: 3, summary: "a field of a Kubernetes object has a value that the API refuses" },
  CLUSTER_UNKNOWN_FIELD: { exit: 3, summary: "a Kubernetes object has a field that its kind does not know" },
  CLUSTER_MISSING_FIELD: { exit: 3, summary: "a Kubernetes object lacks a field that its kind requires" },
  CLUSTER_DUPLICATE: { exit: 3, summary: "two documents define the same Kubernetes object differently" },
  CLUSTER_UNREACHABLE: { exit: 4, summary: "a running cluster cannot be read" },
  // draft
  DRAFT_NOTHING: { exit: 3, summary: "there is nothing to draft a workflow from" },
  // gatekeeper
  GATEKEEPER_SHAPE: { exit: 3, summary: "a Gatekeeper template, constraint, suite or object has the wrong form" },
  GATEKEEPER_TEMPLATE: { exit: 3, summary: "the Rego of a constraint template cannot be used" },
  GATEKEEPER_NAMESPACE: { exit: 3, summary: "a constraint selects by namespace labels that are not known" },
  // runtime
  RUNTIME_RUNNING: { exit: 4, summary: "the workflow is running already" },
  RUNTIME_NOT_RUNNING: { exit: 1, summary: "the workflow is not running" },
  RUNTIME_NOT_RUNNABLE: { exit: 3, summary: "a workload cannot be started on this machine as it is declared" },
  RUNTIME_NOT_READY: { exit: 1, summary: "a workload did not get ready" },
  RUNTIME_NO_DECISION: { exit: 1, summary: "no record of a decision has this id" },
  RUNTIME_CONTROL: { exit: 4, summary: "the running supervisor refuses an order" },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4 | 70; summary: string }>;

export type Code = keyof typeof CODES;
