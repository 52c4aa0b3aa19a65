/**
 * A ConstraintTemplate, compiled. Gatekeeper renames the template's package and moves its libraries; as each template is
 * a policy of its own here, names can stay as they are, once it is sure that they cannot meet.
 */
import { RingfenceError } from "../diagnostics/index.js";
import type { Json, JsonObject } from "../documents/index.js";
import { compile, type Module, type Policy, parse, RegoError, type RegoVersion } from "../rego/index.js";
import { at, list, mapping, shape, text, texts } from "./fields.js";

export interface Violation {
  readonly message: string;
  readonly details?: unknown;
}

export interface Template {
  /** the kind of its constraints */
  readonly kind: string;
  /** undefined when only an engine that isn't here could run it; `notRun` says which */
  readonly run: Run | undefined;
  readonly notRun?: string;
}

export interface Run {
  /** @throws RegoError, which counts as a violation that nobody could rule out */
  violations(input: unknown, inventory: unknown): readonly Violation[];
}

interface RegoSource {
  readonly rego: string;
  readonly libs: readonly string[];
  readonly version: RegoVersion;
}

const TARGET = "admission.k8s.gatekeeper.sh";

/** @throws RingfenceError GATEKEEPER_SHAPE or GATEKEEPER_TEMPLATE */
export function readTemplate(document: Json): Template {
  const template = mapping(document, "the constraint template");
  if (at(template, "kind") !== "ConstraintTemplate") throw shape("the template's kind must be ConstraintTemplate");
  const kind = text(at(template, "spec", "crd", "spec", "names", "kind"), "spec.crd.spec.names.kind");
  const name = text(at(template, "metadata", "name"), "metadata.name");
  if (name !== kind.toLowerCase()) throw shape(`the template of ${kind} must be named \`${kind.toLowerCase()}\``);
  const targets = list(at(template, "spec", "targets"), "spec.targets");
  const [first] = targets;
  if (targets.length !== 1 || first === undefined) throw shape("spec.targets must have one element");
  const target = mapping(first, "spec.targets[]");
  if (at(target, "target") !== TARGET) throw shape(`the target must be ${TARGET}`);
  const code = list(at(target, "code"), "spec.targets[].code");
  const engines = code.map((item) => text(at(item, "engine"), "code[].engine"));
  const source = regoOf(target, code);
  if (source !== undefined) return { kind, run: compileTemplate(kind, source) };
  if (engines.length === 0) throw shape("spec.targets[] has neither `rego` nor `code`");
  return { kind, run: undefined, notRun: `engine ${engines.join(", ")}` };
}

function regoOf(target: JsonObject, code: readonly Json[]): RegoSource | undefined {
  const modern = code.find((item) => at(item, "engine") === "Rego");
  if (modern !== undefined) {
    const version = text(at(modern, "source", "version"), "code[].source.version", "v0");
    if (version !== "v0" && version !== "v1") throw shape("code[].source.version is v0 or v1");
    const rego = text(at(modern, "source", "rego"), "code[].source.rego");
    return { version, rego, libs: texts(at(modern, "source", "libs"), "code[].source.libs") };
  }
  const rego = text(at(target, "rego"), "spec.targets[].rego", "");
  if (rego === "") return undefined;
  return { version: "v0", rego, libs: texts(at(target, "libs"), "spec.targets[].libs") };
}

function compileTemplate(kind: string, { rego, libs, version }: RegoSource): Run {
  try {
    const main = parse(rego, `${kind}.rego`, { version });
    const modules = [main, ...libs.map((lib, index) => parse(lib, `${kind}-lib-${index + 1}.rego`, { version }))];
    check(kind, modules);
    return runOf(compile(modules), main.package.path);
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    throw new RingfenceError({ code: "GATEKEEPER_TEMPLATE", message: `${kind}: ${error.message}` }, { cause: error });
  }
}

function runOf(policy: Policy, path: readonly string[]): Run {
  const rule = policy.rule([...path, "violation"]);
  return {
    violations(input, inventory) {
      const found = rule.evaluate(input, { data: { inventory }, strictErrors: false });
      if (found === undefined) return [];
      if (!Array.isArray(found)) throw refuse("`violation` must be a set");
      return found.map(violation);
    },
  };
}

function violation(item: Json): Violation {
  const message = at(item, "msg");
  if (typeof message !== "string") throw refuse("a violation must have a text `msg`");
  const details = at(item, "details");
  return { message, ...(details === undefined ? {} : { details }) };
}

function check(kind: string, modules: readonly Module[]): void {
  const [main, ...libs] = modules;
  const head = main?.package.path[0];
  if (head === undefined || head === "lib" || head === "inventory") {
    throw refuse(`${kind}: the template's package cannot be \`${head}\``);
  }
  if (!main?.rules.some(({ head: { name } }) => name.name === "violation")) {
    throw refuse(`${kind}: the template has no rule \`violation\``);
  }
  for (const lib of libs) {
    if (lib.package.path[0] !== "lib") throw refuse(`${kind}: a library's package must begin with \`lib\``);
  }
  for (const module of modules) {
    for (const { path } of module.imports) {
      if (path[0] === "data" && !isReadable(path[1]))
        throw refuse(`${kind}: import of ${path.join(".")} is not allowed`);
    }
    checkReferences(kind, module.rules);
  }
}

/** Whatever the shape of a term, a reference to `data` in it is found; one that isn't spelled out is refused. */
function checkReferences(kind: string, start: unknown): void {
  const open: unknown[] = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== "object" || node === null) continue;
    const term = node as { kind?: unknown; name?: unknown; head?: unknown; path?: unknown };
    if (term.kind === "ref" && isData(term.head)) {
      const path = term.path as readonly { kind?: unknown; value?: unknown }[];
      const first = path[0]?.kind === "string" ? path[0].value : undefined;
      if (!isReadable(first)) throw refuse(`${kind}: only data.lib and data.inventory may be read`);
      open.push(...path);
    } else if (isData(term)) throw refuse(`${kind}: only data.lib and data.inventory may be read`);
    else for (const child of Object.values(node)) if (typeof child === "object" && child !== null) open.push(child);
  }
}

function isData(term: unknown): boolean {
  const { kind, name } = (term ?? {}) as { kind?: unknown; name?: unknown };
  return kind === "var" && name === "data";
}

function isReadable(first: unknown): boolean {
  return first === "lib" || first === "inventory";
}

function refuse(message: string): RingfenceError {
  return new RingfenceError({ code: "GATEKEEPER_TEMPLATE", message });
}
