/** CONTROLS.md: for a reviewer, which object holds each flow and each trust boundary, layer by layer. */
import type { Policy } from "../policy/index.js";
import { type Capability, FEATURES, type Feature, LAYERS, type Layer } from "./capability.js";
import type { Controls, LayerControls, ObjectReference, RuleControls } from "./controls.js";
import type { Target } from "./target.js";

const MAX_SHOWN = 3;

/** @param targets those that were compiled */
export function controlsPage(policy: Policy, controls: Controls, targets: readonly Target[]): string {
  const layers = layersOf(controls);
  const lines = [
    `# Which control holds what in \`${policy.workflow}\``,
    "",
    "Read from the compiled files themselves. A cell names the objects that carry the flow; an empty cell: the layer has no",
    "part in it. Everything that no flow permits is denied in every layer that has an object for the zone.",
    "",
    "## Flows",
    "",
    row(["Flow", "Asks for", ...layers]),
    row(["-", "-", ...layers.map(() => "-")]),
    ...controls.rules.map((control) =>
      row([code(control.rule.id), demandsOf(control), ...layers.map((layer) => cell(control.layers, layer))]),
    ),
    "",
    "## What each flow asks for, and who enforces it",
    "",
    row(["Flow", "Feature", "Enforced by"]),
    row(["-", "-", "-"]),
    ...controls.rules.flatMap(({ rule, demands }) =>
      demands.map(({ feature, heldBy }) => row([code(rule.id), `${feature}: ${FEATURES[feature]}`, heldBy.join(", ")])),
    ),
    "",
    "## Trust boundaries",
    "",
    row(["Boundary", "Flows", ...layers]),
    row(["-", "-", ...layers.map(() => "-")]),
    ...controls.boundaries.map(({ boundary, rules, layers: held }) =>
      row([
        `${boundary.from} → ${boundary.to} (${boundary.kind})`,
        rules.map(code).join("<br>"),
        ...layers.map((layer) => cell(held, layer)),
      ]),
    ),
    "",
    "## Zones",
    "",
    "What stands in a zone whatever its flows.",
    "",
    row(["Zone", "Layer", "Holds", "Objects"]),
    row(["-", "-", "-", "-"]),
    ...controls.zones.flatMap(({ zone, layers: standing }) =>
      standing.map(({ layer, objects, holds }) => row([code(zone), layer, holds.join(", "), shown(objects)])),
    ),
    "",
    "## What each engine does, and what it leaves to another",
    "",
    row(["Feature", ...targets.map(({ name }) => name)]),
    row(["-", ...targets.map(() => "-")]),
    ...(Object.keys(FEATURES) as Feature[]).map((feature) =>
      row([feature, ...targets.map(({ capabilities }) => standOn(capabilities[feature]))]),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** A line for each flow: which layers carry it. For the terminal. */
export function controlsSummary(controls: Controls): string {
  const layers = layersOf(controls);
  const width = Math.max(4, ...controls.rules.map(({ rule }) => rule.id.length));
  const head = `${"flow".padEnd(width)}  ${layers.join("  ")}`;
  const rows = controls.rules.map(({ rule, layers: held }) => {
    const marks = layers.map((layer) =>
      (held.some((control) => control.layer === layer) ? "yes" : "-").padEnd(layer.length),
    );
    return `${rule.id.padEnd(width)}  ${marks.join("  ")}`.trimEnd();
  });
  return [head, ...rows].join("\n");
}

/** Layers that carry a flow of the set, in their own order. */
function layersOf(controls: Controls): Layer[] {
  const present = new Set(controls.rules.flatMap(({ layers }) => layers.map(({ layer }) => layer)));
  return (Object.keys(LAYERS) as Layer[]).filter((layer) => present.has(layer));
}

function standOn(capability: Capability): string {
  switch (capability.level) {
    case "enforced":
      return `**enforced**: ${capability.how}`;
    case "partly":
      return `**partly**: ${capability.how}; not: ${capability.limits}${to(capability.to)}`;
    case "left":
      return `${capability.why}${to(capability.to)}`;
    default:
      return capability satisfies never;
  }
}

function to(layers: readonly Layer[]): string {
  return layers.length === 0 ? "" : ` → ${layers.join(", ")}`;
}

function demandsOf({ demands }: RuleControls): string {
  return demands.map(({ feature }) => feature).join(", ");
}

function cell(controls: readonly LayerControls[], layer: Layer): string {
  return controls
    .filter((control) => control.layer === layer)
    .map(({ objects }) => shown(objects))
    .join("<br>");
}

function shown(objects: readonly ObjectReference[]): string {
  const names = objects.map(({ path, title }) => code(title ?? path));
  const more = names.length - MAX_SHOWN;
  return more > 1 ? [...names.slice(0, MAX_SHOWN), `and ${more} more`].join("<br>") : names.join("<br>");
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
