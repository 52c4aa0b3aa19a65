/**
 * What judges objects on their way into the cluster. The bodies of constraints, templates and CEL policies belong to
 * whoever evaluates them and are left as written; here only what says that they exist and when they apply.
 */
import type { KubeObject } from "./object.js";
import {
  anything,
  BAD,
  isMap,
  list,
  oneOf,
  open,
  optional,
  optionalOr,
  type Reading,
  type Result,
  required,
  string,
} from "./shape.js";

export interface AdmissionPolicy {
  readonly object: KubeObject;
  readonly name: string;
  readonly failurePolicy: "Fail" | "Ignore";
  readonly validations: readonly { readonly expression: string; readonly message: string | undefined }[];
}

export interface AdmissionPolicyBinding {
  readonly object: KubeObject;
  readonly name: string;
  readonly policyName: string;
  readonly actions: readonly string[];
}

export interface AdmissionWebhook {
  readonly object: KubeObject;
  readonly kind: "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration";
  readonly name: string;
  readonly hooks: readonly {
    readonly name: string;
    readonly failurePolicy: "Fail" | "Ignore";
    readonly namespaceSelector: unknown;
    readonly rules: readonly unknown[];
  }[];
}

const failurePolicy = optionalOr(oneOf("Fail", "Ignore"), "Fail");

const policy = open({
  failurePolicy,
  validations: optionalOr(list(open({ expression: required(string), message: optional(string) })), []),
});
const binding = open({ policyName: required(string), validationActions: optionalOr(list(string), []) });
const webhook = open({
  webhooks: optionalOr(
    list(
      open({
        name: optionalOr(string, ""),
        failurePolicy,
        namespaceSelector: optional(anything),
        rules: optionalOr(list(anything), []),
      }),
    ),
    [],
  ),
});

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

export function readAdmissionPolicy(object: KubeObject, value: unknown, reading: Reading): Result<AdmissionPolicy> {
  const read = reading.within("spec", () => policy(specOf(value), reading));
  return read === BAD ? BAD : { object, name: object.name, ...read };
}

export function readAdmissionBinding(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<AdmissionPolicyBinding> {
  const read = reading.within("spec", () => binding(specOf(value), reading));
  if (read === BAD) return BAD;
  return { object, name: object.name, policyName: read.policyName, actions: read.validationActions };
}

export function readAdmissionWebhook(object: KubeObject, value: unknown, reading: Reading): Result<AdmissionWebhook> {
  const read = webhook(value, reading);
  if (read === BAD) return BAD;
  const kind = object.kind === "MutatingWebhookConfiguration" ? object.kind : "ValidatingWebhookConfiguration";
  return { object, kind, name: object.name, hooks: read.webhooks };
}
