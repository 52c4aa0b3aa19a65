/** Manifests → a draft of the workflow: every kind of evidence in turn, then what none of it tells. */
import type { Cluster, ClusterReading, Pod } from "../cluster/index.js";
import type { Problem } from "../diagnostics/index.js";
import { addAuthorizationPolicies } from "./authorization-policies.js";
import { addCalls, type CallContext } from "./calls.js";
import type { CustomPart } from "./custom-part.js";
import { readCustomResources } from "./custom-resources.js";
import { destinationsOf } from "./destinations.js";
import { addDownloads } from "./downloads.js";
import { addEntrances, entranceHosts, remarkHostPorts } from "./entrances.js";
import { type DraftFlow, FlowBook } from "./flow-book.js";
import { readIdentities } from "./identities.js";
import { compare, type DraftWorkload, Inventory, labelOf } from "./inventory.js";
import { isCredentialKey } from "./keys.js";
import { Names } from "./names.js";
import { addNetworkPolicies } from "./network-policies.js";
import { type DraftApi, type DraftIdentity, type DraftUsers, OutsideParties } from "./outside.js";
import { assumeTcp } from "./ports.js";
import { type Remark, Remarks } from "./remarks.js";
import { serviceVariables } from "./service-variables.js";
import { type ContainerSettings, settingsOf } from "./settings.js";

export interface Draft {
  readonly name: string;
  readonly trustDomain: string;
  readonly zones: readonly string[];
  readonly identities: readonly DraftIdentity[];
  readonly workloads: readonly DraftWorkload[];
  readonly outside: readonly (DraftApi | DraftUsers)[];
  readonly flows: readonly DraftFlow[];
  /** by name: which workloads get it */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  readonly targets: DraftTargets;
  readonly remarks: readonly Remark[];
}

interface DraftTargets {
  readonly mesh: "istio" | "istio-ambient" | undefined;
  readonly gateway: "gateway-api" | "ingress-nginx" | undefined;
  /** host names under which users reach the workflow */
  readonly hosts: readonly string[];
}

export interface DraftOptions {
  /** the workflow's name; taken from the manifests when absent */
  readonly name?: string;
  /** the name where the manifests have none in common */
  readonly fallbackName?: string;
  /** the namespace of objects that name none */
  readonly defaultNamespace?: string;
}

export function draftOf({ cluster, problems }: ClusterReading, options: DraftOptions = {}): Draft {
  const remarks = new Remarks();
  remarkProblems(problems, cluster, remarks);
  const implicit = options.defaultNamespace ?? "default";
  const custom = readCustomResources(cluster, remarks, implicit);
  const inventory = new Inventory(cluster, custom, remarks);
  const names = new Names(cluster, custom, implicit);
  const outside = new OutsideParties(inventory.names);
  const ownHosts = entranceHosts(cluster);
  const context: CallContext = { cluster, inventory, names, outside, flows: new FlowBook(), remarks, ownHosts };
  const secrets = new Map<string, Set<string>>();

  readContainers(context, custom, secrets);
  addCustomCalls(context, custom);
  const identities = readIdentities(context);
  const entrances = { ...context, identityOf: (workload: DraftWorkload) => identities.of(workload)?.name };
  addEntrances(entrances);
  remarkHostPorts(entrances);
  addNetworkPolicies(context);
  addAuthorizationPolicies(entrances, identities);
  for (const draft of inventory.workloads) {
    if (draft.kind === "store" || draft.kind === "queue") for (const hints of draft.ports.values()) assumeTcp(hints);
  }

  const parties = outside.sorted();
  const isOutside = (name: string) => parties.some((party) => party.name === name);
  const flows = context.flows.sorted(isOutside);
  remarkInvisible(context, flows);
  remarkServiceEntries(context, parties);
  return {
    name: labelOf(options.name ?? nameOf(cluster, options.fallbackName ?? "imported"), "imported")
      .slice(0, 40)
      .replace(/-+$/, ""),
    trustDomain: cluster.mesh.trustDomain,
    zones: [...new Set(inventory.workloads.map(({ zone }) => zone))].sort(),
    identities: identities.providers,
    workloads: inventory.workloads,
    outside: parties,
    flows,
    secrets: new Map([...secrets].sort(([a], [b]) => compare(a, b)).map(([name, users]) => [name, [...users].sort()])),
    targets: targetsOf(cluster, ownHosts),
    remarks: remarks.sorted(),
  };
}

