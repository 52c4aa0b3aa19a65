/** Flows while evidence for them is gathered. One flow joins two parties on one port, however many things speak for it. */
import type { Span } from "../diagnostics/index.js";
import { compare } from "./inventory.js";

interface Evidence {
  /** what speaks for the flow, as a comment cites it */
  readonly text: string;
  readonly place: () => Span;
}

/** One `allow` entry as HTTP sees it; absent parts mean any. */
export interface DraftOperation {
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
  readonly roles?: readonly string[];
}

/**
 * How much a piece of evidence knows of the requests: a policy of the mesh decides them, an entrance routes them, a
 * caller may be told them, and the network sees none.
 */
type Authority = "policy" | "entrance" | "call" | "network";

interface FlowEnds {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

interface Contribution {
  readonly authority: Authority;
  /** undefined: every request */
  readonly operations: readonly DraftOperation[] | undefined;
}

export interface DraftFlow extends FlowEnds {
  readonly evidence: readonly Evidence[];
  /** TLS ends at the edge in front of the destination */
  readonly edgeTls: boolean;
  readonly allow: readonly DraftOperation[] | undefined;
}

interface Held extends FlowEnds {
  readonly evidence: Evidence[];
  readonly contributions: Contribution[];
  tls: boolean;
  plain: boolean;
}

export interface Addition extends FlowEnds {
  readonly evidence: Evidence;
  readonly authority?: Authority;
  readonly operations?: readonly DraftOperation[] | undefined;
  readonly edgeTls?: boolean;
}

export class FlowBook {
  readonly #held = new Map<string, Held>();

  add({ from, to, port, evidence, authority = "call", operations, edgeTls = false }: Addition): void {
    const key = JSON.stringify([from, to, port]);
    const held = this.#held.get(key) ?? { from, to, port, evidence: [], contributions: [], tls: false, plain: false };
    this.#held.set(key, held);
    if (!held.evidence.some(({ text }) => text === evidence.text)) held.evidence.push(evidence);
    held.contributions.push({ authority, operations });
    if (authority === "entrance") {
      if (edgeTls) held.tls = true;
      else held.plain = true;
    }
  }

  portsBetween(from: string, to: string): readonly number[] {
    return [...this.#held.values()].filter((held) => held.from === from && held.to === to).map(({ port }) => port);
  }

  /** by source, destination and port; those from outside first */
  sorted(isOutside: (name: string) => boolean): readonly DraftFlow[] {
    const rank = (name: string) => (isOutside(name) ? 0 : 1);
    return [...this.#held.values()]
      .map(
        (held): DraftFlow => ({
          from: held.from,
          to: held.to,
          port: held.port,
          evidence: held.evidence,
          edgeTls: held.tls && !held.plain,
          allow: operationsOf(held.contributions),
        }),
      )
      .sort((a, b) => rank(a.from) - rank(b.from) || compare(a.from, b.from) || compare(a.to, b.to) || a.port - b.port);
  }
}

/**
 * A mesh policy decides for all requests of its peers; without one, entrances let in what they route. Where one of the
 * deciding pieces of evidence lets everything through, so does the flow.
 */
function operationsOf(contributions: readonly Contribution[]): readonly DraftOperation[] | undefined {
  for (const authority of ["policy", "entrance", "call"] as const) {
    const deciding = contributions.filter((contribution) => contribution.authority === authority);
    if (deciding.length === 0) continue;
    const all: DraftOperation[] = [];
    for (const { operations } of deciding) {
      if (operations === undefined) return undefined;
      all.push(...operations);
    }
    const unique = new Map(all.map((operation) => [JSON.stringify(operation), operation]));
    return unique.size === 0 ? undefined : [...unique.values()];
  }
  return undefined;
}
