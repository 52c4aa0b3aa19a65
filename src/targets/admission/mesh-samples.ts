/** Pods for generated tests that would get by the mesh, and the mesh's own pods. */
import type { Policy, Workload } from "../../policy/index.js";
import { LABELS } from "../names.js";
import type { Value, ValueMap } from "../yaml.js";
import { meshFacts, waypointFacts } from "./mesh.js";
import { type Change, type Sample, SECURE } from "./sample-pod.js";

type PodOf = (name: string, change: Change) => Sample;

/** With sidecars: containers that are called as the mesh's are. */
export function ownProxies(pod: PodOf, workload: Workload): Sample[] {
  const proxy: ValueMap = {
    name: "istio-proxy",
    restartPolicy: "Always",
    image: "docker.io/istio/proxyv2:1.27.0",
    securityContext: SECURE,
  };
  const named = (name: string, container: ValueMap) =>
    pod(`${workload.name} ${name}`, { spec: { initContainers: [container] } });
  const args = ["proxy", "sidecar"];
  const curl = { exec: { command: ["/bin/sh", "-c", "curl http://results-db:5432"] } };
  return [
    named("with a proxy that runs a command", { ...proxy, args, command: ["/bin/sh"] }),
    named("with a proxy that is none", { ...proxy, args: ["request"] }),
    named("with a proxy that runs a hook", { ...proxy, args, lifecycle: { postStart: curl } }),
    named("with a proxy that is switched off", { ...proxy, args, env: [{ name: "DISABLE_ENVOY", value: "true" }] }),
    named("named as the mesh's proxy", { ...proxy, args, image: workload.image ?? "" }),
    named("named as what the network plugin leaves alone", {
      ...proxy,
      name: "istio-init",
      image: workload.image ?? "",
    }),
  ];
}

/** Pods that differ from a workload's in that the mesh would treat them otherwise. */
export function leavingPods(policy: Policy, pod: PodOf): Sample[] {
  const mesh = meshFacts(policy);
  if (mesh === undefined) return [];
  const labels: [string, string, string | undefined][] = [
    ...Object.keys(mesh.required).map((key): [string, string, undefined] => ["without the mesh", key, undefined]),
    ["without a sidecar", "sidecar.istio.io/inject", "false"],
    ["without the node's proxy", "istio.io/dataplane-mode", "none"],
    ["without its waypoint", "istio.io/use-waypoint", "none"],
    ["that says it has no TLS", "security.istio.io/tlsMode", "disabled"],
    ["that passes for a waypoint", LABELS.gatewayName, "waypoint"],
  ];
  const annotations: [string, string, string][] = [
    ["that wants no sidecar", "sidecar.istio.io/inject", "false"],
    ["with ports past the sidecar", "traffic.sidecar.istio.io/excludeInboundPorts", "8080"],
    ["with addresses past the sidecar", "traffic.sidecar.istio.io/excludeOutboundIPRanges", "0.0.0.0/0"],
    ["with other ports past the sidecar", "traffic.sidecar.istio.io/excludeOutboundPorts", "5432"],
    ["with few ports for the sidecar", "traffic.sidecar.istio.io/includeInboundPorts", ""],
    ["without redirection", "sidecar.istio.io/interceptionMode", "NONE"],
    ["with another template", "inject.istio.io/templates", "none"],
    ["with a proxy of its own settings", "proxy.istio.io/config", "{}"],
    ["with a proxy of its own", "proxy.istio.io/overrides", "{}"],
    ["past the node's proxy", "ambient.istio.io/bypass-inbound-capture", "true"],
    ["with an interface past the proxy", "istio.io/reroute-virtual-interfaces", "eth0"],
  ];
  return [
    ...labels.map(([name, key, value]) => pod(`a pod ${name}`, { labels: { [key]: value } })),
    ...annotations.map(([name, key, value]) => pod(`a pod ${name}`, { annotations: { [key]: value } })),
    ...(mesh.proxyUser === undefined
      ? []
      : [
          pod("a pod as the proxy's user", {
            spec: {
              securityContext: {
                runAsNonRoot: true,
                runAsUser: mesh.proxyUser,
                seccompProfile: { type: "RuntimeDefault" },
              },
            },
          }),
          pod("a container in the proxy's group", { security: { runAsGroup: mesh.proxyUser } }),
        ]),
  ];
}

/** The waypoint's pod as the mesh's control plane describes it. */
function waypointPod(policy: Policy, zone: string, pod: ValueMap = {}, container: ValueMap = {}): Value {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "waypoint",
      namespace: zone,
      labels: {
        [LABELS.managedBy]: "ringfence",
        [LABELS.workflow]: policy.workflow,
        [LABELS.gatewayName]: "waypoint",
        "gateway.istio.io/managed": "istio.io-mesh-controller",
        "istio.io/dataplane-mode": "none",
        "sidecar.istio.io/inject": "false",
      },
    },
    spec: {
      serviceAccountName: "waypoint",
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "istio-proxy",
          image: "docker.io/istio/proxyv2:1.27.0",
          args: ["proxy", "waypoint", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
          securityContext: { ...SECURE, runAsNonRoot: true, runAsUser: 1337, runAsGroup: 1337 },
          ...container,
        },
      ],
      volumes: [
        {
          name: "istio-token",
          projected: { sources: [{ serviceAccountToken: { audience: "istio-ca", path: "istio-token" } }] },
        },
        { name: "istiod-ca-cert", configMap: { name: "istio-ca-root-cert" } },
      ],
      ...pod,
    },
  };
}

/** Waypoints of a workload's zone: one as it is, and those that differ from it in one thing; none where none is. */
export function waypointSamples(
  policy: Policy,
  workload: Workload,
): { readonly allowed: Sample[]; readonly refused: Sample[] } {
  if (waypointFacts(policy, workload.zone) === undefined) return { allowed: [], refused: [] };
  const sample = (name: string, pod: ValueMap = {}, container: ValueMap = {}) => ({
    name: `a waypoint ${name}`,
    object: waypointPod(policy, workload.zone, pod, container),
  });
  return {
    allowed: [sample("as it is")],
    refused: [
      sample("under a workload's account", { serviceAccountName: workload.name }),
      sample("of another image", {}, { image: "evil.invalid/tool:1" }),
      sample("of the workload's image", {}, { image: workload.image ?? "" }),
      sample("with a command", {}, { command: ["/bin/sh"] }),
      sample("that is none", {}, { args: ["proxy", "sidecar"] }),
      sample("with one more container", {
        initContainers: [{ name: "extra", image: "docker.io/istio/proxyv2:1.27.0", securityContext: SECURE }],
      }),
      sample("with an image volume", { volumes: [{ name: "tools", image: { reference: "evil.invalid/tool:1" } }] }),
    ],
  };
}
