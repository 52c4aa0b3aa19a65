/** Resolves flows: who they join, on which port, in which protocol, with which operations. */
import type { z } from "zod";
import type { Declarations, Draft } from "./declarations.js";
import { isHttp, type Operation, type Protocol } from "./operation.js";
import { readOperation } from "./operations.js";
import type { PortsOf } from "./ports.js";
import { each, unknownName } from "./references.js";
import type * as schema from "./schema.js";
import type { Shapes } from "./shape.js";
import type { Flow, Port } from "./workflow.js";

type Written = Draft<z.output<typeof schema.flow>>;
type Outside = NonNullable<ReturnType<Declarations["outside"]["drafts"]["get"]>>["value"];

export function resolveFlows(shapes: Shapes, declarations: Declarations, ports: PortsOf): Flow[] {
  const flows: Flow[] = [];
  const seen = new Map<string, string>();
  for (const entry of declarations.flows.drafts) {
    const flow = resolveFlow(shapes, declarations, ports, entry);
    if (flow === undefined) continue;
    const id = `${flow.from}>${flow.to}:${flow.port}`;
    const first = seen.get(id);
    if (first !== undefined) {
      shapes.add(
        "WORKFLOW_CONFLICT",
        entry.path,
        `${entry.what} joins the same parties on the same port as ${first}`,
        "merge the two: their `allow` entries go into one list",
      );
      continue;
    }
    seen.set(id, entry.what);
    flows.push(flow);
  }
  return flows;
}

function resolveFlow(shapes: Shapes, declarations: Declarations, ports: PortsOf, entry: Written): Flow | undefined {
  const { value, path } = entry;
  const named = value.from !== undefined && value.to !== undefined;
  const what = named ? `${entry.what} (\`${value.from}\` to \`${value.to}\`)` : entry.what;
  const from = endOf(shapes, declarations, entry, "from");
  const to = endOf(shapes, declarations, entry, "to");
  each(shapes, value.data, [...path, "data"], "data class", declarations.data.names);
  each(shapes, value.returns, [...path, "returns"], "data class", declarations.data.names);
  const before = shapes.problems.length;
  if (from?.outside?.kind === "api") {
    shapes.add(
      "WORKFLOW_CONFLICT",
      [...path, "from"],
      `${what} starts at an outside API, which only answers`,
      "declare who calls in as `kind: users`",
    );
  }
  if (to?.outside?.kind === "users") {
    shapes.add(
      "WORKFLOW_CONFLICT",
      [...path, "to"],
      `${what} ends at users, who only call`,
      "what they get back stands in `returns` of the flow that they start",
    );
  }
  if (from?.outside !== undefined && to?.outside !== undefined) {
    shapes.add(
      "WORKFLOW_CONFLICT",
      path,
      `${what} joins two outside parties`,
      "a flow has a workload at one end at least",
    );
  }
  if (from === undefined || to === undefined || shapes.problems.length > before) return undefined;
  if (entry.broken.has("port") || entry.broken.has("protocol")) return undefined;
  const port =
    to.outside === undefined ? workloadPort(shapes, entry, what, ports) : apiPort(shapes, entry, what, to.outside);
  if (port === undefined) return undefined;
  const protocol = protocolOf(shapes, entry, what, port, from.outside !== undefined);
  if (protocol === undefined) return undefined;
  const users = from.outside?.kind === "users" ? from.outside : undefined;
  const caller = {
    anonymous: users?.anonymous === true,
    ...(users?.identity === undefined ? {} : { identity: users.identity }),
  };
  const operations = value.allow?.map((written, index) =>
    readOperation(written, [...path, "allow", index], { shapes, declarations, what, protocol, caller }),
  );
  const allow = operations?.filter((operation): operation is Operation => operation !== undefined);
  if (allow !== undefined && allow.length !== operations?.length) return undefined;
  if (value.from === undefined || value.to === undefined || entry.broken.size > 0) return undefined;
  return {
    from: value.from,
    to: value.to,
    port: port.port,
    protocol,
    data: [...new Set(value.data ?? [])].sort(),
    returns: [...new Set(value.returns ?? [])].sort(),
    ...(allow === undefined ? {} : { allow }),
    span: shapes.document.spanOf(path),
  };
}

