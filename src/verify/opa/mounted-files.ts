/** The files that a container sees, as far as ConfigMaps of the manifests hold them. */
import type { Cluster, ConfigMap, Container, Pod } from "../../cluster/index.js";

export interface MountedFile {
  readonly path: string;
  readonly text: string;
  readonly map: ConfigMap;
  readonly key: string;
}

export interface Mounted {
  readonly files: readonly MountedFile[];
  /** places whose content no manifest holds, with what they are mounted from */
  readonly opaque: readonly { readonly path: string; readonly from: string; readonly missing: boolean }[];
}

interface Source {
  readonly configMap?: unknown;
  readonly [other: string]: unknown;
}

export function mountedFiles(cluster: Cluster, namespace: string, pod: Pod, container: Container): Mounted {
  const files: MountedFile[] = [];
  const opaque: { path: string; from: string; missing: boolean }[] = [];
  const raw = mountsOf(pod, container);
  container.mounts.forEach(({ volume: name, path }, index) => {
    const volume = pod.volumes.find((one) => one.name === name);
    const below = textAt(raw[index], "subPath");
    if (volume === undefined || textAt(raw[index], "subPathExpr") !== undefined) {
      opaque.push({ path, from: `volume \`${name}\``, missing: false });
      return;
    }
    for (const source of sourcesOf(valueAt(pod.origin.value, volume.path))) {
      const reference = source.configMap;
      if (reference === undefined) {
        opaque.push({ path, from: `volume \`${name}\``, missing: false });
        continue;
      }
      const wanted = textAt(reference, "name") ?? "";
      const map = cluster.configMaps.find((one) => one.namespace === namespace && one.name === wanted);
      if (map === undefined) {
        opaque.push({ path, from: `ConfigMap ${namespace}/${wanted}`, missing: true });
        continue;
      }
      if (map.binaryKeys.length > 0) opaque.push({ path, from: `ConfigMap ${namespace}/${wanted}`, missing: false });
      for (const { key, as } of itemsOf(reference, map)) {
        const text = map.data.get(key);
        if (text === undefined) continue;
        if (below === undefined) files.push({ path: join(path, as), text, map, key });
        else if (as === below) files.push({ path: clean(path), text, map, key });
        else if (as.startsWith(`${below}/`))
          files.push({ path: join(path, as.slice(below.length + 1)), text, map, key });
      }
    }
  });
  return { files, opaque };
}

function mountsOf(pod: Pod, container: Container): readonly unknown[] {
  const mounts = valueAt(pod.origin.value, [...container.path, "volumeMounts"]);
  return Array.isArray(mounts) ? mounts : [];
}

function sourcesOf(volume: unknown): readonly Source[] {
  if (typeof volume !== "object" || volume === null) return [{}];
  const projected = valueAt(volume, ["projected", "sources"]);
  if (Array.isArray(projected)) return projected.map((source: unknown) => (source ?? {}) as Source);
  return [volume as Source];
}

function itemsOf(reference: unknown, map: ConfigMap): readonly { readonly key: string; readonly as: string }[] {
  const items = valueAt(reference, ["items"]);
  if (!Array.isArray(items)) return [...map.data.keys()].map((key) => ({ key, as: key }));
  return items.map((item: unknown) => ({ key: textAt(item, "key") ?? "", as: textAt(item, "path") ?? "" }));
}

export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

function textAt(value: unknown, key: string): string | undefined {
  const found = valueAt(value, [key]);
  return typeof found === "string" && found !== "" ? found : undefined;
}

export function clean(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

function join(directory: string, name: string): string {
  return clean(`${directory}/${name}`);
}

/** Whether a path is the place or lies below it. */
export function isBelow(path: string, place: string): boolean {
  const [inner, outer] = [clean(path), clean(place)];
  return outer === "/" || inner === outer || inner.startsWith(`${outer}/`);
}
