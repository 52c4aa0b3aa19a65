/** A large cluster is imported in time that grows with its size, not with its square or cube. */
import { expect, it } from "vitest";
import { importObjects, server, workload } from "./manifests.js";

it("imports 600 workloads and as many Services in one namespace", () => {
  const names = Array.from({ length: 600 }, (_, i) => `w${i}`);
  const objects = names.flatMap((name, i) => [
    workload(name, { env: [{ name: "NEXT", value: `http://w${(i + 1) % names.length}:80` }] }),
    ...[server(name, { servicePort: 80 })].flat().filter((object) => (object as { kind: string }).kind === "Service"),
  ]);
  const started = performance.now();
  const { flows } = importObjects(...objects);
  // Two seconds, more on a busy machine; over a minute when each workload looks at each Service's pods.
  expect(performance.now() - started).toBeLessThan(25_000);
  expect(flows.length).toBe(names.length);
}, 120_000);
