/**
 * A compiled policy: queries and rules to evaluate, synchronously, against one input after another. Nothing of an input
 * outlives its evaluation.
 */
import { BUILTINS, type Builtin } from "./builtins/index.js";
import { type Dependencies, dependenciesOf } from "./compile/dependencies.js";
import type { NormalForm } from "./compile/normal-form.js";
import { type Compiled, type CompileOptions, compileModules, compileQuery } from "./compile/pipeline.js";
import type { BuiltinFacts } from "./compile/scope.js";
import { RegoError } from "./error.js";
import { CodeStore } from "./eval/code-store.js";
import { type CoverageReport, CoverageTracer } from "./eval/coverage.js";
import { DocumentNode, rootPosition, valueAt } from "./eval/documents.js";
import { type ExplainMode, type Explanation, TraceRecorder } from "./eval/explain.js";
import { Context, Frame } from "./eval/frame.js";
import { generateQuery, type Linkage, type QueryCode } from "./eval/generate.js";
import { InputPaths } from "./eval/input-paths.js";
import { DEFAULT_LIMITS, type Limits, Session } from "./eval/session.js";
import type { Tracer } from "./eval/tracer.js";
import type { Module, RegoVersion } from "./syntax/ast.js";
import { parseModule, parseQuery } from "./syntax/parse-module.js";
import { canonicalKey, RegoObject, toJson, type Value } from "./value/index.js";

/** A function of the embedding program, callable from policies by its dotted name. */
export interface HostFunction {
  readonly name: string;
  readonly arity: number;
  /** Returns undefined for an undefined call; may throw `BuiltinError`. */
  impl(args: readonly Value[]): Value | undefined;
}

export interface PolicyOptions {
  /** Base documents: the `data` document beside rules. */
  readonly data?: unknown;
  /** More built-in functions; they also stand in for those that aren't available here. */
  readonly builtins?: readonly HostFunction[];
  /** Unused imports and variables are compile errors. */
  readonly strict?: boolean;
  /** Receives the lines of `print`; without it, `print` calls are erased. */
  readonly print?: (line: string) => void;
  readonly limits?: Partial<Limits>;
}

export interface EvaluateOptions {
  /** The first error of a built-in call is thrown instead of making the call undefined. */
  readonly strictErrors?: boolean;
  /** Clock of the query, in nanoseconds since 1970; the current time by default. */
  readonly nowNs?: bigint;
  /** Source of randomness; the system's by default. */
  readonly randomBytes?: (count: number) => Uint8Array;
  readonly limits?: Partial<Limits>;
  /** Base documents of this evaluation, in place of the policy's. */
  readonly data?: unknown;
}

export interface ModuleText {
  readonly file: string;
  readonly text: string;
  readonly version?: RegoVersion;
}

/** Values of a query's variables for one solution. */
export type Binding = Readonly<Record<string, unknown>>;

/**
 * Compiles modules, given as text or parsed.
 * @throws RegoError with all problems of the first failing stage
 */
export function compile(modules: readonly (Module | ModuleText)[], options: PolicyOptions = {}): Policy {
  return new Policy(parseAll(modules), options);
}

