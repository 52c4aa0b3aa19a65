/** One mistake a file, each with the message that its author reads. */
import { describe, expect, it } from "vitest";
import { RingfenceError } from "../diagnostics/index.js";
import { CI_SYSTEMS, ciTemplate, loadWorkflow } from "./index.js";

const HEAD = `apiVersion: ringfence.dev/v1
workflow: w
zones: { z: { trust: internal } }
data: { d: { sensitivity: internal } }
identity:
  one: { issuer: https://one.example, audience: a, roles: roles }
  two: { issuer: https://two.example, audience: a }
`;
const PAIR = "workloads: { a: { zone: z, port: 80 }, b: { zone: z, port: 81, protocol: grpc } }\n";
const OUTSIDE =
  "outside: { u: { kind: users, identity: one }, n: { kind: users, anonymous: true }, x: { kind: api, host: x.example } }\n";

function messages(text: string): string[] {
  try {
    loadWorkflow({ path: "w.yaml", text });
    return [];
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return error.problems.map(({ message, hint }) => `${message}${hint === undefined ? "" : ` | ${hint}`}`);
  }
}

const allow = (to: string, operation: string, from = "a") =>
  `${PAIR}${OUTSIDE}flows: [{ from: ${from}, to: ${to}, allow: [${operation}] }]\n`;

