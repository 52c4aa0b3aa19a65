/**
 * Random policies and inputs for differential tests and fuzzing. A program is read off a tape of numbers: each choice
 * takes one, and an empty tape makes the simplest choice, so that shrinking the tape shrinks the program. Variables are
 * mostly used after they got a value, else nearly everything would be unsafe; rules refer to earlier rules only, so that
 * there is no recursion. Everything else may go wrong, since errors have to agree too.
 */
import fc from "fast-check";
import { BINARY, IMPORTS, NAMES, OPERATORS, PATTERNS, SCALARS, UNARY } from "./vocabulary.js";

export interface Program {
  readonly module: string;
}

/** JSON documents with the names that references use. */
const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(0, 1, 2, 3, -1, 0.5, 1.5, 100, "", "a", "b", "ab", "é", true, false, null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "0", "__proto__"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

export const input: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ a: json, b: json, c: json }, { requiredKeys: [] }) },
  // OPA's server takes a null for no input at all.
  { weight: 1, arbitrary: json.filter((value) => value !== null) },
);

/** Base documents that programs expect at `data.base`. */
export const BASE = {
  k: "a",
  list: [1, 2, 3],
  nested: { a: { b: 1 }, b: [true, null] },
  s: [
    1,
    "a",
    0,
    "b",
    2,
    true,
    "ab",
    false,
    -1,
    null,
    1.5,
    "",
    "é",
    100,
    [1, 2],
    ["a"],
    { a: 1 },
    [],
    {},
    "a.b",
    3,
    [[1], "b"],
  ],
};

const tape = fc.array(fc.nat({ max: 1000 }), { minLength: 5, maxLength: 160, size: "max" });

/** Modules of package `t`. */
export const program: fc.Arbitrary<Program> = tape.map((numbers) => new ProgramReader(numbers, false).program());

/** Short modules of package `t` full of constants, so that many can be refused for their types. */
export const typedProgram: fc.Arbitrary<Program> = fc
  .array(fc.nat({ max: 1000 }), { minLength: 5, maxLength: 60, size: "max" })
  .map((numbers) => new ProgramReader(numbers, true).program());

/**
 * The program without the rules that `compiles` refuses. Of every seven programs one stays as it is: mistakes have to
 * be found on both sides, too.
 */
export function withoutMistakes(module: string, compiles: (module: string) => boolean): string {
  const [head = "", , ...rules] = module.trimEnd().split("\n");
  if (module.length % 7 === 0) return module;
  let kept = `${head}\n\n`;
  for (const rule of rules) if (compiles(`${kept}${rule}\n`)) kept += `${rule}\n`;
  return kept;
}

class ProgramReader {
  private readonly tape: readonly number[];
  private at = 0;
  private depth = 0;
  private readonly values: string[] = [];
  private readonly functions: { readonly name: string; readonly arity: number }[] = [];
  private readonly used = new Set<string>();
  private readonly typed: boolean;
  private readonly aliases: string[] = [];
  private logical = false;

  constructor(tape: readonly number[], typed: boolean) {
    this.tape = tape;
    this.typed = typed;
  }

  /** A number below `count`; 0 when the tape is over. */
  private choose(count: number): number {
    return (this.tape[this.at++] ?? 0) % count;
  }

  private pick<T>(options: readonly T[]): T {
    return options[this.choose(options.length)] as T;
  }

  /** Takes one of the makers; deep inside, only the first ones. */
  private make(makers: readonly (() => string)[], simple: number): string {
    const count = this.depth > 4 || this.at >= this.tape.length ? simple : makers.length;
    this.depth++;
    const text = (makers[this.choose(count)] as () => string)();
    this.depth--;
    return text;
  }

  program(): Program {
    const imports = this.choose(3) === 1 ? [this.pick(IMPORTS)] : [];
    for (const { text, alias } of imports) {
      if (alias !== undefined) this.aliases.push(alias);
      this.logical ||= text.includes("rego.v2");
    }
    const rules: string[] = imports.map(({ text }) => text);
    const count = 1 + this.choose(this.typed ? 2 : 5);
    for (let index = 0; index < count; index++) rules.push(this.rule(`r${index}`));
    return { module: `package t\n\n${rules.join("\n")}\n` };
  }

  private rule(name: string): string {
    const bodies = 1 + this.choose(2);
    const lines: string[] = [];
    const kind = this.choose(12);
    if (kind === 9) lines.push(`default ${name} := ${this.pick(SCALARS)}`);
    const arity = kind === 8 || kind === 10 ? 1 : kind === 11 ? 2 : 0;
    if (kind === 10) lines.push(`default ${name}(_) := ${this.pick(SCALARS)}`);
    for (let index = 0; index < bodies; index++) lines.push(this.definition(name, kind));
    if (arity > 0) this.functions.push({ name, arity });
    else this.values.push(name);
    return lines.join("\n");
  }

