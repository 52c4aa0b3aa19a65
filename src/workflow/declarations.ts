/**
 * Reads the file section by section and entry by entry. Of an entry in error, the keys that are right are kept, so that
 * what they refer to is checked in the same run, and its name stays known, so that one mistake is one message.
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
  /** keys that stand in the file and are in error */
  readonly broken: ReadonlySet<string>;
}

/** An entry that may be in error: what is missing or wrong is not there. */
export type Draft<T> = Entry<T extends unknown ? Partial<T> : never>;

export interface Section<T> {
  /** every name that stands in the file, right or wrong */
  readonly names: ReadonlySet<string>;
  readonly drafts: ReadonlyMap<string, Draft<T>>;
  /** those that are right in form */
  readonly entries: ReadonlyMap<string, Entry<T>>;
}

export interface List<T> {
  readonly drafts: readonly Draft<T>[];
  readonly entries: readonly Entry<T>[];
}

export interface Declarations {
  readonly zones: Section<z.output<typeof schema.zone>>;
  readonly data: Section<z.output<typeof schema.dataClass>>;
  readonly identity: Section<z.output<typeof schema.identityProvider>>;
  readonly workloads: Section<z.output<typeof schema.workload>>;
  readonly outside: Section<z.output<typeof schema.users> | z.output<typeof schema.outsideApi>>;
  readonly secrets: Section<z.output<typeof schema.secret>>;
  readonly receivers: Section<z.output<typeof schema.receiver>>;
  readonly flows: List<z.output<typeof schema.flow>>;
  readonly respond: List<z.output<typeof schema.responseRule>>;
  readonly accept: List<z.output<typeof schema.acceptedRisk>>;
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

function section<S extends Form>(
  shapes: Shapes,
  key: string,
  noun: string,
  names: z.ZodType,
  choose: (shapes: Shapes, path: readonly PathStep[], what: string) => S | undefined,
): Section<z.output<S>> {
  const found = new Set<string>();
  const drafts = new Map<string, Draft<z.output<S>>>();
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
    if (chosen === undefined) continue;
    const { draft, entry } = readEntry(shapes, chosen, path, what);
    if (draft !== undefined) drafts.set(name, draft);
    if (entry !== undefined) entries.set(name, entry);
  }
  return { names: found, drafts, entries };
}

function list<S extends Form>(shapes: Shapes, key: string, noun: string, form: S): List<z.output<S>> {
  const length = shapes.lengthOf([key], `\`${key}\``);
  const read = Array.from({ length }, (_, index) => readEntry(shapes, form, [key, index], `${noun} ${index + 1}`));
  return {
    drafts: read.flatMap(({ draft }) => (draft === undefined ? [] : [draft])),
    entries: read.flatMap(({ entry }) => (entry === undefined ? [] : [entry])),
  };
}

type Form = z.ZodObject;

function readEntry<S extends Form>(
  shapes: Shapes,
  form: S,
  path: readonly PathStep[],
  what: string,
): { draft?: Draft<z.output<S>>; entry?: Entry<z.output<S>> } {
  const value = shapes.read(form, path, what);
  if (value !== undefined) {
    const entry: Entry<z.output<S>> = { value, path, what, broken: new Set() };
    return { draft: entry as Draft<z.output<S>>, entry };
  }
  const rest = shapes.readRest(form, path);
  if (rest === undefined) return {};
  return { draft: { value: rest.value, path, what, broken: rest.broken } as Draft<z.output<S>> };
}
