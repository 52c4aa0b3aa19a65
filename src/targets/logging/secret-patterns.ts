/**
 * What secrets look like in text. One table for every log engine: each row is a regular expression in a subset that RE2
 * (the OpenTelemetry Collector), Ruby (Fluentd) and JavaScript read alike, and that translates to Lua's patterns (Fluent
 * Bit): literals, classes, `\s` `\d`, quantifiers on one character, a leading `\b`. No groups, no alternation.
 *
 * The lengths are shorter than real ones on purpose: a token that a logger cut, or split over two fields, still shows its
 * beginning, and what is left of it is of no use.
 */
export interface SecretPattern {
  readonly id: string;
  readonly source: string;
  readonly ignoreCase?: true;
}

/** What stands in a secret's place. */
export const REDACTED = "[redacted]";

const TOKEN = "A-Za-z0-9_-";

/** Tokens that their issuers gave a prefix: the prefix, then at least `least` characters of `rest`. */
const PREFIXED: readonly {
  readonly id: string;
  readonly prefix: string;
  readonly rest?: string;
  readonly least?: number;
}[] = [
  { id: "aws-access-key", prefix: "AKIA", rest: "A-Z0-9", least: 6 },
  { id: "aws-temporary-key", prefix: "ASIA", rest: "A-Z0-9", least: 6 },
  { id: "aws-bedrock-key", prefix: "ABSK", rest: "A-Za-z0-9+/=", least: 16 },
  { id: "google-api-key", prefix: "AIza" },
  { id: "google-oauth", prefix: "ya29\\.", rest: `.${TOKEN}` },
  { id: "google-oauth-secret", prefix: "GOCSPX-" },
  { id: "azure-client-secret", prefix: "[A-Za-z0-9_~.]8Q~", rest: `~.${TOKEN}` },
  { id: "github-token", prefix: "gh[oprsu]_" },
  { id: "github-fine-grained", prefix: "github_pat_" },
  { id: "gitlab-token", prefix: "gl[a-z]{2,5}-[A-Za-z0-9_-]*[A-Z0-9]", least: 3 },
  { id: "slack-token", prefix: "xox[abeoprs]-" },
  { id: "slack-app-token", prefix: "xapp-" },
  { id: "slack-webhook", prefix: "hooks\\.slack\\.com/services/", rest: `/${TOKEN}` },
  { id: "discord-webhook", prefix: "/api/webhooks/", rest: `/${TOKEN}` },
  { id: "stripe-key", prefix: "[rs]k_live_" },
  { id: "stripe-test-key", prefix: "[rs]k_test_" },
  { id: "webhook-secret", prefix: "whsec_", rest: `+/=${TOKEN}` },
  { id: "sendgrid", prefix: "SG\\.", rest: `.${TOKEN}`, least: 12 },
  { id: "twilio", prefix: "\\bSK", rest: "a-f0-9", least: 16 },
  { id: "mailgun", prefix: "\\bkey-", rest: "a-f0-9", least: 16 },
  { id: "npm-token", prefix: "npm_" },
  { id: "pypi-token", prefix: "pypi-", least: 16 },
  { id: "rubygems-token", prefix: "rubygems_" },
  { id: "docker-token", prefix: "dckr_[a-z]{3}_" },
  { id: "digitalocean", prefix: "do[oprt]_v1_" },
  { id: "heroku", prefix: "HRKU-" },
  { id: "newrelic", prefix: "NRAK-" },
  { id: "sentry", prefix: "sntry[su]_", rest: `+/=${TOKEN}` },
  { id: "grafana", prefix: "glsa_" },
  { id: "grafana-cloud", prefix: "glc_", rest: `+/=${TOKEN}` },
  { id: "vault-token", prefix: "hv[bsr]\\." },
  { id: "vault-legacy-token", prefix: "\\bs\\.", rest: "A-Za-z0-9", least: 20 },
  { id: "terraform-cloud", prefix: "atlasv1\\." },
  { id: "doppler", prefix: "dp\\.[a-z]{2,6}\\." },
  { id: "databricks", prefix: "\\bdapi", rest: "a-f0-9", least: 12 },
  { id: "huggingface", prefix: "\\bhf_" },
  { id: "model-provider-key", prefix: "\\bsk-", least: 12 },
  { id: "replicate", prefix: "\\br8_" },
  { id: "groq", prefix: "\\bgsk_" },
  { id: "perplexity", prefix: "pplx-" },
  { id: "xai", prefix: "\\bxai-" },
  { id: "langsmith", prefix: "lsv2_[a-z]{2}_" },
  { id: "pinecone", prefix: "pcsk_" },
  { id: "notion", prefix: "ntn_" },
  { id: "linear", prefix: "lin_api_" },
  { id: "figma", prefix: "fig[dou]_" },
  { id: "shopify", prefix: "shp[acps][a-z]?[a-z]?_" },
  { id: "square", prefix: "sq0[a-z]{3}-" },
  { id: "postman", prefix: "PMAK-" },
  { id: "age-key", prefix: "AGE-SECRET-KEY-1", rest: "A-Z0-9" },
  { id: "web-token", prefix: "eyJ", rest: `.${TOKEN}` },
];

