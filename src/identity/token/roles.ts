/**
 * The roles that validated claims carry, from the claim that the workflow names. Only own members count, and only
 * strings: a claim of another shape gives no role at all.
 */
export function rolesOf(claims: Readonly<Record<string, unknown>>, path: readonly string[]): readonly string[] {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return [];
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((role) => typeof role === "string") ? value : [];
}
