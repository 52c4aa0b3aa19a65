/**
 * From parsed modules to the normal form, as one ordered table of stages. A stage sees what the ones before it made, and
 * none runs after one that found problems: its messages would only repeat them.
 */
import { RegoError, type RegoProblem, sortProblems } from "../error.js";
import type { Body, Module } from "../syntax/ast.js";
import type { Source } from "../syntax/source.js";
import { checkConflicts } from "./conflicts.js";
import { hoistQuery, hoistRule } from "./hoist.js";
import { checkImports, checkUnusedImports, moduleGlobals } from "./imports.js";
import { Metadata } from "./metadata.js";
import type { DocumentPath, NormalForm, NormalQuery, NormalRule } from "./normal-form.js";
import { checkPrinted, checkPrintedByQuery } from "./printed.js";
import { checkRecursion, type RuleGraph, ruleGraph } from "./recursion.js";
import { buildTree, RuleNode } from "./rule-tree.js";
import { orderQuery, orderRule } from "./safety.js";
import type { BuiltinFacts, Environment, GlobalRef } from "./scope.js";
import { RuleTranslator, splitHeadPath } from "./translate-rule.js";
import { type Declarations, TypeChecker } from "./types/index.js";
import { checkUse } from "./unavailable.js";

export interface CompileOptions extends Declarations {
  /** Unused imports and `:=` variables are errors. */
  readonly strict: boolean;
  /** Keeps `print` calls. */
  readonly print: boolean;
  builtin(name: string): BuiltinFacts | undefined;
}

/** What the stages hand on. */
interface Compilation {
  readonly modules: readonly Module[];
  readonly options: CompileOptions;
  readonly problems: RegoProblem[];
  readonly later: {
    readonly functions: RegoProblem[];
    readonly types: RegoProblem[];
    readonly overlooked: RegoProblem[];
  };
  /** Functions by dotted path below `data`, with their arity. */
  readonly functions: Map<string, number>;
  /** Ground paths of rules that aren't functions, dotted with a NUL, for `with`. */
  readonly documents: Set<string>;
  readonly environments: Environment[];
  rules: NormalRule[];
  tree: RuleNode;
  graph: RuleGraph;
}

interface Stage {
  readonly name: string;
  run(compilation: Compilation): void;
}

const STAGES: readonly Stage[] = [
  { name: "imports", run: stageImports },
  { name: "heads", run: stageHeads },
  { name: "environments", run: stageEnvironments },
  { name: "names", run: stageNames },
  { name: "printed", run: stagePrinted },
  { name: "tree", run: stageTree },
  { name: "conflicts", run: stageConflicts },
  { name: "functions", run: stageFunctions },
  { name: "safety", run: stageSafety },
  { name: "hoisting", run: stageHoisting },
  { name: "recursion", run: stageRecursion },
  { name: "types", run: stageTypes },
  { name: "overlooked", run: stageOverlooked },
  { name: "availability", run: stageAvailability },
];

export interface Compiled {
  readonly form: NormalForm;
  readonly tree: RuleNode;
  readonly modules: readonly Module[];
  readonly functions: ReadonlyMap<string, number>;
  readonly documents: ReadonlySet<string>;
}

/**
 * Runs all stages.
 * @throws RegoError with the problems of the first stage that found any
 */
export function compileModules(modules: readonly Module[], options: CompileOptions): Compiled {
  const compilation: Compilation = {
    modules,
    options,
    problems: [],
    later: { functions: [], types: [], overlooked: [] },
    functions: new Map(),
    documents: new Set(),
    environments: [],
    rules: [],
    tree: new RuleNode(),
    graph: new Map(),
  };
  for (const stage of STAGES) {
    stage.run(compilation);
    if (compilation.problems.length > 0) throw new RegoError(sortProblems(compilation.problems));
  }
  const { rules, tree, functions, documents } = compilation;
  return {
    form: { rules, packages: modules.map((module) => module.package.path) },
    tree,
    modules,
    functions,
    documents,
  };
}

function stageImports({ modules, options, problems }: Compilation): void {
  for (const module of modules) {
    problems.push(...checkImports(module));
    if (options.strict) problems.push(...checkUnusedImports(module));
  }
}

function stageHeads({ modules, functions, documents }: Compilation): void {
  for (const module of modules) {
    for (const { head } of module.rules) {
      const { ground } = splitHeadPath(head);
      const path = [...module.package.path, ...ground];
      if (head.args !== undefined && head.args.length > 0) functions.set(pathKey(path), head.args.length);
      else documents.add(pathKey(path));
    }
  }
}

function pathKey(path: DocumentPath): string {
  return path.map((part) => (typeof part === "string" ? part : `\u0001${String(part)}`)).join("\u0000");
}

function stageEnvironments(compilation: Compilation): void {
  const { modules, options, problems, later, functions, documents, environments } = compilation;
  const packages = new Map<string, Set<string>>();
  for (const module of modules) {
    const key = pathKey(module.package.path);
    const names = packages.get(key) ?? new Set<string>();
    packages.set(key, names);
    for (const rule of module.rules) names.add(rule.head.name.name);
  }
  for (const module of modules) {
    const names = packages.get(pathKey(module.package.path)) ?? new Set<string>();
    environments.push(
      makeEnvironment(module.source, module.version, module.package.path, moduleGlobals(module, names), {
        options,
        problems,
        later,
        functions,
        documents,
      }),
    );
  }
}

