import type { Fields } from "../header-fields.js";

/** Fields that were judged before, as lines of a head. */
export function fieldLines(fields: Fields): string {
  let lines = "";
  for (const [name, value] of fields) lines += `${name}: ${value}\r\n`;
  return lines;
}
