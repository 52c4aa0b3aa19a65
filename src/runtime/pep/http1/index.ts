export { ClientConnection } from "./client-connection.js";
export type { ClientExchange } from "./client-exchange.js";
export { type Deadlines, deadlinesFor } from "./deadlines.js";
export { forwardRequest, refuseRequest } from "./forward.js";
export { forwardUpgrade } from "./upgrade.js";
export { UpstreamPool } from "./upstream-pool.js";
