/**
 * Text → the addresses in it. Every kind of text that a container is given (a variable, a command line, a mounted file
 * of whatever format) is read by the same few forms, because the forms recur in all of them: URLs, `host:port`, pairs of
 * a key and a bare host name, and the arguments of the usual client programs. What a name stands for is decided later.
 */
import { addressKey, isOwnKey, portKeysFor, wordsOf } from "./keys.js";

export interface Reference {
  /** lower case; may still hold a variable that nothing resolved */
  readonly host: string;
  readonly port: number | undefined;
  /** of a URL, without a `jdbc:` in front */
  readonly scheme: string | undefined;
  /** `url` and `address` name a party by their form alone; a `host` does because of its key or the program it is given to */
  readonly form: "url" | "address" | "host";
  /** the key under which it stands, where there is one */
  readonly key: string | undefined;
  /** 0-based line of the text */
  readonly line: number;
  /** that line, without comment */
  readonly written: string;
}

type Place = Omit<Reference, "written">;

/** Something that is fetched rather than called: `hf://org/model`, `s3://bucket/path`. */
interface Fetch {
  readonly scheme: string;
  readonly line: number;
}

export interface Found {
  readonly references: readonly Reference[];
  readonly fetches: readonly Fetch[];
}

/** Bounds, so that the time grows with the text alone: a longer line is data rather than settings. */
const LONGEST = 1_100_000;
const LONGEST_LINE = 16_384;
const FETCH_SCHEMES = new Set([
  "s3",
  "s3a",
  "gs",
  "gcs",
  "hf",
  "ollama",
  "oci",
  "abfs",
  "abfss",
  "wasbs",
  "modelscope",
]);
const NO_NETWORK = new Set([
  "file",
  "unix",
  "pvc",
  "data",
  "docker",
  "containerd",
  "spiffe",
  "urn",
  "about",
  "chrome",
  "exec",
]);

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?";
const HOST = `${LABEL}(?:\\.${LABEL})*\\.?`;
const URL_START = /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*(?::[a-z][a-z0-9+]*)*):\/\//g;
const AUTHORITY = new RegExp(`^(${HOST})(?::(\\d{1,5}))?(?=$|[,/?#;)\\]}&:'"\\s<>|\\\\])`);
const ADDRESS = new RegExp(`(?<![\\w.$:/{}%-])(${HOST}):(\\d{2,5})(?![\\w.:-])`, "g");
const ORACLE = new RegExp(`jdbc:oracle:thin:@(${HOST}):(\\d+)`, "gi");
const BARE = new RegExp(`^${HOST}$`);

/** Everything in `text` that names a party. `key` is the name of the variable that holds it, if one does. */
export function findReferences(text: string, key?: string): Found {
  const references: Place[] = [];
  const fetches: Fetch[] = [];
  if (text.length > LONGEST || (key !== undefined && isOwnKey(key))) return { references: [], fetches };
  const lines = text.split("\n").map((line) => withoutComment(line.slice(0, LONGEST_LINE)));
  const pairsByLine = lines.map((line, index) => pairsOf(line).map((pair) => ({ ...pair, line: index })));
  const listKeys = keysOfLists(lines);
  for (const [index, line] of lines.entries()) {
    const ownKey = (at: number): string | undefined =>
      pairsByLine[index]?.findLast((pair) => pair.at <= at)?.key ?? listKeys[index] ?? key;
    const rest = takeUrls(line, index, ownKey, references, fetches);
    for (const match of rest.matchAll(ADDRESS)) {
      const [host = "", port = ""] = match.slice(1);
      add(references, {
        host,
        port: Number(port),
        scheme: undefined,
        form: "address",
        key: ownKey(match.index),
        line: index,
      });
    }
    references.push(...programArguments(rest, index));
  }
  const bare = key !== undefined && addressKey(key) !== "none" ? bareHosts(text, key) : [];
  const others = [...references, ...bare, ...hostPairs(pairsByLine.flat())].filter(
    ({ key: own }) => own === undefined || !isOwnKey(own),
  );
  return { references: others.map((found) => ({ ...found, written: lines[found.line] ?? "" })), fetches };
}

function add(references: Place[], { host, port, ...rest }: Place): void {
  if ((rest.form !== "url" && !/[A-Za-z]/.test(host)) || (port !== undefined && (port < 1 || port > 65_535))) return;
  references.push({ host: host.toLowerCase().replace(/\.$/, ""), port, ...rest });
}

