/**
 * The ports that the mesh keeps for itself in every pod. The redirect of a sidecar passes some of them by, so that a
 * server on one of them would be reached past every policy; on the others it would take the proxy's place. Neither can be
 * enforced, so neither compiles.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";

const RESERVED: ReadonlySet<number> = new Set([
  15_000, 15_001, 15_002, 15_004, 15_006, 15_008, 15_009, 15_020, 15_021, 15_053, 15_080, 15_090,
]);

/** @throws TARGET_INEXPRESSIBLE for each workload that serves on a port of the mesh's own */
export function refuseReservedPorts(policy: Policy): void {
  const problems = policy.workloads.flatMap(({ name, ports }): Problem[] =>
    ports
      .filter(({ port }) => RESERVED.has(port))
      .map(({ port, span }) => ({
        code: "TARGET_INEXPRESSIBLE",
        message: `workload \`${name}\`: port ${port} belongs to Istio in every pod, and its policies do not hold there`,
        span,
        hint: "let the workload listen on a port outside 15000 to 15090",
      })),
  );
  if (problems.length > 0) throw new RingfenceError(problems);
}
