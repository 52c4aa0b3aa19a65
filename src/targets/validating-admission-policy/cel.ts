/** Facts as CEL writes them. */

export function celList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}

/** A map is never empty: CEL would not know the types of one that is. */
export function celMap(map: { readonly [key: string]: readonly string[] }): string {
  const entries = Object.entries(map).map(([key, values]) => `${JSON.stringify(key)}: ${celList(values)}`);
  return entries.length === 0 ? '{"": [""]}' : `{${entries.join(", ")}}`;
}
