/**
 * Why a host that was declared as outside is not: it names this cluster, this machine, or a network that is not the
 * Internet's.
 *
 * @see RFC 6761 §6.3 (localhost), RFC 6762 §3 (local), RFC 8375 (home.arpa), the reservation of `internal` by ICANN
 */
import { isPublicAddress, type Policy } from "../policy/index.js";

/** Names that a resolver inside answers, by their last labels. */
const INSIDE: readonly (readonly [string, string])[] = [
  ["localhost", "is this machine"],
  ["svc", "is a Service of the cluster"],
  ["cluster.local", "is a name of the cluster"],
  ["local", "is a name of the local network"],
  ["internal", "is a name of a private network; clouds hand out credentials at such names"],
  ["home.arpa", "is a name of a private network"],
];

/** @returns how to go on after the host's name, as `is this machine`; undefined for a host that may well be outside */
export function whyInside(host: string, policy: Policy): string | undefined {
  const name = host.replace(/^\*\./, "");
  const last = name.slice(name.lastIndexOf(".") + 1);
  // Whatever ends in a number is read as an IPv4 address, `127.1` and `2130706433` too, and not by everybody alike.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(last)) {
    return isPublicAddress(name) ? undefined : "is an address that is not of the public Internet";
  }
  const known = INSIDE.find(([suffix]) => name === suffix || name.endsWith(`.${suffix}`));
  if (known !== undefined) return known[1];
  const own = policy.workloads.find((workload) => name === `${workload.name}.${workload.zone}`);
  if (own !== undefined) return `is the Service of \`${own.name}\``;
  return name.includes(".") ? undefined : "has no dot, so it is completed to a name nearby";
}
