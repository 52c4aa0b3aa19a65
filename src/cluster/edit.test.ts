import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cluster, readCluster } from "./cluster.js";
import { editCluster } from "./edit.js";

const API: Record<string, string> = {
  Namespace: "v1",
  Service: "v1",
  ConfigMap: "v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  AdminNetworkPolicy: "policy.networking.k8s.io/v1alpha1",
  AuthorizationPolicy: "security.istio.io/v1",
  RayCluster: "ray.io/v1",
};
const SPEC: Record<string, (version: number) => object> = {
  Namespace: () => ({}),
  Service: (version) => ({ spec: { ports: [{ port: 80 + version }] } }),
  ConfigMap: (version) => ({ data: { k: String(version) } }),
  Deployment: (version) => ({
    spec: { replicas: version, template: { metadata: { labels: { v: `v${version}` } }, spec: {} } },
  }),
  StatefulSet: (version) => ({ spec: { replicas: version, template: { metadata: {}, spec: {} } } }),
  NetworkPolicy: (version) => ({ spec: { podSelector: { matchLabels: { v: `v${version}` } } } }),
  AdminNetworkPolicy: (version) => ({ spec: { priority: version, subject: { namespaces: {} } } }),
  AuthorizationPolicy: (version) => ({ spec: { action: version % 2 === 0 ? "ALLOW" : "DENY", rules: [{}] } }),
  RayCluster: (version) => ({ spec: { version } }),
};

interface Item {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
}

const item: fc.Arbitrary<Item> = fc.record({
  kind: fc.constantFrom(...Object.keys(API)),
  namespace: fc.constantFrom("one", "two", "three"),
  name: fc.constantFrom("a", "b", "c"),
  version: fc.nat(3),
});

const keyOf = ({ kind, namespace, name }: Item) =>
  kind === "Namespace"
    ? `${kind} ${namespace}`
    : kind === "AdminNetworkPolicy"
      ? `${kind} ${name}`
      : `${kind} ${namespace} ${name}`;

function manifest({ kind, namespace, name, version }: Item): object {
  const metadata =
    kind === "Namespace"
      ? { name: namespace, labels: { v: `v${version}` } }
      : { name, ...(kind === "AdminNetworkPolicy" ? {} : { namespace }) };
  return { apiVersion: API[kind], kind, metadata, ...SPEC[kind]?.(version) };
}

function read(items: readonly Item[]): Cluster {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: items.map(manifest) });
  return readCluster([{ path: "m.json", text }]).cluster;
}

/** Everything but the places, which say which text an object came from. */
function facts(cluster: Cluster | undefined): unknown {
  return JSON.parse(
    JSON.stringify(cluster, (key, value) => {
      if (key === "origin") return (value as { value: unknown }).value;
      return value instanceof Map ? [...value] : value;
    }) ?? "null",
  );
}

const latest = (items: readonly Item[]) => [...new Map(items.map((one) => [keyOf(one), one])).values()];

describe("editCluster", () => {
  it("gives the cluster that reading everything again gives", () => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 12 }),
        fc.array(item, { maxLength: 3 }),
        fc.nat(20),
        (before, put, pick) => {
          const items = latest(before);
          const removed = items.filter(
            (one, index) => index === pick && !put.some((other) => keyOf(other) === keyOf(one)),
          );
          const rest = items.filter((one) => !removed.includes(one));
          const cluster = read(items);
          const remove = cluster.objects.filter((object) => removed.some((one) => matchesItem(object, one)));
          const edited = editCluster(cluster, { put: read(latest(put)), remove });
          expect(facts(edited)).toEqual(facts(read(latest([...rest, ...put]))));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("shares what the edit does not touch", () => {
    const cluster = read([
      { kind: "Deployment", namespace: "one", name: "a", version: 1 },
      { kind: "NetworkPolicy", namespace: "one", name: "a", version: 1 },
    ]);
    const edited = editCluster(cluster, {
      put: read([{ kind: "NetworkPolicy", namespace: "one", name: "a", version: 2 }]),
    });
    expect(edited?.workloads).toBe(cluster.workloads);
    expect(edited?.workloadsByNamespace).toBe(cluster.workloadsByNamespace);
    expect(edited?.networkPolicies).toHaveLength(1);
  });

  it("declines where one object decides about another", () => {
    const owned = readCluster([
      {
        path: "m.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: { name: p, ownerReferences: [{ kind: ReplicaSet, name: r, controller: true }] }\nspec: {}\n",
      },
    ]).cluster;
    expect(editCluster(read([]), { put: owned })).toBeUndefined();
    expect(
      editCluster(owned, { put: read([{ kind: "Deployment", namespace: "one", name: "a", version: 1 }]) }),
    ).toBeUndefined();
    const bad = readCluster([{ path: "m.yaml", text: "apiVersion: v1\nkind: Service\nmetadata: {}\n" }]).cluster;
    expect(editCluster(read([]), { put: bad })).toBeUndefined();
  });
});

function matchesItem(object: { kind: string; namespace: string; name: string }, one: Item): boolean {
  if (object.kind !== one.kind) return false;
  if (one.kind === "Namespace") return object.name === one.namespace;
  return object.name === one.name && (one.kind === "AdminNetworkPolicy" || object.namespace === one.namespace);
}
