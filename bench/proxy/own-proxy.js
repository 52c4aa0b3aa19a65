// One of our proxies in a process of its own, as a sidecar has it: bundle, token, decision log and mutual TLS all on.
import { readFileSync } from "node:fs";
import { Authority, Credential, KeySet, parseSpiffeId, TokenVerifier } from "../../dist/identity/index.js";
import { BundlePoint, Gate, JsonLinesLog } from "../../dist/runtime/decision/index.js";
import { DEFAULT_LIMITS, dialTcp, MutualTls, WorkloadProxy } from "../../dist/runtime/pep/index.js";

const { plan, bundle, authority, workloadPort, peer, issuer, log, names } = JSON.parse(
  readFileSync(process.env.BENCH_CONFIG, "utf8"),
);
const ca = await Authority.open({ ...authority, secret: Buffer.from(authority.secret, "hex") });
const credential = await Credential.obtain({
  issue: async (key) => ca.issue(parseSpiffeId(plan.workload.spiffeId), key),
});
const tls = new MutualTls({
  trustDomain: authority.trustDomain,
  credential: credential.current,
  trust: { authorities: ca.bundle, withdrawals: ca.withdrawals },
  handshakeMs: 5000,
});
const point = new BundlePoint();
point.load(bundle);
const gate = new Gate({
  workflow: plan.workflow,
  at: plan.workload.name,
  point,
  log: JsonLinesLog.open(log),
  deadlineMs: 1000,
});
const keys = KeySet.from(issuer.keys);
const proxy = await WorkloadProxy.start({
  plan,
  tls,
  gate,
  point,
  limits: DEFAULT_LIMITS,
  issuers: [
    {
      identity: "corp",
      issuer: issuer.issuer,
      verifier: new TokenVerifier({
        issuer: issuer.issuer,
        audiences: ["api"],
        findKey: ({ alg, kid }) => keys.find(alg, kid),
      }),
    },
  ],
  dialOwn: () => dialTcp({ host: "127.0.0.1", port: workloadPort }, 5000),
  addressOf: () => peer,
  nameOf: (spiffeId) => names[spiffeId],
});
process.send(Object.fromEntries(proxy.keys.map((key) => [key, proxy.addressOf(key)])));
process.on("disconnect", () => process.exit(0));
