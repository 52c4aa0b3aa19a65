/** Gaps in what the network lets through, and in policies that say something else than they seem to. */
import {
  type Cluster,
  describeObject,
  describeSelector,
  endpointsOf,
  type IpBlock,
  type LabelSelector,
  matches,
  type NetworkPolicy,
  parseAddress,
  type Workload,
} from "../../cluster/index.js";
import type { Network } from "../layers/network/index.js";
import { at, type Check, type Evidence, listed } from "./check.js";

/** Namespaces of the cluster's own parts; what runs there is not the user's to isolate. */
const SYSTEM = new Set(["kube-system", "kube-public", "kube-node-lease"]);

function userNamespaces(cluster: Cluster): readonly (readonly [string, readonly Workload[]])[] {
  return [...cluster.workloadsByNamespace].filter(([name]) => !SYSTEM.has(name));
}

function policiesIn(cluster: Cluster, namespace: string): readonly NetworkPolicy[] {
  return cluster.networkPolicies.filter((policy) => policy.namespace === namespace);
}

export const noDefaultDeny: Check = {
  id: "no-default-deny",
  severity: "high",
  title: "a namespace does not deny by default",
  remedy: "add a NetworkPolicy with an empty podSelector, policyTypes [Ingress, Egress] and no rules to the namespace",
  *find({ cluster }) {
    for (const [name, workloads] of userNamespaces(cluster)) {
      const policies = policiesIn(cluster, name);
      const open = (["ingress", "egress"] as const).filter(
        (direction) => !policies.some((policy) => isolates(policy, direction) && selectsAll(policy)),
      );
      if (open.length === 0) continue;
      const bare = open.map((direction) => {
        const unprotected = workloads.filter((workload) => !isIsolated(workload, policies, direction));
        return unprotected.length === 0
          ? `for ${direction} only pods that some policy names are isolated, so a new pod is not`
          : `no policy isolates ${listed(unprotected.map(({ id }) => id))} for ${direction}`;
      });
      yield {
        subject: `namespace ${name}`,
        text: bare.join("; "),
        evidence: namespaceEvidence(cluster, name, workloads),
      };
    }
  },
};

function namespaceEvidence(cluster: Cluster, name: string, workloads: readonly Workload[]): readonly Evidence[] {
  const object = cluster.namespaces.get(name)?.object ?? workloads[0]?.object;
  return object === undefined ? [] : [at(object, ["metadata"], `in namespace ${name}`)];
}

function isolates(policy: NetworkPolicy, direction: "ingress" | "egress"): boolean {
  return direction === "ingress" ? policy.isolatesIngress : policy.isolatesEgress;
}

function selectsAll(policy: NetworkPolicy): boolean {
  return policy.podSelector.requirements.length === 0;
}

function isIsolated(workload: Workload, policies: readonly NetworkPolicy[], direction: "ingress" | "egress"): boolean {
  return workload.pods.every((pod) =>
    policies.some((policy) => isolates(policy, direction) && matches(policy.podSelector, pod.labels)),
  );
}

export const allowAllBesideDeny: Check = {
  id: "allow-all-beside-deny",
  severity: "high",
  title: "a rule allows everyone, so that denials beside it have no effect",
  remedy: "name the peers and ports that the rule is for; policies add up, so the widest one decides",
  *find({ cluster }) {
    for (const policy of cluster.networkPolicies) {
      for (const direction of ["ingress", "egress"] as const) {
        if (!isolates(policy, direction)) continue;
        for (const [index, rule] of policy[direction].entries()) {
          const everyone = rule.peers === undefined || rule.peers.some(isEveryPod);
          if (!everyone || rule.ports !== undefined) continue;
          const denied = policiesIn(cluster, policy.namespace).filter(
            (other) =>
              other !== policy && isolates(other, direction) && selectsAll(other) && other[direction].length === 0,
          );
          const whom = rule.peers === undefined ? "everyone" : "every pod of the cluster";
          const beside = denied.map((other) => `, although ${describeObject(other.object)} denies`).join("");
          yield {
            subject: describeObject(policy.object),
            text: `${direction} of ${describeSelector(policy.podSelector)} is open to ${whom} on every port${beside}`,
            evidence: [
              at(policy.object, ["spec", direction, index], "this rule"),
              ...denied.map((other) => at(other.object, ["spec"], "the denial beside it")),
            ],
          };
        }
      }
    }
  },
};

function isEveryPod(peer: {
  ipBlock: unknown;
  podSelector?: LabelSelector | undefined;
  namespaceSelector?: LabelSelector | undefined;
}): boolean {
  if (peer.ipBlock !== undefined || peer.namespaceSelector === undefined) return false;
  return peer.namespaceSelector.requirements.length === 0 && (peer.podSelector?.requirements.length ?? 0) === 0;
}