describe("a mistake", () => {
  it.each([
    [allow("a", "{ service: S }"), "speaks HTTP, and `service` is for gRPC"],
    [allow("a", '{ method: "*" }'), "leave `method` out for any"],
    [allow("a", "{ method: FETCH }"), "write one of GET, HEAD"],
    [allow("b", "{ service: p.S, path: /x }"), "speaks gRPC, which has no paths"],
    [allow("b", "{ method: M }"), "names no `service`"],
    [allow("b", "{ service: 9-S }"), "is not the name of a gRPC service"],
    [allow("b", "{ service: p.S, method: [A, b-c] }"), "`b-c` is not the name of a gRPC method"],
    [allow("a", "{ identity: one }"), "`identity` says whose roles are meant"],
    [allow("a", "{ roles: r }", "n"), "starts at anonymous users, who have no roles"],
    [allow("a", "{ roles: r }"), "whose roles flow 1 (`a` to `a`) means is not clear"],
    [allow("a", "{ roles: r, identity: oen }"), "unknown identity provider `oen` | did you mean `one`?"],
    [allow("a", "{ roles: r, identity: two }", "u"), "carry tokens of `one`, not of `two`"],
    [allow("a", "{ roles: r, identity: two }"), "identity provider `two` does not say where its roles are"],
    [allow("x", "{ path: x }"), "does not start with `/`"],
    [allow("a", "{ path: /a//b }"), "has an empty segment"],
    [allow("a", "{ path: /a/../b }"), "has a dot segment"],
    [allow("a", '{ path: "/a?b" }'), "has `?`"],
    [`${PAIR}${OUTSIDE}flows: [{ from: a, to: u }]\n`, "ends at users, who only call"],
    [`${PAIR}${OUTSIDE}flows: [{ from: u, to: x }]\n`, "joins two outside parties"],
    [`${PAIR}${OUTSIDE}flows: [{ from: a, to: x, port: 80 }]\n`, "names port 80, and the API is reached on 443"],
    [`${PAIR}${OUTSIDE}flows: [{ from: a, to: b, protocol: http }]\n`, "speaks http, and port 81 speaks grpc"],
    [`${PAIR}${OUTSIDE}flows: { a: b }\n`, "`flows` must be a list, found a mapping"],
    ["workloads: [a]\n", "`workloads` must be a mapping, found a list"],
    ["workloads: { a: { zone: z, port: 80, ports: [{ port: 81 }] } }\n", "has both `port` and `ports`"],
    ["workloads: { a: { zone: z, protocol: tcp } }\n", "has a `protocol` and no `port`"],
    ["workloads: { a: { zone: z, servicePort: 80 } }\n", "has a `servicePort` and no `port`"],
    ["workloads: { a: { zone: z, ports: [{ port: 80 }, { port: 80, name: x }] } }\n", "has port 80 twice"],
    [
      "workloads: { a: { zone: z, ports: [{ port: 80, name: x }, { port: 81, name: x }] } }\n",
      "has the name `x` twice",
    ],
    [
      "workloads: { a: { zone: z, kubernetes: { name: b } }, b: { zone: z } }\n",
      "stand for the same object z/Deployment/b",
    ],
    ["workloads: { a: { zone: z, releases: { e: d } } }\n", "unknown data class `e`"],
    ["workloads: { a: { zone: z, port: 70000 } }\n", "`port` of workload `a` must be at most 65535, found `70000`"],
    ["workloads: { a: { zone: z, port: 0 } }\n", "must be at least 1"],
    ["workloads: { a: { zone: z, image: 5 } }\n", 'put it in quotes: "5"'],
    ["workloads: { a: { zone: z, image: 'a b' } }\n", "must be an image reference"],
    ["workloads: { a: { zone: z, env: { 1x: y } } }\n", "must be a name of a variable"],
    [`${PAIR}secrets: { s: { usedBy: [c] } }\n`, "unknown workload `c`"],
    [`${PAIR}secrets: { s: { usedBy: a } }\n`, "write [a]"],
    [`${PAIR}secrets: { s: { usedBy: [] } }\n`, "`usedBy` of secret `s` must not be empty"],
    [`${PAIR}secrets: { s: { usedBy: [a], rotate: monthly } }\n`, "must be a number and a unit"],
    [`${PAIR}receivers: { r: { webhook: "http://x.example" } }\n`, "must be an `https://` address"],
    [
      `${PAIR}receivers: { r: { webhook: "https://x.example", secret: s } }\n`,
      "unknown secret `s` | the file declares no secret",
    ],
    [`${PAIR}respond: [{ when: denied-flows, do: alert, notify: nobody }]\n`, "unknown receiver `nobody`"],
    [`${PAIR}respond: [{ when: denied, do: alert }]\n`, "`when` of respond rule 1 must be one of denied-flows"],
    [`${PAIR}outside: { u: { kind: users, identity: one, anonymous: true } }\n`, "is anonymous and has an `identity`"],
    [`${PAIR}outside: { u: { kind: users, identity: none } }\n`, "unknown identity provider `none`"],
    [`${PAIR}outside: { x: { kind: api, host: "https://x.example" } }\n`, "must be a host name in lower case"],
    [`${PAIR}targets: { gateway: { engine: gateway-api, hosts: [X] } }\n`, "must be a host name in lower case"],
    [`${PAIR}targets: { encryption: { provider: aes } }\n`, "`provider` in `encryption`"],
  ])("in %j is explained", (body, expected) => {
    const found = messages(`${HEAD}${body}`);
    const shown =
      expected === "`provider` in `encryption`"
        ? "`encryption.provider` of `targets` must be one of kms, secretbox"
        : expected;
    expect(found.join("\n")).toContain(shown);
  });

  it("of several kinds is told apart, one message each", () => {
    expect(messages(`${HEAD}workloads: { a: { zone: z, prot: 80, imge: x } }\n`)).toHaveLength(2);
    expect(messages(`${HEAD.replace("zones:", "zoens:")}workloads: {}\n`).length).toBeGreaterThanOrEqual(1);
  });
});

describe("the pipelines", () => {
  it("check, compile and test with one version", () => {
    for (const system of CI_SYSTEMS) {
      const text = ciTemplate(system, "1.2.3");
      expect(text.match(/ringfence@1\.2\.3 (check|compile|rego test)/g)).toEqual([
        "ringfence@1.2.3 check",
        "ringfence@1.2.3 compile",
        "ringfence@1.2.3 rego test",
      ]);
    }
  });
});
