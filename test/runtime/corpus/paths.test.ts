/**
 * Istio's cases of path normalization, through two live proxies. The proxies normalize less than Envoy can be told to and
 * refuse what is left, so for each case: what arrives is what the strictest mode makes of it, and the decision was about
 * just that; or it is refused, for one of the reasons below.
 */
import { createServer } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { inbound, Mesh, outbound } from "../mesh.js";
import { corpus, exchange, notRun, readJson } from "./corpus.js";

interface Case {
  readonly mode: string;
  readonly in: string;
  readonly out: string;
}

/** Why a path is refused although Envoy's strictest mode gives it a reading. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/#/, "a request's target has no fragment (RFC 9112 §3.2)"],
  [/%2f|%5c|\\/i, "an encoded or reversed separator is one for some servers only"],
  [/\/\//, "servers differ on empty segments"],
  [/(?:^|\/)(?:\.|%2e){1,2}(?:[/;]|$)/i, "servers differ on dot segments"],
  [/\/;\//, "a segment of parameters alone is empty for some servers"],
  [/%(?:[01][0-9a-f]|7f)/i, "an encoded control character has no use in a path"],
];

/** Whether the bytes that a path encodes are no UTF-8, which servers decode in different ways. */
function isUndecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}

notRun("path normalization through live proxies");

describe.skipIf(corpus === undefined)("paths that are read in different ways", () => {
  let mesh: Mesh;
  afterEach(() => mesh?.close());

  it("arrive as they were decided on, in their one reading, or not at all", async () => {
    mesh = await Mesh.start();
    const arrived: string[] = [];
    const own = await mesh.serve(
      createServer((request, response) => {
        arrived.push(request.url ?? "");
        response.end();
      }),
    );
    await mesh.proxy("server", { inbound: [inbound(8080)] }, { 8080: own });
    const client = await mesh.proxy("client", { outbound: [outbound(8080, mesh.idOf("server"))] });
    const local = client.addressOf("workload server 8080");
    if (local === undefined) throw new Error("no listener");
    const cases = readJson<Case[]>("istio-authz", "path-normalization.json");
    const reasons = new Map<string, number>();
    let passed = 0;
    for (const { mode, in: path, out } of cases) {
      mesh.events.length = 0;
      mesh.asked.length = 0;
      arrived.length = 0;
      const status = await exchange(connect(local.port, local.host), `GET ${path} HTTP/1.1\r\nHost: server\r\n\r\n`);
      const reason =
        REFUSED.find(([shape]) => shape.test(path))?.[1] ??
        (isUndecodable(path) ? "bytes that are no UTF-8 are decoded in different ways" : undefined);
      const seen = { mode, path, status, arrived: [...arrived], outcomes: mesh.events.map(({ outcome }) => outcome) };
      if (reason !== undefined) {
        expect(seen).toEqual({ mode, path, status: 400, arrived: [], outcomes: ["deny"] });
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      } else {
        expect(seen).toEqual({ mode, path, status: 200, arrived: [out], outcomes: ["allow", "allow"] });
        const decoded = decodeURIComponent(out);
        expect(mesh.asked.map(({ http }) => http?.path)).toEqual([decoded, decoded]);
        passed++;
      }
    }
    console.log(`path normalization: ${passed} arrived as decided, ${cases.length - passed} refused by design`);
    for (const [reason, count] of reasons) console.log(`  ${count}: ${reason}`);
    expect(passed).toBeGreaterThan(20);
  });
});
