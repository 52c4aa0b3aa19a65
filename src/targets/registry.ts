import type { Target } from "./target.js";

/** Every target, in the order in which their objects are applied. */
export const TARGETS: readonly Target[] = [];
