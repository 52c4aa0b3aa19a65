import { encryption } from "./encryption/index.js";
import { gatekeeper } from "./gatekeeper/index.js";
import { gateway } from "./gateway/index.js";
import { istio } from "./istio/index.js";
import { kubernetes } from "./kubernetes/index.js";
import { logging } from "./logging/index.js";
import { networkPolicy } from "./network-policy/index.js";
import { opa } from "./opa/index.js";
import type { Target } from "./target.js";
import { validatingAdmissionPolicy } from "./validating-admission-policy/index.js";
import { vault } from "./vault/index.js";

/** Every target, in the order in which their objects are applied. */
export const TARGETS: readonly Target[] = [
  kubernetes,
  networkPolicy,
  istio,
  opa,
  gateway,
  vault,
  encryption,
  gatekeeper,
  validatingAdmissionPolicy,
  logging,
];
