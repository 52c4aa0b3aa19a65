/**
 * Secrets of every kind that a workflow's logs may hold, and the ways in which they come into a record. Values are made
 * here from a fixed seed: none is real, and none stands in a file.
 */

let state = 0x2545f491;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const DIGITS = "0123456789";
const ALNUM = UPPER + LOWER + DIGITS;
const HEX = `${DIGITS}abcdef`;

function text(length: number, alphabet = ALNUM): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

export interface Secret {
  readonly kind: string;
  /** as it stands in text */
  readonly text: string;
  /** the part that must not leave */
  readonly core: string;
}

function token(kind: string, prefix: string, core: string): Secret {
  return { kind, text: `${prefix}${core}`, core };
}

/** A secret that only its surroundings tell: it is always written with its name. */
function named(kind: string, before: string, core: string, after = ""): Secret {
  return { kind, text: `${before}${core}${after}`, core };
}

const jwtPart = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const pem = (label: string) => {
  const body = Array.from({ length: 4 }, () => text(64)).join("\n");
  return {
    kind: label.toLowerCase(),
    text: `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`,
    core: body.split("\n")[1] ?? "",
  };
};

export const SECRETS: readonly Secret[] = [
  token("aws access key", "AKIA", text(16, UPPER + DIGITS)),
  token("aws temporary key", "ASIA", text(16, UPPER + DIGITS)),
  named("aws secret key", "aws_secret_access_key=", text(40)),
  named("aws session token", "AWS_SESSION_TOKEN=", text(80)),
  token("aws bedrock key", "ABSK", text(48)),
  token("google api key", "AIza", text(35)),
  token("google oauth token", "ya29.", text(60)),
  token("google oauth secret", "GOCSPX-", text(28)),
  named("azure storage key", "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=", `${text(80)}==`),
  named("azure sas", "https://acme.blob.core.windows.net/c?sv=2024&sig=", `${text(40)}%3D`),
  token("azure client secret", "a1B8Q~", text(34)),
  named("azure shared access signature", "SharedAccessSignature=", text(40)),
  ...["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((prefix) => token(`github ${prefix}`, prefix, text(36))),
  token("github fine grained", "github_pat_", `${text(22)}_${text(59)}`),
  token("gitlab personal", "glpat-", text(20)),
  token("gitlab runner", "glrt-", text(20)),
  token("slack bot", "xoxb-", `${text(12, DIGITS)}-${text(24)}`),
  token("slack user", "xoxp-", `${text(12, DIGITS)}-${text(24)}`),
  token("slack app", "xapp-1-", text(40)),
  token("slack webhook", "https://hooks.slack.com/services/", `T${text(8)}/B${text(8)}/${text(24)}`),
  token("discord webhook", "https://discord.com/api/webhooks/", `${text(18, DIGITS)}/${text(60)}`),
  token("telegram bot", `${text(9, `${DIGITS.slice(1)}`)}:AA`, text(33)),
  token("stripe live", "sk_live_", text(24)),
  token("stripe restricted", "rk_live_", text(24)),
  token("stripe test", "sk_test_", text(24)),
  token("webhook signing", "whsec_", text(32)),
  token("twilio", "SK", text(32, HEX)),
  token("sendgrid", "SG.", `${text(22)}.${text(43)}`),
  token("mailgun", "key-", text(32, HEX)),
  token("npm", "npm_", text(36)),
  named("npmrc", "//registry.example.com/:_authToken=", text(36)),
  token("pypi", "pypi-AgEIcHlwaS5vcmc", text(60)),
  token("rubygems", "rubygems_", text(48, HEX)),
  token("docker hub", "dckr_pat_", text(27)),
  named("docker config", '{"auths":{"r.example.com":{"auth":"x","password":"', text(20), '"}}}'),
  token("digitalocean", "dop_v1_", text(64, HEX)),
  token("heroku", "HRKU-", text(36)),
  token("newrelic", "NRAK-", text(27, UPPER + DIGITS)),
  token("sentry", "sntrys_", text(60)),
  token("grafana", "glsa_", text(32)),
  token("grafana cloud", "glc_", text(60)),
  token("vault service", "hvs.", text(90)),
  token("vault batch", "hvb.", text(90)),
  token("vault legacy", "s.", text(24)),
  token("terraform cloud", `${text(14)}.atlasv1.`, text(60)),
  token("doppler", "dp.pt.", text(40)),
  token("databricks", "dapi", text(32, HEX)),
  token("hugging face", "hf_", text(34)),
  token("openai", "sk-", text(48)),
  token("openai project", "sk-proj-", text(64)),
  token("anthropic", "sk-ant-api03-", text(80)),
  token("replicate", "r8_", text(37)),
  token("groq", "gsk_", text(52)),
  token("perplexity", "pplx-", text(48)),
  token("xai", "xai-", text(80)),
  token("langsmith", "lsv2_pt_", text(32, HEX)),
  token("pinecone", "pcsk_", text(60)),
  named("cohere", "COHERE_API_KEY=", text(40)),
  named("mistral", "mistral api-key: ", text(32)),
  token("notion", "ntn_", text(46)),
  token("linear", "lin_api_", text(40)),
  token("figma", "figd_", text(40)),
  token("shopify", "shpat_", text(32, HEX)),
  token("square", "sq0atp-", text(22)),
  token("postman", "PMAK-", text(59, HEX)),
  token("age", "AGE-SECRET-KEY-1", text(58, UPPER + DIGITS)),
  ...[
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
  ].map(pem),
  token("json web token", "", `${jwtPart({ alg: "RS256", typ: "JWT" })}.${jwtPart({ sub: text(12) })}.${text(86)}`),
  named("postgres url", "postgresql://app:", text(20), "@db.example.com:5432/app"),
  named("mysql url", "mysql://root:", text(20), "@db/app"),
  named("mongodb url", "mongodb+srv://app:", text(20), "@cluster.example.net/app"),
  named("redis url", "redis://:", text(20), "@cache:6379/0"),
  named("amqp url", "amqp://u:", text(20), "@queue:5672"),
  named("https url", "https://user:", text(20), "@example.com/x"),
  named("jdbc url", "jdbc:postgresql://db/app?user=app&password=", text(20)),
  named("bearer header", "Authorization: Bearer ", text(40)),
  named("basic header", "Authorization: Basic ", `${text(30)}==`),
  named("basic alone", "proxy answered 407 to Basic ", `${text(30)}==`),
  named("cookie", "Cookie: theme=dark; session=", text(32)),
  named("set-cookie", "Set-Cookie: sid=", text(32), "; HttpOnly"),
  named("kubeconfig", "client-key-data: ", text(80)),
  named("password in text", "login failed with password=", text(16)),
  named("password in json", '{"user":"ann","password":"', text(16), '"}'),
  named("passphrase", "passphrase: ", text(20)),
  named("netrc", "machine api.example.com login ann password ", text(16)),
  named("query", "GET /v1/items?api_key=", text(32), "&page=2 200"),
  named("one-time password", "otpauth://totp/acme:ann?secret=", text(32, `${UPPER}234567`), "&issuer=acme"),
  named("signed url", "https://s3.example.com/x?X-Amz-Signature=", text(64, HEX)),
];

/** A record that holds a secret, and whether it may leave in part (a split one is of no use by halves). */
export interface Record_ {
  readonly note: string;
  readonly record: Record<string, unknown>;
  /** none of these may stand in what leaves */
  readonly forbidden: readonly string[];
  /** all of these together may not */
  readonly notTogether?: readonly string[];
}

export function records(): Record_[] {
  return SECRETS.flatMap(({ kind, text: secret, core }) => {
    const base64 = Buffer.from(secret).toString("base64");
    const middle = secret.length - Math.floor(core.length / 2);
    const wrappedCore = Buffer.from(core).toString("base64").slice(4, -6);
    const list: Record_[] = [
      {
        note: `${kind}: in the message`,
        record: { level: "info", message: `request 17: ${secret} was used` },
        forbidden: [core],
      },
      { note: `${kind}: at depth`, record: { a: { b: [{ c: { note: `see ${secret}` } }] } }, forbidden: [core] },
      {
        note: `${kind}: in JSON inside text`,
        record: { message: JSON.stringify({ outer: JSON.stringify({ note: secret }) }) },
        forbidden: [core],
      },
      {
        note: `${kind}: in a field of its name`,
        record: { config: { clientSecret: core, "api-key": core, db_password: { inner: core } } },
        forbidden: [core],
      },
      {
        note: `${kind}: named by its neighbour`,
        record: { env: [{ name: "SERVICE_TOKEN", value: core }] },
        forbidden: [core],
      },
      {
        note: `${kind}: split over two fields`,
        record: { part1: secret.slice(0, middle), part2: secret.slice(middle) },
        forbidden: [],
        notTogether: [
          core.slice(0, core.length - Math.floor(core.length / 2) - 1),
          core.slice(-Math.floor(core.length / 2)),
        ],
      },
    ];
    // Vault's tokens of before 2022 have a prefix of two characters: half of one looks like a method of some code.
    if (kind === "vault legacy") list.pop();
    if (core.length >= 16) {
      list.push({
        note: `${kind}: in base64`,
        record: { payload: `data ${base64}` },
        forbidden: [core, base64, wrappedCore.length >= 12 ? wrappedCore : base64],
      });
    }
    return list;
  });
}
