/**
 * A route table, as data and as sets. An entry gets what it matches and no entry before it does; where the order of two
 * entries is not known, what both match may go to either and surely goes to neither.
 */
import type { KubeObject, Pod, RouteChange, Service, TextMatch, Workload } from "../../cluster/index.js";
import { NO_CHANGE } from "../../cluster/index.js";
import type { Reason } from "../layer.js";
import type { Bounds } from "../space/bounds.js";
import { RequestSet } from "../space/index.js";

/** A pod's port that an entry leads to. */
export interface Target {
  readonly workload: Workload;
  readonly pod: Pod;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** undefined: another entry of a registry */
  readonly service: Service | undefined;
  /** false: it leads there only if something says so that is not in the manifests, or not read */
  readonly certain: boolean;
  /** a copy goes there, whose answer nobody sees */
  readonly mirrored: boolean;
  readonly change: RouteChange;
}

export interface Entry {
  readonly object: KubeObject;
  /** where the entry stands in the object */
  readonly at: readonly (string | number)[];
  readonly matches: Bounds;
  /** the path condition among what it matches: what a rewrite takes away */
  readonly path: TextMatch | undefined;
  /** empty: the proxy answers itself, or has nowhere to send it */
  readonly targets: readonly Target[];
  /** what of the entry is not read, in words */
  readonly doubts: readonly string[];
}

/** Whether an entry is looked at before another. */
export type Order = "surely" | "maybe" | "never";

export interface Resolved {
  readonly entry: Entry;
  /** the requests that the entry gets */
  readonly gets: Bounds;
}

/** @param before of two entries, by their places in the list */
export function resolved(entries: readonly Entry[], before: (a: number, b: number) => Order): readonly Resolved[] {
  return entries.map((entry, i) => {
    let { may, must } = entry.matches;
    entries.forEach((other, j) => {
      if (i === j) return;
      const order = before(j, i);
      if (order === "never") return;
      if (order === "surely") may = may.minus(other.matches.must);
      must = must.minus(other.matches.may);
    });
    return { entry, gets: { may, must } };
  });
}

export function gated(gets: Bounds, certain: boolean): Bounds {
  return certain ? gets : { may: gets.may, must: RequestSet.empty };
}

export const UNCHANGED: RouteChange = NO_CHANGE;

export function changed(a: RouteChange, b: RouteChange): RouteChange {
  return {
    path: a.path?.kind === "unread" ? a.path : (b.path ?? a.path),
    host: b.host ?? a.host,
    set: new Map([...a.set, ...b.set]),
    added: new Map([...a.added, ...b.added]),
    removed: [...a.removed, ...b.removed],
    ...(a.untold === true || b.untold === true ? { untold: true } : {}),
  };
}

export function doubtReasons({ object, at, doubts }: Entry): readonly Reason[] {
  return doubts.map((text): Reason => ({ effect: "unknown", text, object, span: object.origin.spanOf(at) }));
}
