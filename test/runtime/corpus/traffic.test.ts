/**
 * Istio's traffic tests, sent to a live proxy. Each set of authorization policies is put into a workflow by its meaning
 * (what it lets through is declared; conditions on claims and exceptions are Rego that narrows), compiled to the bundle
 * that OPA gets, and every request is made twice where there is a way: past the caller's own proxy, with its identity,
 * and through it. Both must come to the verdict that Istio's own tests expect, but for the exceptions listed.
 */
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect, createServer as createTcp, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { KeySet, TokenVerifier } from "../../../src/identity/index.js";
import { derive } from "../../../src/policy/index.js";
import { BundlePoint } from "../../../src/runtime/decision/index.js";
import { type Address, alpnOf, planProxies } from "../../../src/runtime/pep/index.js";
import { authorizationBundle } from "../../../src/targets/index.js";
import { loadWorkflow } from "../../../src/workflow/index.js";
import { Mesh } from "../mesh.js";
import { corpus, exchange, notRun, readJson } from "./corpus.js";

interface Request {
  readonly source: { readonly namespace: string; readonly mtls: boolean };
  readonly destination: { readonly port: number };
  readonly protocol: "HTTP" | "GRPC" | "TCP";
  readonly method?: string;
  readonly path?: string;
  readonly jwt?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: "allow" | "deny";
  readonly status?: number;
}
type Tokens = Readonly<Record<string, { readonly token: string; readonly claims: Readonly<Record<string, unknown>> }>>;

const HTTP_PORTS = [18080, 18085];
const GRPC_PORT = 17070;
const TCP_PORT = 19090;

/** Everything on the ports that carry no HTTP, and `operations` on those that do. */
function flows(from: string, operations: string, others = true): string {
  const http = HTTP_PORTS.map(
    (port) => `  - { from: ${from}, to: b, port: ${port}, data: [q], allow: [${operations}] }`,
  );
  const rest = [
    `  - { from: ${from}, to: b, port: ${GRPC_PORT}, protocol: grpc, data: [q], allow: [{ service: proto.EchoTestService, method: Echo }] }`,
    `  - { from: ${from}, to: b, port: ${TCP_PORT}, protocol: tcp, data: [q] }`,
  ];
  return [...http, ...(others ? rest : [])].join("\n");
}

const GET_ALLOW = "{ method: GET, path: /allow }";
/** An operation that nobody makes: where one needs a token, the tokens of all requests are checked. */
const WITH_TOKEN =
  "{ path: /nobody, roles: [nobody], identity: one }, { path: /nobody, roles: [nobody], identity: two }";

const deny = (condition: string, extra = ""): string =>
  `package narrow.test\n\ndeny contains "refused" if {\n\t${condition}\n}\n${extra}`;

/** Which conditions of `jwt.policies.yaml` a request meets, on the claims that were validated. */
const CLAIMS = `package narrow.claims

claims := input.claims[_]

has(name, value) if value in split(claims[name], " ")
has(name, value) if value in claims[name]

permit if { input.request.path == "/token1"; claims.iss == "test-issuer-1@istio.io"; claims.sub == "sub-1" }
permit if { input.request.path == "/token2"; has("groups", "group-2") }
permit if { input.request.path == "/tokenAny"; claims.sub }
permit if { input.request.path == "/scope"; some value in ["append", "write"]; has("scope", value) }
permit if { input.request.path == "/otherscope"; has("scope", "admin") }
permit if { input.request.path == "/permission"; some value in ["append", "write"]; has("permission", value) }
permit if { input.request.path == "/custom-scope-admin"; has("custom_scope", "admin") }
permit if { input.request.path == "/custom-scope-user"; has("custom_scope", "user") }
permit if { input.request.path == "/nested-key1"; "valueB" in claims.nested.key1 }
permit if { input.request.path == "/nested-key2"; claims.nested.key2 == "valueC" }
permit if { input.request.path == "/nested-2-key1"; "valueA" in claims.nested["nested-2"].key1 }
permit if { input.request.path == "/audiences"; has("aud", "foo") }
permit if { input.request.path == "/token3"; claims.iss != "test-issuer-1@istio.io" }
`;

