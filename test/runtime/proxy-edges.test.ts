/** The edge, where users come in with tokens, and the way out to hosts that are not ours. */

import { X509Certificate } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttps, request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DevelopmentIssuer, KeySet, TokenVerifier } from "../../src/identity/index.js";
import type { Address, TokenIssuer } from "../../src/runtime/pep/index.js";
import { inbound, Mesh, type MeshOptions } from "./mesh.js";

let mesh: Mesh;
afterEach(() => mesh?.close());

interface Got {
  readonly status: number;
  readonly body: string;
}

describe("the edge", () => {
  let issuer: DevelopmentIssuer;

  async function edge(): Promise<{ ask: (options?: AskOptions) => Promise<Got>; seen: IncomingMessage[] }> {
    issuer = await DevelopmentIssuer.start({ issuer: "https://login.example.com" });
    const keys = KeySet.from(issuer.keys);
    const issuers: TokenIssuer[] = [
      {
        identity: "corp",
        issuer: issuer.issuer,
        verifier: new TokenVerifier({
          issuer: issuer.issuer,
          audiences: ["claims-api"],
          findKey: ({ alg, kid }) => keys.find(alg, kid),
        }),
      },
    ];
    mesh = await Mesh.start({
      issuers,
      allow: ({ token }) => (token?.claims.roles as string[] | undefined)?.includes("adjuster") ?? false,
    });
    mesh.onClose(() => issuer.close());
    const seen: IncomingMessage[] = [];
    const own = await mesh.serve(
      createServer((request, response) => {
        seen.push(request);
        response.end("reached");
      }),
    );
    const plan = inbound(8080, { entrance: "users", protocol: "https", identities: ["corp"] });
    const proxy = await mesh.proxy("server", { inbound: [plan] }, { 8080: own });
    const address = proxy.addressOf("users 8080");
    if (address === undefined) throw new Error("the edge does not listen");
    return { seen, ask: (options = {}) => ask(address, options) };
  }

  interface AskOptions {
    readonly headers?: Record<string, string>;
    readonly path?: string;
    readonly certificate?: { readonly certificatePem: string; readonly keyPem: string };
  }

  function ask({ port }: Address, { headers = {}, path = "/v1/claims", certificate }: AskOptions): Promise<Got> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          host: "127.0.0.1",
          port,
          path,
          method: "POST",
          servername: "localhost",
          ca: [...mesh.authority.bundle],
          headers: { host: `localhost:${port}`, ...headers },
          agent: false,
          ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }),
        },
        (response) => {
          let body = "";
          response.on("data", (chunk) => {
            body += chunk;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      request.on("error", reject);
      request.end();
    });
  }

  const token = (roles: string[], confirmation?: Record<string, string>): Promise<string> =>
    issuer.issue({
      subject: "ada",
      audience: "claims-api",
      roles,
      rolesPath: ["roles"],
      ...(confirmation === undefined ? {} : { confirmation }),
    });

  it("lets a user in with a valid token that holds the role, and hands the token on", async () => {
    const { ask: asks, seen } = await edge();
    const bearer = `Bearer ${await token(["adjuster"])}`;
    expect(await asks({ headers: { authorization: bearer, "x-forwarded-client-cert": "URI=spiffe://evil" } })).toEqual({
      status: 200,
      body: "reached",
    });
    expect(seen[0]?.headers.authorization).toBe(bearer);
    expect(seen[0]?.headers["x-forwarded-client-cert"]).toBeUndefined();
    expect(seen[0]?.headers["x-forwarded-proto"]).toBe("https");
    expect(mesh.events).toMatchObject([{ outcome: "allow", subject: "ada", caller: "outside" }]);
    expect(JSON.stringify(mesh.events)).not.toContain(bearer.slice(7, 40));
  });

  it("tells a missing role from a missing and from a wrong token", async () => {
    const { ask: asks, seen } = await edge();
    const status = async (authorization?: string): Promise<number> =>
      (await asks({ headers: authorization === undefined ? {} : { authorization } })).status;
    expect(await status()).toBe(403);
    expect(await status(`Bearer ${await token(["intern"])}`)).toBe(403);
    expect(await status(`Bearer ${(await token(["adjuster"])).slice(0, -4)}AAAA`)).toBe(401);
    expect(await status("Bearer ")).toBe(401);
    expect(await status("Bearer a b")).toBe(401);
    expect(await status("Basic YTpi")).toBe(403);
    const stranger = await DevelopmentIssuer.start();
    const request = { subject: "eve", audience: "claims-api", roles: ["adjuster"], rolesPath: ["roles"] };
    expect(await status(`Bearer ${await stranger.issue(request)}`)).toBe(401);
    const liar = await DevelopmentIssuer.start({ issuer: issuer.issuer });
    expect(await status(`Bearer ${await liar.issue(request)}`)).toBe(401);
    await stranger.close();
    await liar.close();
    expect(seen).toHaveLength(0);
    expect(mesh.events.every(({ outcome }) => outcome === "deny")).toBe(true);
    expect(mesh.events.map(({ layer }) => layer).sort()).toEqual([
      ...Array(3).fill("policy"),
      ...Array(5).fill("token"),
    ]);
  });

  it("takes a token that is bound to a certificate from that certificate's holder only", async () => {
    const { ask: asks } = await edge();
    const ada = (await mesh.credential("ada")).current;
    const eve = (await mesh.credential("eve")).current;
    const { createHash } = await import("node:crypto");
    const thumbprint = createHash("sha256").update(new X509Certificate(ada.certificatePem).raw).digest("base64url");
    const headers = { authorization: `Bearer ${await token(["adjuster"], { "x5t#S256": thumbprint })}` };
    expect((await asks({ headers, certificate: ada })).status).toBe(200);
    expect((await asks({ headers, certificate: eve })).status).toBe(401);
    expect((await asks({ headers })).status).toBe(401);
  });

  it("knows no other host than its own", async () => {
    const { ask: asks } = await edge();
    const authorization = `Bearer ${await token(["adjuster"])}`;
    expect((await asks({ headers: { authorization, host: "evil.example" } })).status).toBe(421);
    expect((await asks({ headers: { authorization, host: "server" } })).status).toBe(200);
  });

  it("gives no way in to workloads that want a certificate checked", async () => {
    await edge();
    expect(mesh.proxies.get("server")?.addressOf("workloads 8080")).toBeUndefined();
  });
});

