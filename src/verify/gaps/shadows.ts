/** Rules that can never decide, because an earlier one takes every packet that they match. */
import { describeObject } from "../../cluster/index.js";
import type { Network } from "../layers/network/index.js";
import { at, type Check } from "./check.js";

type Rule = Network["tiers"]["admin"][number];

export const shadowedAdminRule: Check = {
  id: "shadowed-rule",
  severity: "medium",
  title: "a rule of an admin policy never decides, because an earlier one takes all that it matches",
  remedy: "reorder the rules, or remove the one that has no effect",
  *find({ network }) {
    for (const tier of [network.tiers.admin, network.tiers.baseline]) {
      for (const [index, rule] of tier.entries()) {
        const earlier = tier.slice(0, index).find((other) => takesAll(network, other, rule));
        if (earlier === undefined) continue;
        const place = (one: Rule) => `spec.${one.direction}[${one.index}]`;
        const contradicts =
          earlier.action === rule.action ? "" : `, which says ${earlier.action} where this says ${rule.action}`;
        yield {
          subject: describeObject(rule.object),
          text: `${place(rule)} comes after ${place(earlier)} of ${describeObject(earlier.object)}${contradicts}`,
          evidence: [
            at(rule.object, ["spec", rule.direction, rule.index], "never decides"),
            at(earlier.object, ["spec", earlier.direction, earlier.index], "decides before it"),
          ],
        };
      }
    }
  },
};

/** Every subject, peer and port of `rule` surely belongs to `other`. A rule that matches nothing is another gap. */
function takesAll(network: Network, other: Rule, rule: Rule): boolean {
  if (other.direction !== rule.direction || rule.subjects.may.isEmpty) return false;
  if (!rule.subjects.may.minus(other.subjects.must).isEmpty) return false;
  if (rule.peers.every(({ may }) => may.isEmpty)) return false;
  const covered = rule.peers.every(({ may }) => other.peers.reduce((rest, peer) => rest.minus(peer.must), may).isEmpty);
  if (!covered) return false;
  return network.points.all.every(({ index }) => {
    const { ports } = network;
    return ports.minus(network.portsAt(rule.ports, index), network.portsAt(other.ports, index)) === ports.none;
  });
}
