/**
 * The data-flow table as CSV (RFC 4180, UTF-8, CRLF). A cell that a spreadsheet would take for a formula gets an
 * apostrophe in front, so that opening the file cannot run anything.
 */
import { plain } from "../markup/index.js";
import type { FlowMap } from "./flow-map.js";
import { COLUMNS, cells, rowOf } from "./wording.js";

export function renderCsv(map: FlowMap): string {
  const rows = map.edges.map((edge) => cells(rowOf(edge)).map((texts) => texts.map(plain).join("; ")));
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function field(text: string): string {
  if (text === "-") return "";
  const safe = /^\s*[=+\-@\t\r＝＋－＠]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
