/**
 * The environment of a workload, built from nothing: what the workflow file gives it, where it listens, and where its
 * declared destinations are. Nothing of the environment in which `up` was started gets in.
 */
import type { Address, OutboundPlan } from "../pep/index.js";

export interface Places {
  /** where a destination is found, by plan key */
  readonly destinations: ReadonlyMap<string, Address>;
  /** where the workload listens: port name → number */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly data: string;
  readonly secrets: string;
}

/** Names that change what a program loads or runs before its own first line. */
const REFUSED = /^(?:LD_|DYLD_|NODE_OPTIONS$|NODE_CHANNEL|NODE_UNIQUE_ID$|PYTHONSTARTUP$|BASH_ENV$|ENV$)/;

/** The environment of a workload. Later entries take precedence: nothing of the file can redirect a destination. */
export function workloadEnvironment(
  name: string,
  declared: Readonly<Record<string, string>>,
  outbound: readonly OutboundPlan[],
  places: Places,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "C.UTF-8",
    HOME: places.data,
    TMPDIR: "/tmp",
  };
  for (const [key, value] of Object.entries(declared)) if (!REFUSED.test(key)) env[key] = value;
  env.RINGFENCE_WORKLOAD = name;
  env.RINGFENCE_DATA = places.data;
  env.RINGFENCE_SECRETS = places.secrets;
  env.HOST = "127.0.0.1";
  const [first] = places.ports;
  if (first !== undefined) env.PORT = String(first.port);
  for (const port of places.ports) env[`PORT_${shout(port.name)}`] = String(port.port);
  for (const destination of outbound) {
    const address = places.destinations.get(destination.key);
    if (address === undefined) continue;
    const prefix = shout(destination.name);
    const suffix = env[`${prefix}_URL`] === undefined ? "" : `_${destination.port}`;
    env[`${prefix}_URL${suffix}`] = `${schemeOf(destination)}://${address.host}:${address.port}`;
    env[`${prefix}_HOST${suffix}`] = address.host;
    env[`${prefix}_PORT${suffix}`] = String(address.port);
  }
  return env;
}

/** TLS begins at the proxy: what the workload itself speaks is plain. */
function schemeOf({ protocol }: OutboundPlan): string {
  if (protocol === "websocket") return "ws";
  return protocol === "tcp" || protocol === "tls" ? "tcp" : "http";
}

function shout(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
