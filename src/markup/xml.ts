/** XML and HTML from values: everything that is not an element built here is escaped. */
import { plain } from "./plain.js";

/** Markup that was built by `element`; text is never taken for it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;
export type Child = Markup | string | readonly Child[];

/** An element with escaped attributes and children; without children it closes itself. */
export function element(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const head = `<${name}${attributesOf(attributes)}`;
  const body = children.map(inner).join("");
  return new Markup(body === "" && children.length === 0 ? `${head}/>` : `${head}>${body}</${name}>`);
}

function inner(child: Child): string {
  if (child instanceof Markup) return child.text;
  return typeof child === "string" ? escapeXml(child) : child.map(inner).join("");
}

function attributesOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? "" : ` ${name}="${escapeXml(number(value))}"`))
    .join("");
}

/** One decimal is all that a picture needs, and the same on every machine. */
export function number(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10 || 0) : value;
}

export function escapeXml(text: string): string {
  return plain(text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