const METADATA_SERVICE = parseAddress("169.254.169.254") ?? 0n;

export const metadataReachable: Check = {
  id: "metadata-service-reachable",
  severity: "high",
  title: "an egress rule to the outside holds the cloud's metadata service",
  remedy: "except 169.254.0.0/16 from the block, or name the addresses that are needed",
  *find({ cluster }) {
    for (const policy of cluster.networkPolicies) {
      for (const [index, rule] of policy.egress.entries()) {
        for (const [peerIndex, { ipBlock }] of (rule.peers ?? []).entries()) {
          if (ipBlock === undefined || !holdsMetadata(ipBlock) || !opensHttp(rule.ports)) continue;
          yield {
            subject: describeObject(policy.object),
            text: `${ipBlock.text} holds 169.254.169.254, where many clouds hand out credentials to any pod that asks`,
            evidence: [at(policy.object, ["spec", "egress", index, "to", peerIndex, "ipBlock"], "this block")],
          };
        }
      }
    }
  },
};

function holdsMetadata({ range, except }: IpBlock): boolean {
  const inside = ({ low, high }: IpBlock["range"]) => low <= METADATA_SERVICE && METADATA_SERVICE <= high;
  return inside(range) && !except.some(inside);
}

function opensHttp(ports: NetworkPolicy["egress"][number]["ports"]): boolean {
  return (
    ports === undefined ||
    ports.some(
      ({ protocol, port, endPort }) =>
        protocol === "TCP" &&
        (port === undefined || (typeof port === "number" && port <= 80 && 80 <= (endPort ?? port))),
    )
  );
}

export const outsideReachesUnprotected: Check = {
  id: "published-without-policy",
  severity: "medium",
  title: "a Service publishes pods to the outside and no policy says who may come",
  remedy: "isolate the pods for ingress and allow the published port alone, from the addresses that should reach it",
  *find({ cluster, network }) {
    for (const service of cluster.services) {
      if (service.type !== "LoadBalancer" && service.type !== "NodePort") continue;
      if (service.sourceRanges.length > 0) continue;
      const open = endpointsOf(cluster, service).filter(({ pod }) => {
        const point = network.points.byPod.get(pod);
        return point !== undefined && everyAddressReaches(network, point.index);
      });
      if (open.length === 0) continue;
      yield {
        subject: describeObject(service.object),
        text: `as a ${service.type} it publishes ${listed([...new Set(open.map(({ workload }) => workload.id))])}, which every address reaches on every port`,
        evidence: [at(service.object, ["spec", "type"], "published here")],
      };
    }
  },
};

function everyAddressReaches(network: Network, destination: number): boolean {
  const { must } = network.to(destination);
  return network.points.outside.every(({ index }) =>
    must.some(({ points, ports }) => ports === network.ports.all && points.has(index)),
  );
}

export const hostNetworkPods: Check = {
  id: "host-network",
  severity: "medium",
  title: "a workload uses the host's network, where NetworkPolicies usually do not bind",
  remedy: "give it the pod network, or treat its node as a zone of its own",
  *find({ cluster }) {
    for (const [, workloads] of userNamespaces(cluster)) {
      for (const { id, object, pods } of workloads) {
        const pod = pods.find(({ hostNetwork }) => hostNetwork);
        if (pod === undefined) continue;
        const evidence = [at(object, [...pod.path, "spec", "hostNetwork"], "set here")];
        yield {
          subject: id,
          text: "policies may neither bind nor name it, and it reaches the node's own services",
          evidence,
        };
      }
    }
  },
};

/** Network plugins that only connect pods; each is known by the image that its DaemonSet runs. */
const CONNECT_ONLY = [/(^|\/)flannel:/, /(^|\/)kindnetd:/];
const ENFORCE = [/calico/, /cilium/, /kube-router/, /antrea/, /weave-npc/, /ovn/, /kube-network-policies/];

export const policiesNotEnforced: Check = {
  id: "policies-not-enforced",
  severity: "high",
  title: "the network plugin in the manifests enforces no NetworkPolicy",
  remedy: "install a plugin that enforces policies, and prove it with `ringfence attack`",
  *find({ cluster }) {
    const images = cluster.workloads.flatMap((workload) =>
      workload.pods.flatMap(({ containers }) => containers.map((container) => ({ workload, container }))),
    );
    if (images.some(({ container }) => ENFORCE.some((pattern) => pattern.test(container.image ?? "")))) return;
    for (const { workload, container } of images) {
      if (!CONNECT_ONLY.some((pattern) => pattern.test(container.image ?? ""))) continue;
      yield {
        subject: workload.id,
        text: `\`${container.image}\` connects pods and ignores policies, of which there are ${cluster.networkPolicies.length}`,
        evidence: [at(workload.object, [...container.path, "image"], "this plugin")],
      };
    }
  },
};
