/** Gator suites: each case is one object held against one constraint, and what must come of it. */
import { posix } from "node:path";
import { RE2JS } from "re2js";
import { RingfenceError } from "../diagnostics/index.js";
import { type Json, readDocuments } from "../documents/index.js";
import { RegoError } from "../rego/index.js";
import { enforcementOf } from "./enforcement.js";
import { type Expansion, expand, expansionsOf } from "./expansion.js";
import { at, knownKeys, list, mapping, shape, text, texts } from "./fields.js";
import { inventoryOf } from "./inventory.js";
import { matches } from "./match.js";
import { type Review, reviewOf } from "./review.js";
import { readTemplate, type Template, type Violation } from "./template.js";

/** Gives the text of a file; throws when there is none. */
export type ReadText = (path: string) => string;

export interface CaseResult {
  readonly test: string;
  readonly name: string;
  readonly state: "passed" | "failed" | "not run";
  /** assertions that were held against a result */
  readonly assertions: number;
  /** why it failed or did not run */
  readonly reasons: readonly string[];
}

/** Whether a document is a suite of gator's. */
export function isSuite(document: Json): boolean {
  return at(document, "kind") === "Suite" && at(document, "apiVersion") === "test.gatekeeper.sh/v1alpha1";
}

/**
 * Runs a suite; paths in it are relative to its own folder.
 * @throws RingfenceError for a suite of the wrong form; what its files lack makes its cases fail
 */
export function runSuite(path: string, read: ReadText): readonly CaseResult[] {
  const [suite] = documentsOf(path, read);
  if (suite === undefined || !isSuite(suite)) throw shape(`\`${path}\` is not a suite of test.gatekeeper.sh/v1alpha1`);
  const folder = posix.dirname(path);
  const load = (name: string) => documentsOf(posix.join(folder, name), read);
  if (at(suite, "skip") === true) return [];
  return list(at(suite, "tests"), "tests").flatMap((test) => runTest(test, load));
}

type Load = (name: string) => readonly Json[];

function runTest(value: Json, load: Load): readonly CaseResult[] {
  const test = mapping(value, "tests[]");
  knownKeys(test, "tests[]", ["name", "template", "constraint", "cases", "skip", "invalid", "expansion"]);
  const name = text(at(test, "name"), "tests[].name", "");
  const cases = list(at(test, "cases"), "tests[].cases");
  const all = (state: CaseResult["state"], reason: string): CaseResult[] =>
    (cases.length === 0 ? [""] : cases.map((item) => text(at(item, "name"), "cases[].name", ""))).map((caseName) => ({
      test: name,
      name: caseName,
      state,
      assertions: 0,
      reasons: [reason],
    }));
  if (at(test, "skip") === true) return all("not run", "the suite skips this test");
  let template: Template;
  let constraint: Json;
  let expansions: readonly Expansion[];
  try {
    const expansion = text(at(test, "expansion"), "tests[].expansion", "");
    expansions = expansion === "" ? [] : expansionsOf(load(expansion));
    template = readTemplate(single(load, text(at(test, "template"), "tests[].template")));
    constraint = readConstraint(single(load, text(at(test, "constraint"), "tests[].constraint")), template);
  } catch (error) {
    if (!isExpected(error)) throw error;
    if (at(test, "invalid") === true) return [{ test: name, name: "", state: "passed", assertions: 1, reasons: [] }];
    return all("failed", error.message);
  }
  if (at(test, "invalid") === true) return all("failed", "the template or constraint should be invalid, and is not");
  if (template.run === undefined) return all("not run", template.notRun ?? "");
  return cases.map((item) => runCase(name, item, { template, constraint, expansions }, load));
}

function readConstraint(document: Json, template: Template): Json {
  const kind = text(at(document, "kind"), "the constraint's kind");
  if (kind !== template.kind) throw shape(`the constraint is a ${kind}, the template is for ${template.kind}`);
  return document;
}

interface Subject {
  readonly template: Template;
  readonly constraint: Json;
  readonly expansions: readonly Expansion[];
}

