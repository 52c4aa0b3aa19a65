import { describe, expect, it } from "vitest";
import { loadWorkflow } from "../workflow/index.js";
import { derive } from "./index.js";

const policyOf = (body: string) =>
  derive(
    loadWorkflow({
      path: "w.yaml",
      text: `apiVersion: ringfence.dev/v1\nworkflow: w\ntrustDomain: t.example\n${body}`,
    }),
  );

const CHAIN = (releases: string) => `
zones: { open: { trust: public }, inner: { trust: restricted } }
data: { raw: { sensitivity: restricted }, derived: { sensitivity: internal } }
workloads:
  a: { zone: inner, port: 80 }
  b: { zone: inner, port: 80${releases} }
  c: { zone: open, port: 80 }
outside: { u: { kind: users, anonymous: true }, x: { kind: api, host: x.example } }
flows:
  - { from: u, to: a, data: [raw] }
  - { from: a, to: b, data: [raw] }
  - { from: b, to: c, data: [derived] }
  - { from: c, to: x, data: [derived] }
`;

describe("derive", () => {
  it("gives every rule its id, transport, trust and boundary, sorted", () => {
    const policy = policyOf(CHAIN(""));
    expect(policy.rules.map(({ id, transport, trust, boundary }) => [id, transport, trust, boundary?.kind])).toEqual([
      ["a>b:80", "mtls", "restricted", undefined],
      ["b>c:80", "mtls", "public", "trust"],
      ["c>x:443", "tls", "public", "egress"],
      ["u>a:80", "tls", "public", "ingress"],
    ]);
    expect(policy.rules[0]?.operations).toMatchObject([{ methods: "any", paths: "any", hosts: "any", roles: "none" }]);
    expect(policy.workloads[0]).toMatchObject({
      spiffeId: "spiffe://t.example/ns/inner/sa/a",
      principal: "t.example/ns/inner/sa/a",
      trust: "restricted",
    });
    expect(Object.isFrozen(policy.rules[0]?.operations[0])).toBe(true);
  });

  it("follows data through what is made from it until somebody releases it", () => {
    const holders = (releases: string) =>
      policyOf(CHAIN(releases))
        .reach.find(({ data }) => data === "raw")
        ?.holders.map(({ party, unreleased, path }) => [
          party.name,
          unreleased,
          path.map(({ rule, as }) => `${rule} ${as}`).join(", "),
        ]);
    expect(holders("")).toEqual([
      ["a", false, "u>a:80 raw"],
      ["b", false, "u>a:80 raw, a>b:80 raw"],
      ["c", true, "u>a:80 raw, a>b:80 raw, b>c:80 derived"],
      ["u", false, ""],
      ["x", true, "u>a:80 raw, a>b:80 raw, b>c:80 derived, c>x:443 derived"],
    ]);
    expect(holders(", releases: { raw: [derived] }")?.map(([name]) => name)).toEqual(["a", "b", "u"]);
  });

  it("counts answers against the flow's direction", () => {
    const policy = policyOf(`
zones: { z: { trust: internal } }
data: { d: { sensitivity: internal } }
workloads: { a: { zone: z }, b: { zone: z, port: 80 } }
flows: [{ from: a, to: b, returns: [d] }]
`);
    expect(
      policy.reach[0]?.holders.map(({ party, path }) => [
        party.name,
        path.map(({ direction, from, to }) => `${direction} ${from} ${to}`),
      ]),
    ).toEqual([
      ["a", ["returns b a"]],
      ["b", []],
    ]);
  });
});