interface Meaning {
  readonly flows: string;
  readonly rego?: string;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  "allow-namespace": { flows: flows("a", GET_ALLOW) },
  "allow-principal": { flows: flows("a", GET_ALLOW) },
  "deny-plaintext": { flows: flows("a", "{}") },
  "deny-principal": {
    flows: `${flows("a", "{}")}\n${flows("other", "{}", false)}`,
    rego: deny(
      'startswith(input.request.path, "/global-deny")\n\tinput.request.path != "/global-deny/allow"',
      '\ndeny contains "refused to other" if {\n\tendswith(input.source.principal, "/ns/ns2/sa/other")\n\tinput.request.method == "GET"\n\tstartswith(input.request.path, "/deny")\n\tinput.request.path != "/deny/allow"\n}\n',
    ),
  },
  jwt: { flows: flows("a", `{ method: GET }, ${WITH_TOKEN}`, false), rego: CLAIMS },
  "not-method": { flows: flows("a", "{ method: [GET, HEAD, POST, PATCH, DELETE, OPTIONS] }") },
  "path-precedence": {
    flows: flows("a", "{ path: [/allow, /allow/**] }"),
    rego: deny('input.request.path == "/allow/admin"'),
  },
  "requestauthn-authn-authz": {
    flows: flows("a", `{ method: GET }, ${WITH_TOKEN}`),
    rego: 'package narrow.subject\n\npermit if {\n\tsome claims in input.claims\n\tclaims.iss == "test-issuer-1@istio.io"\n\tclaims.sub == "sub-1"\n}\n',
  },
  "requestauthn-authn-only": { flows: flows("a", `{}, ${WITH_TOKEN}`) },
};

/** Why a request that Istio lets through is refused here by design. */
function exception({ jwt, method, expect: expected }: Request, tokens: Tokens): string | undefined {
  if (expected !== "allow" || jwt === undefined || jwt === null) return undefined;
  if (method === "OPTIONS") return "a token that is there and not valid refuses a preflight request as well";
  if (tokens[jwt]?.claims.aud === undefined) return "a token without an audience is accepted by nobody (RFC 9068 §2.2)";
  return undefined;
}

/** The tokens' issuers are no addresses; the workflow's stand in for them where their keys would be fetched. */
const ISSUERS: Readonly<Record<string, string>> = { one: "test-issuer-1@istio.io", two: "test-issuer-2@istio.io" };

const workflow = (rules: string): string => `
apiVersion: ringfence.dev/v1
workflow: traffic
trustDomain: test.example
zones: { ns1: { trust: internal }, ns2: { trust: internal } }
data: { q: { sensitivity: internal } }
identity:
  one: { issuer: "https://one.example", audience: foo, roles: groups }
  two: { issuer: "https://two.example", audience: foo, roles: groups }
workloads:
  a: { zone: ns1, port: 8080 }
  other: { zone: ns2, port: 8080 }
  b:
    zone: ns1
    ports: [{ port: 18080 }, { port: 18085 }, { port: 17070, protocol: grpc }, { port: 19090, protocol: tcp }]
flows:
${rules}
`;

notRun("Istio's traffic tests at live proxies");