function remarkProblems(problems: readonly Problem[], cluster: Cluster, remarks: Remarks): void {
  for (const { code, message, hint, span } of problems) {
    const subject = span?.source.path ?? "the input";
    if (code === "CLUSTER_DUPLICATE") {
      // the hint names the file of the other definition
      remarks.add("conflict", subject, [message, hint?.split(";", 1)[0]].join(": "), span);
    } else remarks.add("skipped", subject, message, span);
  }
  for (const span of cluster.ignored) remarks.add("skipped", span.source.path, "is no Kubernetes object", span);
}

function readContainers(context: CallContext, custom: readonly CustomPart[], secrets: Map<string, Set<string>>): void {
  const { cluster, inventory } = context;
  const injected = serviceVariables(cluster);
  const visit = (draft: DraftWorkload, pod: Pod, kind: string, name: string) => {
    let told = false;
    for (const container of pod.containers) {
      if (container.role === "ephemeral") continue;
      const settings = settingsOf(cluster, { namespace: draft.zone, kind, name }, pod, container, injected);
      if (addCalls(context, { draft, settings })) told = true;
      addDownloads(context, draft, settings);
      remarkSettings(context, draft, settings);
      for (const { secret } of settings.secrets) {
        const users = secrets.get(labelOf(secret)) ?? new Set<string>();
        secrets.set(labelOf(secret), users.add(draft.name));
      }
    }
    if (!told && (draft.kind === "service" || draft.kind === "gateway" || draft.kind === "job")) {
      const text = "nothing that it is told names another party: what it calls, if anything, is up to its image";
      context.remarks.add("image", draft.name, text, draft.place());
    }
  };
  for (const draft of inventory.workloads) {
    const pod = draft.source?.pods[0];
    if (draft.source !== undefined && pod !== undefined) visit(draft, pod, draft.source.kind, draft.source.name);
  }
  for (const part of custom) {
    const draft = inventory.ofCustom(part);
    if (draft !== undefined && part.pod !== undefined) visit(draft, part.pod, "", part.name);
  }
}

