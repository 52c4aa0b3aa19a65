/** Places of Rego as a reason cites them. */
import type { Place } from "../../../rego/index.js";

/** 1-based. */
export function lineOf({ source, start }: Pick<Place, "source" | "start">): number {
  return source.text.slice(0, start).split("\n").length;
}

export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