/** What a name says is a secret: the name, a separator, and the value behind it. */
const NAMED = [
  "password",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "token",
  "api[_-]?key",
  "access[_-]?key",
  "account[_-]?key",
  "private[_-]?key",
  "signing[_-]?key",
  "encryption[_-]?key",
  "client[_-]?key[_-]?data",
  "credentials?",
  "session[_-]?id",
  "access[_-]?signature",
  "_auth",
] as const;

const QUOTES = "[\"'\\\\]*";
const SEPARATOR = `${QUOTES}\\s*[:=]\\s*${QUOTES}`;
const VALUE = "[^\\s\"'\\\\,;&)}\\]<>]{3,}";

/** What is recognised by its form alone. */
const FORMED: readonly SecretPattern[] = [
  // From its first line to where the text of the key ends: escaped line breaks, spaces and JSON quotes included.
  { id: "private-key", source: "-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[^\"'}]*" },
  { id: "cookie", source: `cookie${SEPARATOR}[^\\r\\n"\\\\]{4,}`, ignoreCase: true },
  { id: "authorization", source: `authorization${SEPARATOR}[a-z]*\\s*[^\\s"'\\\\,;}]{4,}`, ignoreCase: true },
  { id: "bearer", source: "\\bbearer\\s+[A-Za-z0-9+/._~=-]{16,}", ignoreCase: true },
  { id: "basic", source: "\\bbasic\\s+[A-Za-z0-9+/]{12,}=*", ignoreCase: true },
  { id: "url-credentials", source: "://[^\\s/:@]*:[^\\s\"'<>/]+@" },
  { id: "netrc", source: "login\\s+[^\\s]+\\s+password\\s+[^\\s]+", ignoreCase: true },
  { id: "telegram", source: "\\b\\d{8,10}:AA[A-Za-z0-9_-]{16,}" },
  { id: "signed-url", source: "[?&]sig=[A-Za-z0-9%+/=_-]{8,}", ignoreCase: true },
  { id: "signed-aws-url", source: "x-amz-signature=[a-f0-9]{16,}", ignoreCase: true },
  { id: "one-time-password", source: "otpauth://[^\\s\"']+", ignoreCase: true },
];

export const SECRET_PATTERNS: readonly SecretPattern[] = [
  ...FORMED,
  ...NAMED.map(
    (name): SecretPattern => ({
      id: `named-${name.replaceAll(/[^a-z]+/g, "-")}`,
      source: `${name}${SEPARATOR}${VALUE}`,
      ignoreCase: true,
    }),
  ),
  ...PREFIXED.map(
    ({ id, prefix, rest = TOKEN, least = 8 }): SecretPattern => ({ id, source: `${prefix}[${rest}]{${least},}` }),
  ),
];

/** Fields whose value is a secret whatever it looks like: their name ends so, in lower case and without `_`, `-` and `.`. */
export const SECRET_FIELDS = [
  "password",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "secrets",
  "token",
  "apikey",
  "accesskey",
  "accountkey",
  "privatekey",
  "signingkey",
  "encryptionkey",
  "secretkey",
  "clientkeydata",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "sessionid",
  "connectionstring",
  "jwt",
] as const;

/** Fields that name what their neighbour holds, as in `{name: DB_PASSWORD, value: …}`. */
export const NAME_FIELDS = ["name", "key", "header", "field", "variable", "k"] as const;
export const VALUE_FIELDS = ["value", "val", "content", "data", "v"] as const;

/**
 * Stretches that may be base64 (plain or for URLs): what they hold is looked at as well, and a stretch that holds a secret
 * goes as a whole.
 */
export const BASE64_STRETCH = "[A-Za-z0-9+/_-]{16,}=*";
