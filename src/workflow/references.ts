/** Whether names refer to something, apart from those of flows. */
import { suggest } from "../diagnostics/index.js";
import type { PathStep } from "../documents/index.js";
import type { Declarations } from "./declarations.js";
import { listOf } from "./operations.js";
import type { Shapes } from "./shape.js";
import { SENSITIVITIES } from "./workflow.js";

export function unknownName(
  shapes: Shapes,
  path: readonly PathStep[],
  noun: string,
  name: string,
  known: Iterable<string>,
): void {
  const all = [...known];
  const near = suggest(name, all);
  const hint =
    near !== undefined
      ? `did you mean \`${near}\`?`
      : all.length === 0
        ? `the file declares no ${noun}`
        : `declared: ${all.slice(0, 12).join(", ")}${all.length > 12 ? ", …" : ""}`;
  shapes.add("WORKFLOW_UNKNOWN_NAME", path, `unknown ${noun} \`${name}\``, hint);
}

/** Namespaces that belong to the cluster or the mesh: a default-deny of ours in one of them would take them down. */
const RESERVED_ZONES = [
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "istio-system",
  "gatekeeper-system",
  "outside",
];

export function checkReferences(shapes: Shapes, declarations: Declarations): void {
  for (const [name, zone] of declarations.zones.drafts) {
    if (RESERVED_ZONES.includes(name))
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        zone.path,
        `\`${name}\` cannot be a zone of a workflow`,
        "choose a namespace of your own",
      );
  }
  for (const name of declarations.outside.names) {
    if (declarations.workloads.names.has(name))
      shapes.addAtKey(
        "WORKFLOW_AMBIGUOUS",
        ["outside", name],
        `\`${name}\` is a workload already`,
        "flows refer to both by name: rename one",
      );
  }
  checkWorkloads(shapes, declarations);
  checkOutside(shapes, declarations);
  for (const [, secret] of declarations.secrets.drafts) {
    each(shapes, secret.value.usedBy, [...secret.path, "usedBy"], "workload", declarations.workloads.names);
  }
  for (const [, receiver] of declarations.receivers.drafts) {
    const secret = receiver.value.secret;
    if (secret !== undefined && !declarations.secrets.names.has(secret))
      unknownName(shapes, [...receiver.path, "secret"], "secret", secret, declarations.secrets.names);
  }
  for (const rule of declarations.respond.drafts) {
    each(shapes, rule.value.notify, [...rule.path, "notify"], "receiver", declarations.receivers.names);
  }
}

function checkWorkloads(shapes: Shapes, declarations: Declarations): void {
  const objects = new Map<string, string>();
  for (const [name, { value, path, what, broken }] of declarations.workloads.drafts) {
    if (value.zone !== undefined && !declarations.zones.names.has(value.zone))
      unknownName(shapes, [...path, "zone"], "zone", value.zone, declarations.zones.names);
    if (value.ports !== undefined && (value.port !== undefined || value.protocol !== undefined)) {
      const key = value.port === undefined ? "protocol" : "port";
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        [...path, key],
        `${what} has both \`${key}\` and \`ports\``,
        `move it into \`ports\``,
      );
    }
    if (value.protocol !== undefined && value.port === undefined && value.ports === undefined && broken.size === 0) {
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        [...path, "protocol"],
        `${what} has a \`protocol\` and no \`port\``,
        "add `port: NUMBER`",
      );
    }
    const object = `${value.zone}/${value.kubernetes?.kind ?? "Deployment"}/${value.kubernetes?.name ?? name}`;
    const other = objects.get(object);
    if (other !== undefined && broken.size === 0)
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        path,
        `${what} and \`${other}\` stand for the same object ${object}`,
        "give one of them its own `kubernetes: { name: … }`",
      );
    objects.set(object, name);
    if (value.servicePort !== undefined && value.port === undefined && broken.size === 0) {
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        [...path, "servicePort"],
        `${what} has a \`servicePort\` and no \`port\``,
        "move it beside its port",
      );
    }
    checkReleases(shapes, declarations, name);
  }
}

function checkReleases(shapes: Shapes, declarations: Declarations, workload: string): void {
  const entry = declarations.workloads.drafts.get(workload);
  for (const [from, written] of Object.entries(entry?.value.releases ?? {})) {
    const path = [...(entry?.path ?? []), "releases", from];
    if (!declarations.data.names.has(from)) {
      const near = suggest(from, declarations.data.names);
      shapes.addAtKey(
        "WORKFLOW_UNKNOWN_NAME",
        path,
        `unknown data class \`${from}\``,
        near === undefined ? "declare it under `data`" : `did you mean \`${near}\`?`,
      );
    }
    each(shapes, written, path, "data class", declarations.data.names);
    for (const to of listOf(written)) {
      const [high, low] = [
        declarations.data.drafts.get(from)?.value.sensitivity,
        declarations.data.drafts.get(to)?.value.sensitivity,
      ];
      if (high === undefined || low === undefined || SENSITIVITIES.indexOf(low) < SENSITIVITIES.indexOf(high)) continue;
      shapes.add(
        "WORKFLOW_CONFLICT",
        path,
        `a release makes data less sensitive, and \`${to}\` (${low}) is not less sensitive than \`${from}\` (${high})`,
        "leave it out: no release is needed",
      );
    }
  }
}

function checkOutside(shapes: Shapes, declarations: Declarations): void {
  for (const [, { value, path, what, broken }] of declarations.outside.drafts) {
    if (value.kind !== "users") continue;
    if (value.identity === undefined && value.anonymous === undefined && broken.size === 0) {
      shapes.add(
        "WORKFLOW_MISSING_KEY",
        path,
        `${what} lacks \`identity\``,
        "add `identity:` with an identity provider, or say `anonymous: true`",
      );
    } else if (value.identity !== undefined && value.anonymous !== undefined) {
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        [...path, "anonymous"],
        `${what} is anonymous and has an \`identity\``,
        "keep one of the two",
      );
    } else if (value.identity !== undefined && !declarations.identity.names.has(value.identity)) {
      unknownName(shapes, [...path, "identity"], "identity provider", value.identity, declarations.identity.names);
    }
  }
}

/** Checks one name or a list of them, each at its own place. */
export function each(
  shapes: Shapes,
  written: string | readonly string[] | undefined,
  path: readonly PathStep[],
  noun: string,
  known: ReadonlySet<string>,
): void {
  for (const [index, name] of listOf(written ?? []).entries()) {
    if (!known.has(name)) unknownName(shapes, typeof written === "string" ? path : [...path, index], noun, name, known);
  }
}
