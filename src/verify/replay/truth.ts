/** Three-valued logic: `undefined` is "cannot be told". */
export type Truth = boolean | undefined;

export function both(parts: readonly Truth[]): Truth {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

export function either(parts: readonly Truth[]): Truth {
  if (parts.includes(true)) return true;
  return parts.includes(undefined) ? undefined : false;
}

export function not(part: Truth): Truth {
  return part === undefined ? undefined : !part;
}
