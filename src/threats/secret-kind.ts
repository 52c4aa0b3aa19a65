/**
 * Whether a setting is a secret in plain sight. Known forms are certain and come first; then the name of the setting
 * decides, unless its value plainly is something else (a number, a switch, a path, a reference). What it is is said in
 * words, and never the value.
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/, "a JSON web token"],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an AWS access key"],
  [/\bAIza[0-9A-Za-z_-]{35}/, "a Google API key"],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/, "a GitHub token"],
  [/\bglpat-[A-Za-z0-9_-]{16,}/, "a GitLab token"],
  [/\bxox[abeprs]-[A-Za-z0-9-]{10,}/, "a Slack token"],
  [/\bsk-ant-[A-Za-z0-9_-]{16,}/, "an Anthropic API key"],
  [/\bsk-[A-Za-z0-9_-]{20,}/, "a model provider's API key"],
  [/\bhf_[A-Za-z0-9]{20,}/, "a Hugging Face token"],
  [/\bhv[sbr]\.[A-Za-z0-9_-]{20,}/, "a Vault token"],
  [/\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/, "a Stripe key"],
  [/\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/, "a SendGrid key"],
  [/\bnpm_[A-Za-z0-9]{30,}/, "an npm token"],
  [/\bAccountKey=[A-Za-z0-9+/=]{20,}/i, "an Azure storage key"],
  [/\b(?:password|pwd)=[^;\s]{3,}/i, "a connection string with a password"],
  [/^(?:Basic|Bearer) [A-Za-z0-9+/=._-]{8,}$/i, "an authorization header"],
  [/^[a-z][a-z0-9+.-]*:\/\/[^\s:@/$]*:[^\s@/$]+@/i, "an address with a password"],
];

const NAME =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|APIKEY|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|AUTH_?KEY|MASTER_?KEY|CREDENTIALS?|PAT)$/;

/** In words what secret the value is, or undefined when it is none. */
export function secretKind(name: string, value: string): string | undefined {
  const trimmed = value.trim();
  if (trimmed === "" || isReference(trimmed)) return undefined;
  for (const [form, kind] of FORMS) if (form.test(trimmed)) return kind;
  const upper = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
  if (!NAME.test(upper) || /^(?:MAX|MIN|NUM|N)_/.test(upper)) return undefined;
  return isPlain(trimmed) ? undefined : "a literal value under the name of a secret";
}

/** `${NAME}`, `$(NAME)`, a vault path or a placeholder stands for a value that is somewhere else. */
function isReference(value: string): boolean {
  if (/^(?:your|insert|replace)[-_ ]/i.test(value)) return true;
  return /^(?:\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|<[^>]*>|(?:vault|secret|env|ref\+\w+|op|file):\S*)$/.test(value);
}

function isPlain(value: string): boolean {
  return /^(?:true|false|yes|no|on|off|none|null|[0-9]{1,3}|\/[^\s]*|\.{1,2}\/[^\s]*)$/i.test(value);
}

/** Which part of an address is a credential, for the chat services whose webhook addresses are one, and token parameters. */
export function secretInUrl(text: string): "path" | "query" | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const path =
    (url.hostname === "hooks.slack.com" && /^\/(?:services|workflows)\//.test(url.pathname)) ||
    (/(?:^|\.)discord(?:app)?\.com$/.test(url.hostname) && url.pathname.startsWith("/api/webhooks/")) ||
    (url.hostname.endsWith(".webhook.office.com") && url.pathname.startsWith("/webhookb2/"));
  if (path) return "path";
  const names = [...url.searchParams.keys()];
  return names.some((name) => /(?:token|key|secret|sig|signature|password|auth)$/i.test(name)) ? "query" : undefined;
}