  private definition(name: string, kind: number): string {
    // Names are never used twice: what closures make of a name that their literal binds too is OPA's own affair.
    this.used.clear();
    const bound: string[] = [];
    if (kind === 8 || kind > 9) return this.functionDefinition(name, kind);
    const body = this.body(bound);
    switch (kind) {
      case 0:
      case 9:
        return `${name} := ${this.term(bound)} if { ${body} }`;
      case 1:
        return `${name} if { ${body} }`;
      case 2:
        return `${name} contains ${this.term(bound)} if { ${body} }`;
      case 3:
        return `${name}[${this.term(bound)}] := ${this.term(bound)} if { ${body} }`;
      case 4:
        return `${name} := ${this.term(bound)} if { ${body} } else := ${this.term([])}`;
      case 5:
        return `${name}[${this.term(bound)}].k := ${this.term(bound)} if { ${body} }\n${name}.a.k := ${this.term([])}`;
      case 6:
        return `${name}[${this.term(bound)}] contains ${this.term(bound)} if { ${body} }\n${name}.a contains 1`;
      default:
        return `${name} := ${this.pick(SCALARS)} if { ${body} } else := ${this.term([])} if { ${this.body([])} }`;
    }
  }

  private functionDefinition(name: string, kind: number): string {
    const pattern = this.pick(PATTERNS);
    const args = NAMES.filter((variable) => pattern.includes(variable));
    const more = kind === 11 ? ["w"] : [];
    args.push(...more);
    for (const arg of args) this.used.add(arg);
    const inside = this.body(args);
    const otherwise = kind === 11 && this.choose(2) === 1 ? ` else := ${this.term(more)}` : "";
    return `${name}(${[pattern, ...more].join(", ")}) := ${this.term(args)} if { ${inside} }${otherwise}`;
  }

  /** A body; names that it gives values to are added to `bound`. */
  private body(bound: string[]): string {
    const literals: string[] = [];
    const count = 1 + this.choose(this.depth > 2 ? 2 : 4);
    for (let index = 0; index < count; index++) literals.push(this.literal(bound));
    return literals.join("; ");
  }

  private fresh(bound: readonly string[]): string {
    const unused = NAMES.find((name) => !bound.includes(name) && !this.used.has(name)) ?? `v${this.used.size}`;
    this.used.add(unused);
    return unused;
  }

  private literal(bound: string[]): string {
    return this.make(
      [
        () => this.term(bound),
        () => `${this.term(bound)} == ${this.term(bound)}`,
        () => this.binding(bound, (name) => `${name} := ${this.term(bound)}`),
        () => this.binding(bound, (name) => `some ${name} in ${this.term(bound)}`),
        () => this.binding(bound, (name) => `${name} = ${this.reference(bound)}`),
        () => this.binding(bound, (name) => `${this.reference(bound)}[${name}]`),
        () => this.binding(bound, (name) => `${this.term(bound)} = ${this.reference(bound)}[${name}]`),
        () => `${this.term(bound)} ${this.pick(OPERATORS)} ${this.term(bound)}`,
        () => `not ${this.term(bound)}`,
        () => `not ${this.term(bound)} == ${this.term(bound)}`,
        () => `${this.reference(bound)}[_] = ${this.term(bound)}`,
        () => this.twoBindings(bound, (a, b) => `some ${a}, ${b} in ${this.term(bound)}`),
        () => this.twoBindings(bound, (a, b) => `[${a}, ${b}] = ${this.term(bound)}`),
        () => this.twoBindings(bound, (a, b) => `walk(${this.term(bound)}, [${a}, ${b}])`),
        () => this.binding(bound, (name) => `{"a": ${name}} = ${this.term(bound)}`),
        () => this.binding(bound, (name) => `[${name}, ${this.term(bound)}] = ${this.term(bound)}`),
        () => this.every(bound),
        () => `${this.term(bound)} with ${this.target()} as ${this.term(bound)}`,
        () =>
          this.binding(bound, (name) => `${name} := ${this.term(bound)} with ${this.target()} as ${this.term(bound)}`),
        () => `not ${this.term(bound)} with input as ${this.term(bound)}`,
        () => `${this.term(bound)} in ${this.term(bound)}`,
        () => `count(${this.closure(bound)}) ${this.pick([">", "==", "<"])} ${this.pick(["0", "1", "2"])}`,
        () => this.everyPair(bound),
        () => this.binding(bound, (name) => `some ${name}; ${this.reference(bound)}[${name}] == ${this.term(bound)}`),
        () => this.mocked(bound),
        () => this.logicalLiteral(bound),
      ],
      2,
    );
  }

  private binding(bound: string[], make: (name: string) => string): string {
    const name = this.fresh(bound);
    const text = make(name);
    bound.push(name);
    return text;
  }

  private twoBindings(bound: string[], make: (first: string, second: string) => string): string {
    const first = this.fresh(bound);
    const second = this.fresh([...bound, first]);
    const text = make(first, second);
    bound.push(first, second);
    return text;
  }

  private every(bound: readonly string[]): string {
    const name = this.fresh(bound);
    const domain = this.term(bound);
    return `every ${name} in ${domain} { ${name} != ${this.term(bound)}; ${this.body([...bound, name])} }`;
  }

