/**
 * AdminNetworkPolicy and BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1). Unlike a NetworkPolicy their
 * rules are ordered and can deny; the first rule that matches decides. Peers are explicit: there is no "everyone" by
 * omission, so an empty `from` is refused.
 */
import type { AddressRange } from "./address.js";
import { cidr, portName } from "./network-policy.js";
import type { KubeObject } from "./object.js";
import { type Protocol, protocol } from "./pods.js";
import { EVERYTHING, type LabelSelector, labelSelector } from "./selector.js";
import {
  BAD,
  checked,
  integer,
  isMap,
  list,
  nonEmptyList,
  oneOf,
  optional,
  portNumber,
  type Read,
  type Reader,
  type Reading,
  type Result,
  record,
  required,
  string,
} from "./shape.js";

export interface AdminSubject {
  readonly namespaces: LabelSelector;
  /** `EVERYTHING` when the subject is given by namespaces alone */
  readonly pods: LabelSelector;
}

/** One peer is exactly one of: pods (by two selectors), address ranges (egress), nodes (egress), host names (egress). */
export interface AdminPeer {
  readonly pods: AdminSubject | undefined;
  readonly networks: readonly AddressRange[] | undefined;
  readonly nodes: LabelSelector | undefined;
  readonly domainNames: readonly string[] | undefined;
}

/** A range of numbers, or a name of the destination pod's ports. */
export interface AdminPort {
  readonly range: { readonly protocol: Protocol; readonly low: number; readonly high: number } | undefined;
  readonly name: string | undefined;
}

export interface AdminRule<Action extends string = "Allow" | "Deny" | "Pass"> {
  readonly name: string;
  readonly action: Action;
  readonly peers: readonly AdminPeer[];
  /** `undefined`: every protocol and port */
  readonly ports: readonly AdminPort[] | undefined;
}

export interface AdminNetworkPolicy {
  readonly object: KubeObject;
  readonly name: string;
  /** 0..1000; the lower number decides first */
  readonly priority: number;
  readonly subject: AdminSubject;
  /** rule `i` stands at `spec.ingress[i]` */
  readonly ingress: readonly AdminRule[];
  readonly egress: readonly AdminRule[];
}

export interface BaselineAdminNetworkPolicy {
  readonly object: KubeObject;
  readonly name: string;
  readonly subject: AdminSubject;
  readonly ingress: readonly AdminRule<"Allow" | "Deny">[];
  readonly egress: readonly AdminRule<"Allow" | "Deny">[];
}

function exactlyOne(read: Readonly<Record<string, unknown>>, reading: Reading, what: string): boolean {
  const given = Object.keys(read).filter((key) => read[key] !== undefined);
  if (given.length === 1) return true;
  const names = Object.keys(read)
    .map((key) => `\`${key}\``)
    .join(", ");
  const found = given.length === 0 ? "none" : given.map((key) => `\`${key}\``).join(" and ");
  return reading.refuse("CLUSTER_VALUE", `${what} must be exactly one of ${names}; here stands ${found}`);
}

// The API marks both selectors as required, but accepts a missing one as the empty selector.
const podPeer = record({ namespaceSelector: optional(labelSelector), podSelector: optional(labelSelector) });

const subject: Reader<AdminSubject> = (value, reading) => {
  const read = checked(record({ namespaces: optional(labelSelector), pods: optional(podPeer) }), (given, at) =>
    exactlyOne(given, at, "a subject"),
  )(value, reading);
  return read === BAD ? BAD : toSubject(read.namespaces, read.pods);
};

function toSubject(namespaces: LabelSelector | undefined, pods: Read<typeof podPeer> | undefined): AdminSubject {
  return {
    namespaces: namespaces ?? pods?.namespaceSelector ?? EVERYTHING,
    pods: pods?.podSelector ?? EVERYTHING,
  };
}

const ingressPeer: Reader<AdminPeer> = (value, reading) => {
  const read = checked(record({ namespaces: optional(labelSelector), pods: optional(podPeer) }), (given, at) =>
    exactlyOne(given, at, "an ingress peer"),
  )(value, reading);
  if (read === BAD) return BAD;
  return { pods: toSubject(read.namespaces, read.pods), networks: undefined, nodes: undefined, domainNames: undefined };
};

const egressPeer: Reader<AdminPeer> = (value, reading) => {
  const read = checked(
    record({
      namespaces: optional(labelSelector),
      pods: optional(podPeer),
      networks: optional(nonEmptyList(cidr)),
      nodes: optional(labelSelector),
      domainNames: optional(nonEmptyList(string)),
    }),
    (given, at) => exactlyOne(given, at, "an egress peer"),
  )(value, reading);
  if (read === BAD) return BAD;
  const pods = (read.namespaces ?? read.pods) ? toSubject(read.namespaces, read.pods) : undefined;
  return { pods, networks: read.networks, nodes: read.nodes, domainNames: read.domainNames };
};

