/**
 * Who calls whom, by what containers are told: every address in their variables, commands and mounted files is looked
 * up, and becomes a flow, a remark, or nothing where it is no address of another party.
 */
import type { Cluster } from "../cluster/index.js";
import { type Destinations, destinationsOf } from "./destinations.js";
import type { FlowBook } from "./flow-book.js";
import { knownScheme, SCHEMES, WELL_KNOWN_PORTS } from "./images.js";
import type { DraftWorkload, Inventory } from "./inventory.js";
import { addressKey, isLinkKey, isPublicKey, portKeysFor, wordsOf } from "./keys.js";
import type { Names } from "./names.js";
import { passedOperations } from "./nginx.js";
import { isHost, type OutsideParties } from "./outside.js";
import { learnScheme } from "./ports.js";
import { findReferences, type Reference } from "./references.js";
import type { Remarks } from "./remarks.js";
import type { ContainerSettings, Setting } from "./settings.js";

export interface CallContext {
  readonly cluster: Cluster;
  readonly inventory: Inventory;
  readonly names: Names;
  readonly outside: OutsideParties;
  readonly flows: FlowBook;
  readonly remarks: Remarks;
  /** host names under which the workloads themselves are reached */
  readonly ownHosts: ReadonlySet<string>;
}

interface Caller {
  readonly draft: DraftWorkload;
  readonly settings: ContainerSettings;
}

/** Adds the flows that one container's settings speak of; true when they name any other party. */
export function addCalls(context: CallContext, caller: Caller): boolean {
  let named = false;
  for (const setting of caller.settings.settings) {
    const key = setting.form === "variable" ? setting.name : undefined;
    for (const reference of findReferences(setting.text, key).references) {
      if (addCall(context, caller, setting, reference)) named = true;
    }
  }
  return named;
}

function addCall(context: CallContext, caller: Caller, setting: Setting, reference: Reference): boolean {
  const { remarks, names } = context;
  const { draft } = caller;
  const meaning = names.meaningOf(reference.host, draft.zone);
  const strength = reference.key === undefined ? "none" : addressKey(reference.key);
  const trusted = setting.form !== "file" || strength === "strong" || reference.form === "url";
  const remark = (topic: Parameters<Remarks["add"]>[0], text: string) =>
    remarks.add(topic, draft.name, `${citedAt(setting, reference)}: ${text}`, setting.place());

  switch (meaning.kind) {
    case "service": {
      if (meaning.assumedNamespace) {
        const text = `\`${reference.host}\` is taken for the Service ${meaning.service.name}: the manifests name no namespace`;
        remark("assumed", text);
      }
      const port = reference.port ?? siblingPort(caller.settings, reference);
      const { service } = meaning;
      const lists = service.headless || service.ports.some((own) => own.port === port);
      // `postgres:16` is an image as long as nothing says that it is an address
      if (reference.form === "address" && !lists && strength !== "strong") return false;
      const { scheme, key } = reference;
      const to = destinationsOf(context.inventory, { service, port, scheme, key, pod: meaning.pod });
      return addDestinations(context, caller, setting, reference, to);
    }
    case "custom": {
      const workload = context.inventory.ofCustom(meaning.part);
      const [first] = [...meaning.ports.values()];
      const port = meaning.ports.get(reference.port ?? siblingPort(caller.settings, reference) ?? 80) ?? first;
      const found = workload === undefined || port === undefined ? [] : [{ workload, port }];
      return addDestinations(context, caller, setting, reference, { found, doubt: undefined });
    }
    case "outside":
      return addOutside(context, caller, setting, reference, meaning.host);
    case "dangling": {
      if (!mayDangle(setting, reference, strength)) return false;
      remarks.add("dangling", meaning.name, `named by ${draft.name}, ${citedAt(setting, reference)}`, setting.place());
      return true;
    }
    case "opaque":
      if (setting.form !== "file" || strength === "strong")
        remark("unresolved", "the host is a variable that the manifests don't set");
      return false;
    case "address":
      remark("undrafted", `\`${reference.host}\` is an address: a flow needs a host name`);
      return true;
    case "kubernetes-api":
      remark("undrafted", "calls the Kubernetes API, which is no part of a workflow");
      return true;
    case "placeholder":
      if (trusted && !isPublicKey(reference.key ?? "") && !isLinkKey(reference.key ?? "")) {
        remark("unresolved", `\`${reference.host}\` is a placeholder`);
      }
      return false;
    case "loopback":
      return false;
  }
}

