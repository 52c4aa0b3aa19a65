/**
 * Hosts beside its Services by which a pod may be called: where a VirtualService leads, what a ServiceEntry with a
 * `workloadSelector` puts into the registry, and Services that are another name of its own. What a proxy makes of these
 * is not followed, so they are ways that may be there.
 */
import { type Cluster, podsMatching, type Service, selectorOfLabels } from "../../cluster/index.js";
import { cite, type Reason } from "../layer.js";
import { type MeshCaller, meshLeads } from "../routes/mesh.js";
import { exposuresOf, serviceHost } from "./services.js";

interface Called {
  readonly pod: MeshCaller["pod"];
  readonly port: number;
}

export function otherNames(cluster: Cluster, caller: MeshCaller, to: Called): readonly (() => Reason)[] {
  const own = exposuresOf(cluster, to.pod, to.port).map(({ service }) => service);
  const reason = (object: Service["object"], text: string) => (): Reason => ({
    effect: "unknown",
    text: `${cite(object)} ${text}`,
    object,
  });
  return [
    ...meshLeads(cluster, caller, to, own).map(({ object }) => reason(object, "leads calls to another host there")),
    ...entriesNaming(cluster, to).map(({ object, hosts }) => reason(object, `names it \`${hosts.join(", ")}\``)),
    ...externalNames(cluster.services)
      .filter(({ externalName }) => own.some((service) => isNameOf(externalName, service)))
      .map(({ object, externalName }) => reason(object, `is another name of \`${externalName}\``)),
  ];
}

const aliases = new WeakMap<Cluster["services"], readonly Service[]>();

/** The Services that are another name for something. */
function externalNames(services: Cluster["services"]): readonly Service[] {
  let found = aliases.get(services);
  if (found === undefined) {
    found = services.filter(({ externalName }) => externalName !== undefined);
    aliases.set(services, found);
  }
  return found;
}

function isNameOf(name: string | undefined, service: Service): boolean {
  if (name === undefined) return false;
  const plain = name.replace(/\.$/, "");
  return [
    serviceHost(service),
    `${service.name}.${service.namespace}.svc`,
    `${service.name}.${service.namespace}`,
  ].includes(plain);
}

/** The ServiceEntries that put this port of the pod behind hosts of their own. */
export function entriesNaming(cluster: Cluster, { pod, port }: Called): Cluster["serviceEntries"] {
  return cluster.serviceEntries.filter(
    ({ selector, namespace, ports }) =>
      selector !== undefined &&
      ports.some(({ number, targetPort }) => (targetPort ?? number) === port) &&
      podsMatching(cluster, namespace, selectorOfLabels(selector)).some((one) => one.pod === pod),
  );
}
