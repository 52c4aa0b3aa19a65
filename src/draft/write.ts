/** The draft as text: the workflow file with what each line stands on, in the order in which a person reads one. */
import { isHttp, METHODS, type Protocol, parsePathPattern } from "../workflow/index.js";
import type { Draft } from "./draft.js";
import type { DraftFlow, DraftOperation } from "./flow-book.js";
import { type DraftWorkload, labelOf } from "./inventory.js";
import { isHost } from "./outside.js";
import type { PortHints } from "./ports.js";
import { comment, flowList, flowMap, lineAt, scalar } from "./yaml-text.js";

/** What flows, by the kind of the destination: names to start from, since manifests don't tell. */
const DATA = {
  requests: { sensitivity: "internal", description: "what callers send" },
  responses: { sensitivity: "internal", description: "what they get back" },
  "model-input": { sensitivity: "internal", description: "prompts, documents, features sent to a model" },
  "model-output": { sensitivity: "internal", description: "completions, embeddings, scores" },
  records: { sensitivity: "internal", description: "what a store keeps" },
  messages: { sensitivity: "internal", description: "what a queue carries" },
  "model-weights": { sensitivity: "public", description: "models that are downloaded" },
} as const;
type DataName = keyof typeof DATA;

const MOST_EVIDENCE = 6;

/** @returns the text of a workflow file that loads without a mistake */
export function writeDraft(draft: Draft): string {
  const workloads = new Map(draft.workloads.map((workload) => [workload.name, workload]));
  const written = draft.flows.map((flow) => ({ flow, ...dataOf(flow, draft, workloads) }));
  const used = new Set<string>(written.flatMap(({ data, returns }) => [...data, ...returns]));
  return [
    ...head(draft),
    ...section("zones", "a namespace and its trust: say which ones are public or restricted", zones(draft)),
    ...section(
      "data",
      "placeholders by the kind of destination: name what really flows, and how sensitive it is",
      dataClasses(used),
    ),
    ...section("identity", "whose tokens users carry", identities(draft)),
    ...section("workloads", undefined, draft.workloads.flatMap(workloadLines), "{}"),
    ...section("outside", undefined, outside(draft)),
    ...section(
      "flows",
      "all that is permitted; the comments say what each stands on",
      written.flatMap(({ flow, data, returns }) => flowLines(flow, data, returns, draft, workloads)),
    ),
    ...section("secrets", "by name; their values stay where they are", secrets(draft)),
    ...targets(draft),
  ].join("\n");
}

function section(name: string, about: string | undefined, lines: readonly string[], empty?: string): readonly string[] {
  if (lines.length === 0 && empty === undefined) return [];
  const note = about === undefined ? "" : ` ${comment(about)}`;
  return lines.length === 0 ? [`${name}: ${empty}`, ""] : [`${name}:${note}`, ...lines, ""];
}

function head(draft: Draft): readonly string[] {
  const open = draft.remarks.length;
  return [
    comment(
      "Drafted by `ringfence import` from Kubernetes manifests. It permits what the manifests speak of, no more and no less:",
    ),
    comment(
      `read every flow${open === 0 ? "" : `, and the ${open} remark${open === 1 ? "" : "s"} of the report on what could not be told`}.`,
    ),
    "apiVersion: ringfence.dev/v1",
    `workflow: ${scalar(draft.name)}`,
    ...(draft.trustDomain === "cluster.local" ? [] : [`trustDomain: ${scalar(draft.trustDomain)}`]),
    "",
  ];
}

function zones(draft: Draft): readonly string[] {
  const names = draft.zones.length === 0 ? ["default"] : draft.zones;
  return [...new Set(names.map((zone) => labelOf(zone)))].map((zone) => `  ${scalar(zone)}: { trust: internal }`);
}

function dataClasses(used: ReadonlySet<string>): readonly string[] {
  return Object.entries(DATA)
    .filter(([name]) => used.has(name))
    .map(
      ([name, { sensitivity, description }]) =>
        `  ${name}: ${flowMap([
          ["sensitivity", sensitivity],
          ["description", scalar(description)],
        ])}`,
    );
}

function identities(draft: Draft): readonly string[] {
  return draft.identities.flatMap(({ name, issuer, audiences, jwksUri, roles, place }) => [
    `  ${comment(lineAt(place()))}`,
    `  ${scalar(name)}:`,
    `    issuer: ${scalar(issuer)}`,
    `    audience: ${flowList(audiences)}`,
    ...(jwksUri === undefined ? [] : [`    jwksUri: ${scalar(jwksUri)}`]),
    ...(roles === undefined ? [] : [`    roles: ${flowList(roles)}`]),
  ]);
}