function addDestinations(
  { flows, remarks, inventory }: CallContext,
  { draft }: Caller,
  setting: Setting,
  reference: Reference,
  { found, doubt }: Destinations,
): boolean {
  const cited = citedAt(setting, reference);
  const others = found.filter(({ workload }) => workload !== draft);
  if (doubt !== undefined && (others.length > 0 || found.length === 0)) {
    const [topic, subject] =
      doubt.topic === "dangling" ? (["dangling", reference.host] as const) : ([doubt.topic, draft.name] as const);
    remarks.add(
      topic,
      subject,
      doubt.topic === "dangling" ? `named by ${draft.name}, ${cited}: ${doubt.text}` : `${cited}: ${doubt.text}`,
      setting.place(),
    );
  }
  for (const { workload, port } of others) {
    const scheme = reference.scheme === undefined ? undefined : knownScheme(reference.scheme);
    const spoken = scheme === undefined ? undefined : SCHEMES.get(scheme)?.protocol;
    if (scheme !== undefined && spoken !== undefined) learnScheme(inventory.port(workload, port), spoken, scheme);
    const operations = setting.form === "file" ? passedOperations(setting.text, reference) : undefined;
    const evidence = { text: cited, place: setting.place };
    flows.add({ from: draft.name, to: workload.name, port, evidence, operations });
  }
  return others.length > 0;
}

/** Names of files, which look like host names: `server.conf`, `model.gguf`. */
const FILE_NAME =
  /\.(?:ya?ml|json|conf|cfg|cnf|ini|py|js|mjs|ts|sh|bash|so|log|txt|html?|css|crt|pem|key|cert|cer|sock|xml|toml|db|sqlite|gguf|bin|safetensors|md|tmpl|tpl|properties|env|jar|war|class|go|rb|sql|lua|csv|parquet|pt|onnx|zip|gz|tar)$/;
/** Words of a program that calls what stands on their line. */
const CALLING =
  /\b(?:curl|wget|proxy_pass|grpc_pass|fetch|requests?\.|urlopen|axios|http\.(?:get|post)|git\s+clone|rclone|aria2c|pull)\b/i;
/** Outside names of documents and schemas, which programs name and don't call. */
const NAMESPACES_ONLY =
  /(?:^|\.)(?:w3\.org|json-schema\.org|xmlsoap\.org|schemas\.microsoft\.com|opensource\.org|purl\.org)$/;

