export { plain } from "./plain.js";
export { type Attributes, type Child, element, escapeXml, Markup, number } from "./xml.js";
