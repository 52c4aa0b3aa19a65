/**
 * A text of its own. A part of a longer text refers to the whole of it, so that a table which keeps parts of heads would
 * keep the heads.
 * @param text latin1
 */
export function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