/** Collects a line's URLs and returns the line without them. */
function takeUrls(
  line: string,
  index: number,
  keyAt: (at: number) => string | undefined,
  references: Place[],
  fetches: Fetch[],
): string {
  let rest = line;
  for (const match of line.matchAll(URL_START)) {
    const scheme = (match[1] ?? "").toLowerCase().replace(/^jdbc:/, "");
    const from = match.index + match[0].length;
    if (FETCH_SCHEMES.has(scheme)) fetches.push({ scheme, line: index });
    const end = FETCH_SCHEMES.has(scheme) || NO_NETWORK.has(scheme) ? from : takeHosts(line, from, scheme);
    rest = `${rest.slice(0, match.index)}${" ".repeat(end - match.index)}${rest.slice(end)}`;
  }
  for (const match of rest.matchAll(ORACLE)) {
    const [host = "", port = ""] = match.slice(1);
    add(references, { host, port: Number(port), scheme: "oracle", form: "url", key: keyAt(match.index), line: index });
  }
  return rest;

  function takeHosts(whole: string, start: number, scheme: string): number {
    let at = start;
    if (scheme === "dns" && whole[at] === "/") at += 1;
    at += userInfoLength(whole.slice(at));
    const key = keyAt(start);
    for (let first = true; ; first = false) {
      const match = AUTHORITY.exec(whole.slice(at));
      if (match === null) {
        // A variable that nothing resolved: the party is known at run time only.
        const opaque = /^[^/?#\s"'`<>|\\,:]*[$%{<][^/?#\s"'`|\\,:]*/.exec(whole.slice(at))?.[0];
        if (first && opaque !== undefined) {
          references.push({ host: opaque.toLowerCase(), port: undefined, scheme, form: "url", key, line: index });
          at += opaque.length;
        }
        return at;
      }
      const [all, host = "", port] = match;
      add(references, {
        host,
        port: port === undefined ? undefined : Number(port),
        scheme,
        form: "url",
        key,
        line: index,
      });
      at += all.length;
      if (whole[at] !== ",") return at;
      at += 1;
    }
  }
}

/** How many characters the user and password in front of a host take; a password may hold a `/` that nobody escaped. */
function userInfoLength(rest: string): number {
  const token = /^[^\s"'`<>|\\]*/.exec(rest)?.[0] ?? "";
  const segment = /^[^/?#]*/.exec(token)?.[0] ?? "";
  if (segment.includes("@")) return segment.lastIndexOf("@") + 1;
  const hasPassword = /^[^:]*:.*[^0-9]/.test(segment) && !/[$%{]/.test(segment);
  return hasPassword ? token.lastIndexOf("@") + 1 : 0;
}

/** For each line that is an item of a list, the key above the list. */
function keysOfLists(lines: readonly string[]): readonly (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  let last: { readonly indent: number; readonly index: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const indent = /^(\s*)-\s/.exec(line)?.[1]?.length;
    if (indent === undefined) continue;
    const follows = last?.index === index - 1 && last.indent === indent;
    keys[index] = follows ? keys[index - 1] : keyAbove(lines, index, indent);
    last = { indent, index };
  }
  return keys;
}

function keyAbove(lines: readonly string[], index: number, indent: number): string | undefined {
  const line = lines[index - 1] ?? "";
  const [, space = "", dash = "", name] = /^(\s*)(- )?["']?([A-Za-z_][\w.-]*)["']?:\s*$/.exec(line) ?? [];
  return name !== undefined && space.length + dash.length <= indent ? name : undefined;
}

interface Pair {
  readonly key: string;
  readonly value: string;
  /** where the key starts in its line */
  readonly at: number;
}

const VALUE = `"([^"]*)"|'([^']*)'|([^\\s,;"'{}\\[\\]<>&]+)`;
const FORMS = [
  // key = value, --flag=value, -Dkey=value, key=value among others
  new RegExp(`(?:^|[\\s,;("'&])-{0,2}D?([A-Za-z_][\\w.-]*)\\s*=\\s*(?:${VALUE})`, "g"),
  // key: value, "key": "value"
  new RegExp(`(?:^|[\\s,{])["']?([A-Za-z_][\\w.-]*)["']?\\s*:\\s+(?:${VALUE})`, "g"),
  new RegExp(`["']([A-Za-z_][\\w.-]*)["']\\s*:\\s*(?:${VALUE})`, "g"),
  // --flag value
  new RegExp(`(?:^|\\s)--([A-Za-z][\\w.-]*)\\s+(?:${VALUE})`, "g"),
  // Key value, alone on a line
  new RegExp(`^\\s*([A-Za-z_][\\w.-]*)\\s+(?:${VALUE})\\s*$`, "g"),
  // <key>value</key>
  /<([A-Za-z_][\w.-]*)>()()([^<>]*)<\//g,
];

function pairsOf(line: string): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const form of FORMS) {
    for (const match of line.matchAll(form)) {
      const [, key = "", double, single, plain] = match;
      pairs.push({ key, value: double || single || plain || "", at: match.index });
    }
  }
  return pairs.sort((a, b) => a.at - b.at);
}

/** Pairs whose key says that the value is an address and whose value is nothing but a name. */
function hostPairs(pairs: readonly (Pair & { line: number })[]): readonly Place[] {
  const references: Place[] = [];
  const portNames = pairs.map(({ key, value }) => (/^\d+$/.test(value) ? wordsOf(key).join("_") : undefined));
  const wantedFor = new Map<string, { readonly isAddress: boolean; readonly ports: readonly string[] }>();
  for (const [index, { key, value, line }] of pairs.entries()) {
    const wanted = wantedFor.get(key) ?? { isAddress: addressKey(key) !== "none", ports: portKeysFor(key) };
    wantedFor.set(key, wanted);
    if (!wanted.isAddress || !isBareHost(value)) continue;
    const near: number[] = [];
    for (let other = Math.max(0, index - 16); other <= index + 16; other++) {
      if (portNames[other] !== undefined && Math.abs((pairs[other]?.line ?? 0) - line) <= 4) near.push(other);
    }
    const found = wanted.ports
      .map((name) => near.find((other) => portNames[other] === name))
      .find((at) => at !== undefined);
    const port = found === undefined ? undefined : Number(pairs[found]?.value);
    add(references, { host: value, port, scheme: undefined, form: "host", key, line });
  }
  return references;
}

/** The whole text is one host name or a list of them. */
function bareHosts(text: string, key: string): readonly Place[] {
  const references: Place[] = [];
  for (const part of text.trim().split(/[\s,;]+/)) {
    if (!isBareHost(part)) continue;
    add(references, { host: part, port: undefined, scheme: undefined, form: "host", key, line: 0 });
  }
  return references;
}

const WORDS_OF_SETTINGS =
  /^(?:true|false|yes|no|on|off|null|none|nil|auto|default|disabled|enabled|any|all|tcp|udp|http|https)$/i;

function isBareHost(value: string): boolean {
  return BARE.test(value) && value.length <= 253 && /[A-Za-z]/.test(value) && !WORDS_OF_SETTINGS.test(value);
}

const PROGRAMS = [
  new RegExp(`\\bnc(?:at)?\\s+(?:-\\S+\\s+)*(${HOST})\\s+(\\d{1,5})\\b`, "g"),
  new RegExp(`\\b(?:telnet)\\s+(${HOST})\\s+(\\d{1,5})\\b`, "g"),
  new RegExp(`/dev/tcp/(${HOST})/(\\d{1,5})\\b`, "g"),
  // servers of an nginx upstream block, and its other protocols' passes
  new RegExp(`^\\s*server\\s+(${HOST})(?::(\\d{1,5}))?(?:\\s[^;{]*)?;`, "g"),
  new RegExp(`\\b(?:fastcgi|uwsgi|scgi|memcached|proxy)_pass\\s+(${HOST})(?::(\\d{1,5}))?\\s*;`, "g"),
];
const CLIENT =
  /\b(?:psql|pg_isready|pg_dump|createdb|redis-cli|mysql|mysqladmin|mysqldump|mariadb|mongo|mongosh|clickhouse-client)\b/;
const CLIENT_HOST = new RegExp(`(?:^|\\s)(?:-h|--host)[\\s=]*["']?(${HOST})`);
const CLIENT_PORT = /(?:^|\s)(?:-p|-P|--port)[\s=]*["']?(\d{1,5})\b/;

/** Hosts given to client programs in a way of their own. */
function programArguments(line: string, index: number): readonly Place[] {
  const references: Place[] = [];
  const found = (host: string | undefined, port: string | undefined) => {
    if (host === undefined || /^\d+$/.test(host)) return;
    add(references, {
      host,
      port: port === undefined ? undefined : Number(port),
      scheme: undefined,
      form: "host",
      key: undefined,
      line: index,
    });
  };
  for (const program of PROGRAMS) for (const match of line.matchAll(program)) found(match[1], match[2]);
  for (const command of line.split(/[;|&]+/)) {
    if (CLIENT.test(command)) found(CLIENT_HOST.exec(command)?.[1], CLIENT_PORT.exec(command)?.[1]);
  }
  return references;
}

/** A line without the comment that it is or ends in. */
function withoutComment(line: string): string {
  if (/^\s*(?:#|\/\/|;|--\s|<!--|\*)/.test(line)) return "";
  // `#` starts a comment after white space, outside quotes
  const at = /\s#\s/.exec(line)?.index;
  if (at === undefined) return line;
  const before = line.slice(0, at);
  const open = (quote: string) => before.split(quote).length % 2 === 0;
  return open('"') || open("'") ? line : before;
}