const port: Reader<AdminPort> = (value, reading) => {
  const read = checked(
    record({
      portNumber: optional(record({ protocol: required(protocol), port: required(portNumber) })),
      portRange: optional(
        checked(
          record({ protocol: optional(protocol), start: required(portNumber), end: required(portNumber) }),
          ({ start, end }, at) =>
            start < end || at.refuse("CLUSTER_VALUE", `the end of the range, ${end}, is not above its start, ${start}`),
        ),
      ),
      namedPort: optional(portName),
    }),
    (given, at) => exactlyOne(given, at, "a port"),
  )(value, reading);
  if (read === BAD) return BAD;
  if (read.namedPort !== undefined) return { range: undefined, name: read.namedPort };
  if (read.portNumber !== undefined) {
    const { protocol: name, port: number } = read.portNumber;
    return { range: { protocol: name, low: number, high: number }, name: undefined };
  }
  const range = read.portRange;
  if (range === undefined) return BAD;
  return { range: { protocol: range.protocol ?? "TCP", low: range.start, high: range.end }, name: undefined };
};

/** Rules of a policy, ports and peers of a rule; a rule's name has as many characters at most. */
const LIMIT = 100;

function rules<Action extends string>(field: "from" | "to", peer: Reader<AdminPeer>, actions: readonly Action[]) {
  const rule = record({
    name: optional(
      checked(string, (name, reading) =>
        name.length <= LIMIT ? true : reading.refuse("CLUSTER_VALUE", `a rule's name has at most ${LIMIT} characters`),
      ),
    ),
    action: required(oneOf(...actions)),
    from: optional(nonEmptyList(peer)),
    to: optional(nonEmptyList(peer)),
    ports: optional(list(port)),
  });
  const read: Reader<AdminRule<Action>> = (value, reading) => {
    const given = rule(value, reading);
    if (given === BAD) return BAD;
    const other = field === "from" ? given.to : given.from;
    if (other !== undefined) return reading.fail("CLUSTER_UNKNOWN_FIELD", `a rule here takes \`${field}\``);
    const peers = given[field];
    if (peers === undefined) return reading.fail("CLUSTER_MISSING_FIELD", `the rule has no \`${field}\``);
    const ports = given.ports === undefined || given.ports.length === 0 ? undefined : given.ports;
    if (ports?.some(({ name }) => name !== undefined) && peers.some(({ pods }) => pods === undefined)) {
      return reading.fail("CLUSTER_VALUE", "a `namedPort` needs pods as peers: networks and nodes name no ports");
    }
    return { name: given.name ?? "", action: given.action, peers, ports };
  };
  return checked(list(read), (found, reading) =>
    found.length <= LIMIT
      ? true
      : reading.refuse("CLUSTER_VALUE", `${found.length} rules; the API takes at most ${LIMIT}`),
  );
}

const adminSpec = record({
  priority: required(integer(0, 1000)),
  subject: required(subject),
  ingress: optional(rules("from", ingressPeer, ["Allow", "Deny", "Pass"])),
  egress: optional(rules("to", egressPeer, ["Allow", "Deny", "Pass"])),
});

const baselineSpec = record({
  subject: required(subject),
  ingress: optional(rules("from", ingressPeer, ["Allow", "Deny"])),
  egress: optional(rules("to", egressPeer, ["Allow", "Deny"])),
});

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

export function readAdminNetworkPolicy(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<AdminNetworkPolicy> {
  const read = reading.within("spec", () => adminSpec(specOf(value), reading));
  if (read === BAD) return BAD;
  const { priority, subject: selected, ingress, egress } = read;
  return { object, name: object.name, priority, subject: selected, ingress: ingress ?? [], egress: egress ?? [] };
}

export function readBaselineAdminNetworkPolicy(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<BaselineAdminNetworkPolicy> {
  if (object.name !== "default") {
    return reading.within("metadata", () =>
      reading.within("name", () =>
        reading.fail("CLUSTER_VALUE", "a BaselineAdminNetworkPolicy must be named `default`", "there is only one"),
      ),
    );
  }
  const read = reading.within("spec", () => baselineSpec(specOf(value), reading));
  if (read === BAD) return BAD;
  return { object, name: object.name, subject: read.subject, ingress: read.ingress ?? [], egress: read.egress ?? [] };
}
