/** Services and the ports that they give to pods. */
import type { KubeObject } from "./object.js";
import { type Protocol, protocol } from "./pods.js";
import { type LabelSelector, selectorOfLabels } from "./selector.js";
import {
  BAD,
  integer,
  isMap,
  list,
  nonEmptyString,
  oneOf,
  open,
  optional,
  optionalOr,
  portNumber,
  type Reader,
  type Reading,
  type Result,
  required,
  string,
  stringMap,
} from "./shape.js";

export interface ServicePort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
  /** a number, or the name of a container port */
  readonly targetPort: number | string;
  readonly nodePort: number | undefined;
  readonly appProtocol: string | undefined;
}

export interface Service {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  readonly headless: boolean;
  /** `undefined`: no selector, endpoints are set by hand; an empty selector is the same for a Service */
  readonly selector: LabelSelector | undefined;
  readonly ports: readonly ServicePort[];
  readonly externalName: string | undefined;
  readonly externalAddresses: readonly string[];
  /** clients that a LoadBalancer lets in; empty means everyone */
  readonly sourceRanges: readonly string[];
  readonly trafficPolicy: "Cluster" | "Local";
}

const targetPort: Reader<number | string> = (value, reading) =>
  typeof value === "string" && /^\d+$/.test(value)
    ? reading.fail("CLUSTER_VALUE", `\`${reading.where}\` is a number in quotes`, "write the number, or a port's name")
    : typeof value === "string"
      ? nonEmptyString(value, reading)
      : targetNumber(value, reading);
const targetNumber = integer(0, 65535);

const shape = open({
  type: optionalOr(oneOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "ClusterIP"),
  clusterIP: optional(string),
  selector: optional(stringMap),
  ports: optionalOr(
    list(
      open({
        name: optional(string),
        port: required(portNumber),
        protocol: optionalOr(protocol, "TCP"),
        targetPort: optional(targetPort),
        nodePort: optional(integer(0, 65535)),
        appProtocol: optional(string),
      }),
    ),
    [],
  ),
  externalName: optional(string),
  externalIPs: optionalOr(list(string), []),
  loadBalancerSourceRanges: optionalOr(list(string), []),
  externalTrafficPolicy: optional(oneOf("Cluster", "Local")),
});

export function readService(object: KubeObject, value: unknown, reading: Reading): Result<Service> {
  const spec = isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
  const read = reading.within("spec", () => shape(spec, reading));
  if (read === BAD) return BAD;
  const selector =
    read.selector === undefined || read.selector.size === 0 ? undefined : selectorOfLabels(read.selector);
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    type: read.type,
    headless: read.clusterIP === "None",
    selector: read.type === "ExternalName" ? undefined : selector,
    ports: read.ports.map((port) => ({
      name: port.name === "" ? undefined : port.name,
      port: port.port,
      protocol: port.protocol,
      // 0 and "not set" both mean the Service's own port
      targetPort: port.targetPort || port.port,
      nodePort: port.nodePort || undefined,
      appProtocol: port.appProtocol,
    })),
    externalName: read.externalName,
    externalAddresses: read.externalIPs,
    sourceRanges: read.loadBalancerSourceRanges,
    trafficPolicy: read.externalTrafficPolicy ?? "Cluster",
  };
}
