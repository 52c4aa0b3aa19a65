/** Secrets in the shapes that records and lines really give them, beyond `name=value`; and fields that look alike but hold none. */
import type { Record_ } from "./secrets.js";

const S = "hunter2-Zq81xV";
const base64 = (text: string) => Buffer.from(text).toString("base64");
/** as MIME writes it: lines of 76 characters */
const WRAPPED = base64(`${"x".repeat(52)} password=${S}-and-more tail tail tail`).replaceAll(/.{76}/g, "$&\n");
const WRAPPED_PARTS = WRAPPED.split("\n").map((line) => line.slice(-16));

const line = (note: string, log: string, forbidden: readonly string[] = [S]): Record_ => ({
  note,
  record: { log },
  forbidden,
});
const fields = (note: string, record: Record<string, unknown>, forbidden: readonly string[] = [S]): Record_ => ({
  note,
  record,
  forbidden,
});

/** What every engine takes out. */
export const SHAPES: readonly Record_[] = [
  fields("a number", { user: "a", password: 83920174 }, ["83920174"]),
  fields("a number at depth", { a: { api_key: { inner: 83920174 } } }, ["83920174"]),
  ...["DB_PASS", "pass", "dbPass", "passcode", "auth", "tokens", "passwords", "api_keys", "accessTokens"].flatMap(
    (name) => [fields(`field ${name}`, { [name]: S }), fields(`list in ${name}`, { [name]: [S, { a: S }] })],
  ),
  ...["password_confirmation", "password1", "newPassword2", "x-api-key-v2", "token_hash", "openaiKey"].map((name) =>
    fields(`field ${name}`, { [name]: S }),
  ),
  fields("key of a provider", { env: { OPENAI_KEY: S } }),
  fields("key of a provider, named", { env: [{ name: "OPENAI_KEY", value: S }] }),
  fields("arguments", { args: ["--password", S] }),
  fields("curl's arguments", { args: ["curl", "-u", `admin:${S}`] }),
  fields("pairs of headers", { headers: [["Authorization", `Digest ${S}`]] }),
  fields("pairs of headers in one list", { rawHeaders: ["Host", "a", "X-Api-Key", S] }),
  line("pass", `login pass=${S}`),
  line("DB_PASS", `DB_PASS=${S}`),
  line("dbPass", `dbPass: ${S}`),
  line("numbered", `newPassword2=${S}`),
  line("confirmation", `password_confirmation=${S}`),
  line("version", `x-api-key-v2: ${S}`),
  line("variable", `OPENAI_KEY=${S}`),
  line("plural", `passwords=${S}`),
  line("list in text", `{"tokens":["a","${S}"]}`),
  line("list in escaped text", `{\\"api_keys\\": [\\"a\\", \\"${S}\\"]}`),
  line("escaped for a URL", `body=user%3Da%26password%3D${S}`),
  line("escaped twice", `body=password%253D${S}`),
  line("JSON escaped for a URL", `body=%7B%22password%22%3A%22${S}%22%7D`),
  line("argument", `tool --password ${S}`),
  line("argument with a longer name", `tool --db-password ${S} --verbose`),
  line("argument in a list", `exec ["tool","--password","${S}"]`),
  line("quoted argument", `tool --password "correct horse ${S}"`),
  line("element", `<password>${S}</password>`),
  line("element with a space", `<db:password>correct horse ${S}</db:password>`),
  line("element with attributes", `<password type="text">${S}</password>`),
  line("element of character data", `<password><![CDATA[${S}]]></password>`),
  line("escaped element", `&lt;password&gt;${S}&lt;/password&gt;`),
  line("double quotes", `password="correct horse ${S}"`),
  line("single quotes", `password='correct horse ${S}'`),
  line("JSON with spaces", `"password" : "a b ${S}"`),
  line("escaped JSON", `{\\"password\\":\\"a b ${S}\\"}`),
  line("Ruby's arrow", `:password=>"a b ${S}"`),
  line("curl", `curl -u admin:${S} https://x`),
  line("curl without a space", `curl -uadmin:${S} https://x`),
  line("curl, long", `curl --user admin:${S} https://x`),
  line("curl in a list", `exec ["curl","-u","admin:${S}"]`),
  line("mysql", `mysql -uroot -p${S}`),
  line("sshpass", `sshpass -p ${S} ssh a`),
  line("LDAP", `bindpw ${S}`),
  line("Go's data source", `user:${S}@tcp(db:3306)/app`),
  line("URL with a slash in the password", `postgres://u:ab/${S}@db/x`),
  line("Digest", `Authorization: Digest username="a", response="${S}"`),
  line("Digest alone", `got Digest username="a", response="${S}"`),
  line("Digest in JSON", `{"authorization":"Digest username=\\"a\\", response=\\"${S}\\""}`),
  line("AWS", `authorization=AWS4 Credential=x,Signature=${S}`),
  line("AWS in full", `Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=${S}`),
  line("base64", `data ${base64(`password=${S}`)}`, [base64(S).slice(2, 12), base64(`password=${S}`)]),
  line("base64 behind a word", `data-${base64(`password=${S}`)}`, [base64(`password=${S}`)]),
  line("wrapped base64", WRAPPED, WRAPPED_PARTS),
  line("wrapped base64, escaped", JSON.stringify({ data: WRAPPED }), WRAPPED_PARTS),
];

/** Fields that hold no secret, though their names come near: they stay as they are. */
export const HARMLESS_FIELDS: Readonly<Record<string, unknown>> = {
  prompt_tokens: 128,
  completion_tokens: 512,
  totalTokens: 640,
  max_tokens: 4096,
  tokenizer: "cl100k",
  primary_key: 17,
  "cache-key": "user:4711",
  publicKey: "none",
  routing_key: "claims.new",
  key: "a",
  compass: "north",
  bypass: "no",
  passed: 3,
  passenger: "ann",
  monkey: "wild",
  author: "ann",
  authenticated: "yes",
  secretary: "bob",
};
