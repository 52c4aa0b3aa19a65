/**
 * Reads the file section by section and entry by entry. An entry in error is left out, but its name stays known, so
 * that what refers to it isn't reported a second time.
 */

import type { z } from "zod";
import type { PathStep } from "../documents/index.js";
import * as schema from "./schema.js";
import type { Shapes } from "./shape.js";

export interface Entry<T> {
  readonly value: T;
  readonly path: readonly PathStep[];
  /** how a message calls it */
  readonly what: string;
}

export interface Section<T> {
  /** every name that stands in the file, right or wrong */
  readonly names: ReadonlySet<string>;
  readonly entries: ReadonlyMap<string, Entry<T>>;
}

export interface Declarations {
  readonly zones: Section<z.output<typeof schema.zone>>;
  readonly data: Section<z.output<typeof schema.dataClass>>;
  readonly identity: Section<z.output<typeof schema.identityProvider>>;
  readonly workloads: Section<z.output<typeof schema.workload>>;
  readonly outside: Section<z.output<typeof schema.users> | z.output<typeof schema.outsideApi>>;
  readonly secrets: Section<z.output<typeof schema.secret>>;
  readonly receivers: Section<z.output<typeof schema.receiver>>;
  readonly flows: readonly Entry<z.output<typeof schema.flow>>[];
  readonly respond: readonly Entry<z.output<typeof schema.responseRule>>[];
  readonly accept: readonly Entry<z.output<typeof schema.acceptedRisk>>[];
}

export function readDeclarations(shapes: Shapes): Declarations {
  return {
    zones: section(shapes, "zones", "zone", schema.names.name, () => schema.zone),
    data: section(shapes, "data", "data class", schema.names.word, () => schema.dataClass),
    identity: section(shapes, "identity", "identity provider", schema.names.name, () => schema.identityProvider),
    workloads: section(shapes, "workloads", "workload", schema.names.name, () => schema.workload),
    outside: section(shapes, "outside", "outside party", schema.names.name, outsideSchema),
    secrets: section(shapes, "secrets", "secret", schema.names.name, () => schema.secret),
    receivers: section(shapes, "receivers", "receiver", schema.names.name, () => schema.receiver),
    flows: list(shapes, "flows", "flow", schema.flow),
    respond: list(shapes, "respond", "respond rule", schema.responseRule),
    accept: list(shapes, "accept", "accepted risk", schema.acceptedRisk),
  };
}

/** Outside parties have two forms; `kind` says which, and a missing or wrong `kind` is one message. */
function outsideSchema(
  shapes: Shapes,
  path: readonly PathStep[],
  what: string,
): typeof schema.users | typeof schema.outsideApi | undefined {
  const kind = shapes.read(schema.outsideKind, path, what)?.kind;
  if (kind === undefined) return undefined;
  return kind === "users" ? schema.users : schema.outsideApi;
}

function section<S extends z.ZodType>(
  shapes: Shapes,
  key: string,
  noun: string,
  names: z.ZodType,
  choose: (shapes: Shapes, path: readonly PathStep[], what: string) => S | undefined,
): Section<z.output<S>> {
  const found = new Set<string>();
  const entries = new Map<string, Entry<z.output<S>>>();
  for (const name of shapes.keysOf([key], `\`${key}\``)) {
    found.add(name);
    const path = [key, name];
    const what = `${noun} \`${name}\``;
    const named = names.safeParse(name);
    if (!named.success) {
      const why = named.error.issues[0]?.message ?? "is not accepted";
      shapes.addAtKey("WORKFLOW_SHAPE", path, `the name of ${what} ${why}`);
      continue;
    }
    const chosen = choose(shapes, path, what);
    const value = chosen === undefined ? undefined : shapes.read(chosen, path, what);
    if (value !== undefined) entries.set(name, { value, path, what });
  }
  return { names: found, entries };
}

function list<S extends z.ZodType>(shapes: Shapes, key: string, noun: string, form: S): Entry<z.output<S>>[] {
  const entries: Entry<z.output<S>>[] = [];
  const length = shapes.lengthOf([key], `\`${key}\``);
  for (let index = 0; index < length; index++) {
    const path = [key, index];
    const what = `${noun} ${index + 1}`;
    const value = shapes.read(form, path, what);
    if (value !== undefined) entries.push({ value, path, what });
  }
  return entries;
}
