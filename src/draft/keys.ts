/**
 * What a key says about its value. Manifests name other parties in variables, flags and configuration entries, and the
 * words of the key tell an address (`REDIS_HOST`) from a name that only looks like one (`POSTGRES_DB: n8n`).
 */

/** The lower-case words of a key: `DB_POSTGRESDB_HOST`, `dbPostgres.host` and `db-postgres-host` are split alike. */
export function wordsOf(key: string): readonly string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** The value is an address of something. */
const ADDRESS_WORDS = new Set(
  (
    "host hosts hostname hostnames addr addrs address addresses endpoint endpoints url urls uri uris server servers " +
    "broker brokers dsn upstream upstreams ip seeds sentinel sentinels nodes peers"
  ).split(" "),
);
/** The value may be one: believed only where it names a Service of the manifests. */
const WEAK_WORDS = new Set(
  "service services backend backends target targets node peer gateway proxy master primary replica connect connection bootstrap".split(
    " ",
  ),
);
/** Words after the one that counts: `LLM_SERVER_HOST_IP`, `BROKER_URL_1`, `ENDPOINT_INTERNAL`. */
const TRAILING = /^(?:\d+|v\d+|ip|internal|base|default|primary)$/;

/** The value says where the workload itself listens, or who may call it: never whom it calls. */
const OWN_WORDS = new Set(
  "listen listener bind binding advertise advertised announce origin origins cors referer referers allowed whitelist allowlist trusted".split(
    " ",
  ),
);
const OWN_KEY = /(?:^|[^a-z])no[_-]?proxy|server[_-]?name|^(?:listen|bind)|^OTEL_RESOURCE_ATTRIBUTES$/i;
/** `api_base` and `baseUrl` of clients of language models. */
const BASE_ADDRESS = /(?:api|base)[_-]?(?:base|url)$/i;

/** Links for people: an address in them is not called by the workload. */
const LINK_WORDS = new Set(
  (
    "doc docs documentation help homepage website license licence about terms privacy support feedback logo icon favicon " +
    "badge schema xmlns changelog link links href contact"
  ).split(" "),
);
/** Addresses under which the workload itself is reached from outside. */
const PUBLIC_WORDS = new Set("public external canonical redirect callback frontend site root".split(" "));
const PUBLIC_KEY = /^(?:webhook|app|editor[_-]?base|n8n_editor_base|base)_?url$/i;

export type AddressKey = "strong" | "weak" | "none";

/** How much a bare name under this key is an address. */
export function addressKey(key: string): AddressKey {
  if (BASE_ADDRESS.test(key)) return "strong";
  const words = [...wordsOf(key)];
  while (words.length > 1 && TRAILING.test(words.at(-1) ?? "")) words.pop();
  const last = words.at(-1) ?? "";
  if (last === "name" && words.length > 1) {
    const before = words.at(-2) ?? "";
    if (before === "host") return "strong";
    return before === "service" && words.length > 2 && words[0] !== "otel" ? "weak" : "none";
  }
  if (ADDRESS_WORDS.has(last) || /(?:host|hostname|url|uri|addr|address|endpoint)$/.test(last)) return "strong";
  return WEAK_WORDS.has(last) ? "weak" : "none";
}

/** Whether the key speaks of the workload's own listening or of its clients. */
export function isOwnKey(key: string): boolean {
  return OWN_KEY.test(key) || wordsOf(key).some((word) => OWN_WORDS.has(word));
}

/** Whether an outside address under this key is meant for people rather than called. */
export function isLinkKey(key: string): boolean {
  return key.startsWith("$") || wordsOf(key).some((word) => LINK_WORDS.has(word));
}

/** Whether an outside address under this key is where the workload itself is found. */
export function isPublicKey(key: string): boolean {
  return PUBLIC_KEY.test(key) || wordsOf(key).some((word) => PUBLIC_WORDS.has(word));
}

/** Keys, in words joined by `_`, under which the port for the host in `key` stands; the closest first. */
export function portKeysFor(key: string): readonly string[] {
  const words = [...wordsOf(key)];
  const found: string[] = [];
  const offer = () => {
    for (const port of ["port", "port_value", "portnumber"]) found.push([...words, port].join("_"));
  };
  offer();
  while (words.length > 0) {
    const last = words.at(-1) ?? "";
    if (!TRAILING.test(last) && !ADDRESS_WORDS.has(last) && !WEAK_WORDS.has(last) && last !== "name") break;
    words.pop();
    offer();
  }
  return found;
}

const CREDENTIAL = /(?:^|_)(?:password|passwd|pwd|secret|token|apikey|api_key|access_key|private_key|credentials?)$/;

/** Whether a literal value under this key is likely a credential. */
export function isCredentialKey(key: string): boolean {
  return CREDENTIAL.test(wordsOf(key).join("_"));
}
