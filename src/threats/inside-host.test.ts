import { describe, expect, it } from "vitest";
import { CLEAN, policyOf } from "../../test/threats/workflow.js";
import { whyInside } from "./inside-host.js";

describe("whyInside", () => {
  it.each([
    "localhost",
    "a.localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.300",
    "metadata.google.internal",
    "kubernetes",
    "kubernetes.default.svc",
    "vault.vault.svc.cluster.local",
    "*.svc.cluster.local",
    "*.local",
    "printer.local",
    "router.home.arpa",
    "db.keep",
  ])("knows %s", (host) => expect(whyInside(host, policyOf(CLEAN))).toBeTypeOf("string"));

  it.each([
    "api.example.com",
    "*.example.com",
    "9.9.9.9",
    "localhost.example",
    "svc.example",
    "local.example",
    "notlocal.notlocal",
    "db.example",
  ])("takes %s at its word", (host) => expect(whyInside(host, policyOf(CLEAN))).toBeUndefined());
});
