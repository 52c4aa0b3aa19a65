/** The formats of a map, by name. */
import { renderCsv } from "./csv.js";
import { renderDrawio } from "./drawio.js";
import type { FlowMap } from "./flow-map.js";
import { renderHtml } from "./html.js";
import { renderJson } from "./json.js";
import { renderMarkdown } from "./markdown.js";
import { renderMermaid } from "./mermaid.js";
import { renderSvg } from "./svg.js";
import { renderTable } from "./table.js";

export const MAP_FORMATS = ["table", "markdown", "csv", "json", "mermaid", "svg", "drawio", "html"] as const;
export type MapFormat = (typeof MAP_FORMATS)[number];

/**
 * The map in a format, ending in a line break; the same bytes for the same map.
 * @param options.width columns of the terminal, for `table`: 120 unless said otherwise
 */
export async function renderMap(
  map: FlowMap,
  format: MapFormat,
  options: { readonly width?: number } = {},
): Promise<string> {
  switch (format) {
    case "table":
      return renderTable(map, options.width);
    case "markdown":
      return renderMarkdown(map);
    case "csv":
      return renderCsv(map);
    case "json":
      return renderJson(map);
    case "mermaid":
      return renderMermaid(map);
    case "svg":
      return await renderSvg(map);
    case "drawio":
      return await renderDrawio(map);
    case "html":
      return await renderHtml(map);
  }
}
