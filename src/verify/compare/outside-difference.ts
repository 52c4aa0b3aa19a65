/** What the outside can send to a workload in one set of manifests and not in another. */
import type { Pod, Protocol, Workload } from "../../cluster/index.js";
import type { Connection, Judgement } from "../layer.js";
import type { Network } from "../layers/network/index.js";
import type { Routed, Way } from "../routes/index.js";
import { RequestSet, withinLimits } from "../space/index.js";
import { type Course, directCourse, type World } from "./finding.js";
import { OUTSIDE, publishedPorts, routeTables, waysTo } from "./outside.js";
import { throughCourse } from "./through.js";

export interface OutsideSide {
  readonly world: World;
  readonly network: Network;
  readonly end: { readonly workload: Workload; readonly pod: Pod };
}

export interface OutsideDifference {
  readonly protocol: Protocol;
  readonly port: number;
  readonly kind: "opened" | "closed" | "unknown";
  readonly command: string | undefined;
}

export function outsideDifferences(
  before: OutsideSide,
  after: OutsideSide,
): { readonly differences: readonly OutsideDifference[]; readonly compared: number } {
  const [was, is] = [coursesOf(before), coursesOf(after)];
  const keys = new Set([...was.keys(), ...is.keys()]);
  const differences = [...keys].flatMap((key): OutsideDifference[] => {
    const [protocol = "TCP", port = "0"] = key.split(" ") as [Protocol, string];
    const place = { protocol, port: Number(port) };
    const found = withinLimits(() => differenceOf(was.get(key) ?? [], is.get(key) ?? []));
    if (found === "same") return [];
    return [{ ...place, ...(found ?? { kind: "unknown", command: undefined }) }];
  });
  return { differences, compared: keys.size };
}

const tables = new WeakMap<World, readonly Routed[]>();

/** Every way in, by protocol and port of the pod. */
function coursesOf({ world, network, end }: OutsideSide): ReadonlyMap<string, readonly Course[]> {
  let known = tables.get(world);
  if (known === undefined) {
    known = routeTables(world);
    tables.set(world, known);
  }
  const found = new Map<string, Course[]>();
  const add = (protocol: Protocol, port: number, course: Course): void => {
    const key = `${protocol} ${port}`;
    found.set(key, [...(found.get(key) ?? []), course]);
  };
  for (const { protocol, port } of publishedPorts(world.cluster, end, [])) {
    const connection: Connection = {
      from: { kind: "outside", name: OUTSIDE },
      to: { kind: "pod", workload: end.workload, pod: end.pod },
      port,
      protocol,
    };
    add(protocol, port, directCourse(world, connection));
  }
  const ways = known.flatMap((table): readonly Way[] => table.ways);
  for (const { protocol, port, present, absent } of waysTo(ways, end.pod)) {
    for (const own of [present, absent]) {
      if (own.length > 0) add(protocol, port, throughCourse(world, network, own));
    }
  }
  return found;
}

function judged(courses: readonly Course[]): Judgement {
  const all = courses.map((course) => course.undeclared(RequestSet.empty));
  return { may: RequestSet.any(all.map(({ may }) => may)), must: RequestSet.any(all.map(({ must }) => must)) };
}

function differenceOf(
  before: readonly Course[],
  after: readonly Course[],
): Pick<OutsideDifference, "kind" | "command"> | "same" {
  const [was, is] = [judged(before), judged(after)];
  if (was.may.equals(is.may) && was.must.equals(is.must)) return "same";
  const opened = shown(after, is.must.minus(was.may));
  if (opened !== undefined) return { kind: "opened", command: opened };
  const closed = shown(before, was.must.minus(is.may));
  return closed === undefined ? { kind: "unknown", command: undefined } : { kind: "closed", command: closed };
}

/** The command of a request that surely gets in here; the other side's sets have none of it. */
function shown(courses: readonly Course[], set: RequestSet): string | undefined {
  if (set.isEmpty) return undefined;
  return courses.map((course) => course.witness(set, "sent")).find((witness) => witness?.replay.outcome === "allow")
    ?.command;
}
