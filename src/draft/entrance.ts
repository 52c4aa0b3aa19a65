/** One way in from outside, and how it becomes flows to whatever answers behind it. */
import type { Span } from "../diagnostics/index.js";
import type { CallContext } from "./calls.js";
import { type Destinations, destinationsOf } from "./destinations.js";
import type { DraftOperation } from "./flow-book.js";
import type { DraftWorkload } from "./inventory.js";

export interface EntranceContext extends CallContext {
  /** the identity provider whose tokens a workload asks its callers for, if one */
  readonly identityOf: (workload: DraftWorkload) => string | undefined;
}

export interface Entrance {
  readonly cited: string;
  readonly place: () => Span;
  readonly edgeTls: boolean;
  /** undefined: every request */
  readonly operations: readonly DraftOperation[] | undefined;
}

export function enter(
  context: EntranceContext,
  entrance: Entrance,
  { found, doubt }: Destinations,
  subject: string,
): void {
  if (doubt !== undefined)
    context.remarks.add(doubt.topic, subject, `${entrance.cited}: ${doubt.text}`, entrance.place());
  for (const { workload, port } of found) {
    const users = context.outside.users(context.identityOf(workload));
    context.flows.add({
      from: users.name,
      to: workload.name,
      port,
      evidence: { text: entrance.cited, place: entrance.place },
      authority: "entrance",
      operations: entrance.operations,
      edgeTls: entrance.edgeTls,
    });
  }
}

/** Follows a backend's name from the namespace of the object that names it. */
export function follow(
  context: EntranceContext,
  entrance: Entrance,
  host: string,
  namespace: string,
  port: number | string | undefined,
): void {
  const meaning = context.names.meaningOf(host, namespace);
  if (meaning.kind === "service") {
    const call = { service: meaning.service, port, exact: true };
    enter(context, entrance, destinationsOf(context.inventory, call), host);
  } else if (meaning.kind === "custom") {
    const workload = context.inventory.ofCustom(meaning.part);
    const number = (typeof port === "number" ? meaning.ports.get(port) : undefined) ?? [...meaning.ports.values()][0];
    const found = workload === undefined || number === undefined ? [] : [{ workload, port: number }];
    enter(context, entrance, { found, doubt: undefined }, host);
  } else if (meaning.kind === "dangling" || meaning.kind === "outside") {
    context.remarks.add("dangling", host, `named by ${entrance.cited}`, entrance.place());
  }
}

/** Paths as the workflow file writes them; undefined where every path is meant or the form has no counterpart. */
export function pathsOf(path: string, prefix: boolean): readonly string[] | undefined {
  const plain = path.replace(/\/+$/, "");
  if (prefix && plain === "") return undefined;
  return prefix ? [plain, `${plain}/**`] : [path];
}
