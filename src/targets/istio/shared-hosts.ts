/**
 * The way out knows an outside API by its host: in the greeting at the egress gateway, in the mesh's registry everywhere.
 * Two APIs of one host would be one there, and who may reach the first would reach the second as well.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { OutsideApi } from "../../policy/index.js";
import type { Shape } from "../shape.js";
import { throughGateway } from "./outside.js";

/** @throws TARGET_INEXPRESSIBLE for each API with flows whose host an API before it has as well */
export function refuseSharedHosts(shape: Shape): void {
  const first = new Map<string, OutsideApi>();
  const problems: Problem[] = [];
  const apis = throughGateway(shape).map(({ api }) => api);
  for (const api of apis.sort((a, b) => a.span.start - b.span.start)) {
    const twin = first.get(api.host);
    if (twin === undefined) {
      first.set(api.host, api);
      continue;
    }
    const same = twin.port === api.port && twin.protocol === api.protocol;
    problems.push({
      code: "TARGET_INEXPRESSIBLE",
      message: `outside APIs \`${twin.name}\` and \`${api.name}\` have one host, \`${api.host}\`, by which alone Istio's way out would tell them apart`,
      span: api.span,
      hint: same
        ? `keep \`${twin.name}\`, and let the flows to \`${api.name}\` end there`
        : "name one of the two by a host name that it alone has",
    });
  }
  if (problems.length > 0) throw new RingfenceError(problems);
}
