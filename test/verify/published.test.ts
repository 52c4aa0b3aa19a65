/** Pods that a node or a load balancer gives to the outside: a client there finds them by no name of the cluster. */
import { describe, expect, it } from "vitest";
import { outsideOf, PLAIN_SHOP, service } from "./entrance-manifests.js";

const published = (ports: string, type: string) => service("prod", "out", "app: admin", ports, type);

/** The command's end: where it goes. */
function where(text: string): readonly string[] {
  return outsideOf(text)
    .filter(({ to }) => to.includes("admin"))
    .map(({ kind, protocol, witness }) => `${kind} ${protocol} ${witness?.command.replace(/^.*?(-X|-zvu?) /, "")}`);
}

describe("a published pod", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "by a load balancer",
      published("{ port: 80, targetPort: 9000 }", "LoadBalancer"),
      ["leak TCP GET \"http://$LOAD_BALANCER:80\"'/'"],
    ],
    [
      "by a load balancer, with TLS",
      published("{ port: 443, targetPort: 9000 }", "LoadBalancer"),
      ["leak TCP GET \"https://$LOAD_BALANCER:443\"'/'"],
    ],
    [
      "by a port of every node",
      published("{ port: 80, targetPort: 9000, nodePort: 30080 }", "NodePort"),
      ["leak TCP GET \"http://$NODE_IP:30080\"'/'"],
    ],
    [
      "by a port of every node that the cluster chooses",
      published("{ port: 80, targetPort: 9000 }", "NodePort"),
      ["leak TCP GET \"http://$NODE_IP:$NODE_PORT\"'/'"],
    ],
    [
      "by datagrams",
      published("{ port: 80, targetPort: 9000, protocol: UDP }", "NodePort"),
      ["leak UDP $NODE_IP $NODE_PORT"],
    ],
  ])("is found %s", (_, more, wanted) => expect(where(PLAIN_SHOP + more)).toEqual(wanted));

  it("is found by an address that its Service names", () => {
    const named = published("{ port: 8080, targetPort: 9000 }", "ClusterIP").replace(
      "type: ClusterIP",
      "externalIPs: [203.0.113.7], type: ClusterIP",
    );
    expect(where(PLAIN_SHOP + named)).toEqual(["leak TCP GET 'http://203.0.113.7:8080/'"]);
  });

  it("is found on its node", () => {
    const onNode = PLAIN_SHOP.replace("containerPort: 9000", "containerPort: 9000, hostPort: 9001");
    expect(where(onNode)).toEqual(["leak TCP GET \"http://$NODE_IP:9001\"'/'"]);
    const ofNode = PLAIN_SHOP.replace(/(name: admin, .*\nspec: \{)/, "$1 hostNetwork: true,");
    expect(where(ofNode)).toContain("leak TCP GET \"http://$NODE_IP:9000\"'/'");
  });
});
