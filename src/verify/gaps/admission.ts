/** Admission rules that let through what they seem to forbid, and controls that those may loosen whom they bind. */
import { describeObject, type KubeObject } from "../../cluster/index.js";
import { regoTexts } from "./authorizers.js";
import { at, type Check } from "./check.js";

export const imageByExactName: Check = {
  id: "image-by-exact-name",
  severity: "high",
  title: "an admission rule compares an image with one exact string",
  remedy:
    "compare the registry and repository by prefix and demand a digest: a tag or a registry in front makes it another string",
  *find({ cluster }) {
    for (const { object, path, text } of regoTexts(cluster)) {
      const line = text.split("\n").find((one) => IMAGE_EQUALS.test(one.replace(/#.*$/, "")));
      if (line === undefined) continue;
      const evidence = [at(object, path, `\`${line.trim()}\``)];
      yield { subject: describeObject(object), text: "any other spelling of the same image passes the rule", evidence };
    }
    for (const { object, validations } of cluster.admissionPolicies) {
      for (const [index, { expression }] of validations.entries()) {
        if (!IMAGE_EQUALS.test(expression)) continue;
        const evidence = [at(object, ["spec", "validations", index, "expression"], "this expression")];
        yield {
          subject: describeObject(object),
          text: "any other spelling of the same image passes the rule",
          evidence,
        };
      }
    }
  },
};

const IMAGE_EQUALS = /\bimage\s*[!=]=\s*["'][^"'@]+["']|["'][^"'@]+["']\s*[!=]=\s*[\w.[\]]*\bimage\b/;

/** Webhooks whose failure would let through what a policy engine forbids. */
const ENGINES = /gatekeeper|kyverno|opa|policy|validat|istio|cosign|sigstore|image/i;

export const admissionFailsOpen: Check = {
  id: "admission-fails-open",
  severity: "medium",
  title: "objects are admitted when the admission check does not answer",
  remedy: "set failurePolicy to Fail, and exempt the namespaces that must start without it",
  *find({ cluster }) {
    for (const { object, kind, hooks } of cluster.admissionWebhooks) {
      for (const [index, { name, failurePolicy }] of hooks.entries()) {
        if (kind !== "ValidatingWebhookConfiguration" || failurePolicy !== "Ignore" || !ENGINES.test(name)) continue;
        const evidence = [at(object, ["webhooks", index, "failurePolicy"], "this policy")];
        yield { subject: describeObject(object), text: `\`${name}\` is passed over when it fails`, evidence };
      }
    }
    for (const { object, failurePolicy } of cluster.admissionPolicies) {
      if (failurePolicy !== "Ignore") continue;
      const evidence = [at(object, ["spec", "failurePolicy"], "this policy")];
      yield { subject: describeObject(object), text: "an expression that fails lets the object pass", evidence };
    }
  },
};

export const admissionOnlyWarns: Check = {
  id: "admission-only-warns",
  severity: "medium",
  title: "an admission rule reports and does not refuse",
  remedy: "let it deny once its findings are mended",
  *find({ cluster }) {
    for (const { object, actions } of cluster.admissionBindings) {
      if (actions.includes("Deny") || actions.length === 0) continue;
      const evidence = [at(object, ["spec", "validationActions"], "these actions")];
      yield { subject: describeObject(object), text: `it only does ${actions.join(" and ")}`, evidence };
    }
    for (const object of cluster.objects) {
      if (object.group !== "constraints.gatekeeper.sh") continue;
      const action = enforcementOf(object);
      if (action !== "dryrun" && action !== "warn") continue;
      const evidence = [at(object, ["spec", "enforcementAction"], "this action")];
      yield { subject: describeObject(object), text: `its enforcementAction is \`${action}\``, evidence };
    }
  },
};

function enforcementOf({ origin }: KubeObject): unknown {
  const value = origin.value as { spec?: { enforcementAction?: unknown } } | null;
  return value?.spec?.enforcementAction;
}

const CONTROLS = new Set([
  "networkpolicies",
  "authorizationpolicies",
  "peerauthentications",
  "requestauthentications",
  "envoyfilters",
  "sidecars",
  "adminnetworkpolicies",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
]);
const CONTROL_GROUPS = [
  "networking.k8s.io",
  "security.istio.io",
  "networking.istio.io",
  "admissionregistration.k8s.io",
];
const WRITES = ["create", "update", "patch", "delete", "deletecollection", "*"];

export const controlsLoosenedByOwner: Check = {
  id: "controls-loosened-by-owner",
  severity: "medium",
  title: "a role may change the policies that are to bind its holders",
  remedy:
    "take policies out of the role, or put the control where a namespace's owner has no say (AdminNetworkPolicy, root namespace)",
  *find({ cluster }) {
    for (const object of cluster.objects) {
      if (object.group !== "rbac.authorization.k8s.io" || (object.kind !== "Role" && object.kind !== "ClusterRole"))
        continue;
      for (const [index, rule] of rulesOf(object).entries()) {
        const [groups, resources, verbs] = [rule.apiGroups, rule.resources, rule.verbs].map(strings);
        const named = (resources ?? []).filter((resource) => resource === "*" || CONTROLS.has(resource));
        const reaches = (groups ?? []).some((group) => group === "*" || CONTROL_GROUPS.includes(group));
        const writes = (verbs ?? []).some((verb) => WRITES.includes(verb));
        if (named.length === 0 || !reaches || !writes) continue;
        yield {
          subject: describeObject(object),
          text: `its holders may change ${named.map((name) => (name === "*" ? "every kind of policy" : name)).join(", ")}`,
          evidence: [at(object, ["rules", index], "this rule")],
        };
      }
    }
  },
};

function rulesOf({ origin }: KubeObject): readonly Record<string, unknown>[] {
  const value = origin.value as { rules?: unknown } | null;
  const rules = Array.isArray(value?.rules) ? value.rules : [];
  return rules.filter((rule): rule is Record<string, unknown> => typeof rule === "object" && rule !== null);
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}
