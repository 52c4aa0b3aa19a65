/** Checks the structure that draw.io relies on when it opens an uncompressed mxfile (mxGraph's codec: cells and geometry). */
import { XMLParser } from "fast-xml-parser";

interface Geometry {
  readonly "@x"?: string;
  readonly "@y"?: string;
  readonly "@width"?: string;
  readonly "@height"?: string;
  readonly "@relative"?: string;
  readonly "@as"?: string;
  readonly Array?: { readonly "@as": string; readonly mxPoint?: readonly Record<string, string>[] };
}

interface Cell {
  readonly "@id"?: string;
  readonly "@parent"?: string;
  readonly "@source"?: string;
  readonly "@target"?: string;
  readonly "@vertex"?: string;
  readonly "@edge"?: string;
  readonly "@style"?: string;
  readonly "@value"?: string;
  readonly mxGeometry?: Geometry;
}

export function cellsOf(text: string): readonly Cell[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    isArray: (name) => name === "mxCell" || name === "mxPoint",
  });
  const file = parser.parse(text) as { mxfile?: { diagram?: { mxGraphModel?: { root?: { mxCell?: Cell[] } } } } };
  return file.mxfile?.diagram?.mxGraphModel?.root?.mxCell ?? [];
}

/** Everything that is wrong with the file; empty when draw.io can open and edit it. */
export function mxfileProblems(text: string): string[] {
  const cells = cellsOf(text);
  const problems: string[] = [];
  const byId = new Map(cells.map((cell) => [cell["@id"] ?? "", cell]));
  if (byId.size !== cells.length) problems.push("ids are not unique");
  if (byId.get("0") === undefined || byId.get("1")?.["@parent"] !== "0") problems.push("no root and default layer");
  for (const cell of cells) {
    const id = cell["@id"] ?? "";
    if (id === "0" || id === "1") continue;
    const say = (text: string): void => void problems.push(`${id}: ${text}`);
    if (!byId.has(cell["@parent"] ?? "")) say("its parent does not exist");
    if (cell["@style"] === undefined || !/^(?:[\w-]+;)?(?:[\w-]+=[^;=]*;)+$/.test(cell["@style"]))
      say("its style cannot be read");
    if (loops(cell, byId)) say("it is its own ancestor");
    if ((cell["@vertex"] === "1") === (cell["@edge"] === "1")) say("it is neither vertex nor edge, or both");
    const geometry = cell.mxGeometry;
    if (geometry?.["@as"] !== "geometry") {
      say("it has no geometry");
    } else if (cell["@vertex"] === "1") {
      for (const key of ["@x", "@y", "@width", "@height"] as const)
        if (!isNumber(geometry[key])) say(`its ${key} is no number`);
      if (!(Number(geometry["@width"]) > 0 && Number(geometry["@height"]) > 0)) say("it has no size");
    } else {
      for (const end of ["@source", "@target"] as const) {
        if (byId.get(cell[end] ?? "")?.["@vertex"] !== "1") say(`its ${end} is no vertex`);
      }
      if (geometry["@relative"] !== "1") say("its geometry is not relative");
      if (geometry.Array?.["@as"] !== "points") say("it has no waypoints");
      for (const point of geometry.Array?.mxPoint ?? [])
        if (!isNumber(point["@x"]) || !isNumber(point["@y"])) say("a waypoint is no point");
    }
  }
  return problems;
}

function loops(cell: Cell, byId: ReadonlyMap<string, Cell>): boolean {
  const seen = new Set<Cell>();
  for (let at: Cell | undefined = cell; at !== undefined; at = byId.get(at["@parent"] ?? "-")) {
    if (seen.has(at)) return true;
    seen.add(at);
  }
  return false;
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== "" && Number.isFinite(Number(text));
}
