import type { Record_ } from "./secrets.js";

/** What of a record's secret stands in the text that leaves. */
export function leaks({ note, forbidden, notTogether }: Record_, text: string): string[] {
  const plain = text.replaceAll("\\n", "\n").replaceAll('\\"', '"').replaceAll("\\/", "/");
  const has = (part: string) => text.includes(part) || plain.includes(part);
  const found = forbidden.filter((part) => part !== "" && has(part));
  if (notTogether !== undefined && notTogether.every(has)) found.push(notTogether.join(" + "));
  return found.map((part) => `${note}: ${part.slice(0, 40)}`);
}