function runCase(test: string, value: Json, { template, constraint, expansions }: Subject, load: Load): CaseResult {
  const item = mapping(value, "cases[]");
  knownKeys(item, "cases[]", ["name", "object", "inventory", "assertions", "skip"]);
  const name = text(at(item, "name"), "cases[].name", "");
  if (at(item, "skip") === true) {
    return { test, name, state: "not run", assertions: 0, reasons: ["the suite skips this case"] };
  }
  const assertions = list(at(item, "assertions"), "cases[].assertions");
  const wanted = assertions.length === 0 ? [{ violations: "yes" }] : assertions;
  try {
    const inventory = texts(at(item, "inventory"), "cases[].inventory").flatMap((path) => load(path));
    const object = single(load, text(at(item, "object"), "cases[].object"));
    const found = [
      ...violationsOf(template, constraint, object, inventory),
      ...expand(mapping(object, "the object"), expansions).flatMap(({ object: made, expansion }) =>
        violationsOf(template, constraint, made, inventory, "Generated").map(({ message, ...rest }) => ({
          ...rest,
          message: `[Implied by ${expansion.name}] ${message}`,
        })),
      ),
    ];
    const reasons = wanted.flatMap((assertion) => failureOf(assertion, found) ?? []);
    return { test, name, state: reasons.length === 0 ? "passed" : "failed", assertions: wanted.length, reasons };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { test, name, state: "failed", assertions: wanted.length, reasons: [error.message] };
  }
}

/**
 * What a constraint finds in an object; nothing when its match leaves the object out.
 * @throws RingfenceError or RegoError, after which nothing is known
 */
export function violationsOf(
  template: Template,
  constraint: Json,
  object: Json,
  inventory: readonly Json[],
  source: Review["source"] = "Original",
): readonly Violation[] {
  const review: Review = { ...reviewOf(object), source };
  const { data, findNamespace } = inventoryOf(inventory);
  if (!matches(mapping(constraint, "the constraint"), review, findNamespace)) return [];
  if (enforcementOf(constraint) === undefined) return [];
  if (template.run === undefined) throw shape(`${template.kind} cannot be run: ${template.notRun}`);
  const parameters = at(constraint, "spec", "parameters") ?? {};
  return template.run.violations({ review: review.request, parameters }, data);
}

function failureOf(assertion: Json, found: readonly Violation[]): string | undefined {
  knownKeys(mapping(assertion, "assertions[]"), "assertions[]", ["violations", "message"]);
  const pattern = text(at(assertion, "message"), "assertions[].message", "");
  const compiled = pattern === "" ? undefined : compilePattern(pattern);
  const count = found.filter(({ message }) => compiled?.matcher(message).find() ?? true).length;
  const wanted = at(assertion, "violations") ?? "yes";
  const about = pattern === "" ? "" : ` with a message like \`${pattern}\``;
  const messages = found.map(({ message }) => `\n  ${message}`).join("");
  if (wanted === "yes" || wanted === true) {
    return count > 0 ? undefined : `expected violations${about}, got none${messages}`;
  }
  const exact = wanted === "no" || wanted === false ? 0 : wanted;
  if (typeof exact !== "number" || !Number.isInteger(exact))
    throw shape("assertions[].violations is yes, no or a count");
  return count === exact ? undefined : `expected ${exact} violations${about}, got ${count}${messages}`;
}

function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw shape(`\`${pattern}\` is not a regular expression`);
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof RingfenceError || error instanceof RegoError;
}

function single(load: Load, path: string): Json {
  const [document, ...rest] = load(path);
  if (document === undefined || rest.length > 0) throw shape(`\`${path}\` must hold one object`);
  return document;
}

function documentsOf(path: string, read: ReadText): readonly Json[] {
  const { documents, problems } = readDocuments({ path, text: read(path) });
  if (problems.length > 0) throw new RingfenceError(problems);
  return documents.map(({ value }) => value).filter((value) => value !== null);
}