function workloadLines(workload: DraftWorkload): readonly string[] {
  const { name, zone, kind, image, source, object, place } = workload;
  // the API server takes no other names; a file that was never applied may hold any
  const services = workload.services.filter((service) => labelOf(service) === service);
  const what = source === undefined ? "made by an operator" : `${source.kind} ${source.name}`;
  const valid = object !== undefined && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(object.name) ? object : undefined;
  const others = services.length > 0 && services.join() !== name;
  const kubernetes = flowMap([
    ["kind", valid === undefined || valid.kind === "Deployment" ? undefined : valid.kind],
    ["name", valid === undefined || valid.name === name ? undefined : scalar(valid.name)],
    ["service", !others ? undefined : services.length === 1 ? scalar(services[0] ?? name) : flowList(services)],
  ]);
  return [
    `  ${comment(`${what} (${lineAt(place())})`)}`,
    `  ${scalar(name)}:`,
    `    zone: ${scalar(labelOf(zone))}`,
    ...(kind === "service" ? [] : [`    kind: ${kind}`]),
    ...portLines(workload),
    ...(image === undefined ? [] : [`    image: ${scalar(image)}`]),
    ...(/[a-z]/.test(kubernetes) ? [`    kubernetes: ${kubernetes}`] : []),
  ];
}

function portLines({ ports }: DraftWorkload): readonly string[] {
  const all = [...ports.values()].sort((a, b) => a.port - b.port);
  const [first] = all;
  if (first === undefined) return [];
  const why = (text: string | undefined) => comment(text ?? "http is assumed: nothing tells what is spoken here");
  if (all.length === 1) {
    const servicePort = otherServicePort(first);
    return [
      `    port: ${first.port}`,
      ...(servicePort === undefined ? [] : [`    servicePort: ${servicePort}`]),
      `    protocol: ${first.protocol} ${why(first.why)}`,
    ];
  }
  const names = portNames(all);
  return [
    "    ports:",
    ...all.map(
      ({ port, servicePort, protocol, why: told }, index) =>
        `      - ${flowMap([
          ["name", scalar(names[index] ?? `port-${port}`)],
          ["port", String(port)],
          ["servicePort", otherServicePort({ port, servicePort })],
          ["protocol", protocol],
        ])} ${why(told)}`,
    ),
  ];
}

function otherServicePort({ port, servicePort }: Pick<PortHints, "port" | "servicePort">): string | undefined {
  return servicePort === undefined || servicePort === port ? undefined : String(servicePort);
}

/** The ports' own names where they are labels and differ, else by number. */
function portNames(ports: readonly { readonly port: number; readonly name: string | undefined }[]): readonly string[] {
  const own = ports.map(({ name }) =>
    name === undefined || name === "" || /^\d+$/.test(name) ? undefined : labelOf(name),
  );
  return ports.map(({ port }, index) => {
    const name = own[index];
    return name === undefined || own.indexOf(name) !== own.lastIndexOf(name) ? `port-${port}` : name;
  });
}

function outside(draft: Draft): readonly string[] {
  return draft.outside.map((party) => {
    if (party.kind === "api") {
      return `  ${scalar(party.name)}: ${flowMap([
        ["kind", "api"],
        ["host", scalar(party.host)],
        ["port", String(party.port)],
        ["protocol", party.protocol],
      ])}`;
    }
    if (party.identity !== undefined)
      return `  ${scalar(party.name)}: ${flowMap([
        ["kind", "users"],
        ["identity", scalar(party.identity)],
      ])}`;
    return `  ${scalar(party.name)}: { kind: users, anonymous: true } ${comment("no manifest asks them for a token: give them an `identity`")}`;
  });
}

interface FlowData {
  readonly data: readonly DataName[];
  readonly returns: readonly DataName[];
}

function dataOf({ from, to }: DraftFlow, draft: Draft, workloads: ReadonlyMap<string, DraftWorkload>): FlowData {
  const party = draft.outside.find(({ name }) => name === to);
  if (party?.kind === "api" && party.host === "huggingface.co" && workloads.get(from)?.kind === "model") {
    return { data: [], returns: ["model-weights"] };
  }
  switch (workloads.get(to)?.kind) {
    case "model":
      return { data: ["model-input"], returns: ["model-output"] };
    case "store":
      return { data: ["records"], returns: ["records"] };
    case "queue":
      return { data: ["messages"], returns: ["messages"] };
    default:
      return { data: ["requests"], returns: ["responses"] };
  }
}

