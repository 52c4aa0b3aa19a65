/**
 * What secrets look like in text. One table for every log engine: each row is a regular expression in a subset that RE2
 * (the OpenTelemetry Collector), Ruby (Fluentd) and JavaScript read alike, and that translates to Lua's patterns (Fluent
 * Bit): literals, classes, `\s` `\d`, quantifiers on one character, a leading `\b`. No groups, no alternation.
 *
 * The lengths are shorter than real ones on purpose: a token that a logger cut, or split over two fields, still shows its
 * beginning, and what is left of it is of no use.
 */
import { NAMED_ALTERNATIVES, NAMED_PATTERNS, SEPARATOR } from "./secret-names.js";

export interface SecretPattern {
  readonly id: string;
  readonly source: string;
  readonly ignoreCase?: true;
  /** stands in every text that the row matches, in lower case */
  readonly needs?: string;
}

/** What stands in a secret's place. */
export const REDACTED = "[redacted]";

const TOKEN = "A-Za-z0-9_-";
const QUOTES = "[\"'\\\\]*";

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

/** What is recognised by its form alone. */
const FORMED: readonly SecretPattern[] = [
  // From its first line to where the text of the key ends: escaped line breaks, spaces and JSON quotes included.
  { id: "private-key", source: "-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[^\"'}]*" },
  { id: "cookie", source: `cookie${SEPARATOR}${QUOTES}[^\\r\\n"\\\\]{4,}`, needs: "cookie", ignoreCase: true },
  // With parameters (Digest, AWS4-HMAC-SHA256): to the end of the line, since each of them may be the secret one.
  {
    id: "authorization-parameters",
    source: `authorization${SEPARATOR}${QUOTES}[a-z0-9-]*\\s+[a-z]+=[^\\r\\n]*`,
    needs: "authorization",
    ignoreCase: true,
  },
  {
    id: "authorization",
    source: `authorization${SEPARATOR}${QUOTES}[a-z]*\\s*[^\\s"'\\\\,;}]{4,}`,
    needs: "authorization",
    ignoreCase: true,
  },
  { id: "digest", source: "\\bdigest\\s+[a-z]+=[^\\r\\n]+", needs: "digest", ignoreCase: true },
  { id: "bearer", source: "\\bbearer\\s+[A-Za-z0-9+/._~=-]{16,}", ignoreCase: true },
  { id: "basic", source: "\\bbasic\\s+[A-Za-z0-9+/]{12,}=*", ignoreCase: true },
  { id: "url-credentials", source: "://[^\\s/:@]*:[^\\s\"'<>/]+@" },
  // A password that holds a slash: where a port would stand is no number.
  {
    id: "url-credentials-slash",
    source: "://[^\\s/:@]+:[^\\s/:@\"'<>]*[^0-9\\s/:@\"'<>][^\\s/:@\"'<>]*/[^\\s@\"'<>]*@",
  },
  { id: "data-source", source: ":[^\\s:@/\"']+@tcp\\(", needs: "@tcp(" },
  // `curl -u ann:…`, with the arguments as words or as a list.
  { id: "user-argument", source: `[\\s"']-[uU]${QUOTES}[\\s,]*${QUOTES}[A-Za-z0-9._@-]+:[^\\s"']+`, needs: "-u" },
  { id: "long-user-argument", source: `-user${QUOTES}[\\s,=]+${QUOTES}[A-Za-z0-9._@-]+:[^\\s"']+`, needs: "-user" },
  // Behind up to five other arguments.
  ...[0, 1, 2, 3, 4, 5].map((others) => ({
    id: `mysql-argument-${others}`,
    source: `\\bmysql[a-z]*\\s+${"[^\\s]+\\s+".repeat(others)}-p[^\\s]{3,}`,
    needs: "mysql",
  })),
  { id: "sshpass", source: "sshpass\\s+-p\\s*[^\\s]+", needs: "sshpass" },
  { id: "bind-password", source: "bindpw\\s+[^\\s]+", needs: "bindpw", ignoreCase: true },
  { id: "netrc", source: "login\\s+[^\\s]+\\s+password\\s+[^\\s]+", ignoreCase: true },
  { id: "telegram", source: "\\b\\d{8,10}:AA[A-Za-z0-9_-]{16,}" },
  { id: "signed-url", source: "[?&]sig=[A-Za-z0-9%+/=_-]{8,}", ignoreCase: true },
  { id: "signed-aws-url", source: "x-amz-signature=[a-f0-9]{16,}", ignoreCase: true },
  { id: "one-time-password", source: "otpauth://[^\\s\"']+", ignoreCase: true },
];

const TOKENS = PREFIXED.map(
  ({ id, prefix, rest = TOKEN, least = 8 }): SecretPattern => ({ id, source: `${prefix}[${rest}]{${least},}` }),
);

export const SECRET_PATTERNS: readonly SecretPattern[] = [...FORMED, ...NAMED_PATTERNS, ...TOKENS];

/** The same for engines that have alternation: fewer rows. */
export const ALTERNATIVE_PATTERNS: readonly SecretPattern[] = [...FORMED, ...NAMED_ALTERNATIVES, ...TOKENS];

/**
 * Stretches that may be base64 (plain or for URLs), over line breaks too, written out or escaped: what they hold is looked
 * at as well, from each of their first four characters on, since a word may stand before. One that holds a secret goes whole.
 */
export const BASE64_STRETCH = "[A-Za-z0-9+/_\\\\\\r\\n-]{16,}=*";
