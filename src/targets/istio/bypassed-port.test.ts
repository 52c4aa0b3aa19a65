import { describe, expect, it } from "vitest";
import { policyFrom } from "../../../test/targets/policies.js";
import { RingfenceError } from "../../diagnostics/index.js";
import { compile } from "../index.js";

const body = (flows: string, secret = "one") => `zones: { a: { trust: internal } }
workloads:
  one: { zone: a, port: 8000 }
  two: { zone: a, port: 8443, servicePort: 443, protocol: https }
  three: { zone: a, ports: [{ port: 443, servicePort: 9000, protocol: tcp }] }
outside:
  far: { kind: api, host: api.example.com }
  plain: { kind: api, host: plain.example.com, port: 8200, protocol: http }
secrets: { key: { usedBy: [${secret}] } }
flows:
${flows}`;

/** What is refused of a workflow whose Vault answers at `address`; undefined: it compiles. */
function refused(flows: string, address: string, mesh = "istio", secret?: string): string | undefined {
  const policy = policyFrom(body(flows, secret), `mesh: ${mesh}, secrets: { engine: vault, address: "${address}" }`);
  try {
    compile(policy, { targets: ["vault"] });
    return undefined;
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    expect(error.problems.map(({ code }) => code)).toEqual(error.problems.map(() => "TARGET_INEXPRESSIBLE"));
    expect(error.problems.map(({ span }) => span)).toEqual(policy.rules.map(({ span }) => span));
    return error.problems.map(({ message }) => message.split(",")[0]).join("; ");
  }
}

const FAR = "  - { from: one, to: far }";
const ADDED = "  - { from: one, to: far, allow: [{ path: /a }] }";

describe("Vault's port, which passes the sidecar by", () => {
  it.each([
    [FAR, "https://vault.example.org", "`one>far:443` is called on port 443"],
    ["  - { from: one, to: two }", "https://vault.vault", "`one>two:8443` is called on port 443"],
    ["  - { from: one, to: plain }", "https://vault.vault:8200", "`one>plain:8200` is called on port 8200"],
    // Where the mesh adds TLS, the workload calls port 80.
    [ADDED, "https://vault.vault:80", "`one>far:443` is called on port 80"],
  ])("is no flow's:%s", (flows, address, message) => {
    expect(refused(flows, address)).toBe(message);
  });

  it.each([
    [FAR, "https://vault.vault:8200"],
    [ADDED, "https://vault.vault"],
    ["  - { from: one, to: three }", "https://vault.vault"],
  ])("may be what only lies behind the sidecar:%s", (flows, address) => {
    expect(refused(flows, address)).toBeUndefined();
  });

  it("matters to workloads with secrets and sidecars alone", () => {
    expect(refused(FAR, "https://vault.vault", "istio", "two")).toBeUndefined();
    expect(refused(FAR, "https://vault.vault", "istio-ambient")).toBeUndefined();
    expect(refused(FAR, "https://vault.vault", "none, network: cilium")).toBeUndefined();
  });
});
