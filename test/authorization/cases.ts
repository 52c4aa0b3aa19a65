/** One set of requests and what must come of them, for every engine that evaluates the bundle. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { derive, type Policy } from "../../src/policy/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

export const EXAMPLE = resolve(import.meta.dirname, "../../examples/claims-triage/ringfence.yaml");

export function examplePolicy(modules: Policy["modules"] = []): Policy {
  return derive(loadWorkflow({ path: EXAMPLE, text: readFileSync(EXAMPLE, "utf8") }), modules);
}

export interface AuthorizationCase {
  readonly note: string;
  readonly query: "data.ringfence.envoy.allow" | "data.system.authz.allow";
  readonly input: unknown;
  readonly allow: boolean;
}

export interface Issued {
  readonly keys: Record<string, unknown>;
  readonly cases: readonly AuthorizationCase[];
}

const GATEWAY = "spiffe://ai.example.com/ns/istio-ingress/sa/claims-triage-istio";
const workload = (zone: string, name: string) => `spiffe://ai.example.com/ns/${zone}/sa/${name}`;

/** Signs fresh tokens with a fresh key: nothing secret stands in the project. */
export async function authorizationCases(): Promise<Issued> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const stranger = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const claims = (roles: unknown) => ({ realm_access: { roles } });
  const sign = (
    payload: Record<string, unknown>,
    change: Partial<{
      issuer: string;
      audience: string;
      expires: string;
      key: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
    }> = {},
  ) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuer(change.issuer ?? "https://login.example.com")
      .setAudience(change.audience ?? "claims-api")
      .setIssuedAt()
      .setExpirationTime(change.expires ?? "10m")
      .sign(change.key ?? privateKey);
  const adjuster = await sign(claims(["adjuster"]));
  const auditor = await sign(claims(["auditor"]));
  const symmetric = await new SignJWT(claims(["adjuster"]))
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://login.example.com")
    .setAudience("claims-api")
    .setExpirationTime("10m")
    .sign(new TextEncoder().encode(JSON.stringify({ keys: [jwk] })));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${adjuster.split(".")[1]}.`;

  const users = (note: string, allow: boolean, method: string, path: string, token?: string, more: object = {}) => ({
    note: `users: ${note}`,
    query: "data.ringfence.envoy.allow" as const,
    allow,
    input: envoy(GATEWAY, workload("ai-workflow", "api-gateway"), 8080, method, path, token, more),
  });
  const between = (
    note: string,
    allow: boolean,
    from: string,
    to: string,
    port: number,
    path: string,
    token?: string,
  ) => ({
    note: `workloads: ${note}`,
    query: "data.ringfence.envoy.allow" as const,
    allow,
    input: envoy(from, to, port, "POST", path, token),
  });
  const model = workload("ai-sensitive", "model-server");
  const preprocessor = workload("ai-workflow", "preprocessor");
  const edge = (
    note: string,
    allow: boolean,
    headers: Record<string, string[]>,
    path = ["v1", "data", "edge", "api-gateway", "8080"],
    method = "GET",
  ) => ({
    note: `edge: ${note}`,
    query: "data.system.authz.allow" as const,
    allow,
    input: { path, method, headers, params: {} },
  });
  const asked = (method: string, url: string, token?: string): Record<string, string[]> => ({
    "X-Original-Method": [method],
    "X-Original-Url": [url],
    ...(token === undefined ? {} : { Authorization: [`Bearer ${token}`] }),
  });
  const claimsUrl = "https://claims.example.com/v1/claims";
  const cases: AuthorizationCase[] = [
    users("an adjuster posts a claim", true, "POST", "/v1/claims", adjuster),
    users("with a query", true, "POST", "/v1/claims?trace=1", adjuster),
    users("an auditor reads one", true, "GET", "/v1/claims/17", auditor),
    users("an auditor posts one", false, "POST", "/v1/claims", auditor),
    users("without a token", false, "POST", "/v1/claims"),
    users(
      "with a token of another key",
      false,
      "POST",
      "/v1/claims",
      await sign(claims(["adjuster"]), { key: stranger.privateKey }),
    ),
    users(
      "with a token of another issuer",
      false,
      "POST",
      "/v1/claims",
      await sign(claims(["adjuster"]), { issuer: "https://evil.example" }),
    ),
    users(
      "with a token for another audience",
      false,
      "POST",
      "/v1/claims",
      await sign(claims(["adjuster"]), { audience: "other" }),
    ),
    users("with an expired token", false, "POST", "/v1/claims", await sign(claims(["adjuster"]), { expires: "-1m" })),
    users("with an unsigned token", false, "POST", "/v1/claims", unsigned),
    users("with a token signed by the public key as secret", false, "POST", "/v1/claims", symmetric),
    users("with the role in a text of several", false, "POST", "/v1/claims", await sign(claims("adjuster auditor"))),
    users("with the role as the only text", true, "POST", "/v1/claims", await sign(claims("adjuster"))),
    users("with roles in a header that it sets", false, "POST", "/v1/claims", undefined, {
      "x-jwt-payload": JSON.stringify(claims(["adjuster"])),
    }),
    users("another method", false, "DELETE", "/v1/claims", adjuster),
    users("a path below", false, "POST", "/v1/claims/1", adjuster),
    users("an empty segment", false, "GET", "/v1/claims/", adjuster),
    users("two segments for one", false, "GET", "/v1/claims/1/2", adjuster),
    ...[
      "//v1/claims",
      "/v1//claims",
      "/v1/./claims",
      "/x/../v1/claims",
      "/v1/claims%2f1",
      "/v1%2fclaims",
      "/v1/claims/..;/x",
      "/v1/claims/%2e%2e",
      "/v1/claims/a\\b",
      "/v1/claims#",
      "/v1/claims/%zz",
      "/v1/claims/\u0000",
    ].map((path) =>
      users(`the path ${JSON.stringify(path)}`, false, path.endsWith("claims") ? "POST" : "GET", path, adjuster),
    ),
    between(
      "the preprocessor asks the model for an adjuster",
      true,
      preprocessor,
      model,
      8500,
      "/model/infer",
      adjuster,
    ),
    between("without the user's token", false, preprocessor, model, 8500, "/model/infer"),
    between(
      "the gateway asks the model",
      false,
      workload("ai-workflow", "api-gateway"),
      model,
      8500,
      "/model/infer",
      adjuster,
    ),
    between(
      "a stranger with the same name in another zone",
      false,
      workload("ai-sensitive", "preprocessor"),
      model,
      8500,
      "/model/infer",
      adjuster,
    ),
    between(
      "another trust domain",
      false,
      preprocessor.replace("ai.example.com", "evil.example"),
      model,
      8500,
      "/model/infer",
      adjuster,
    ),
    between("another port", false, preprocessor, model, 8501, "/model/infer", adjuster),
    between(
      "an unknown destination",
      false,
      preprocessor,
      workload("ai-sensitive", "nobody"),
      8500,
      "/model/infer",
      adjuster,
    ),
    between(
      "users' path through the gateway's principal, to another workload",
      false,
      GATEWAY,
      model,
      8500,
      "/model/infer",
      adjuster,
    ),
    between("no principal", false, "", model, 8500, "/model/infer", adjuster),
    edge("an adjuster posts a claim", true, asked("POST", claimsUrl, adjuster)),
    edge("with a query", true, asked("POST", `${claimsUrl}?a=/../b`, adjuster)),
    edge("without a token", false, asked("POST", claimsUrl)),
    edge("another role", false, asked("POST", claimsUrl, auditor)),
    edge("two original methods", false, {
      ...asked("POST", claimsUrl, adjuster),
      "X-Original-Method": ["POST", "GET"],
    }),
    edge("a path with two readings", false, asked("POST", "https://claims.example.com/v1//claims", adjuster)),
    edge("another workload", false, asked("POST", claimsUrl, adjuster), ["v1", "data", "edge", "model-server", "8500"]),
    edge("the data itself", false, asked("POST", claimsUrl, adjuster), ["v1", "data", "ringfence", "policy"]),
    edge("a change of the policies", false, asked("POST", claimsUrl, adjuster), ["v1", "policies", "x"], "PUT"),
    edge("nothing", false, {}),
  ];
  return { keys: { corp: { keys: [jwk] } }, cases };
}

function envoy(
  source: string,
  destination: string,
  port: number,
  method: string,
  path: string,
  token?: string,
  more: object = {},
) {
  return {
    attributes: {
      source: { principal: source },
      destination: { principal: destination, address: { socketAddress: { address: "10.0.0.7", portValue: port } } },
      request: {
        http: {
          method,
          path,
          host: "claims.example.com:443",
          headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...more },
        },
      },
    },
  };
}
