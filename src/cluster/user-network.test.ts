import { describe, expect, it } from "vitest";
import { readCluster } from "./cluster.js";

const udn = (spec: string, namespace = "green", name = "own") => `
apiVersion: k8s.ovn.org/v1
kind: UserDefinedNetwork
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
---`;
const read = (text: string) => {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text }]);
  return { networks: cluster.userNetworks, messages: problems.map(({ message }) => message) };
};

describe("user-defined networks", () => {
  it("belong to a namespace, or to those that a selector names", () => {
    const cudn = `
apiVersion: k8s.ovn.org/v1
kind: ClusterUserDefinedNetwork
metadata: { name: wide }
spec: { namespaceSelector: { matchLabels: { a: b } }, network: { topology: Layer3, layer3: { role: Secondary } } }
---`;
    const { networks, messages } = read(
      udn("{ topology: Layer2, layer2: { role: Primary, subnets: [10.0.0.0/16] } }") + cudn,
    );
    expect(messages).toEqual([]);
    expect(networks.map(({ name, role, namespaces }) => [name, role, typeof namespaces])).toEqual([
      ["wide", "Secondary", "object"],
      ["own", "Primary", "string"],
    ]);
  });

  it.each([
    [udn("{ topology: Layer4, layer2: { role: Primary } }"), "`spec.topology` is `Layer4`"],
    [udn("{ topology: Layer2, layer3: { role: Primary } }"), "the topology Layer2 goes with `layer2` and nothing else"],
    [
      udn("{ topology: Layer2, layer2: { role: Primary } }", "default"),
      "the namespace `default` cannot have a primary network of its own",
    ],
    [
      udn("{ topology: Layer2, layer2: { role: Primary } }") +
        udn("{ topology: Layer2, layer2: { role: Primary } }", "green", "two"),
      "UserDefinedNetwork green/two is a second primary network beside UserDefinedNetwork green/own",
    ],
  ])("refuses %s", (text, message) => expect(read(text).messages).toEqual([message]));
});
