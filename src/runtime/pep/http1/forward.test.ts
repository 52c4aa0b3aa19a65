import { expect, it } from "vitest";
import { Gate, Permit } from "../../decision/index.js";
import { ActiveFlows } from "../active-flows.js";
import type { Admitted } from "../admission.js";
import { judgeHead, type RequestHead } from "../request-head.js";
import type { BodySink, ClientExchange } from "./client-exchange.js";
import { forwardRequest } from "./forward.js";
import type { UpstreamConnection } from "./upstream-connection.js";
import type { UpstreamPool } from "./upstream-pool.js";

it("a small body is collected in one place, however many pieces it comes in", async () => {
  const gate = new Gate({
    workflow: "test",
    at: "server",
    point: { decide: () => ({ allow: true, rules: ["all"] }) },
    log: { append: async () => undefined },
    deadlineMs: 1000,
  });
  const callee = { kind: "workload", name: "server", zone: "z", port: 1 } as const;
  const permit = await gate.ask({
    direction: "inbound",
    caller: { kind: "outside" },
    callee,
    protocol: "http",
    http: undefined,
    token: undefined,
  });
  if (!(permit instanceof Permit)) throw new Error("not permitted");
  const raw = {
    version: 1,
    method: "POST",
    target: "/",
    fields: [
      ["host", "a"],
      ["content-length", "5"],
    ],
  } as const;
  const head = judgeHead(raw) as RequestHead;
  let sent = "";
  const upstream = {
    send: (_method: string, bytes: Buffer) => {
      sent = bytes.toString("latin1");
    },
  } as unknown as UpstreamConnection;
  const pool = {
    acquire: (ready: (connection: UpstreamConnection) => void) => {
      ready(upstream);
      return () => undefined;
    },
  } as unknown as UpstreamPool;
  let sink: BodySink | undefined;
  const client = {
    isClosed: false,
    onClose: () => undefined,
    whenDrained: () => undefined,
    readBody: (_framing: unknown, given: BodySink) => {
      sink = given;
    },
  } as unknown as ClientExchange;
  const target = { callee, pool, dial: () => Promise.reject(new Error("not dialled")) };
  const admitted: Admitted = { permit, head, target, fields: [["host", "a"]], asOf: 0 };
  forwardRequest(client, admitted, { flows: new ActiveFlows(), bodyBytes: 1000, silenceMs: 1000 });
  // Who keeps a piece sees what became of it.
  const piece = Buffer.alloc(1);
  for (const byte of Buffer.from("hello")) {
    piece[0] = byte;
    sink?.onData(piece);
  }
  sink?.onEnd();
  expect(sent).toMatch(/\r\n\r\nhello$/);
});
