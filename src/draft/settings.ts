/**
 * What a container is told by its manifests: variables, command lines and mounted files, each with the words in which a
 * comment will cite it and its place. Values of Secrets are not there to be read; their use is recorded by name.
 */
import type { Cluster, ConfigMap, Container, Labels, Pod, Workload } from "../cluster/index.js";
import type { Span } from "../diagnostics/index.js";
import { at, listAt, textAt } from "./plain.js";
import { expandKubernetes, expandShell, type Lookup } from "./variables.js";

export interface Setting {
  readonly form: "variable" | "command" | "file";
  /** the variable's name, or the file's */
  readonly name: string;
  readonly text: string;
  /** `env LLM_HOST of container chat`, `ConfigMap web-conf default.conf in container web` */
  readonly cited: string;
  readonly place: () => Span;
}

interface SecretUse {
  readonly secret: string;
  /** the variable that gets the value; undefined where the whole Secret is given */
  readonly variable: string | undefined;
  readonly place: () => Span;
}

export interface ContainerSettings {
  readonly container: Container;
  readonly settings: readonly Setting[];
  /** variables by name, for ports that stand beside a host */
  readonly variables: ReadonlyMap<string, string>;
  readonly secrets: readonly SecretUse[];
  /** ConfigMaps that are used and not among the manifests */
  readonly missing: readonly { readonly configMap: string; readonly place: () => Span }[];
}

interface Variable {
  /** undefined: known at run time only */
  readonly value: string | undefined;
  readonly cited: string;
  readonly place: () => Span;
}

/** Whose settings they are. */
export type Owner = Pick<Workload, "namespace" | "kind" | "name">;

/** Names that the cluster gives to every container: `REDIS_SERVICE_HOST` for the Service `redis`. */
export type ServiceVariables = (namespace: string) => Lookup;

/** Everything the container of a workload's pod is told. */
export function settingsOf(
  cluster: Cluster,
  workload: Owner,
  pod: Pod,
  container: Container,
  injected: ServiceVariables,
): ContainerSettings {
  const secrets: SecretUse[] = [];
  const missing: { configMap: string; place: () => Span }[] = [];
  const here =
    (...steps: (string | number)[]) =>
    () =>
      pod.origin.spanOf([...container.path, ...steps]);
  const maps: Maps = (name, place, reference) => {
    const found = cluster.configMaps.find((map) => map.name === name && map.namespace === workload.namespace);
    const optional = at(reference, ["optional"]) === true;
    if (found === undefined && name !== "" && !optional) missing.push({ configMap: name, place });
    return found;
  };
  const written = (...steps: (string | number)[]) => at(pod.origin.value, [...container.path, ...steps]);
  const inContainer = `container ${container.name}`;
  const variables = new Map<string, Variable>();

  for (const [index, source] of container.envFrom.entries()) {
    const place = here("envFrom", index);
    if (source.kind === "Secret") {
      secrets.push({ secret: source.name, variable: undefined, place });
      continue;
    }
    const map = maps(source.name, place, written("envFrom", index, "configMapRef"));
    if (map === undefined) continue;
    for (const [key, value] of map.data) {
      const cited = `envFrom ConfigMap ${source.name} ${key} of ${inContainer}`;
      variables.set(source.prefix + key, { value, cited, place: placeIn(map, key) });
    }
  }
  for (const [index, { name, value, ref, field }] of container.env.entries()) {
    const place = here("env", index);
    if (ref?.kind === "Secret") {
      secrets.push({ secret: ref.name, variable: name, place });
      variables.set(name, { value: undefined, cited: "", place });
    } else if (ref?.kind === "ConfigMap") {
      const map = maps(ref.name, place, written("env", index, "valueFrom", "configMapKeyRef"));
      const cited = `env ${name} of ${inContainer} from ConfigMap ${ref.name} ${ref.key}`;
      variables.set(name, {
        value: map?.data.get(ref.key),
        cited,
        place: map === undefined ? place : placeIn(map, ref.key),
      });
    } else {
      const given = field === undefined ? value : fieldOf(field, workload, pod.labels);
      const expanded =
        given === undefined ? undefined : expandKubernetes(given, lookupIn(variables, injected(workload.namespace)));
      variables.set(name, { value: expanded, cited: `env ${name} of ${inContainer}`, place });
    }
  }

  const lookup = lookupIn(variables, injected(workload.namespace));
  const settings: Setting[] = [...variables].flatMap(([name, { value, cited, place }]) =>
    value === undefined || value === "" ? [] : [{ form: "variable" as const, name, text: value, cited, place }],
  );
  settings.push(...commandOf(container, here, lookup, inContainer));
  const { files, secretNames } = filesOf(pod, container, maps);
  for (const { text, ...file } of files) settings.push({ ...file, form: "file", text: expandShell(text, lookup) });
  for (const secret of secretNames) secrets.push({ secret, variable: undefined, place: here("volumeMounts") });
  const known = new Map(
    [...variables].flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value] as const])),
  );
  return { container, settings, variables: known, secrets, missing };
}

