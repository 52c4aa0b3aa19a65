import { type Cluster, servingContainers } from "../../../cluster/index.js";
import { formatSpan, RingfenceError } from "../../../diagnostics/index.js";
import {
  type Explanation,
  endNamed,
  evidenceJson,
  explainConnection,
  layersOf,
  Network,
} from "../../../verify/index.js";
import { type Cli, deliver } from "../../command.js";
import { modelOf } from "./assumptions.js";
import { clusterAt, type VerifyFlags } from "./input.js";

/** `verify --explain FROM TO [PORT]`: what each layer makes of one connection, and which object says so. */
export async function explain(cli: Cli, paths: readonly string[], flags: VerifyFlags): Promise<void> {
  // The option takes all that follows it: what is no end and no port is a path.
  const [from, to, ...rest] = flags.explain ?? [];
  const given = rest[0] !== undefined && /^\d+$/.test(rest[0]) ? rest[0] : undefined;
  if (from === undefined || to === undefined) {
    throw new RingfenceError({
      code: "USAGE",
      message: "--explain takes FROM TO [PORT]",
      hint: "for example `--explain web db 5432`",
    });
  }
  const cluster = clusterAt(cli, [...paths, ...(given === undefined ? rest : rest.slice(1))], flags);
  const ends = { from: endNamed(cluster, from), to: endNamed(cluster, to) };
  const ports = given === undefined ? portsTo(cluster, ends.to) : [Number(given)];
  if (ports.some((port) => port < 1 || port > 65_535)) {
    throw new RingfenceError({ code: "USAGE", message: `\`${given}\` is no port`, hint: "ports are 1 to 65535" });
  }
  const layers = layersOf(new Network(cluster, modelOf(flags.assume ?? [])));
  const explanations = ports.map((port) => explainConnection(layers, { ...ends, port, protocol: "TCP" }));
  const text =
    flags.json === true || flags.format === "json"
      ? JSON.stringify(explanations.map(toJson), null, 2)
      : explanations.map((one) => inWords(one, cli)).join("\n\n");
  await deliver(cli, text, flags.output);
}

/** The ports that the destination's containers and Services name; 443 outside. */
function portsTo(cluster: Cluster, to: ReturnType<typeof endNamed>): readonly number[] {
  if (to.kind === "outside") return [443];
  const declared = servingContainers(to.pod).flatMap(({ ports }) =>
    ports.filter(({ protocol }) => protocol === "TCP").map(({ port }) => port),
  );
  const served = cluster.services
    .filter(({ namespace }) => namespace === to.workload.namespace)
    .flatMap(({ selector, ports }) =>
      selector !== undefined &&
      [...selector.requirements].every(({ key, values }) => values.includes(to.pod.labels.get(key) ?? ""))
        ? ports.flatMap(({ targetPort }) => (typeof targetPort === "number" ? [targetPort] : []))
        : [],
    );
  const ports = [...new Set([...declared, ...served])].sort((a, b) => a - b);
  return ports.length === 0 ? [80] : ports;
}

function inWords({ from, to, port, outcome, layers }: Explanation, cli: Cli): string {
  const { palette } = cli.terminal;
  const width = Math.max(...layers.map(({ layer }) => layer.length));
  const lines = layers.flatMap(({ layer, outcome: own, partly, reasons }) => {
    const word =
      partly && own !== "denied"
        ? `${own === "allowed" ? "allows" : own} some requests`
        : own === "allowed"
          ? "allows"
          : own === "denied"
            ? "denies"
            : own;
    const said = reasons.map(
      ({ text, span }) =>
        `${" ".repeat(width + 4)}${text}${span === undefined || text.includes(formatSpan(span)) ? "" : ` (${formatSpan(span)})`}`,
    );
    return [`  ${layer.padEnd(width)}  ${own === "denied" ? palette.red(word) : word}`, ...said];
  });
  return [`${palette.bold(`${from} → ${to}:${port}`)}: ${outcome}`, ...lines].join("\n");
}

function toJson({ layers, ...rest }: Explanation): Record<string, unknown> {
  return {
    ...rest,
    layers: layers.map(({ layer, outcome, partly, reasons }) => ({
      ...evidenceJson({
        layer,
        outcome: outcome === "allowed" ? "allows" : outcome === "denied" ? "denies" : "unknown",
        reasons,
      }),
      partly,
    })),
  };
}
