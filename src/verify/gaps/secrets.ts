/** Secrets in plain sight. No finding shows a value: the evidence is the place, and that place is of the name alone. */
import {
  type Cluster,
  type Container,
  describeObject,
  type KubeObject,
  type Pod,
  type Workload,
} from "../../cluster/index.js";
import { at, type Check, type Evidence, type Finding } from "./check.js";

/** Names that hold a secret: `DB_PASSWORD`, `api-key`, `OPENAI_API_KEY`; not `TOKEN_URL` or `PASSWORD_FILE`. */
const SECRET_NAME =
  /(pass(word|wd|phrase)?|secret|token|credential|api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key)s?$/i;
/** The same in an argument that carries its value: `--api-key=…`, `PASSWORD=…`. */
const SECRET_ARGUMENT =
  /(^|[\s;&|'"-])([A-Za-z0-9_-]*(pass(word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key))[=:\s]\s*(?!\$|<|\{\{)\S/i;
const SECRET_FLAG = /^--?[A-Za-z0-9-]*(pass(word|wd|phrase)?|secret|token|api-?key|access-?key|private-?key)$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:(?!\$)[^/\s@]+@/i;
/** Values that only refer to a secret, or hold none. */
const HARMLESS = /^(|true|false|none|null|\d{1,3}|\$\(.+\)|\$\{.+\}|\/.*|.*\.(pem|key|crt|json|txt))$/i;

function* containersOf(cluster: Cluster): Generator<{ workload: Workload; pod: Pod; container: Container }> {
  for (const workload of cluster.workloads) {
    const [pod] = workload.pods;
    for (const container of pod?.containers ?? []) if (pod !== undefined) yield { workload, pod, container };
  }
}

export const secretInEnvironment: Check = {
  id: "secret-in-environment",
  severity: "high",
  title: "a secret stands as a literal in the environment of a container",
  remedy: "put the value into a secret store and mount it as a file; an environment is copied into dumps and children",
  *find({ cluster }) {
    for (const { workload, container } of containersOf(cluster)) {
      for (const [position, { name, value }] of container.env.entries()) {
        if (value === undefined || HARMLESS.test(value)) continue;
        if (!SECRET_NAME.test(name) && !URL_WITH_PASSWORD.test(value)) continue;
        yield {
          subject: workload.id,
          text: `container \`${container.name}\` gets \`${name}\` with its value in the manifest`,
          evidence: [nameOnly(workload.object, [...container.path, "env", position, "name"])],
        };
      }
    }
  },
};

/** A name may stand on one line with its value. */
function nameOnly(object: KubeObject, path: readonly (string | number)[]): Evidence {
  return { ...at(object, path, "named here"), withhold: true };
}

function keyOnly(object: KubeObject, path: readonly (string | number)[], text: string): Evidence {
  return { text, object, span: object.origin.keySpanOf(path), withhold: true };
}

export const secretInArguments: Check = {
  id: "secret-in-arguments",
  severity: "high",
  title: "a secret stands on a command line",
  remedy: "read it from a mounted file; every process of the node can read the arguments of every other",
  *find({ cluster }) {
    for (const { workload, container } of containersOf(cluster)) {
      for (const field of ["command", "args"] as const) {
        const words = container[field];
        const found = words.some(
          (word, index) =>
            SECRET_ARGUMENT.test(word) ||
            URL_WITH_PASSWORD.test(word.replace(/^[^=]*=/, "")) ||
            (SECRET_FLAG.test(word) && words[index + 1] !== undefined && !HARMLESS.test(words[index + 1] ?? "")),
        );
        if (!found) continue;
        yield {
          subject: workload.id,
          text: `the \`${field}\` of container \`${container.name}\` carry a secret`,
          evidence: [keyOnly(workload.object, [...container.path, field], "this command line")],
        };
      }
    }
  },
};

export const secretInConfigMap: Check = {
  id: "secret-in-configmap",
  severity: "high",
  title: "a ConfigMap holds a secret",
  remedy: "move the value to a Secret or a secret store; ConfigMaps are neither encrypted nor guarded",
  *find({ cluster }) {
    for (const { object, data } of cluster.configMaps) {
      for (const [key, value] of data) {
        if (!SECRET_NAME.test(key) || HARMLESS.test(value.trim())) continue;
        const evidence = [keyOnly(object, ["data", key], "this key")];
        yield { subject: describeObject(object), text: `\`${key}\` is kept in plain text`, evidence };
      }
    }
  },
};

export const secretWrittenDown: Check = {
  id: "secret-in-manifest",
  severity: "medium",
  title: "a Secret stands with its values in the manifests",
  remedy:
    "keep the values in a secret store and let the cluster fetch them (External Secrets, Vault agent, CSI driver)",
  *find({ cluster }) {
    for (const { object, keys } of cluster.secrets) {
      if (keys.length === 0 || object.owners.length > 0) continue;
      const evidence = [at(object, [], "this object; its values are encoded, not encrypted")];
      yield {
        subject: describeObject(object),
        text: `it carries ${keys.map((key) => `\`${key}\``).join(", ")}`,
        evidence,
      };
    }
  },
};

export const encryptionAtRest: Check = {
  id: "encryption-at-rest",
  severity: "high",
  title: "Secrets are stored unencrypted",
  remedy: "put `kms` or `secretbox` first for `secrets`, with `identity` last, and rewrite the stored Secrets",
  *find({ cluster }) {
    for (const object of cluster.objects) {
      if (object.kind !== "EncryptionConfiguration") continue;
      const finding = unencrypted(object);
      if (finding !== undefined) yield finding;
    }
  },
};

/** The first provider of the first entry that names Secrets is what they are written with. */
function unencrypted(object: KubeObject): Finding | undefined {
  const value = object.origin.value as { resources?: unknown } | null;
  const entries = Array.isArray(value?.resources) ? value.resources : [];
  for (const [index, entry] of entries.entries()) {
    const { resources, providers } = entry as { resources?: unknown; providers?: unknown };
    const covers =
      Array.isArray(resources) && resources.some((name) => name === "secrets" || name === "*." || name === "*.*");
    if (!covers) continue;
    const [first] = Array.isArray(providers) ? providers : [];
    const name = typeof first === "object" && first !== null ? Object.keys(first)[0] : undefined;
    if (name !== undefined && name !== "identity") return undefined;
    const evidence = [at(object, ["resources", index, "providers"], "the first provider writes")];
    return {
      subject: describeObject(object),
      text: "`identity` comes first, so Secrets are written in plain text",
      evidence,
    };
  }
  const evidence = [at(object, ["resources"], "no entry names `secrets`")];
  return { subject: describeObject(object), text: "no provider is named for Secrets", evidence };
}
