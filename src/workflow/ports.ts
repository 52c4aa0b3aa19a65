/** The ports that a workload serves, from its `port` or its `ports`. */
import type { z } from "zod";
import type { Draft, Section } from "./declarations.js";
import type * as schema from "./schema.js";
import type { Shapes } from "./shape.js";
import type { Port } from "./workflow.js";

type Workload = z.output<typeof schema.workload>;

/** Ports by workload; absent where what the file says of them is in error. */
export type PortsOf = ReadonlyMap<string, readonly Port[]>;

const PORT_KEYS = ["port", "servicePort", "ports", "protocol"];

export function readPorts(shapes: Shapes, workloads: Section<Workload>): PortsOf {
  const found = new Map<string, readonly Port[]>();
  for (const [name, draft] of workloads.drafts) {
    if (!PORT_KEYS.some((key) => draft.broken.has(key))) found.set(name, portsOf(shapes, draft));
  }
  return found;
}

function portsOf(shapes: Shapes, { value, path, what }: Draft<Workload>): Port[] {
  const ports: Port[] = (value.ports ?? []).map(({ port, servicePort = port, protocol = "http", name }, index) => ({
    name: name ?? `${protocol}-${port}`,
    port,
    servicePort,
    protocol,
    span: shapes.document.spanOf([...path, "ports", index]),
  }));
  if (value.port !== undefined) {
    const protocol = value.protocol ?? "http";
    const span = shapes.document.spanOf([...path, "port"]);
    const servicePort = value.servicePort ?? value.port;
    ports.push({ name: `${protocol}-${value.port}`, port: value.port, servicePort, protocol, span });
  }
  for (const [index, port] of ports.entries()) {
    const twin = ports.slice(0, index).find((other) => other.port === port.port || other.name === port.name);
    if (twin === undefined) continue;
    const shared = twin.port === port.port ? `port ${port.port}` : `the name \`${port.name}\``;
    shapes.add("WORKFLOW_AMBIGUOUS", [...path, "ports", index], `${what} has ${shared} twice`, "keep one");
  }
  return ports;
}
