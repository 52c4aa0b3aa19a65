/**
 * The connection lists of an independent analyser for many small clusters, against ours. Both are compared as sets of
 * (source, destination, protocol, port), with the analyser's modelling: the manifests are all there is, address blocks
 * mean the world outside, pods of one owner are one party. It splits the address space more finely than needed and
 * lists IPv4 alone, so the addresses of both lists are brought into one form first.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Cluster,
  formatAddress,
  isV4,
  type LabelSelector,
  PRIMARY_NETWORK_LABEL,
  parseAddress,
  readCluster,
  readSources,
  type Workload,
} from "../../src/cluster/index.js";
import {
  CLOSED_WORLD,
  compareNetworks,
  connections,
  exposures,
  Network,
  type Party,
  type PortSet,
  type PortSets,
  type SomePods,
  waysIn,
} from "../../src/verify/layers/network/index.js";
import { EXCEPTIONS } from "./netpol-exceptions.js";

const corpus = process.env.RINGFENCE_CORPUS;
if (corpus === undefined) console.log("not run: RINGFENCE_CORPUS is not set");
const root = join(corpus ?? "", "netpol-analyzer");
const cases: { dir: string; class_: string; expectError: boolean; connlist: boolean }[] = corpus
  ? JSON.parse(readFileSync(join(root, "index.json"), "utf8"))
  : [];

interface Line {
  readonly src: string;
  readonly dst: string;
  readonly conn: string;
}

const OUTSIDE = "[External]";
const EVERYTHING = "All Connections";

/** One entry for each source, destination and stretch of ports; outside ends are given by their address ranges. */
function normalize(lines: readonly Line[]): string[] {
  const ranges = new Map<string, { low: bigint; high: bigint }[]>();
  const out = new Set<string>();
  for (const line of lines) {
    for (const ports of line.conn === EVERYTHING ? ["SCTP 1-65535", "TCP 1-65535", "UDP 1-65535"] : expand(line.conn)) {
      const ends = [line.src, line.dst].map((end) => (/^[\d.]+-[\d.]+/.test(end) ? OUTSIDE : end));
      const key = `${ends[0]} => ${ends[1]} : ${ports}`;
      const outside = [line.src, line.dst].find((end) => /^[\d.]+-[\d.]+/.test(end));
      if (outside === undefined) {
        out.add(key);
        continue;
      }
      const [low = "", high = ""] = outside.replace(OUTSIDE, "").split("-");
      const held = ranges.get(key) ?? [];
      held.push({ low: parseAddress(low) ?? -1n, high: parseAddress(high) ?? -1n });
      ranges.set(key, held);
    }
  }
  for (const [key, held] of ranges) {
    held.sort((a, b) => (a.low < b.low ? -1 : 1));
    const joined: { low: bigint; high: bigint }[] = [];
    for (const range of held) {
      const last = joined.at(-1);
      if (last === undefined || range.low > last.high + 1n) joined.push({ ...range });
      else if (range.high > last.high) last.high = range.high;
    }
    for (const { low, high } of joined) out.add(`${key} @ ${formatAddress(low)}-${formatAddress(high)}`);
  }
  return [...out].sort();
}

/** `SCTP 1-65535,TCP 1-79,81-65535` to one entry a range. */
function expand(conn: string): string[] {
  let protocol = "";
  return conn.split(",").map((part) => {
    const words = part.trim().split(" ");
    if (words.length > 1) protocol = words[0] ?? "";
    return `${protocol} ${words.at(-1)}`;
  });
}

function nameOf(party: Party, cluster: Cluster): readonly string[] {
  if (!("ranges" in party)) return [idOf(party, cluster)];
  return party.ranges
    .filter(({ low, high }) => isV4(low) && isV4(high))
    .map(({ low, high }) => `${formatAddress(low)}-${formatAddress(high)}${OUTSIDE}`);
}

/** A workload on a network of its own is marked with it. */
function idOf({ id, namespace }: Workload, cluster: Cluster): string {
  const own =
    cluster.namespaces.get(namespace)?.labels.has(PRIMARY_NETWORK_LABEL) &&
    cluster.userNetworks.some(({ role, namespaces }) => role === "Primary" && namespaces === namespace);
  return own ? id.replace("/", "[udn]/") : id;
}

function linesOf(cluster: Cluster, source: Party, destination: Party, ports: PortSets, set: PortSet): Line[] {
  const conn = ports
    .ranges(set)
    .map(({ protocol, low, high }) => `${protocol} ${low === high ? low : `${low}-${high}`}`);
  if (conn.length === 0) return [];
  return nameOf(source, cluster).flatMap((src) =>
    nameOf(destination, cluster).map((dst) => ({ src, dst, conn: conn.join(",") })),
  );
}

