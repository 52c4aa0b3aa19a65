/** `providers.aws.sign_req`: AWS Signature Version 4 over a request in the shape of `http.send`. */
import { createHash, createHmac } from "node:crypto";
import {
  isObject,
  type JsonObject,
  objectEntries,
  objectGet,
  objectKeys,
  RegoObject,
  RegoSet,
  regoText,
  type Value,
  writeJson,
} from "../value/index.js";
import { type Builtin, builtin } from "./builtin.js";
import { bytesOfText } from "./bytes.js";
import { civilTime, UTC } from "./civil-time.js";
import { ANY_OBJECT, object } from "./decl.js";
import { int64Of, numberAt, objectAt, operandError, typeError } from "./operands.js";
import { formatTime } from "./time-layout.js";
import { requestTarget } from "./uris.js";

type AnyObject = JsonObject | RegoObject;

const REQUIRED_CONFIG = ["aws_service", "aws_access_key", "aws_secret_access_key", "aws_region"];
const REQUIRED_REQUEST = ["method", "url"];
const REQUEST_KEYS = new Set([
  ...["method", "url", "body", "enable_redirect", "force_json_decode", "force_yaml_decode", "headers", "raw_body"],
  ...["tls_use_system_certs", "tls_ca_cert", "tls_ca_cert_file", "tls_ca_cert_env_variable", "tls_client_cert"],
  ...["tls_client_cert_file", "tls_client_cert_env_variable", "tls_client_key", "tls_client_key_file"],
  ...["tls_client_key_env_variable", "tls_insecure_skip_verify", "tls_server_name", "timeout", "cache", "force_cache"],
  ...["force_cache_duration_seconds", "raise_error", "caching_mode", "max_retry_attempts", "cache_ignored_headers"],
]);
const UNSIGNED_HEADERS = new Set(["authorization", "user-agent", "x-amzn-trace-id"]);

function requireKeys(object: AnyObject, keys: readonly string[], position: number, what: string): void {
  const missing = keys.filter((key) => objectGet(object, key) === undefined);
  if (missing.length > 0) {
    throw operandError(position, `missing required ${what} parameters(s): ${regoText(RegoSet.of(missing))}`);
  }
}

function requireTexts(object: AnyObject, keys: readonly string[], position: number, what: string): void {
  const wrong = keys.filter((key) => typeof objectGet(object, key) !== "string");
  if (wrong.length > 0) {
    throw operandError(position, `invalid values for required ${what} parameters(s): ${regoText(RegoSet.of(wrong))}`);
  }
}

function textOf(object: AnyObject, key: string): string {
  const value = objectGet(object, key);
  return typeof value === "string" ? value : "";
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

function requestOf(request: AnyObject): Request {
  const unknown = objectKeys(request).filter((key) => typeof key !== "string" || !REQUEST_KEYS.has(key));
  if (unknown.length > 0) {
    throw operandError(0, `invalid request parameters(s): ${regoText(RegoSet.of(unknown))}`);
  }
  requireKeys(request, REQUIRED_REQUEST, 0, "request");
  const headers = objectGet(request, "headers");
  if (headers !== undefined && !isObject(headers)) throw typeError(-1, headers, "object");
  requireTexts(request, REQUIRED_REQUEST, 0, "request");
  const body = objectGet(request, "body");
  const raw = objectGet(request, "raw_body");
  return {
    method: textOf(request, "method"),
    url: textOf(request, "url"),
    headers: headers === undefined ? [] : objectEntries(headers).map(([key, value]) => [asText(key), asText(value)]),
    body: raw !== undefined ? asText(raw) : body === undefined ? "" : writeJson(body),
  };
}

function asText(value: Value): string {
  return typeof value === "string" ? value : "";
}

const sha256 = (text: string): string => createHash("sha256").update(bytesOfText(text)).digest("hex");
const mac = (key: string | Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function signRequest(args: readonly Value[]): Value {
  const given = objectAt(args, 0);
  const config = objectAt(args, 1);
  requireKeys(config, REQUIRED_CONFIG, 1, "AWS config");
  requireTexts(config, REQUIRED_CONFIG, 1, "AWS config");
  const nowNs = int64Of(numberAt(args, 2));
  if (nowNs === undefined) throw operandError(2, "could not convert time_ns value into a unix timestamp");
  const request = requestOf(given);
  const unsigned = objectGet(config, "disable_payload_signing");
  if (unsigned !== undefined && typeof unsigned !== "boolean") {
    throw operandError(1, "invalid value for 'disable_payload_signing' in AWS config");
  }
  const hash = unsigned === true ? "UNSIGNED-PAYLOAD" : sha256(request.body);
  const headers = new Map(request.headers);
  for (const [name, value] of signedHeaders(request, config, nowNs, hash)) headers.set(name, value);
  return RegoObject.of([...objectEntries(given), ["headers", RegoObject.of(headers)]]);
}

/** The headers that signing adds. */
function signedHeaders(request: Request, config: AnyObject, nowNs: bigint, hash: string): Map<string, string> {
  const service = textOf(config, "aws_service");
  const region = textOf(config, "aws_region");
  const now = civilTime(nowNs, UTC);
  const date = formatTime(now, "20060102");
  const time = formatTime(now, "20060102T150405Z");
  const target = requestTarget(request.url);
  const added = new Map([
    ["host", target.host],
    ["x-amz-date", time],
  ]);
  if (service === "s3" || service === "glacier") added.set("x-amz-content-sha256", hash);
  const session = textOf(config, "aws_session_token");
  if (session !== "") added.set("x-amz-security-token", session);

  const signed = new Map(added);
  for (const [name, value] of request.headers) {
    if (!UNSIGNED_HEADERS.has(name.toLowerCase())) signed.set(name.toLowerCase(), value);
  }
  const names = [...signed.keys()].sort();
  const lines = names.map((name) => `${name}:${signed.get(name)}\n`).join("");
  const list = names.join(";");
  const canonical = [request.method, target.path, target.query, lines, list, hash].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [region, service, "aws4_request"].reduce<Buffer>(
    mac,
    mac(bytesOfText(`AWS4${textOf(config, "aws_secret_access_key")}`), date),
  );
  const signature = mac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString("hex");
  const credential = `Credential=${textOf(config, "aws_access_key")}/${scope}`;
  added.set("Authorization", `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${list},Signature=${signature}`);
  return added;
}

export const AWS: readonly Builtin[] = [
  builtin(
    "providers.aws.sign_req",
    [object("string", "any"), object("string", "any"), "number"],
    ANY_OBJECT,
    signRequest,
  ),
];
