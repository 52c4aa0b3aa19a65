/** `ringfence.yaml` → Workflow, or every problem of the file at once. */
import { RingfenceError, type Source } from "../diagnostics/index.js";
import { type Document, readDocuments } from "../documents/index.js";
import { trustDomainProblem } from "../identity/index.js";
import { type Declarations, readDeclarations } from "./declarations.js";
import { parseDuration } from "./duration.js";
import { resolveFlows } from "./flows.js";
import { listOf } from "./operations.js";
import { readPorts } from "./ports.js";
import { checkReferences } from "./references.js";
import * as schema from "./schema.js";
import { isMapping, Shapes } from "./shape.js";
import { chooseTargets } from "./target-choices.js";
import type { OutsideParty, Port, Workflow, Workload } from "./workflow.js";

/**
 * Reads and checks a workflow file.
 * @throws RingfenceError with every problem of the file, each with its place, in the order of the text
 */
export function loadWorkflow(source: Source): Workflow {
  const { documents, problems } = readDocuments(source, "workflow");
  if (problems.length > 0) throw new RingfenceError(problems);
  const [document, second] = documents;
  if (document === undefined) {
    throw new RingfenceError({
      code: "WORKFLOW_SHAPE",
      message: "the file holds no workflow",
      hint: "`ringfence init` writes one to start from",
      span: { source, start: 0, end: 0 },
    });
  }
  if (second !== undefined) {
    throw new RingfenceError({
      code: "WORKFLOW_SHAPE",
      message: "a second document starts here",
      hint: "keep one workflow in a file",
      span: second.spanOf(),
    });
  }
  if (!isMapping(document.value)) {
    throw new RingfenceError({
      code: "WORKFLOW_SHAPE",
      message: "a workflow file is a mapping",
      hint: `start with \`apiVersion: ${schema.API_VERSION}\``,
      span: document.spanOf(),
    });
  }
  const shapes = new Shapes(document);
  const workflow = resolve(document, shapes);
  if (shapes.problems.length > 0 || workflow === undefined) throw new RingfenceError(shapes.problems);
  return workflow;
}

function resolve(document: Document, shapes: Shapes): Workflow | undefined {
  const head = readHead(shapes);
  const declarations = readDeclarations(shapes);
  checkReferences(shapes, declarations);
  const ports = readPorts(shapes, declarations.workloads);
  const flows = resolveFlows(shapes, declarations, ports);
  const targets = shapes.read(schema.targets.optional(), ["targets"], "`targets`");
  if (head === undefined || shapes.problems.length > 0) return undefined;
  const span = (path: readonly (string | number)[]) => document.spanOf(path);
  return {
    ...head,
    zones: all(declarations.zones, (name, { value, path }) => ({ name, trust: value.trust, span: span(path) })),
    data: all(declarations.data, (name, { value, path }) => ({ name, ...defined(value), span: span(path) })),
    identities: all(declarations.identity, (name, { value, path }) => ({
      name,
      issuer: value.issuer,
      audiences: [...listOf(value.audience)],
      ...defined({
        jwksUri: value.jwksUri,
        roles: typeof value.roles === "string" ? value.roles.split(".") : value.roles,
      }),
      span: span(path),
    })),
    workloads: all(declarations.workloads, (name, entry) => workloadOf(shapes, ports.get(name) ?? [], name, entry)),
    outside: all(declarations.outside, (name, { value, path }) => outsideOf(name, value, span(path))),
    flows,
    secrets: all(declarations.secrets, (name, { value, path }) => ({
      name,
      usedBy: [...new Set(value.usedBy)].sort(),
      ...defined({ rotateSeconds: value.rotate === undefined ? undefined : parseDuration(value.rotate) }),
      span: span(path),
    })),
    receivers: all(declarations.receivers, (name, { value, path }) => ({ name, ...defined(value), span: span(path) })),
    respond: declarations.respond.entries.map(({ value, path }) => ({
      when: value.when,
      from: value.from ?? "any",
      count: value.count ?? 1,
      withinSeconds: parseDuration(value.within ?? "1m") ?? 60,
      do: [...new Set(listOf(value.do))],
      notify: [...new Set(listOf(value.notify ?? []))].sort(),
      span: span(path),
    })),
    accepted: declarations.accept.entries.map(({ value, path }) => ({ ...defined(value), span: span(path) })),
    targets: chooseTargets(targets ?? {}),
    span: span([]),
  };
}

/** The keys of the top that are no section: names, versions, and what else stands there by mistake. */
function readHead(shapes: Shapes): Pick<Workflow, "name" | "trustDomain" | "policies"> | undefined {
  const head = shapes.read(schema.head, [], "the workflow file");
  if (head === undefined) return undefined;
  const domain = head.trustDomain ?? "cluster.local";
  const problem = trustDomainProblem(domain);
  if (problem !== undefined)
    shapes.add(
      "WORKFLOW_SHAPE",
      ["trustDomain"],
      `trust domain \`${domain}\` ${problem}`,
      "write a name like `ai.example.com`",
    );
  return {
    name: head.workflow as string,
    trustDomain: domain,
    policies: ((head.policies as string[] | undefined) ?? []).map((pattern, index) => ({
      pattern,
      span: shapes.document.spanOf(["policies", index]),
    })),
  };
}

type Entries<K extends keyof Declarations> = Declarations[K] extends { entries: ReadonlyMap<string, infer E> }
  ? E
  : never;

function workloadOf(
  shapes: Shapes,
  ports: readonly Port[],
  name: string,
  { value, path }: Entries<"workloads">,
): Workload {
  const [service = name, ...more] = listOf(value.kubernetes?.service ?? name);
  const kubernetes: Workload["kubernetes"] = {
    kind: value.kubernetes?.kind ?? "Deployment",
    name: value.kubernetes?.name ?? name,
    services: [service, ...more.filter((other) => other !== service)],
  };
  return {
    name,
    zone: value.zone,
    kind: value.kind ?? "service",
    ports,
    ...defined({ image: value.image, run: value.run, ready: value.ready, encryptedAtRest: value.encryptedAtRest }),
    env: { ...value.env },
    releases: Object.entries(value.releases ?? {}).map(([from, to]) => ({
      from,
      to: [...listOf(to)].sort(),
      span: shapes.document.keySpanOf([...path, "releases", from]),
    })),
    kubernetes,
    span: shapes.document.keySpanOf(path),
  };
}

function outsideOf(name: string, value: Entries<"outside">["value"], span: Workload["span"]): OutsideParty {
  if (value.kind === "users") return { kind: "users", name, ...defined({ identity: value.identity }), span };
  return { kind: "api", name, host: value.host, port: value.port ?? 443, protocol: value.protocol ?? "https", span };
}

function all<E, T>(section: { entries: ReadonlyMap<string, E> }, make: (name: string, entry: E) => T): T[] {
  return [...section.entries].map(([name, entry]) => make(name, entry));
}

/** The same object without the keys whose value is undefined. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
