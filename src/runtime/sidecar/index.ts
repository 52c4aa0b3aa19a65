export { hostsFile } from "./inside-places.js";
export type * from "./messages.js";