function parseAll(modules: readonly (Module | ModuleText)[]): Module[] {
  const problems: RegoError["problems"][number][] = [];
  const parsed: Module[] = [];
  for (const module of modules) {
    try {
      parsed.push("source" in module ? module : parseModule(module.text, module.file, versionOption(module)));
    } catch (error) {
      if (!(error instanceof RegoError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new RegoError(problems);
  return parsed;
}

function versionOption(module: ModuleText) {
  return module.version === undefined ? {} : { version: module.version };
}

export interface InstrumentedPolicy {
  query(text: string, options?: QueryOptions): Query;
  rule(path: string | readonly string[]): RuleReader;
}

export interface ExplainedPolicy extends InstrumentedPolicy {
  /** What happened since the last call. */
  explanation(): Explanation;
}

export interface CoveredPolicy extends InstrumentedPolicy {
  report(): CoverageReport;
}

/** Rules with code; one for ordinary use, another one for each kind of instrumentation. */
export interface Program {
  readonly linkage: Linkage;
  readonly root: DocumentNode;
}

export class Policy {
  readonly modules: readonly Module[];
  private readonly compiled: Compiled;
  private readonly compileOptions: CompileOptions;
  private readonly options: PolicyOptions;
  private readonly functions: ReadonlyMap<string, Builtin>;
  private readonly inputPaths = new InputPaths();
  private readonly plain: Program;
  private readonly data: Value | undefined;
  private readonly limits: Limits;

  constructor(modules: readonly Module[], options: PolicyOptions) {
    this.modules = modules;
    this.options = options;
    this.functions = withHostFunctions(options.builtins ?? []);
    const known = new Map<string, BuiltinFacts | undefined>();
    this.compileOptions = {
      strict: options.strict ?? false,
      print: options.print !== undefined,
      builtin: (name) => {
        if (!known.has(name)) known.set(name, facts(this.functions.get(name)));
        return known.get(name);
      },
      types: (name) => declaredTypes(this.functions.get(name)),
    };
    this.compiled = guarded(() => compileModules(modules, this.compileOptions));
    this.plain = this.program(undefined);
    this.data = (options.data ?? RegoObject.EMPTY) as Value;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** The policy as every evaluator sees it. */
  get normalForm(): NormalForm {
    return this.compiled.form;
  }

  /**
   * The documents and rules that a query needs, without evaluating it.
   * @throws RegoError when the query doesn't parse or compile
   */
  dependencies(text: string, options: QueryOptions = {}): Dependencies {
    return guarded(() => {
      const { source, body } = parseQuery(text, "query", { logicalKeywords: options.logicalKeywords ?? false });
      const query = compileQuery(source, body, this.compiled, this.compileOptions);
      return dependenciesOf(this.compiled.form, query.body);
    });
  }

  /** Code for all rules; a tracer is told what they do. */
  program(tracer: Tracer | undefined): Program {
    let root: DocumentNode | undefined;
    const linkage: Linkage = {
      root: () => root as DocumentNode,
      builtin: (name) => this.functions.get(name),
      inputPaths: this.inputPaths,
      tracer,
      streaming: tracer === undefined && this.options.print === undefined,
    };
    const plain = tracer === undefined;
    const store = new CodeStore(linkage, { sharing: plain, indexing: plain });
    root = new DocumentNode(this.compiled.tree, store);
    return { linkage, root };
  }

  /**
   * Prepares a query: literals over `data` and `input` and variables of its own.
   * @throws RegoError when it doesn't parse or compile
   */
  query(text: string, options: QueryOptions = {}): Query {
    return new Query(this, text, options, this.plain);
  }

  /**
   * Prepares reading one document, such as `data.authz.allow`: the fastest way to a decision.
   * @throws RegoError for a path that isn't one
   */
  rule(path: string | readonly string[]): RuleReader {
    return new RuleReader(this, typeof path === "string" ? splitPath(path) : path, this.plain);
  }

  /**
   * The policy with a record of what its evaluation does; slower by far.
   * @param options.values also records variables' values, which may be secret
   */
  explained(mode: ExplainMode, options: { values?: boolean } = {}): ExplainedPolicy {
    const recorder = new TraceRecorder(mode, options.values ?? false);
    return { ...this.instrumented(recorder), explanation: () => recorder.take() };
  }

  /** The policy with a record of the lines that its evaluations reach. */
  covered(): CoveredPolicy {
    const tracer = new CoverageTracer(this.compiled.form);
    return { ...this.instrumented(tracer), report: () => tracer.report() };
  }

  private instrumented(tracer: Tracer): InstrumentedPolicy {
    const program = this.program(tracer);
    return {
      query: (text, options = {}) => new Query(this, text, options, program),
      rule: (path) => new RuleReader(this, typeof path === "string" ? splitPath(path) : path, program),
    };
  }

  /** Builds the code of a query against a program. */
  prepare(text: string, options: QueryOptions, program: Program): PreparedQuery {
    return guarded(() => {
      const { source, body } = parseQuery(text, "query", { logicalKeywords: options.logicalKeywords ?? false });
      const query = compileQuery(source, body, this.compiled, this.compileOptions);
      const names = query.bindings.map(({ name, slot }) => ({ name, slot }));
      return { code: generateQuery(query, program.linkage), names };
    });
  }

  /** Runs `use` with a fresh context, and turns what strict mode kept into the query's error. */
  evaluate<T>(input: unknown, options: EvaluateOptions, use: (context: Context) => T): T {
    const limits = options.limits === undefined ? this.limits : { ...this.limits, ...options.limits };
    const session = new Session({
      limits,
      strict: options.strictErrors ?? false,
      nowNs: options.nowNs,
      randomBytes: options.randomBytes,
      print: this.options.print,
    });
    const data = options.data === undefined ? this.data : (options.data as Value);
    const context = new Context(session, input as Value | undefined, data, this.inputPaths);
    try {
      const result = use(context);
      if (session.failure !== undefined) throw new RegoError([session.failure]);
      return result;
    } catch (error) {
      // What strict mode kept came first, so a conflict may only follow from it.
      if (session.failure !== undefined && error instanceof RegoError) throw new RegoError([session.failure]);
      throw asRegoError(error);
    } finally {
      session.release();
    }
  }
}

/** JavaScript's own limits, met at run time, deny like ours do. */
function asRegoError(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new RegoError([{ code: "eval_cancel_error", message: `limit exceeded: ${error.message}` }]);
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RegoError([{ code: "rego_compile_error", message: `policy is nested too deeply: ${error.message}` }]);
  }
}

export interface QueryOptions {
  /** The query may use `and`, `or` and closure `not`. */
  readonly logicalKeywords?: boolean;
}

interface PreparedQuery {
  readonly code: QueryCode;
  readonly names: readonly { readonly name: string; readonly slot: number }[];
}

export class Query {
  private readonly policy: Policy;
  private readonly prepared: PreparedQuery;

  constructor(policy: Policy, text: string, options: QueryOptions, program: Program) {
    this.policy = policy;
    this.prepared = policy.prepare(text, options, program);
  }

  /**
   * All solutions, without duplicates, as plain data; none when the query is undefined.
   * @param input parsed JSON; read, never changed. Without it, `input` is undefined.
   * @throws RegoError, which denies
   */
  evaluate(input?: unknown, options: EvaluateOptions = {}): Binding[] {
    return this.solutions(input, options).map((solution) => {
      const binding: Record<string, unknown> = Object.create(null);
      for (const [name, value] of solution) binding[name] = toJson(value);
      return binding;
    });
  }

  /** As `evaluate`, with values of the engine, which keep sets and long numbers. */
  solutions(input?: unknown, options: EvaluateOptions = {}): ReadonlyMap<string, Value>[] {
    const { code, names } = this.prepared;
    return this.policy.evaluate(input, options, (context) => {
      const seen = new Set<unknown>();
      const solutions: ReadonlyMap<string, Value>[] = [];
      const frame = new Frame(context, [], code.size, undefined);
      frame.sink = ({ slots }) => {
        const values = names.map(({ slot }) => slots[slot] as Value);
        const key = canonicalKey(values);
        if (seen.has(key)) return false;
        seen.add(key);
        context.session.grow(1);
        solutions.push(new Map(names.map(({ name }, position) => [name, values[position] as Value])));
        return false;
      };
      code.run(frame);
      return solutions;
    });
  }
}

const NO_OPTIONS: EvaluateOptions = {};

export class RuleReader {
  private readonly policy: Policy;
  private readonly path: readonly string[];
  private readonly read: (context: Context) => Value | undefined;

  constructor(policy: Policy, path: readonly string[], { root }: Program) {
    this.policy = policy;
    this.path = path;
    const rules = root.find(path)?.rules;
    if (rules !== undefined && rules.kind === "complete") this.read = (context) => rules.complete(context);
    else this.read = (context) => valueAt(context, rootPosition(root, context), this.path, 0);
  }

  /**
   * The document's value as plain data, or undefined.
   * @param input parsed JSON; read, never changed
   * @throws RegoError, which denies
   */
  evaluate(input?: unknown, options: EvaluateOptions = NO_OPTIONS): unknown {
    const value = this.value(input, options);
    return typeof value === "object" && value !== null ? toJson(value) : value;
  }

  /** As `evaluate`, with a value of the engine. */
  value(input?: unknown, options: EvaluateOptions = NO_OPTIONS): Value | undefined {
    return this.policy.evaluate(input, options, this.read);
  }
}

function splitPath(text: string): string[] {
  const { body } = parseQuery(text, "path");
  const term = body.length === 1 && body[0]?.kind === "expression" ? body[0].term : undefined;
  const wrong = (): RegoError =>
    new RegoError([
      { code: "rego_compile_error", message: `\`${text}\` is not the path of a document below \`data\`` },
    ]);
  if (term?.kind === "var" && term.name === "data") return [];
  if (term?.kind !== "ref" || term.head.kind !== "var" || term.head.name !== "data") throw wrong();
  return term.path.map((part) => {
    if (part.kind !== "string") throw wrong();
    return part.value;
  });
}

function withHostFunctions(functions: readonly HostFunction[]): ReadonlyMap<string, Builtin> {
  if (functions.length === 0) return BUILTINS;
  const all = new Map(BUILTINS);
  for (const { name, arity, impl } of functions) {
    all.set(name, { name, decl: { args: new Array<"any">(arity).fill("any"), result: "any" }, impl });
  }
  return all;
}

function declaredTypes(builtin: Builtin | undefined): ReturnType<CompileOptions["types"]> {
  return builtin?.decl;
}

function facts(builtin: Builtin | undefined): BuiltinFacts | undefined {
  if (builtin === undefined) return undefined;
  return {
    name: builtin.name,
    arity: builtin.decl.args.length,
    variadic: builtin.decl.variadic !== undefined,
    isVoid: builtin.decl.result === undefined,
    relation: builtin.relation === true,
    deprecated: builtin.deprecated === true,
    refused: builtin.refused,
  };
}
