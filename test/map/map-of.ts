import { type FlowMap, mapFlows } from "../../src/map/index.js";
import { findThreats } from "../../src/threats/index.js";
import { policyOf } from "../threats/workflow.js";

/** The map of a workflow file's text, with its findings on a fixed day. */
export function mapOf(text: string): FlowMap {
  const policy = policyOf(text);
  return mapFlows(policy, findThreats(policy, { today: "2026-11-24" }));
}
