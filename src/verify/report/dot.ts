/** The same list as a graph for Graphviz: namespaces as clusters, leaks red, unknowns dashed. */
import { plain } from "../../markup/index.js";
import type { Edge } from "../edges.js";
import { type Compared, verdictOf } from "./table.js";

const STYLES: Readonly<Record<string, string>> = {
  leak: 'color="#c24a00", fontcolor="#c24a00", penwidth=2',
  blockage: 'color="#a0437c", fontcolor="#a0437c", style=dotted',
  unknown: 'color="#5b6670", fontcolor="#5b6670", style=dashed',
};

export function dotReport(
  edges: readonly Edge[],
  comparison: Compared | undefined,
  workloads: readonly { readonly id: string; readonly name: string; readonly namespace: string }[],
): string {
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace))];
  const clusters = namespaces.flatMap((namespace, index) => [
    `  subgraph cluster_${index} {`,
    `    label=${quoted(namespace)};`,
    ...workloads
      .filter((one) => one.namespace === namespace)
      .map(({ id, name }) => `    ${quoted(id)} [label=${quoted(name)}];`),
    "  }",
  ]);
  const arrows = edges.map((edge) => {
    const verdict = verdictOf(edge, comparison);
    const label = `${edge.unnamed ? "other" : edge.port}${edge.protocol === "TCP" ? "" : `/${edge.protocol}`}${STYLES[verdict] === undefined ? "" : ` ${verdict}`}`;
    const style = STYLES[verdict];
    return `  ${quoted(edge.from.id)} -> ${quoted(edge.to.id)} [label=${quoted(label)}${style === undefined ? "" : `, ${style}`}];`;
  });
  const lines = [
    "digraph reachability {",
    "  rankdir=LR;",
    "  node [shape=box, fontname=sans];",
    "  edge [fontname=sans, fontsize=10];",
  ];
  return `${[...lines, ...clusters, ...arrows, "}"].join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${plain(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
