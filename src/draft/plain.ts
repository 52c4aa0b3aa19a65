/** Looks into data as it was written, where no reader has given it a type: own properties only, no assumptions. */

type Step = string | number;

export function at(value: unknown, path: readonly Step[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<Step, unknown>)[step];
  }
  return found;
}

export function textAt(value: unknown, ...path: Step[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, ...path: Step[]): number | undefined {
  const found = at(value, path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: unknown, ...path: Step[]): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** Keys and values of a mapping; none where it isn't one. */
export function entriesAt(value: unknown, ...path: Step[]): readonly (readonly [string, unknown])[] {
  const found = at(value, path);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
}
