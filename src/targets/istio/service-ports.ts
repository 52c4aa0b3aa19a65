/**
 * A waypoint compares the port of the Service that was called. Where one workload's Services use one port for two of the
 * pod's, the waypoint cannot tell the two apart, and what is allowed on one would be allowed on the other.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Port, Workload } from "../../policy/index.js";
import type { Shape } from "../shape.js";
import { hasWaypoint } from "../zone-labels.js";

/** @throws TARGET_INEXPRESSIBLE for each port with flows whose Service port leads to another port with flows as well */
export function refuseSharedServicePorts(shape: Shape): void {
  const problems = behindWaypoint(shape).flatMap((workload): Problem[] => {
    const called = new Set((shape.into.get(workload.name) ?? []).map(({ port }) => port.port));
    const ports = workload.ports.filter(({ port }) => called.has(port));
    return ports.flatMap((port, index): Problem[] => {
      const twin = ports.slice(0, index).find(({ servicePort }) => servicePort === port.servicePort);
      if (twin === undefined) return [];
      return [
        {
          code: "TARGET_INEXPRESSIBLE",
          message: `workload \`${workload.name}\`: ports ${twin.port} and ${port.port} have the Service port ${port.servicePort}, by which alone a waypoint would tell them apart`,
          span: port.span,
          hint: "give each of them a `servicePort` of its own",
        },
      ];
    });
  });
  if (problems.length > 0) throw new RingfenceError(problems);
}

/** What a waypoint relies on, a sentence for each workload with several ports. */
export function servicePortSentences(shape: Shape): string[] {
  return behindWaypoint(shape).map(({ name, ports }) => {
    const ways = [...ports].sort((a, b) => a.port - b.port).map(leads);
    return `The Services of \`${name}\` lead ${ways.join(", ")}, and nowhere else: its waypoint knows a port by its Service's.`;
  });
}

const leads = ({ port, servicePort }: Port) => `from ${servicePort} to the pod's ${port}`;

function behindWaypoint({ policy }: Shape): readonly Workload[] {
  return policy.workloads.filter(({ zone, ports }) => ports.length > 1 && hasWaypoint(policy, zone));
}
