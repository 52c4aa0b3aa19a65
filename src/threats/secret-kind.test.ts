import { describe, expect, it } from "vitest";
import { secretInUrl, secretKind } from "./secret-kind.js";

/** Put together here, so that no text of this file looks like a credential to a scanner. */
const long = "a1B2".repeat(10);

describe("secretKind", () => {
  it.each([
    ["X", `-----BEGIN RSA PRIVATE ${"KEY"}-----`, "a private key"],
    ["X", `Bearer ${"eyJ"}hbGciOiJub25l.${"eyJ"}zdWIi.x`, "a JSON web token"],
    ["X", `AKIA${"Q".repeat(16)}`, "an AWS access key"],
    ["X", `ghp_${long}`, "a GitHub token"],
    ["X", `sk-ant-${long}`, "an Anthropic API key"],
    ["X", `sk-${long}`, "a model provider's API key"],
    ["X", `hf_${long}`, "a Hugging Face token"],
    ["X", `hvs.${long}`, "a Vault token"],
    ["DATABASE_URL", "postgres://app:hunter2@db:5432/claims", "an address with a password"],
    ["REDIS", "redis://:hunter2@cache:6379", "an address with a password"],
    ["ODBC", "Server=db;Uid=app;Password=hunter2", "a connection string with a password"],
    ["DB_PASSWORD", "hunter2", "a literal value under the name of a secret"],
    ["apiKey", "abc123", "a literal value under the name of a secret"],
    ["clientSecret", "abc123", "a literal value under the name of a secret"],
    ["HUGGINGFACEHUB_API_TOKEN", "abc123", "a literal value under the name of a secret"],
  ])("%s=%s", (name, value, kind) => {
    expect(secretKind(name, value)).toBe(kind);
  });

  it.each([
    ["DB_PASSWORD", ""],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in a manifest
    ["DB_PASSWORD", "${DB_PASSWORD}"],
    ["DB_PASSWORD", "$(DB_PASSWORD)"],
    ["DB_PASSWORD", "vault:secret/data/db#password"],
    ["HF_TOKEN", "insert-your-token-here"],
    ["DB_PASSWORD_FILE", "/run/secrets/db"],
    ["TOKEN", "/run/secrets/token"],
    ["MAX_TOKENS", "4096"],
    ["MAX_TOKEN", "4096"],
    ["EOS_TOKEN", "</s>"],
    ["TOKENIZERS_PARALLELISM", "false"],
    ["BYPASS", "all"],
    ["MONKEY", "banana"],
    ["PUBLIC_KEY", "abcdef"],
    ["DATABASE_URL", "postgres://db:5432/claims"],
    ["LOG_LEVEL", "info"],
  ])("leaves %s=%s alone", (name, value) => {
    expect(secretKind(name, value)).toBeUndefined();
  });
});

describe("secretInUrl", () => {
  it.each([
    ["https://hooks.slack.com/services/T/B/x", "path"],
    ["https://discord.com/api/webhooks/1/x", "path"],
    ["https://alerts.example.com/?access_token=x", "query"],
    ["https://alerts.example.com/services/x?team=red", undefined],
    ["no address", undefined],
  ])("%s", (url, part) => {
    expect(secretInUrl(url)).toBe(part);
  });
});
