import { expect, it } from "vitest";
import type { Gate } from "../decision/index.js";
import { ActiveFlows } from "./active-flows.js";
import type { Route } from "./admission.js";
import { SessionPool } from "./http2.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { newListener } from "./listener.js";

it.each(["http", "grpc", "tcp"] as const)(
  "a connection that cannot be accepted does not end the others: %s",
  (protocol) => {
    const parts = {
      gate: {} as Gate,
      flows: new ActiveFlows(),
      sessions: new SessionPool(),
      limits: DEFAULT_LIMITS,
      nameOf: () => undefined,
    };
    const { server } = newListener({ protocol } as Route, { kind: "own", spiffeId: "spiffe://a/b", name: "a" }, parts);
    // What Node says when the system has no room for another connection (ENOBUFS, ENOMEM).
    expect(() => server.emit("error", new Error("accept ENOBUFS"))).not.toThrow();
  },
);
