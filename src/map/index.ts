export type { FlowMap, MapEdge, MapFinding, MapNode, MapZone } from "./flow-map.js";
export { mapFlows } from "./map-flows.js";
export { MAP_FORMATS, type MapFormat, renderMap } from "./render.js";
