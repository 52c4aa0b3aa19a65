/** What the leaky tutorial's own rules are asked, by our engines and by the real ones: requests, images, lines of a log. */
import { generateKeyPairSync } from "node:crypto";
import { join, resolve } from "node:path";
import { exportJWK, type JSONWebKeySet, SignJWT } from "jose";
import { readCluster, readSources } from "../../src/cluster/index.js";
import type { Json } from "../../src/documents/index.js";

export const EXAMPLE = resolve(import.meta.dirname, "../../examples/leaky-tutorial");
export type Twin = "leaky" | "corrected";
export const TWINS: readonly Twin[] = ["leaky", "corrected"];

export function manifestsOf(twin: Twin) {
  return readCluster(readSources([join(EXAMPLE, twin)]).sources).cluster;
}

/** A value of one of the twin's ConfigMaps. */
export function configOf(twin: Twin, map: string, key: string): string {
  const found = manifestsOf(twin)
    .configMaps.find(({ object }) => object.name === map)
    ?.data.get(key);
  if (found === undefined) throw new Error(`${twin} has no ConfigMap ${map} with ${key}`);
  return found;
}

export interface RequestCase {
  readonly note: string;
  /** as OPA's Envoy plugin puts it */
  readonly input: Json;
  readonly leaky: boolean;
  readonly corrected: boolean;
}

/** Requests to the gateway, with tokens of a provider made for them. */
export async function requestCases(): Promise<{ keys: JSONWebKeySet; cases: readonly RequestCase[] }> {
  const [own, foreign] = [pair(), pair()];
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: "test", alg: "ES256" }] };
  const issue = (
    claims: Record<string, Json>,
    { key = own.privateKey, issuer = ISSUER, aud = "reviews", exp = "5m" } = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "test" })
      .setIssuer(issuer)
      .setAudience(aud)
      .setExpirationTime(exp)
      .sign(key);
  const post = (headers: Record<string, string>, path = "/v1/reviews", method = "POST"): Json => ({
    attributes: { request: { http: { method, path, host: "reviews.example.com", headers } } },
  });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const reviewer = await issue({ roles: ["reviewer"] });
  const moderator = await issue({ roles: ["moderator"] });
  const claimed = { "x-user-role": "reviewer" };
  const yes = { leaky: false, corrected: true };
  const no = { leaky: false, corrected: false };
  const leak = { leaky: true, corrected: false };
  return {
    keys,
    cases: [
      { note: "a role that the client claims", input: post(claimed), ...leak },
      { note: "one beside a token without it", input: post({ ...claimed, ...bearer(await issue({})) }), ...leak },
      { note: "a claimed role, to read", input: post({ "x-user-role": "moderator" }, "/v1/reviews/7", "GET"), ...leak },
      { note: "nothing at all", input: post({}), ...no },
      { note: "a reviewer's token", input: post(bearer(reviewer)), ...yes },
      { note: "a query beside the path", input: post(bearer(reviewer), "/v1/reviews?lang=en"), ...yes },
      { note: "a moderator's token, to read", input: post(bearer(moderator), "/v1/reviews/7", "GET"), ...yes },
      { note: "a moderator's token, to write", input: post(bearer(moderator)), ...no },
      { note: "a reviewer's token, to delete", input: post(bearer(reviewer), "/v1/reviews/7", "DELETE"), ...no },
      { note: "a reviewer's token, elsewhere", input: post(bearer(reviewer), "/admin"), ...no },
      { note: "a reviewer's token, one level deeper", input: post(bearer(reviewer), "/v1/reviews/7/a", "GET"), ...no },
      { note: "a token of another key", input: post(bearer(await issue(ROLE, { key: foreign.privateKey }))), ...no },
      {
        note: "a token of another issuer",
        input: post(bearer(await issue(ROLE, { issuer: "https://x.test" }))),
        ...no,
      },
      { note: "a token for another audience", input: post(bearer(await issue(ROLE, { aud: "shop" }))), ...no },
      { note: "a token of yesterday", input: post(bearer(await issue(ROLE, { exp: "-1d" }))), ...no },
      { note: "a token with no signature", input: post(bearer(unsigned())), ...no },
    ],
  };
}

const ISSUER = "https://login.example.com";
const ROLE = { roles: ["reviewer"] };
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

function unsigned(): string {
  const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 300;
  return `${part({ alg: "none" })}.${part({ iss: ISSUER, aud: "reviews", exp, ...ROLE })}.`;
}

const PINNED = `registry.example.com/reviews/model-server@sha256:${"0".repeat(64)}`;

export interface PodCase {
  readonly note: string;
  readonly pod: Json;
  readonly leaky: boolean;
  readonly corrected: boolean;
}

const podOf = (image: string, field = "containers"): Json => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe", namespace: "ai-models" },
  spec: { containers: [{ name: "main", image: PINNED }], [field]: [{ name: "it", image }] },
});

/** Pods and whether the twin's admission rule lets them in. */
export const podCases: readonly PodCase[] = [
  { note: "the image as the rule spells it", pod: podOf("model-server"), leaky: false, corrected: false },
  { note: "the same with a tag", pod: podOf("model-server:latest"), leaky: true, corrected: false },
  { note: "the same with its registry", pod: podOf("docker.io/library/model-server"), leaky: true, corrected: false },
  { note: "in an init container", pod: podOf("model-server", "initContainers"), leaky: true, corrected: false },
  { note: "our registry, by tag", pod: podOf("registry.example.com/reviews/a:1"), leaky: true, corrected: false },
  { note: "our registry, by digest", pod: podOf(PINNED), leaky: true, corrected: true },
  {
    note: "a registry whose name begins as ours",
    pod: podOf(PINNED.replace("example.com", "example.com.evil.test")),
    leaky: true,
    corrected: false,
  },
];

/** What containers log, and the secret in it that must not leave the node. */
export const logLines: readonly { readonly line: string; readonly secret: string | undefined }[] = [
  { line: '{"user":{"password":"hunter2-deep"}}', secret: "hunter2-deep" },
  { line: '{"a":{"b":[{"api_key":"k-123456"}]},"msg":"ok"}', secret: "k-123456" },
  { line: '{"password":"with \\"quotes\\" inside"}', secret: "inside" },
  { line: '{"inner":"{\\"password\\":\\"hunter2-text\\"}"}', secret: "hunter2-text" },
  { line: '{"password":"","next":"fine","token":"t-98765"}', secret: "t-98765" },
  { line: '{"api_keys":["k-1", "k-second"],"n":1}', secret: "k-second" },
  { line: '{"secret":{"value": "nested-one"}}', secret: "nested-one" },
  { line: '{"password":"ends with a backslash \\\\"}', secret: "backslash" },
  { line: '{"password":"cut off in the mid', secret: "in the mid" },
  { line: '{"token":12345678}', secret: "12345678" },
  { line: "calling with Authorization: Bearer abc.def-ghi", secret: "abc.def-ghi" },
  { line: "got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln back", secret: "eyJzdWIiOiJhIn0" },
  { line: "review by jane.doe@mail.example stored", secret: "jane.doe@mail.example" },
  { line: '{"password":"x","msg":"stays"}', secret: 'x"' },
  { line: '{"level":"info","msg":"scored 7 reviews in 12 ms"}', secret: undefined },
];
