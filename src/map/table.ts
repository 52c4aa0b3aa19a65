/**
 * The data-flow table for a terminal. Cells wrap so that the table fits; where nine columns cannot, each flow becomes a
 * short block instead, since a table of three-letter columns is read by nobody.
 */
import { plain } from "../markup/index.js";
import { displayWidth, padTo, wrap } from "./display-width.js";
import type { FlowMap } from "./flow-map.js";
import { COLUMNS, cells, type Row, rowOf } from "./wording.js";

const NARROWEST_TABLE = 100;
const GAP = 2;
/** A column shrinks no further than this, or its heading. */
const NARROWEST_COLUMN = 8;

/** @param width columns of the terminal */
export function renderTable(map: FlowMap, width = 120): string {
  const rows = map.edges.map((edge) => rowOf(edge));
  if (rows.length === 0) return "no flows: everything is denied\n";
  const body = width < NARROWEST_TABLE ? blocks(rows, width) : table(rows, width);
  return `${[...body, "", ...footer(map, width)].join("\n").trimEnd()}\n`;
}

function table(rows: readonly Row[], width: number): string[] {
  const grid = rows.map((row) => cells(row).map((lines) => lines.map(plain)));
  const widths = fit(
    COLUMNS.map((title, column) => ({
      least: Math.max(NARROWEST_COLUMN, displayWidth(title)),
      wanted: Math.max(displayWidth(title), ...grid.flatMap((row) => (row[column] ?? []).map(displayWidth))),
    })),
    width - GAP * (COLUMNS.length - 1),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => padTo(text, widths[column] ?? 0))
      .join(" ".repeat(GAP))
      .trimEnd();
  const lines = [line(COLUMNS.map((title) => title.toUpperCase())), line(widths.map((size) => "─".repeat(size)))];
  const wrapped = grid.map((row) => row.map((cell, column) => cell.flatMap((text) => wrap(text, widths[column] ?? 1))));
  const spaced = wrapped.some((row) => row.some((cell) => cell.length > 1));
  for (const [index, row] of wrapped.entries()) {
    if (spaced && index > 0) lines.push("");
    const height = Math.max(...row.map((cell) => cell.length));
    for (let at = 0; at < height; at++) lines.push(line(row.map((cell) => cell[at] ?? "")));
  }
  return lines;
}

/** Takes from the widest column, one step at a time, until the sum fits or nothing more can give. */
function fit(columns: readonly { readonly least: number; readonly wanted: number }[], space: number): number[] {
  const widths = columns.map((column) => column.wanted);
  let excess = widths.reduce((sum, size) => sum + size, 0) - space;
  while (excess > 0) {
    let widest = -1;
    for (const [index, size] of widths.entries()) {
      if (size > Math.min(columns[index]?.least ?? 0, columns[index]?.wanted ?? 0) && size > (widths[widest] ?? 0)) {
        widest = index;
      }
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

function blocks(rows: readonly Row[], width: number): string[] {
  return rows.flatMap((row, index) => {
    const facts: readonly (readonly [string, readonly string[]])[] = [
      ["protocol", [row.protocol]],
      ["data", row.data],
      ["trust", [row.boundary === "-" ? row.trust : `${row.trust}, crosses ${row.boundary}`]],
      ["who may", row.who],
      ["findings", row.findings === "-" ? [] : [row.findings]],
    ];
    const lines = facts.flatMap(([name, texts]) => {
      const all = texts.flatMap((text) => wrap(plain(text), Math.max(20, width - 12)));
      return all.map((text, at) => `  ${padTo(at === 0 ? name : "", 8)}  ${text}`);
    });
    const head = `${row.source} → ${row.destination}:${row.port}`;
    return [...(index === 0 ? [] : [""]), ...wrap(plain(head), width), ...lines];
  });
}

function footer(map: FlowMap, width: number): string[] {
  const crossed = map.boundaries.map(
    ({ kind, from, to, flows }) => `  ${kind}: ${from} → ${to} (${count(flows.length, "flow")})`,
  );
  const findings = map.findings.map(({ tag, title, places }) => {
    const open = places.filter((place) => place.accepted === undefined);
    const where = [...new Set((open.length > 0 ? open : places).map((place) => place.where))];
    const shown = where.slice(0, 3).join(", ") + (where.length > 3 ? ` and ${where.length - 3} more` : "");
    return `  ${padTo(tag, 4)} ${title}: ${shown}${open.length === 0 ? " (accepted)" : ""}`;
  });
  const zones = map.zones.map(
    ({ name, trust, workloads }) => `${name} (${trust}, ${count(workloads.length, "workload")})`,
  );
  return [
    `Zones: ${zones.join(", ")}`,
    ...(crossed.length === 0 ? [] : ["Trust boundaries crossed:", ...crossed]),
    ...(findings.length === 0 ? [] : ["Findings:", ...findings]),
  ].flatMap((text) => {
    const [first = "", ...rest] = wrap(plain(text), width);
    return [first, ...rest.flatMap((line) => wrap(line, width - 7)).map((line) => `       ${line}`)];
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