function ours(network: Network): Line[] {
  return [
    ...[...connections(network)].flatMap(({ source, destination, must }) =>
      linesOf(network.cluster, source, destination, network.ports, must),
    ),
    ...waysIn(network).flatMap(({ destination, must }) => {
      const conn = network.ports.ranges(must).map(({ protocol, low }) => `${protocol} ${low}`);
      return conn.length === 0
        ? []
        : [{ src: "{ingress-controller}", dst: idOf(destination, network.cluster), conn: conn.join(",") }];
    }),
  ];
}

/** `ns/[all pods]`, `[namespace with {a=b}]/[pod with {c=d}]`, as the analyser writes pods that are not in the manifests. */
function strangerName({ namespaces, pods }: { namespaces: LabelSelector | string; pods: LabelSelector }): string {
  const words = ({ requirements }: LabelSelector) =>
    requirements
      .map(({ key, operator, values }) => `{Key:${key},Operator:${operator},Values:[${values.join(" ")}],}`)
      .join(",");
  const space =
    typeof namespaces === "string"
      ? namespaces
      : namespaces.requirements.length === 0
        ? "[all namespaces]"
        : `[namespace with {${words(namespaces)}}]`;
  return `${space}/${pods.requirements.length === 0 ? "[all pods]" : `[pod with {${words(pods)}}]`}`;
}

/** One spelling for `a=b` and its long form, requirements and ports in order. */
function canonical(line: string): string {
  const spelled = line.replace(/with \{(.*?)\}\](?=\/| :)/g, (_, inner: string) => {
    const parts = inner.match(/\{Key:[^}]*\}|[^,{}]+=[^,{}]*/g) ?? [];
    const long = parts.map((part) => {
      const [key, value] = part.startsWith("{") ? [] : part.split("=");
      return key === undefined ? part : `{Key:${key},Operator:In,Values:[${value}],}`;
    });
    return `with {${long.sort().join()}}]`;
  });
  const colon = spelled.lastIndexOf(" : ");
  if (colon === -1 || spelled.endsWith(EVERYTHING) || spelled.endsWith("No Connections")) return spelled;
  return `${spelled.slice(0, colon)} : ${expand(spelled.slice(colon + 3))
    .sort()
    .join()}`;
}

