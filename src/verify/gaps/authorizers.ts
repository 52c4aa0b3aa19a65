/** Decisions that are asked for in a way that does not hold: open when the answer fails, or fed by the caller. */
import { type Cluster, describeObject, endpointsOf, type KubeObject, servingContainers } from "../../cluster/index.js";
import { at, type Check, type Evidence } from "./check.js";

export const authorizerFailsOpen: Check = {
  id: "authorizer-fails-open",
  severity: "high",
  title: "requests pass when the authorizer does not answer",
  remedy: "set failOpen to false (the default), and make the authorizer available instead",
  *find({ cluster }) {
    const { mesh } = cluster;
    for (const { name, externalAuthorization } of mesh.extensionProviders) {
      if (externalAuthorization?.failOpen !== true) continue;
      const evidence = mesh.at === undefined ? [] : [{ text: "the mesh's settings", span: mesh.at }];
      yield {
        subject: `extension provider ${name}`,
        text: `\`failOpen\` lets requests pass without \`${externalAuthorization.service}\``,
        evidence,
      };
    }
  },
};

const AUTH_URL = "nginx.ingress.kubernetes.io/auth-url";
const SNIPPETS = [
  "nginx.ingress.kubernetes.io/configuration-snippet",
  "nginx.ingress.kubernetes.io/server-snippet",
  "nginx.ingress.kubernetes.io/auth-snippet",
];

export const authSubrequestAlwaysOk: Check = {
  id: "auth-subrequest-always-ok",
  severity: "high",
  title: "an auth subrequest asks OPA's data API, which answers 200 whatever the decision is",
  remedy:
    "let an adapter turn the decision into 200 or 403 (OPA's Envoy plugin, or a small proxy), and refuse undefined",
  *find({ cluster }) {
    for (const { object } of cluster.ingresses) {
      const url = object.annotations.get(AUTH_URL);
      if (url === undefined || !/\/v[01]\/data(\/|$)/.test(url) || answersByStatus(cluster, url)) continue;
      yield {
        subject: describeObject(object),
        text: `nginx lets a request pass on any 2xx answer, and \`${url}\` answers 200 with the decision in the body`,
        evidence: [at(object, ["metadata", "annotations", AUTH_URL], "this annotation")],
      };
    }
  },
};

/**
 * OPA's own authorization answers 401 instead of the decision, so a rule of `system.authz` can be what is asked. That
 * takes pods that all run with `--authorization=basic`, and the rule.
 */
function answersByStatus(cluster: Cluster, url: string): boolean {
  const [name, namespace] = /^https?:\/\/([^/:]+)/.exec(url)?.[1]?.split(".") ?? [];
  const service = cluster.services.find((one) => one.name === name && one.namespace === namespace);
  const behind = service === undefined ? [] : endpointsOf(cluster, service);
  const guarded = behind.every(({ pod }) =>
    servingContainers(pod).some(({ command, args }) => [...command, ...args].includes("--authorization=basic")),
  );
  const decides = regoTexts(cluster).some(
    ({ object, text }) => object.namespace === namespace && /^\s*package\s+system\.authz\s*$/m.test(text),
  );
  return behind.length > 0 && guarded && decides;
}

export const ingressSnippet: Check = {
  id: "ingress-snippet",
  severity: "medium",
  title: "an Ingress carries raw nginx configuration",
  remedy:
    "remove the snippet and switch snippets off in the controller: whoever may write an Ingress may switch off its checks",
  *find({ cluster }) {
    for (const { object } of cluster.ingresses) {
      for (const name of SNIPPETS) {
        if (!object.annotations.has(name)) continue;
        const evidence = [at(object, ["metadata", "annotations", name], "this annotation")];
        yield { subject: describeObject(object), text: `\`${name}\` can change or drop any check before it`, evidence };
      }
    }
  },
};

interface RegoText {
  readonly object: KubeObject;
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Rego that the manifests carry: in ConfigMaps, and in Gatekeeper's templates. */
export function regoTexts(cluster: Cluster): readonly RegoText[] {
  const maps = cluster.configMaps.flatMap(({ object, data }) =>
    [...data]
      .filter(([key, text]) => key.endsWith(".rego") || /^\s*package\s+[\w.]+\s*$/m.test(text))
      .map(([key, text]) => ({ object, path: ["data", key], text })),
  );
  const templates = cluster.objects.flatMap((object) =>
    object.kind === "ConstraintTemplate" ? templateTexts(object) : [],
  );
  return [...maps, ...templates];
}

function templateTexts(object: KubeObject): readonly RegoText[] {
  const value = object.origin.value as { spec?: { targets?: unknown } } | null;
  const targets = Array.isArray(value?.spec?.targets) ? value.spec.targets : [];
  return targets.flatMap((target: { rego?: unknown; code?: unknown }, index) => {
    const path = ["spec", "targets", index];
    const old = typeof target.rego === "string" ? [{ object, path: [...path, "rego"], text: target.rego }] : [];
    const code = Array.isArray(target.code) ? target.code : [];
    const fresh = code.flatMap((entry: { engine?: unknown; source?: { rego?: unknown } }, at) =>
      entry?.engine === "Rego" && typeof entry.source?.rego === "string"
        ? [{ object, path: [...path, "code", at, "source", "rego"], text: entry.source.rego }]
        : [],
    );
    return [...old, ...fresh];
  });
}

/** What a caller writes into a request himself, read as who he is. */
const CLAIMED_HEADER =
  /\bheaders(\.|\[\s*["'])x[-_](user|role|roles|group|groups|forwarded-user|auth|email)(?![\w-]*(token|jwt|assertion))[\w-]*/i;
const CLAIMED_INPUT = [
  /input(\.parsed_body|\.body|\.request\.body)(\.|\[["'])(\w+\.)?(role|roles|groups|is_admin|user)\b/i,
  /input\.(user\.)?(role|roles|groups|is_admin)\b/i,
];

export const roleFromCaller: Check = {
  id: "role-from-caller",
  severity: "high",
  title: "a Rego rule believes what the caller says of himself",
  remedy:
    "take roles from the claims of a token that was validated (io.jwt.decode_verify, or the proxy's verified payload)",
  *find({ cluster }) {
    for (const { object, path, text } of regoTexts(cluster)) {
      if (object.kind === "ConstraintTemplate") continue;
      const lines = text.split("\n").map((line) => line.replace(/#.*$/, ""));
      // An input of one's own making may hold claims that were validated before; a header never does.
      const patterns = [CLAIMED_HEADER, ...(/io\.jwt\.decode_verify/.test(text) ? [] : CLAIMED_INPUT)];
      const found = patterns
        .map((pattern) => lines.find((line) => pattern.test(line)))
        .find((line) => line !== undefined);
      if (found === undefined) continue;
      const evidence: Evidence[] = [at(object, path, `\`${found.trim()}\``)];
      yield { subject: describeObject(object), text: "nothing proves the role: any client can send it", evidence };
    }
  },
};