describe.skipIf(corpus === undefined)("Istio's traffic tests at live proxies", () => {
  let mesh: Mesh;
  afterEach(() => mesh?.close());

  async function start({ flows: rules, rego }: Meaning): Promise<void> {
    const loaded = loadWorkflow({ path: "traffic.yaml", text: workflow(rules) });
    const policy = derive(loaded, rego === undefined ? [] : [{ path: "narrow.rego", text: rego }]);
    const point = new BundlePoint();
    point.load(authorizationBundle(policy));
    const keys = KeySet.from(readJson("istio-authz", "traffic", "jwks.json"));
    const issuers = policy.identities.map(({ name, audiences }) => {
      const issuer = ISSUERS[name] ?? "";
      const findKey = ({ alg, kid }: { alg: string; kid: string | undefined }) => keys.find(alg, kid);
      return { identity: name, issuer, verifier: new TokenVerifier({ issuer, audiences, findKey }) };
    });
    mesh = await Mesh.start({
      allow: (request) => point.decide(request).allow,
      issuers,
      zones: { a: "ns1", other: "ns2", b: "ns1" },
    });
    const http = await mesh.serve(createServer((_request, response) => response.end("reached")));
    const grpc = createHttp2();
    grpc.on("stream", (stream) => stream.respond({ ":status": 200, "grpc-status": "0" }, { endStream: true }));
    const tcp = createTcp({ allowHalfOpen: true }, (socket) => socket.on("error", () => undefined).end("reached"));
    const own = {
      18080: http,
      18085: http,
      [GRPC_PORT]: await mesh.serve(grpc),
      [TCP_PORT]: await mesh.serve(tcp),
    };
    const plans = planProxies(policy);
    for (const name of ["b", "a", "other"]) {
      const plan = plans.get(name);
      if (plan !== undefined) await mesh.proxy(name, plan, name === "b" ? own : {});
    }
  }

  /** Whether the request reaches the workload, and the HTTP status. */
  async function send(socket: Socket, request: Request, token: string | undefined): Promise<[boolean, number]> {
    if (request.protocol === "TCP") {
      const answer = await new Promise<string>((resolve) => {
        let text = "";
        socket.on("data", (data) => {
          text += data;
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(text));
        socket.write("ping");
      });
      return [answer === "reached", 0];
    }
    if (request.protocol === "GRPC") {
      const session = connectHttp2("http://b.ns1", { createConnection: () => socket });
      session.on("error", () => undefined);
      const stream = session.request({ ":method": "POST", ":path": request.path, "content-type": "application/grpc" });
      const status = await new Promise<unknown>((resolve) => {
        stream.on("response", (headers) => resolve(headers["grpc-status"]));
        stream.on("error", () => resolve("none"));
        stream.on("close", () => resolve("none"));
      });
      session.destroy();
      return [status === "0", 0];
    }
    const headers = Object.entries({
      host: "b.ns1.svc.cluster.local",
      ...request.headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const status = await exchange(socket, `${request.method} ${request.path} HTTP/1.1\r\n${lines}\r\n`);
    return [status === 200, status];
  }

  async function dial(source: string, plain: boolean, address: Address, request: Request): Promise<Socket | undefined> {
    if (plain) return connect(address.port, address.host);
    const alpn = alpnOf(request.protocol === "HTTP" ? "http" : request.protocol === "GRPC" ? "grpc" : "tcp");
    const tls = await mesh.mutualTls(source);
    return tls.connect(address, mesh.idOf("b"), alpn).catch(() => undefined);
  }

  it.each(Object.keys(MEANINGS))("%s", async (name) => {
    await start(MEANINGS[name] ?? { flows: "" });
    const tokens = readJson<Tokens>("istio-authz", "traffic", "tokens.json");
    const requests = readJson<Request[]>("istio-authz", "traffic", `${name}.requests.json`);
    const exceptions = new Map<string, number>();
    let through = 0;
    for (const request of requests) {
      const source = request.source.namespace === "ns1" ? "a" : "other";
      const token = typeof request.jwt === "string" ? tokens[request.jwt]?.token : undefined;
      const reason = exception(request, tokens);
      const expected = request.expect === "allow" && reason === undefined;
      if (reason !== undefined) exceptions.set(reason, (exceptions.get(reason) ?? 0) + 1);
      const { port } = request.destination;
      const told = { source, port, path: request.path, jwt: request.jwt };
      const inward = mesh.proxies.get("b")?.addressOf(`workloads ${port}`);
      mesh.events.length = 0;
      const socket = inward === undefined ? undefined : await dial(source, !request.source.mtls, inward, request);
      const [reached, status] = socket === undefined ? [false, 0] : await send(socket, request, token);
      expect({ ...told, reached }).toEqual({ ...told, reached: expected });
      if (request.status !== undefined && reason === undefined)
        expect({ ...told, status }).toEqual({ ...told, status: request.status });
      if (reason !== undefined) expect({ ...told, layer: mesh.events[0]?.layer }).toEqual({ ...told, layer: "token" });
      const outward = request.source.mtls ? mesh.proxies.get(source)?.addressOf(`workload b ${port}`) : undefined;
      if (outward === undefined) continue;
      through++;
      const [passed] = await send(connect(outward.port, outward.host), request, token);
      expect({ ...told, passed }).toEqual({ ...told, passed: expected });
    }
    console.log(`${name}: ${requests.length} requests, ${through} of them through both proxies as well`);
    for (const [reason, count] of exceptions) console.log(`  ${count} refused by design: ${reason}`);
    expect(requests.length).toBeGreaterThan(0);
  });
});
