/**
 * Where a workload finds its destinations inside its sandbox: each on a loopback address of its own, so that several
 * keep their own port, under the names that they have in the cluster.
 */
import type { OutboundPlan } from "../pep/index.js";

export interface InsidePlace {
  /** the loopback address */
  readonly host: string;
  readonly port: number;
  /** the name that the workload's environment and hosts file give it */
  readonly name: string;
}

/** The place of one destination among all of a workload's. */
export function insidePlaces(all: readonly OutboundPlan[], destination: OutboundPlan): InsidePlace {
  const index = namesOf(all).indexOf(nameOf(destination));
  return {
    host: addressAt(index),
    port: destination.port < 1024 ? destination.port + 10_000 : destination.port,
    name: hostNames(destination)[0] ?? addressAt(index),
  };
}

/** The hosts file of a sandbox. */
export function hostsFile(workload: string, all: readonly OutboundPlan[]): string {
  const lines = ["127.0.0.1 localhost", "::1 localhost", `127.0.0.1 ${workload}`];
  for (const [index, name] of namesOf(all).entries()) {
    const hosts = all.filter((entry) => nameOf(entry) === name).flatMap(hostNames);
    if (hosts.length > 0) lines.push(`${addressAt(index)} ${[...new Set(hosts)].join(" ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function nameOf({ kind, name }: OutboundPlan): string {
  return `${kind} ${name}`;
}

function namesOf(all: readonly OutboundPlan[]): string[] {
  return [...new Set(all.map(nameOf))].sort();
}

/** Names that a hosts file can hold: no wildcard, no address. */
function hostNames({ hosts }: OutboundPlan): string[] {
  return hosts.filter((host) => !host.startsWith("*") && /[a-z]/i.test(host) && !host.includes(":"));
}

function addressAt(index: number): string {
  return `127.64.${index >> 8}.${(index & 255) + 1}`;
}