  private everyPair(bound: readonly string[]): string {
    const key = this.fresh(bound);
    const value = this.fresh([...bound, key]);
    const inside = this.body([...bound, key, value]);
    return `every ${key}, ${value} in ${this.term(bound)} { ${key} != ${value}; ${inside} }`;
  }

  /** A literal in which another function takes a function's place. */
  private mocked(bound: readonly string[]): string {
    const names = ["count", "upper", "json.marshal", "object.keys", ...this.functions.map(({ name }) => name)];
    return `${this.term(bound)} with ${this.pick(names)} as ${this.pick(names)}`;
  }

  /** With `import rego.v2`: closures of `not`, and alternatives. */
  private logicalLiteral(bound: readonly string[]): string {
    const body = (): string => this.body([...bound]);
    if (!this.logical) return `not ${this.term(bound)}`;
    const kind = this.choose(4);
    if (kind === 0) return `not { ${body()} }`;
    if (kind === 1) return `{ ${body()} } or { ${body()} }`;
    if (kind === 2) return `{ ${body()} } and { ${body()} }`;
    return `(${this.reference(bound)} or ${this.reference(bound)})`;
  }

  /** Mostly from the base documents, where no type is known: else most programs would be refused for their types. */
  private scalar(): string {
    const constant = this.typed ? this.choose(5) !== 0 : this.choose(5) === 0;
    return constant ? this.pick(SCALARS) : `data.base.s[${this.choose(BASE.s.length)}]`;
  }

  private target(): string {
    const targets = ["input", "input.a", "data.base", "data.base.k", "input.b.c", "data.base.nested.a"];
    return this.pick([
      ...targets,
      ...this.values.map((name) => `data.t.${name}`),
      "count",
      ...this.functions.map(({ name }) => name),
    ]);
  }

  private term(bound: readonly string[]): string {
    return this.make(
      [
        () => this.scalar(),
        () => (bound.length === 0 ? this.scalar() : this.pick(bound)),
        () => this.reference(bound),
        () => this.reference(bound),
        () => this.reference(bound),
        () => `(${this.term(bound)} ${this.pick(OPERATORS)} ${this.term(bound)})`,
        () => `${this.pick(UNARY)}(${this.term(bound)})`,
        () => `${this.pick(BINARY)}(${this.term(bound)}, ${this.term(bound)})`,
        () => `[${this.term(bound)}, ${this.term(bound)}]`,
        () => `{${this.term(bound)}, ${this.term(bound)}}`,
        () => `{"${this.pick(["a", "b"])}": ${this.term(bound)}}`,
        () => `{${this.term(bound)}: ${this.term(bound)}}`,
        () => this.closure(bound),
        () => this.ownCall(bound),
        () => `object.get(${this.term(bound)}, ${this.term(bound)}, ${this.term(bound)})`,
        () => `(${this.term(bound)} in ${this.term(bound)})`,
        () => `$"<{${this.reference([])}}-{${bound.length === 0 ? "1.50" : this.pick(bound)}}>"`,
        () => `[${this.term(bound)} | ${this.body([...bound])}]`,
        () => `{"a": ${this.term(bound)}, ${this.pick(['"b"', "1", "true"])}: ${this.term(bound)}}`,
        () => `(${this.term(bound)}, ${this.term(bound)} in ${this.term(bound)})`,
        () => `${this.pick(UNARY)}(${this.reference(bound)})`,
        () => this.pick(["{}", "set()", "[]", "input", "data.base", "[[1, 2], [3]]", '{"a": {"b": 1}}']),
      ],
      3,
    );
  }

  private ownCall(bound: readonly string[]): string {
    if (this.functions.length === 0) return "[]";
    const { name, arity } = this.pick(this.functions);
    return arity === 1 ? `${name}(${this.term(bound)})` : `${name}(${this.term(bound)}, ${this.term(bound)})`;
  }

  private closure(bound: readonly string[]): string {
    const known = [...bound];
    const body = this.body(known);
    const inner = known.slice(bound.length);
    switch (this.choose(3)) {
      case 0:
        return `[${this.bare(inner)} | ${body}]`;
      case 1:
        return `{${this.bare(inner)} | ${body}}`;
      default:
        return `{${this.bare(inner)}: ${this.bare(inner)} | ${body}}`;
    }
  }

  /** A term without an operator outside, as the head of a comprehension has to be. */
  private bare(bound: readonly string[]): string {
    return bound.length === 0 ? this.pick(SCALARS) : this.pick(bound);
  }

  private reference(bound: readonly string[]): string {
    const heads = ["input", "input.a", "input.b", "input.c", "data.base", "data.base.list", "data.base.nested"];
    const head = this.pick([...heads, ...bound, ...this.values, ...this.values, ...this.aliases, "data.t_none"]);
    const steps = this.choose(3);
    let text = head;
    for (let index = 0; index < steps; index++) {
      text += this.pick([".a", ".b", "[0]", "[_]", ".c", '["a"]', "[1]", ...bound.map((name) => `[${name}]`)]);
    }
    return text;
  }
}
