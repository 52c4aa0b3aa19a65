/**
 * NetworkPolicy (networking.k8s.io/v1), validated as the API server does, because a policy that it would refuse
 * enforces nothing. `undefined` and empty are kept apart wherever the API gives them different meanings.
 */
import { type AddressRange, parseCidr } from "./address.js";
import type { KubeObject } from "./object.js";
import { type Protocol, protocol } from "./pods.js";
import { EVERYTHING, type LabelSelector, labelSelector } from "./selector.js";
import {
  BAD,
  checked,
  isMap,
  list,
  oneOf,
  optional,
  optionalOr,
  portNumber,
  type Read,
  type Reader,
  type Reading,
  type Result,
  record,
  required,
  string,
} from "./shape.js";

export interface IpBlock {
  readonly range: AddressRange;
  readonly except: readonly AddressRange[];
  /** as written */
  readonly text: string;
}

export interface PolicyPeer {
  /** either this alone … */
  readonly ipBlock: IpBlock | undefined;
  /** … or one or both of these; a missing podSelector selects every pod, a missing namespaceSelector the policy's own */
  readonly podSelector: LabelSelector | undefined;
  readonly namespaceSelector: LabelSelector | undefined;
}

export interface PolicyPort {
  readonly protocol: Protocol;
  /** a number, a name of the destination pod's ports, or every port */
  readonly port: number | string | undefined;
  readonly endPort: number | undefined;
}

export interface PolicyRule {
  /** `undefined`: everyone; a missing and an empty list say the same */
  readonly peers: readonly PolicyPeer[] | undefined;
  /** `undefined`: every port; a missing and an empty list say the same */
  readonly ports: readonly PolicyPort[] | undefined;
}

export interface NetworkPolicy {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  /** whether the selected pods are isolated in this direction */
  readonly isolatesIngress: boolean;
  readonly isolatesEgress: boolean;
  /** rule `i` stands at `spec.ingress[i]` */
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
}

export const cidr: Reader<AddressRange> = (value, reading) => {
  const text = string(value, reading);
  if (text === BAD) return BAD;
  return (
    parseCidr(text) ?? reading.fail("CLUSTER_VALUE", `\`${text}\` is not a CIDR range`, "write it as `10.0.0.0/8`")
  );
};

const block = record({ cidr: required(cidr), except: optionalOr(list(cidr), []) });
const ipBlock: Reader<IpBlock> = (value, reading) => {
  const read = block(value, reading);
  if (read === BAD) return BAD;
  for (const [index, range] of read.except.entries()) {
    if (range.low >= read.cidr.low && range.high <= read.cidr.high && !same(range, read.cidr)) continue;
    return reading.within("except", () =>
      reading.within(index, () => reading.fail("CLUSTER_VALUE", "an exception must be a part of the `cidr`")),
    );
  }
  const written = isMap(value) ? value : {};
  const except =
    Array.isArray(written.except) && written.except.length > 0 ? ` except ${written.except.join(", ")}` : "";
  return { range: read.cidr, except: read.except, text: `${String(written.cidr)}${except}` };
};

const same = (a: AddressRange, b: AddressRange) => a.low === b.low && a.high === b.high;

const peer = checked(
  record({
    ipBlock: optional(ipBlock),
    podSelector: optional(labelSelector),
    namespaceSelector: optional(labelSelector),
  }),
  (read, reading) => {
    const selects = read.podSelector !== undefined || read.namespaceSelector !== undefined;
    if (read.ipBlock !== undefined && selects) {
      return reading.refuse("CLUSTER_VALUE", "a peer with an `ipBlock` takes no selectors", "write them as two peers");
    }
    if (read.ipBlock !== undefined || selects) return true;
    return reading.refuse(
      "CLUSTER_VALUE",
      "the peer is empty",
      "name a `podSelector`, `namespaceSelector` or `ipBlock`",
    );
  },
);

const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

export const portName: Reader<string> = (value, reading) => {
  const name = string(value, reading);
  if (name === BAD || (name.length <= 15 && PORT_NAME.test(name))) return name;
  return reading.fail("CLUSTER_VALUE", `\`${name}\` is not a port name`, "a port number stands without quotes");
};

const portOrName: Reader<number | string> = (value, reading) =>
  typeof value === "string" ? portName(value, reading) : portNumber(value, reading);

const port = checked(
  record({ protocol: optionalOr(protocol, "TCP"), port: optional(portOrName), endPort: optional(portNumber) }),
  ({ port: from, endPort }, reading) => {
    if (endPort === undefined) return true;
    if (typeof from !== "number") return reading.refuse("CLUSTER_VALUE", "`endPort` needs a number as `port`");
    return endPort >= from || reading.refuse("CLUSTER_VALUE", `\`endPort\` ${endPort} is below \`port\` ${from}`);
  },
);

const ingressRule = record({ from: optional(list(peer)), ports: optional(list(port)) });
const egressRule = record({ to: optional(list(peer)), ports: optional(list(port)) });

const spec = record({
  podSelector: optionalOr(labelSelector, EVERYTHING),
  ingress: optional(list(ingressRule)),
  egress: optional(list(egressRule)),
  policyTypes: optional(list(oneOf("Ingress", "Egress"))),
});

export function readNetworkPolicy(object: KubeObject, value: unknown, reading: Reading): Result<NetworkPolicy> {
  const written = isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
  const read = reading.within("spec", () => spec(written, reading));
  if (read === BAD) return BAD;
  // An empty list of types is as a missing one: Ingress always, Egress where there are egress rules.
  const types = read.policyTypes !== undefined && read.policyTypes.length > 0 ? read.policyTypes : undefined;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    podSelector: read.podSelector,
    isolatesIngress: types === undefined || types.includes("Ingress"),
    isolatesEgress: types === undefined ? (read.egress ?? []).length > 0 : types.includes("Egress"),
    ingress: (read.ingress ?? []).map((rule) => toRule(rule.from, rule.ports)),
    egress: (read.egress ?? []).map((rule) => toRule(rule.to, rule.ports)),
  };
}

function toRule(
  peers: readonly Read<typeof peer>[] | undefined,
  ports: readonly Read<typeof port>[] | undefined,
): PolicyRule {
  return {
    peers: peers === undefined || peers.length === 0 ? undefined : peers,
    ports: ports === undefined || ports.length === 0 ? undefined : ports,
  };
}