function remarkSettings({ remarks }: CallContext, draft: DraftWorkload, settings: ContainerSettings): void {
  for (const { configMap, place } of settings.missing) {
    remarks.add(
      "unresolved",
      draft.name,
      `the ConfigMap ${configMap} is not among the manifests: what it names is not seen`,
      place(),
    );
  }
  for (const { secret, variable, place } of settings.secrets) {
    if (variable === undefined || !/(?:URL|URI|DSN|HOST|ENDPOINT|ADDR|ADDRESS|CONNECTION(?:_STRING)?)$/i.test(variable))
      continue;
    remarks.add(
      "unresolved",
      draft.name,
      `env ${variable} comes from the Secret ${secret}, which is not read: whom it names is not seen`,
      place(),
    );
  }
  for (const { form, name, text, place } of settings.settings) {
    if (form === "variable" && /:\/\/[^/\s:@]*:[^/\s@$]+@/.test(text)) {
      remarks.add(
        "credential",
        draft.name,
        `env ${name} holds a password in its address: keep it in a Secret`,
        place(),
      );
    }
    if (
      form !== "variable" ||
      !isCredentialKey(name) ||
      text.length < 4 ||
      /^(?:\/|true$|false$|none$|\$\()/i.test(text)
    )
      continue;
    remarks.add("credential", draft.name, `env ${name} has a literal value: keep it in a Secret`, place());
  }
}

function addCustomCalls(context: CallContext, custom: readonly CustomPart[]): void {
  const { inventory, names, flows, remarks } = context;
  for (const part of custom) {
    const from = inventory.ofCustom(part);
    if (from === undefined) continue;
    for (const { host, port, cited, place } of part.calls) {
      const meaning = names.meaningOf(host, part.namespace);
      const evidence = { text: cited, place };
      if (meaning.kind === "custom") {
        const to = inventory.ofCustom(meaning.part);
        const number = (port === undefined ? undefined : meaning.ports.get(port)) ?? [...meaning.ports.values()][0];
        if (to === undefined || to === from || number === undefined) continue;
        flows.add({ from: from.name, to: to.name, port: number, evidence });
      } else if (meaning.kind === "service") {
        const { found, doubt } = destinationsOf(inventory, { service: meaning.service, port });
        if (doubt !== undefined) remarks.add(doubt.topic, from.name, `${cited}: ${doubt.text}`, place());
        for (const { workload, port: number } of found)
          flows.add({ from: from.name, to: workload.name, port: number, evidence });
      } else remarks.add("dangling", host, `named by ${cited}`, place());
    }
  }
}

/** Servers that nobody is seen to call: their callers' images know them, and no manifest can tell. */
function remarkInvisible({ cluster, inventory, remarks }: CallContext, flows: readonly DraftFlow[]): void {
  const called = new Set(flows.map(({ to }) => to));
  for (const draft of inventory.workloads) {
    if (called.has(draft.name) || draft.ports.size === 0 || draft.kind === "job") continue;
    const services = cluster.services.filter(
      ({ namespace, selector }) =>
        namespace === draft.zone &&
        selector?.requirements.every(({ key, values }) =>
          values.includes(draft.source?.pods[0]?.labels.get(key) ?? "\0"),
        ) === true,
    );
    const by = services.length === 0 ? "" : ` (Service ${services.map(({ name }) => name).join(", ")})`;
    const text = `serves${by}, and nothing in the manifests names it: who calls it stands in the images of its callers, add those flows by hand`;
    remarks.add("invisible", draft.name, text, draft.place());
  }
}

function remarkServiceEntries({ cluster, remarks }: CallContext, parties: readonly (DraftApi | DraftUsers)[]): void {
  const known = new Set(parties.map((party) => (party.kind === "api" ? party.host : "")));
  for (const entry of cluster.serviceEntries) {
    if (entry.location !== "MESH_EXTERNAL") continue;
    const open = entry.hosts.filter((host) => !known.has(host));
    if (open.length === 0) continue;
    const text = `opens ${open.join(", ")} to the mesh, and nothing tells which workload calls it`;
    remarks.add("broad", `ServiceEntry ${entry.name}`, text, entry.object.origin.spanOf(["spec", "hosts"]));
  }
}

const PART_OF = "app.kubernetes.io/part-of";
const INSTANCE = "app.kubernetes.io/instance";

/** What the workloads have in common: their application's label, or their one namespace. */
function nameOf(cluster: Cluster, fallback: string): string {
  for (const label of [PART_OF, INSTANCE]) {
    const values = new Set(cluster.workloads.map(({ object }) => object.labels.get(label)));
    const [only] = [...values];
    if (values.size === 1 && only !== undefined && only !== "") return only;
  }
  const namespaces = new Set(cluster.workloads.map(({ namespace }) => namespace));
  const [only] = [...namespaces];
  if (namespaces.size === 1 && only !== undefined && only !== "default") return only;
  return cluster.workloads.length === 1 ? (cluster.workloads[0]?.name ?? fallback) : fallback;
}

function targetsOf(cluster: Cluster, hosts: ReadonlySet<string>): DraftTargets {
  const istio = cluster.objects.some(({ group }) => group === "security.istio.io" || group === "networking.istio.io");
  const ambient =
    [...cluster.namespaces.values()].some(({ labels }) => labels.get("istio.io/dataplane-mode") === "ambient") ||
    cluster.gateways.some(({ className }) => className === "istio-waypoint");
  const gatewayApi =
    cluster.gatewayRoutes.length > 0 || cluster.gateways.length > 0 || cluster.istioGateways.length > 0;
  return {
    mesh: ambient ? "istio-ambient" : istio ? "istio" : undefined,
    gateway: gatewayApi ? "gateway-api" : cluster.ingresses.length > 0 ? "ingress-nginx" : undefined,
    hosts: [...hosts]
      .filter((host) => /^(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z][-a-z0-9]*$/.test(host))
      .sort(),
  };
}