function flowLines(
  flow: DraftFlow,
  data: readonly DataName[],
  returns: readonly DataName[],
  draft: Draft,
  workloads: ReadonlyMap<string, DraftWorkload>,
): readonly string[] {
  const protocol = flowProtocol(flow, draft, workloads);
  const ports = workloads.get(flow.to)?.ports;
  const shown = flow.evidence
    .slice(0, MOST_EVIDENCE)
    .map(({ text, place }) => `  ${comment(`${text} (${lineAt(place())})`)}`);
  const more = flow.evidence.length - MOST_EVIDENCE;
  const entries = [
    ["from", scalar(flow.from)],
    ["to", scalar(flow.to)],
    ["port", (ports?.size ?? 0) > 1 ? String(flow.port) : undefined],
    ["protocol", protocol],
    ["data", data.length === 0 ? undefined : flowList(data)],
    ["returns", returns.length === 0 ? undefined : flowList(returns)],
  ] as const;
  const allow = (flow.allow ?? []).map((operation) => operationText(operation, protocol));
  const narrow = allow.length > 0 && allow.every((text) => text !== undefined);
  return [
    ...shown,
    ...(more > 0 ? [`  ${comment(`and ${more} more`)}`] : []),
    ...(narrow
      ? [
          `  - ${entries
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => `${key}: ${value}`)
            .join("\n    ")}`,
          "    allow:",
          ...[...new Set(allow)].map((text) => `      - ${text}`),
        ]
      : [`  - ${flowMap(entries)}`]),
  ];
}

function flowProtocol(flow: DraftFlow, draft: Draft, workloads: ReadonlyMap<string, DraftWorkload>): Protocol {
  const party = draft.outside.find(({ name }) => name === flow.to);
  if (party?.kind === "api") return party.protocol;
  const spoken = workloads.get(flow.to)?.ports.get(flow.port)?.protocol ?? "http";
  if (!flow.edgeTls) return spoken;
  return spoken === "http" ? "https" : spoken === "tcp" ? "tls" : spoken;
}

/** An `allow` entry, or undefined where the file has no words for it and every request has to be drafted. */
function operationText(operation: DraftOperation, protocol: Protocol): string | undefined {
  if (!isHttp(protocol)) return undefined;
  const roles = operation.roles === undefined ? undefined : flowList(operation.roles);
  if (protocol === "grpc") return grpcText(operation, roles);
  const { methods = [], paths = [], hosts = [] } = operation;
  if (methods.some((method) => !METHODS.some((known) => known === method))) return undefined;
  if (paths.some((path) => "error" in parsePathPattern(path)) || !hosts.every(isHost)) return undefined;
  const entries = [
    ["method", methods.length === 0 ? undefined : oneOrMore(methods)],
    ["path", paths.length === 0 ? undefined : oneOrMore(paths)],
    ["host", hosts.length === 0 ? undefined : oneOrMore(hosts)],
    ["roles", roles],
  ] as const;
  return entries.every(([, value]) => value === undefined) ? undefined : flowMap(entries);
}

/** `/package.Service/Method` paths as a service and its methods; one service an entry. */
function grpcText({ paths = [] }: DraftOperation, roles: string | undefined): string | undefined {
  const calls = paths.map((path) => /^\/([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)\/([A-Za-z_]\w*|\*{1,2})$/.exec(path));
  const services = new Set(calls.map((call) => call?.[1]));
  const [service] = [...services];
  if (services.size !== 1 || service === undefined) return undefined;
  const methods = [...new Set(calls.map((call) => call?.[2] ?? "*"))].sort();
  const any = methods.some((method) => method.startsWith("*"));
  return flowMap([
    ["service", scalar(service)],
    ["method", any ? undefined : oneOrMore(methods)],
    ["roles", roles],
  ]);
}

function oneOrMore(items: readonly string[]): string {
  const [only] = items;
  return items.length === 1 && only !== undefined ? scalar(only) : flowList(items);
}

function secrets(draft: Draft): readonly string[] {
  return [...draft.secrets].map(([name, users]) => `  ${scalar(name)}: ${flowMap([["usedBy", flowList(users)]])}`);
}

function targets({ targets: { mesh, gateway, hosts } }: Draft): readonly string[] {
  const lines = [
    ...(mesh === undefined ? [] : [`  mesh: ${mesh}`]),
    ...(gateway === undefined
      ? []
      : hosts.length === 0
        ? [`  gateway: ${gateway}`]
        : [
            `  gateway: ${flowMap([
              ["engine", gateway],
              ["hosts", flowList(hosts)],
            ])}`,
          ]),
  ];
  return section("targets", "what the manifests use already", lines);
}
