export type { Group, Reading } from "./cells.js";
export { type Connection, connections, type Party } from "./connections.js";
export { CLOSED_WORLD, type NetworkModel, OPEN_WORLD } from "./model.js";
export { Network, type Row } from "./network.js";
export { describePoint, type OutsidePoint, type PodPoint, type Point, type Points } from "./points.js";
export { type PortRange, type PortSet, PortSets } from "./port-sets.js";
export type { Direction } from "./rules.js";
export { type WayIn, waysIn } from "./ways-in.js";