function addOutside(
  context: CallContext,
  caller: Caller,
  setting: Setting,
  reference: Reference,
  host: string,
): boolean {
  const { outside, flows, remarks, ownHosts } = context;
  const key = reference.key ?? "";
  if (
    FILE_NAME.test(host) ||
    NAMESPACES_ONLY.test(host) ||
    !isHost(host) ||
    !/[a-z]/.test(host.split(".").at(-1) ?? "")
  )
    return false;
  if (isLinkKey(key) || ownHosts.has(host)) return false;
  const strength = addressKey(key);
  const cited = citedAt(setting, reference);
  if (reference.form !== "url" && strength !== "strong") return false;
  if (setting.form === "file" && strength !== "strong" && !CALLING.test(reference.written)) return false;
  const bareOwn = setting.form === "variable" && reference.form === "host" && namesItself(key, caller.draft.name);
  // in a file, a name alone may be the server's own
  if (setting.form === "file" && reference.form === "host" && reference.port === undefined) return false;
  if (isPublicKey(key) || bareOwn) {
    const text = `${cited}: \`${host}\` is taken for the address under which it is reached itself`;
    remarks.add("assumed", caller.draft.name, text, setting.place());
    return false;
  }
  const scheme = reference.scheme === undefined ? undefined : SCHEMES.get(knownScheme(reference.scheme));
  const written = reference.port ?? siblingPort(caller.settings, reference);
  const port = written ?? scheme?.port ?? usualPort(key) ?? 443;
  const usual = WELL_KNOWN_PORTS.get(port)?.protocol ?? "tcp";
  const protocol = scheme?.protocol ?? (port === 443 ? "https" : port === 80 ? "http" : usual);
  if (written === undefined && scheme?.port === undefined) {
    remarks.add(
      "assumed",
      caller.draft.name,
      `${cited}: no port is written for \`${host}\`, ${port} is taken`,
      setting.place(),
    );
  }
  const api = outside.api(host, port, protocol);
  flows.add({ from: caller.draft.name, to: api.name, port, evidence: { text: cited, place: setting.place } });
  return true;
}

/** `N8N_HOST` of the workload n8n, and a plain `HOST`, say where it is found. */
function namesItself(key: string, name: string): boolean {
  const words = wordsOf(key);
  const before = words.slice(0, -1);
  const [first = ""] = before;
  return before.length === 0 || (before.length === 1 && (wordsOf(name).includes(first) || OWN_HOSTS.has(first)));
}

const OWN_HOSTS = new Set([
  "app",
  "web",
  "site",
  "public",
  "external",
  "ingress",
  "domain",
  "base",
  "virtual",
  "server",
]);

/** The port for which the key's words are known: `SMTP_HOST`, `MYSQL_HOST`. */
function usualPort(key: string): number | undefined {
  const words = new Set(wordsOf(key));
  if (words.has("smtp") || words.has("mail") || words.has("email")) return SUBMISSION;
  return [...WELL_KNOWN_PORTS].find(([, { words: known }]) => words.has(known.toLowerCase()))?.[0];
}

/** Mail submission, RFC 6409. */
const SUBMISSION = 587;

/** Whether a name that nothing defines is worth a remark: it stands where an address must. */
function mayDangle(setting: Setting, reference: Reference, strength: ReturnType<typeof addressKey>): boolean {
  const { host, form } = reference;
  if (FILE_NAME.test(host) || !/^[a-z][a-z0-9.-]*$/.test(host) || host.length < 3) return false;
  if (setting.form === "file") {
    // an nginx upstream has the name of a host and is none
    if (new RegExp(`^\\s*upstream\\s+["']?${host.replaceAll(".", "\\.")}\\b`, "im").test(setting.text)) return false;
    return form === "url"
      ? strength === "strong" || CALLING.test(reference.written)
      : form === "address" && strength === "strong";
  }
  if (form === "url") return true;
  return strength === "strong" || (setting.form === "command" && form === "host" && reference.key === undefined);
}

/** `DB_PORT` beside `DB_HOST`. */
function siblingPort(settings: ContainerSettings, { key, form }: Reference): number | undefined {
  if (key === undefined || form === "url") return undefined;
  const byWords = new Map([...settings.variables].map(([name, value]) => [wordsOf(name).join("_"), value]));
  for (const wanted of portKeysFor(key)) {
    const value = byWords.get(wanted);
    // a bare PORT is where the container itself listens
    if (wanted !== "port" && value !== undefined && /^\d{1,5}$/.test(value)) return Number(value);
  }
  return undefined;
}

function citedAt(setting: Setting, { line }: Reference): string {
  return setting.form === "file" ? `${setting.cited}, line ${line + 1}` : setting.cited;
}