describe("the way out", () => {
  const HOST = "api.geocoder.example";

  async function egress(options: MeshOptions & { standIn?: boolean; name?: string } = {}): Promise<{
    local: Address;
    seen: IncomingMessage[];
  }> {
    mesh = await Mesh.start(options);
    const credential = (await mesh.credential("geocoder")).current;
    const seen: IncomingMessage[] = [];
    const outside = createHttps({ cert: credential.certificatePem, key: credential.keyPem }, (request, response) => {
      seen.push(request);
      response.end("outside");
    });
    const address = await mesh.serve(outside);
    const standIns = new Map([["geocoder", { ...address, ca: mesh.authority.bundle.join("") }]]);
    const name = options.name ?? "localhost";
    const fresh = await Mesh.start({ ...options, ...(options.standIn === false ? {} : { standIns }) });
    const first = mesh;
    mesh = fresh;
    mesh.onClose(() => first.close());
    const proxy = await mesh.proxy("client", {
      outbound: [
        {
          key: "api geocoder 443",
          kind: "api",
          name: "geocoder",
          host: name,
          port: 443,
          tls: true,
          protocol: "https",
          upgrades: false,
          identities: [],
          hosts: [name],
        },
      ],
    });
    const local = proxy.addressOf("api geocoder 443");
    if (local === undefined) throw new Error("the way out does not listen");
    return { local, seen };
  }

  async function get({ host, port }: Address, hostHeader = `${host}:${port}`): Promise<number> {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, host, () =>
        socket.write(`GET /v1/geocode?q=secret HTTP/1.1\r\nHost: ${hostHeader}\r\nConnection: close\r\n\r\n`),
      );
      let text = "";
      socket.on("data", (data) => {
        text += data;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
    return Number(answer.split(" ")[1]);
  }

  it("leads to the declared host over verified TLS, under its own name", async () => {
    const { local, seen } = await egress();
    expect(await get(local)).toBe(200);
    expect(await get(local, "localhost")).toBe(200);
    expect(seen.map(({ headers }) => headers.host)).toEqual(["localhost", "localhost"]);
    expect(mesh.asked[0]?.callee).toMatchObject({ kind: "api", name: "geocoder", port: 443, address: "127.0.0.1" });
    expect(JSON.stringify(mesh.events)).not.toContain("secret");
  });

  it("refuses another host, and a certificate for another name", async () => {
    const { local, seen } = await egress({ name: HOST });
    expect(await get(local, "other.example")).toBe(421);
    expect(await get(local, HOST)).toBe(502);
    expect(seen).toHaveLength(0);
  });

  it.each([
    ["loopback", ["127.0.0.1"]],
    ["metadata", ["169.254.169.254"]],
    ["private", ["10.0.0.7"]],
    ["mixed", ["93.184.216.34", "127.0.0.1"]],
    ["nothing", []],
  ])("does not follow a name to an address that is not public: %s", async (_case, addresses) => {
    const { local, seen } = await egress({ name: HOST, standIn: false, lookUp: async () => addresses });
    expect(await get(local, HOST)).toBe(403);
    expect(seen).toHaveLength(0);
    expect(mesh.events).toMatchObject([{ outcome: "deny", layer: "egress", callee: "geocoder" }]);
    expect(mesh.asked).toHaveLength(0);
  });
});
