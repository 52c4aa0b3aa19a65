/** The whole map as JSON, for other programs. */
import type { FlowMap } from "./flow-map.js";

export function renderJson(map: FlowMap): string {
  return `${JSON.stringify(map, null, 2)}\n`;
}