function makeEnvironment(
  source: Source,
  version: "v0" | "v1",
  packagePath: readonly string[],
  globals: ReadonlyMap<string, GlobalRef>,
  shared: Pick<Compilation, "options" | "problems" | "later"> & {
    functions: ReadonlyMap<string, number>;
    documents: ReadonlySet<string>;
  },
): Environment {
  const { options, problems, later, functions, documents } = shared;
  return {
    source,
    version,
    packagePath,
    globals,
    problems,
    later,
    strict: options.strict,
    print: options.print,
    builtin: options.builtin,
    functionArity: (path) => functions.get(pathKey(path)),
    isRule: (path) => documents.has(pathKey(path)),
    isPartOfRule(path) {
      for (let length = 1; length < path.length; length++) {
        if (documents.has(pathKey(path.slice(0, length)))) return true;
      }
      return false;
    },
  };
}

function stageNames(compilation: Compilation): void {
  let metadata: Metadata | undefined;
  for (const [index, module] of compilation.modules.entries()) {
    const environment = compilation.environments[index] as Environment;
    for (const rule of module.rules) {
      const translator = new RuleTranslator(environment, (what) => {
        if (what !== "rule" && what !== "chain") return undefined;
        metadata ??= new Metadata(compilation.modules);
        return what === "rule" ? metadata.rule(rule) : metadata.chain(module, rule);
      });
      compilation.rules.push(translator.rule(rule, index));
    }
  }
}

function stagePrinted({ rules, problems }: Compilation): void {
  for (const rule of rules) problems.push(...checkPrinted(rule));
}

function stageTree(compilation: Compilation): void {
  const packages = compilation.modules.map((module) => module.package.path);
  compilation.tree = buildTree(packages, compilation.rules);
}

function stageConflicts({ modules, tree, problems }: Compilation): void {
  const packages = modules.map((module) => ({
    path: module.package.path,
    at: { source: module.source, start: module.package.start, end: module.package.end },
  }));
  problems.push(...checkConflicts(tree, packages));
}

function stageFunctions({ later, problems }: Compilation): void {
  problems.push(...later.functions);
}

function stageTypes({ later, problems, options, graph, tree }: Compilation): void {
  problems.push(...later.types);
  const checker = new TypeChecker(tree, graph, options);
  checker.rules();
  problems.push(...checker.problems);
}

function stageOverlooked({ later, problems }: Compilation): void {
  problems.push(...later.overlooked);
}

function stageSafety(compilation: Compilation): void {
  const shared = sharedLines(compilation.rules);
  compilation.rules = compilation.rules.map((rule) =>
    orderRule(
      rule,
      shared.has(rule) ? ` in rule ${rule.name}` : "",
      compilation.problems,
      compilation.later.overlooked,
    ),
  );
}

/** The last stage that changes rules. */
function stageHoisting(compilation: Compilation): void {
  compilation.rules = compilation.rules.map(hoistRule);
  stageTree(compilation);
}

function stageRecursion(compilation: Compilation): void {
  compilation.graph = ruleGraph(compilation.tree, compilation.rules);
  compilation.problems.push(...checkRecursion(compilation.graph));
}

function stageAvailability({ rules, options, problems }: Compilation): void {
  problems.push(...checkUse(rules, options));
}

/** Rules on whose lines a rule of another name stands too, so that a position does not tell them apart. */
function sharedLines(rules: readonly NormalRule[]): Set<NormalRule> {
  const shared = new Set<NormalRule>();
  let previous: { rule: NormalRule; last: number } | undefined;
  for (const rule of rules) {
    const { source, start, end } = rule.at;
    const sameSource = previous?.rule.at.source === source;
    if (sameSource && previous !== undefined && !source.text.slice(previous.rule.at.end, start).includes("\n")) {
      if (previous.rule.name !== rule.name) {
        shared.add(rule);
        shared.add(previous.rule);
      }
    }
    previous = { rule, last: end };
  }
  return shared;
}

/** Names, orders and hoists a query against compiled modules. */
export function compileQuery(
  source: Source,
  body: Body,
  compiled: Compiled,
  options: CompileOptions,
  scope: { packagePath?: readonly string[]; globals?: ReadonlyMap<string, GlobalRef> } = {},
): NormalQuery {
  const problems: RegoProblem[] = [];
  const later = { functions: [] as RegoProblem[], types: [] as RegoProblem[], overlooked: [] as RegoProblem[] };
  const environment = makeEnvironment(source, "v0", scope.packagePath ?? [], scope.globals ?? new Map(), {
    options,
    problems,
    later,
    functions: compiled.functions,
    documents: compiled.documents,
  });
  const query = new RuleTranslator(environment).query(body);
  const check = (): void => {
    if (problems.length > 0) throw new RegoError(sortProblems(problems));
  };
  check();
  problems.push(...checkPrintedByQuery(query.body));
  check();
  problems.push(...later.functions);
  check();
  const ordered = orderQuery(query.body, problems);
  check();
  const hoisted = hoistQuery(ordered, query.frameSize);
  problems.push(...later.types, ...checkUse([], options, hoisted.body));
  check();
  return { body: hoisted.body, bindings: query.bindings, frameSize: hoisted.frameSize };
}