describe.skipIf(corpus === undefined)("connection lists of the corpus", () => {
  const listed = cases.filter(({ connlist }) => connlist);
  it.each(listed.filter(({ dir }) => !EXCEPTIONS.has(dir)).map(({ dir }) => dir))("%s", (dir) => {
    const { cluster, problems } = readCluster(readSources([join(root, "cases", dir, "manifests")]).sources);
    expect(problems).toEqual([]);
    const network = new Network(cluster, CLOSED_WORLD);
    const wanted: Line[] = JSON.parse(readFileSync(join(root, "cases", dir, "connlist.json"), "utf8"));
    expect(normalize(ours(network))).toEqual(normalize(wanted));
  });

  it.each(
    cases
      .filter(({ expectError }) => expectError)
      .filter(({ dir }) => !EXCEPTIONS.has(dir))
      .map(({ dir }) => dir),
  )("refuses %s", (dir) => {
    expect(readCluster(readSources([join(root, "cases", dir, "manifests")]).sources).problems).not.toEqual([]);
  });

  // An exposure report repeats the connection list of its case in front.
  const reported = cases.filter(({ dir }) => existsSync(join(root, "cases", dir, "expected/exposure_output.txt")));
  it.each(reported.map(({ dir }) => dir))("%s, from its exposure report", (dir) => {
    const { cluster } = readCluster(readSources([join(root, "cases", dir, "manifests")]).sources);
    const text = readFileSync(join(root, "cases", dir, "expected/exposure_output.txt"), "utf8");
    const list = text.slice(0, text.indexOf("Exposure Analysis Result:")).split("\n");
    const wanted = list.flatMap((line) => {
      const [, src, dst, conn] = /^(.+?) => (.+?) : (.+)$/.exec(line) ?? [];
      return src === undefined || dst === undefined || conn === undefined ? [] : [{ src, dst, conn }];
    });
    expect(normalize(ours(new Network(cluster, CLOSED_WORLD)))).toEqual(normalize(wanted));
  });

  it.each(reported.filter(({ dir }) => !EXCEPTIONS.has(`${dir} exposure`)).map(({ dir }) => dir))(
    "exposure of %s",
    (dir) => {
      const { cluster } = readCluster(readSources([join(root, "cases", dir, "manifests")]).sources);
      const { ports, list } = exposures(cluster, CLOSED_WORLD);
      // The analyser leaves out plain labels that a declared pod has, but not expressions that one meets.
      const plain = !JSON.stringify(cluster.objects.map(({ origin }) => origin.value)).includes("matchExpressions");
      const isTold = ({ pods, met }: SomePods) => !(met && plain && pods.pods.requirements.length > 0);
      const lines = list.flatMap(({ workload, direction, unprotected, everyPod, some }) => {
        const arrow = direction === "egress" ? "=>" : "<=";
        const words = (set: PortSet) =>
          set === ports.all
            ? EVERYTHING
            : ports
                .ranges(set)
                .map(({ protocol, low, high }) => `${protocol} ${low === high ? low : `${low}-${high}`}`)
                .join(",");
        return [
          ...(everyPod === ports.none ? [] : [`${workload.id} ${arrow} entire-cluster : ${words(everyPod)}`]),
          ...some
            .filter(isTold)
            .map(
              ({ pods, ports: set }) =>
                `${workload.id} ${arrow} ${strangerName(pods)} : ${words(set) || "No Connections"}`,
            ),
          ...(unprotected
            ? [`${workload.id} is not protected on ${direction === "egress" ? "Egress" : "Ingress"}`]
            : []),
        ];
      });
      const text = readFileSync(join(root, "cases", dir, "expected/exposure_output.txt"), "utf8");
      const wanted = text
        .slice(text.indexOf("Exposure Analysis Result:"))
        .split("\n")
        .map((line) => line.replace(/\s+/g, " ").trim())
        .filter((line) => (/(=>|<=)/.test(line) && !line.includes(OUTSIDE)) || line.includes("is not protected"));
      expect(lines.map(canonical).sort()).toEqual(wanted.map(canonical).sort());
    },
  );

  // The second name is what was, the first what is now. The analyser repeats a line for each piece of the outside.
  const diffs = corpus ? readdirSync(join(root, "diffs")).filter((name) => name.endsWith(".txt")) : [];
  it.each(diffs.filter((name) => !EXCEPTIONS.has(name)))("%s", (name) => {
    const pairs = cases.flatMap((is) => cases.map((was) => [is.dir, was.dir] as const));
    const [is, was] = pairs.find((pair) => name === `diff_between_${pair[0]}_and_${pair[1]}.txt`) ?? [];
    const read = (dir = "") => readCluster(readSources([join(root, "cases", dir, "manifests")]).sources).cluster;
    const { before, ports, changes } = compareNetworks(read(was), read(is), CLOSED_WORLD);
    const sides = (side: "before" | "after"): Line[] =>
      changes.flatMap(({ source, destination, [side]: { must } }) =>
        linesOf(before.cluster, source, destination, ports, must),
      );
    const text = readFileSync(join(root, "diffs", name), "utf8");
    const wanted = text.split("\n").flatMap((line) => {
      const [, src, dst, ref1, ref2] =
        /^diff-type: \w+, source: (.+), destination: (.+), (?:ref|dir)1: (.+?), (?:ref|dir)2: (.+?)(?:, workloads-diff-info: .*)?$/.exec(
          line,
        ) ?? [];
      return src && dst && ref1 && ref2 ? [{ src, dst, ref1, ref2 }] : [];
    });
    expect(wanted.length > 0).toBe(text.includes("diff-type"));
    const listed = (ref: "ref1" | "ref2") =>
      wanted
        .filter((line) => line[ref] !== "No Connections")
        .map((line) => ({ src: line.src, dst: line.dst, conn: line[ref] }));
    expect(normalize(sides("before"))).toEqual(normalize(listed("ref1")));
    expect(normalize(sides("after"))).toEqual(normalize(listed("ref2")));
  });

  it("answers for every case, and says how many are compared", () => {
    const known = new Set([...cases.map(({ dir }) => dir), ...diffs]);
    expect([...EXCEPTIONS.keys()].filter((name) => !known.has(name))).toEqual([]);
    expect(readdirSync(join(root, "cases"))).toHaveLength(cases.length);
    for (const { dir } of cases) {
      const { cluster } = readCluster(readSources([join(root, "cases", dir, "manifests")]).sources);
      const network = new Network(cluster);
      for (const { index } of network.points.all) {
        const { must, may } = network.to(index);
        const ports = (groups: typeof may) => groups.reduce((set, group) => network.ports.union(set, group.ports), 0);
        expect(network.ports.minus(ports(must), ports(may))).toBe(network.ports.none);
      }
    }
    const lists = listed.filter(({ dir }) => !EXCEPTIONS.has(dir)).length;
    const errors = cases.filter(({ dir, expectError }) => expectError && !EXCEPTIONS.has(dir)).length;
    console.log(
      `connection lists: ${lists} of ${listed.length} compared, ${reported.length} exposure reports, ${diffs.filter((name) => !EXCEPTIONS.has(name)).length} of ${diffs.length} differences; ` +
        `${errors} of ${cases.filter(({ expectError }) => expectError).length} inputs refused; ` +
        `${EXCEPTIONS.size} exceptions over ${cases.length} cases`,
    );
  });
});
