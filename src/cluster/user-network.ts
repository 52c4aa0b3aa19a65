/**
 * User-defined networks of OVN-Kubernetes (k8s.ovn.org). A primary one is the network of the pods of its namespaces:
 * they reach no pod of another network, whatever policies say.
 */
import type { KubeObject } from "./object.js";
import { type LabelSelector, labelSelector } from "./selector.js";
import { BAD, checked, isMap, oneOf, open, optional, type Reading, type Result, required } from "./shape.js";

export interface UserNetwork {
  readonly object: KubeObject;
  readonly name: string;
  /** of the pods: its own namespace, or those that the selector names */
  readonly namespaces: string | LabelSelector;
  readonly role: "Primary" | "Secondary";
}

/** A namespace takes part in a primary network only with this label. */
export const PRIMARY_NETWORK_LABEL = "k8s.ovn.org/primary-user-defined-network";

const layer = open({ role: required(oneOf("Primary", "Secondary")) });
const layers = { Layer2: "layer2", Layer3: "layer3", Localnet: "localnet" } as const;

const network = checked(
  open({
    topology: required(oneOf("Layer2", "Layer3", "Localnet")),
    layer2: optional(layer),
    layer3: optional(layer),
    localnet: optional(layer),
  }),
  (read, reading) => {
    const wanted = layers[read.topology];
    const given = (["layer2", "layer3", "localnet"] as const).filter((name) => read[name] !== undefined);
    if (given.length === 1 && given[0] === wanted) return true;
    return reading.refuse("CLUSTER_VALUE", `the topology ${read.topology} goes with \`${wanted}\` and nothing else`);
  },
);

export function readUserNetwork(object: KubeObject, value: unknown, reading: Reading): Result<UserNetwork> {
  const spec = isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
  return reading.within("spec", () => {
    if (object.kind === "ClusterUserDefinedNetwork") {
      const read = open({ namespaceSelector: required(labelSelector), network: required(network) })(spec, reading);
      if (read === BAD) return BAD;
      return { object, name: object.name, namespaces: read.namespaceSelector, role: roleOf(read.network) };
    }
    const read = network(spec, reading);
    if (read === BAD) return BAD;
    if (/^(default|kube-.*|openshift-.*)$/.test(object.namespace) && roleOf(read) === "Primary") {
      return reading.fail(
        "CLUSTER_VALUE",
        `the namespace \`${object.namespace}\` cannot have a primary network of its own`,
      );
    }
    return { object, name: object.name, namespaces: object.namespace, role: roleOf(read) };
  });
}

function roleOf(
  read: { readonly [name in "layer2" | "layer3" | "localnet"]: { readonly role: UserNetwork["role"] } | undefined },
) {
  return (read.layer2 ?? read.layer3 ?? read.localnet)?.role ?? "Secondary";
}
