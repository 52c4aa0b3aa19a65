/**
 * What may not stand in a decision's record: secrets that somebody put where only names belong. Queries and bodies never
 * come here at all; this strikes out what looks like a credential in the rest, and control characters with it.
 */
const STRUCK = "[redacted]";
const MAX_LENGTH = 512;

/** Shapes of credentials: JWTs, well-known prefixes of keys, `name=value` and `scheme value` pairs, long random runs. */
const SECRETS = [
  /\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g,
  /\b(?:sk|pk|rk|ghp|gho|ghs|ghu|glpat|xox[abprs]|hvs|hvb|hf|npm|AKIA|ASIA|AIza)[-_]?[A-Za-z0-9_-]{12,}/g,
  /\b(?:bearer|basic|dpop)\s+[A-Za-z0-9._~+/=-]+/gi,
  /\b(?:password|passwd|secret|token|api[-_]?key|key|signature|sig)=[^\s&;/]+/gi,
  /[A-Za-z0-9_-]{40,}/g,
];

/** Names recur from request to request; what became of the last of them is known. */
const MAX_KNOWN = 1000;
const known = new Map<string, string>();

/** A text without what looks like a secret, in one line of bounded length. */
export function redactText(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  const clean = strike(text);
  // Only what is clean anyway is kept: no secret stays in memory for having been struck out.
  if (clean !== text) return clean;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, clean);
  return clean;
}

function strike(text: string): string {
  let clean = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  for (const secret of SECRETS) clean = clean.replace(secret, STRUCK);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the place that removes them
  return clean.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "·");
}

/** A path without its query, segment by segment. */
export function redactPath(path: string): string {
  return redactText((path.split("?", 1)[0] ?? "").split("#", 1)[0] ?? "");
}
