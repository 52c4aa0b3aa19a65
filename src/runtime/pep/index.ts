export { DEFAULT_LIMITS, type Limits } from "./limits.js";
export { alpnOf } from "./listener.js";
export { MutualTls, type MutualTlsOptions, type Trust } from "./mutual-tls.js";
export { type InboundPlan, identitiesOf, type OutboundPlan, type ProxyPlan, planProxies } from "./plan.js";
export { type Address, type ProxyOptions, type StandIn, WorkloadProxy } from "./proxy.js";
export { type Dial, dialTcp } from "./upstream.js";
export type { TokenIssuer } from "./user-tokens.js";
