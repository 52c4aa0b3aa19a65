/** What `opa run` was told on its command line, as far as it changes decisions. */

export interface Arguments {
  readonly paths: readonly string[];
  readonly configFile: string | undefined;
  /** `--set`, in order: dotted path and text */
  readonly settings: readonly (readonly [path: string, value: string])[];
  readonly ignore: readonly string[];
  readonly bundle: boolean;
  readonly v0: boolean;
  readonly authorization: boolean;
  readonly authentication: "off" | "token" | "tls";
  /** its API answers HTTPS alone */
  readonly tls: boolean;
}

const SWITCHES: ReadonlySet<string> = new Set([
  "server",
  "watch",
  "bundle",
  "skip-version-check",
  "disable-telemetry",
  "v0-compatible",
  "v1-compatible",
  "pprof",
  "h2c",
  "optimize-store-for-read-speed",
  "skip-verify",
  "skip-known-schema-check",
]);
const VALUES: ReadonlySet<string> = new Set([
  "addr",
  "diagnostic-addr",
  "config-file",
  "set",
  "ignore",
  "log-level",
  "log-format",
  "log-timestamp-format",
  "authorization",
  "authentication",
  "format",
  "history",
  "max-errors",
  "ready-timeout",
  "shutdown-grace-period",
  "shutdown-wait-period",
  "tls-cert-file",
  "tls-private-key-file",
  "tls-ca-cert-file",
  "tls-cert-refresh-period",
  "min-tls-version",
  "unix-socket-perm",
]);
const SHORT: ReadonlyMap<string, string> = new Map([
  ["s", "server"],
  ["w", "watch"],
  ["b", "bundle"],
  ["a", "addr"],
  ["c", "config-file"],
  ["l", "log-level"],
  ["f", "format"],
  ["H", "history"],
  ["m", "max-errors"],
]);

/** The arguments, or why they cannot be read. */
export function readArguments(words: readonly string[]): Arguments | string {
  const [first, ...rest] = /(^|\/)opa(_[\w]+)?$/.test(words[0] ?? "") ? words.slice(1) : words;
  if (first !== "run") return `its command is \`${words.join(" ")}\`, not \`opa run\``;
  const unset = words.find((word) => word.includes("$("));
  if (unset !== undefined) return `its argument \`${unset}\` comes from a variable`;
  const given = new Map<string, string[]>();
  const paths: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? "";
    if (!word.startsWith("-") || word === "-") {
      paths.push(word);
      continue;
    }
    const [, dashes = "", written = "", value] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const name = dashes === "--" ? written : SHORT.get(written);
    if (name !== undefined && SWITCHES.has(name)) add(given, name, value ?? "true");
    else if (name !== undefined && VALUES.has(name)) add(given, name, value ?? rest[++i] ?? "");
    else return `its argument \`${word}\` is not known here`;
  }
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const authentication = last("authentication") ?? "off";
  const on = (name: string): boolean => !["false", "0", undefined].includes(last(name));
  return {
    paths,
    configFile: last("config-file"),
    settings: (given.get("set") ?? []).flatMap(splitSettings),
    ignore: (given.get("ignore") ?? []).flatMap((list) => list.split(",")),
    bundle: on("bundle"),
    v0: on("v0-compatible"),
    authorization: (last("authorization") ?? "off") !== "off",
    authentication: authentication === "off" || authentication === "token" ? authentication : "tls",
    tls: last("tls-cert-file") !== undefined,
  };
}

function add(given: Map<string, string[]>, name: string, value: string): void {
  given.set(name, [...(given.get(name) ?? []), value]);
}

/** `a.b=c,d=e` */
function splitSettings(text: string): readonly (readonly [string, string])[] {
  return text.split(/(?<!\\),/).map((part): readonly [string, string] => {
    const cut = part.indexOf("=");
    return cut === -1 ? [part, ""] : [part.slice(0, cut), part.slice(cut + 1)];
  });
}