function lookupIn(variables: ReadonlyMap<string, Variable>, injected: Lookup): Lookup {
  return (name) => (variables.has(name) ? variables.get(name)?.value : injected(name));
}

function placeIn(map: ConfigMap, key: string): () => Span {
  return () => map.object.origin.keySpanOf(["data", key]);
}

/** Fields of the pod that are known before it runs. */
function fieldOf(field: string, workload: Owner, labels: Labels): string | undefined {
  if (field === "metadata.namespace") return workload.namespace;
  // the pods of a StatefulSet are numbered from 0, those of other kinds get random names
  if (field === "metadata.name") return workload.kind === "StatefulSet" ? `${workload.name}-0` : undefined;
  const label = /^metadata\.labels\['(.+)'\]$/.exec(field)?.[1];
  return label === undefined ? undefined : labels.get(label);
}

function commandOf(
  container: Container,
  here: (...steps: (string | number)[]) => () => Span,
  lookup: Lookup,
  inContainer: string,
): readonly Setting[] {
  const words = [...container.command, ...container.args];
  if (words.length === 0) return [];
  const text = expandShell(expandKubernetes(words.join(" "), lookup), lookup);
  const [cited, field] = container.args.length > 0 ? ["args", "args"] : ["command", "command"];
  return [{ form: "command", name: field, text, cited: `${cited} of ${inContainer}`, place: here(field) }];
}

/** Finds a ConfigMap, and notes one that is not there unless the reference says that it may be missing. */
type Maps = (name: string, place: () => Span, reference: unknown) => ConfigMap | undefined;

interface MountedFile {
  readonly name: string;
  readonly text: string;
  readonly cited: string;
  readonly place: () => Span;
}

/** Files of ConfigMaps that are mounted into the container, and the Secrets that are. */
function filesOf(
  pod: Pod,
  container: Container,
  maps: Maps,
): { readonly files: readonly MountedFile[]; readonly secretNames: readonly string[] } {
  const files: MountedFile[] = [];
  const secretNames: string[] = [];
  const seen = new Set<string>();
  for (const [index, mount] of container.mounts.entries()) {
    const volume = pod.volumes.find(({ name }) => name === mount.volume);
    if (volume === undefined) continue;
    const written = at(pod.origin.value, volume.path);
    const subPath = textAt(pod.origin.value, ...container.path, "volumeMounts", index, "subPath") || undefined;
    for (const source of sourcesOf(volume.kind, written)) {
      if (source.kind === "secret") {
        if (source.name !== "") secretNames.push(source.name);
        continue;
      }
      const map = maps(source.name, () => pod.origin.spanOf(volume.path), source.written);
      if (map === undefined) continue;
      for (const [key, content] of map.data) {
        const path = source.items === undefined ? key : source.items.get(key);
        if (path === undefined || (subPath !== undefined && path !== subPath) || seen.has(`${source.name}/${key}`))
          continue;
        seen.add(`${source.name}/${key}`);
        const cited = `ConfigMap ${source.name} ${key} mounted in container ${container.name}`;
        files.push({ name: path, text: content, cited, place: placeIn(map, key) });
      }
    }
  }
  return { files, secretNames: [...new Set(secretNames)].sort() };
}

interface VolumeSource {
  readonly kind: "configMap" | "secret";
  readonly name: string;
  readonly written: unknown;
  /** key to path, where only some keys are mounted */
  readonly items: ReadonlyMap<string, string> | undefined;
}

function sourcesOf(kind: Pod["volumes"][number]["kind"], written: unknown): readonly VolumeSource[] {
  const parts = kind === "projected" ? listAt(written, "projected", "sources") : [written];
  return parts.flatMap((part) =>
    (["configMap", "secret"] as const).flatMap((field) => {
      const source = at(part, [field]);
      if (source === undefined || source === null) return [];
      const name = textAt(source, "secretName") ?? textAt(source, "name") ?? "";
      const items = listAt(source, "items");
      const chosen =
        items.length === 0
          ? undefined
          : new Map(items.map((item) => [textAt(item, "key") ?? "", textAt(item, "path") ?? ""]));
      return [{ kind: field, name, written: source, items: chosen }];
    }),
  );
}