interface End {
  readonly outside?: Outside;
}

/** Undefined when there is nothing further to say: the name is unknown (reported) or its own entry is in error. */
function endOf(shapes: Shapes, declarations: Declarations, entry: Written, key: "from" | "to"): End | undefined {
  const name = entry.value[key];
  if (name === undefined) return undefined;
  if (declarations.workloads.names.has(name)) return declarations.workloads.drafts.has(name) ? {} : undefined;
  if (declarations.outside.names.has(name)) {
    const outside = declarations.outside.drafts.get(name)?.value;
    return outside === undefined ? undefined : { outside };
  }
  unknownName(shapes, [...entry.path, key], "workload or outside party", name, [
    ...declarations.workloads.names,
    ...declarations.outside.names,
  ]);
  return undefined;
}

function apiPort(shapes: Shapes, { value, path }: Written, what: string, api: Outside): Omit<Port, "span"> | undefined {
  if (api.kind !== "api") return undefined;
  const port = api.port ?? 443;
  if (value.port !== undefined && value.port !== port) {
    shapes.add(
      "WORKFLOW_CONFLICT",
      [...path, "port"],
      `${what} names port ${value.port}, and the API is reached on ${port}`,
      "declare a second outside party for a second port",
    );
    return undefined;
  }
  return { name: String(port), port, servicePort: port, protocol: api.protocol ?? "https" };
}

function workloadPort(shapes: Shapes, { value, path }: Written, what: string, ports: PortsOf): Port | undefined {
  const known = ports.get(value.to ?? "");
  if (known === undefined) return undefined;
  const choices = known.map((port) => `${port.port} (${port.name})`).join(", ");
  if (known.length === 0) {
    shapes.add(
      "WORKFLOW_CONFLICT",
      [...path, "to"],
      `${what} ends at a workload that serves no port`,
      `add \`port: NUMBER\` to \`${value.to}\``,
    );
    return undefined;
  }
  if (value.port === undefined) {
    if (known.length === 1) return known[0];
    shapes.add(
      "WORKFLOW_AMBIGUOUS",
      [...path, "to"],
      `${what} does not say which port`,
      `add \`port:\` with one of ${choices}`,
    );
    return undefined;
  }
  const found = known.find((port) => port.port === value.port || port.name === value.port);
  if (found === undefined)
    shapes.add(
      "WORKFLOW_UNKNOWN_NAME",
      [...path, "port"],
      `\`${value.to}\` has no port \`${value.port}\``,
      `it serves ${choices}`,
    );
  return found;
}

/** The flow's protocol must be what the port speaks; only at the edge may TLS end in between. */
function protocolOf(
  shapes: Shapes,
  { value, path }: Written,
  what: string,
  port: Omit<Port, "span">,
  fromUsers: boolean,
): Protocol | undefined {
  const edge: Partial<Record<Protocol, Protocol>> = { http: "https", tcp: "tls" };
  if (value.protocol === undefined) return fromUsers ? (edge[port.protocol] ?? port.protocol) : port.protocol;
  if (value.protocol === port.protocol) return value.protocol;
  if (fromUsers && edge[port.protocol] === value.protocol) return value.protocol;
  if (value.protocol === "websocket" && port.protocol === "http") return value.protocol;
  if (fromUsers && value.protocol === "https" && isHttp(port.protocol)) return value.protocol;
  const hint = `write \`protocol: ${port.protocol}\`, or change what \`${value.to}\` declares`;
  shapes.add(
    "WORKFLOW_CONFLICT",
    [...path, "protocol"],
    `${what} speaks ${value.protocol}, and port ${port.port} speaks ${port.protocol}`,
    hint,
  );
  return undefined;
}
