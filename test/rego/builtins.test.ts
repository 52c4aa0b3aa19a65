/**
 * Built-in functions against the real OPA, on edge arguments: equal results to the letter of each number, and no result
 * wherever OPA has none.
 */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { BUILTINS, BuiltinError, callBuiltin, plainContext, type TypeDecl } from "../../src/rego/builtins/index.js";
import { readJson, regoText, writeJson } from "../../src/rego/value/index.js";
import { CALLS } from "./builtin-calls.js";
import { DOCUMENT_CALLS } from "./document-calls.js";
import { askOpa, type Call, findOpa } from "./opa-calls.js";

/** Within the life of the tokens. */
const NOW_NS = 1_700_000_000_000_000_000n;

function ours({ name, args }: Call): string | undefined {
  const target = BUILTINS.get(name);
  if (target === undefined) throw new Error(`${name} is not in the table`);
  try {
    const value = callBuiltin(target, args, plainContext(NOW_NS));
    // Read back, so that both sides are written with the same keys.
    return value === undefined ? undefined : writeJson(readJson(writeJson(value)));
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

function differences(opa: string, calls: readonly Call[]): readonly string[] {
  const wanted = askOpa(opa, calls);
  return calls.flatMap((call, i) => {
    const answer = ours(call);
    if (comparable(call, answer) === comparable(call, wanted[i])) return [];
    return [`${call.name}(${call.args.map(regoText).join(", ")}): ${answer}, OPA ${wanted[i]}`];
  });
}

/** OPA lists what is wrong with a document in the order of a Go map: another one in each run. */
function comparable({ name }: Call, answer: string | undefined): string | undefined {
  if (answer === undefined || !/^json\.(match|verify)_schema$/.test(name)) return answer;
  const [holds, problems] = JSON.parse(answer) as [boolean, unknown];
  return JSON.stringify([
    holds,
    Array.isArray(problems) ? problems.map((one) => JSON.stringify(one)).sort() : problems,
  ]);
}

interface Capability {
  readonly name: string;
  readonly decl: { readonly args?: readonly unknown[]; readonly result?: unknown; readonly variadic?: unknown };
  readonly infix?: string;
  readonly relation?: boolean;
  readonly deprecated?: boolean;
  readonly nondeterministic?: boolean;
}

describe("built-in functions", () => {
  const opa = findOpa();
  if (opa === undefined) console.log("not run: no opa binary in RINGFENCE_ENGINES or PATH");

  it.runIf(opa !== undefined)("answer as OPA does", { timeout: 120_000 }, () => {
    expect(differences(opa ?? "", CALLS)).toEqual([]);
  });

  it.runIf(opa !== undefined)("read documents in other languages as OPA does", { timeout: 120_000 }, () => {
    expect(differences(opa ?? "", DOCUMENT_CALLS)).toEqual([]);
  });

  it.runIf(opa !== undefined)("are those of OPA, with its declarations", () => {
    const output = execFileSync(opa ?? "", ["capabilities", "--current"], { encoding: "utf8" });
    const capabilities = (JSON.parse(output) as { builtins: readonly Capability[] }).builtins;
    const facts = capabilities.map((one) => ({
      name: one.name,
      arity: one.decl.args?.length ?? 0,
      result: one.decl.result !== undefined,
      variadic: one.decl.variadic !== undefined,
      infix: one.infix,
      traits: [one.relation === true, one.deprecated === true, one.nondeterministic === true],
    }));
    const ourFacts = [...BUILTINS.values()].map((one) => ({
      name: one.name,
      arity: one.decl.args.length,
      result: one.decl.result !== undefined,
      variadic: one.decl.variadic !== undefined,
      infix: one.infix,
      traits: [one.relation === true, one.deprecated === true, one.nondeterministic === true],
    }));
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect(ourFacts.sort(byName)).toEqual(facts.sort(byName));
  });

  it.runIf(opa !== undefined)("declare the types that OPA declares", () => {
    const output = execFileSync(opa ?? "", ["capabilities", "--current"], { encoding: "utf8" });
    const { builtins } = JSON.parse(output) as { builtins: readonly { name: string; decl: OpaDecl }[] };
    const different = builtins.flatMap(({ name, decl }) => {
      const own = BUILTINS.get(name)?.decl;
      const wanted = [...(decl.args ?? []), ...(decl.result === undefined ? [] : [decl.result])]
        .map(opaType)
        .join(", ");
      const declared = [...(own?.args ?? []), ...(own?.result === undefined ? [] : [own.result])]
        .map(ownType)
        .join(", ");
      return wanted === declared ? [] : [`${name}: ${declared}, OPA ${wanted}`];
    });
    expect(different).toEqual([]);
  });
});

interface OpaType {
  readonly type: string;
  readonly of?: OpaType | readonly OpaType[];
  readonly dynamic?: OpaType | { readonly key: OpaType; readonly value: OpaType };
  readonly static?: readonly (OpaType | { readonly key: string; readonly value: OpaType })[];
}

interface OpaDecl {
  readonly args?: readonly OpaType[];
  readonly result?: OpaType;
}

function opaType(type: OpaType): string {
  switch (type.type) {
    case "array": {
      const fixed = (type.static ?? []).map((one) => opaType(one as OpaType));
      return `[${[...fixed, ...(type.dynamic === undefined ? [] : [`...${opaType(type.dynamic as OpaType)}`])].join(" ")}]`;
    }
    case "set":
      return `set(${opaType(type.of as OpaType)})`;
    case "object": {
      const fixed = (type.static ?? []) as readonly { key: string; value: OpaType }[];
      const rest = type.dynamic as { key: OpaType; value: OpaType } | undefined;
      const members = fixed.map(({ key, value }) => `${key}:${opaType(value)}`).sort();
      return `{${[...members, ...(rest === undefined ? [] : [`*${opaType(rest.key)}:${opaType(rest.value)}`])].join(" ")}}`;
    }
    case "any":
      return type.of === undefined ? "any" : `(${(type.of as readonly OpaType[]).map(opaType).sort().join("|")})`;
    default:
      return type.type;
  }
}

function ownType(type: TypeDecl): string {
  if (typeof type === "string") return type;
  switch (type.kind) {
    case "array":
      return `[${[...type.fixed.map(ownType), ...(type.rest === undefined ? [] : [`...${ownType(type.rest)}`])].join(" ")}]`;
    case "set":
      return `set(${ownType(type.of)})`;
    case "object": {
      const members = Object.entries(type.fixed).map(([key, value]) => `${key}:${ownType(value)}`);
      const rest = type.rest === undefined ? [] : [`*${ownType(type.rest.key)}:${ownType(type.rest.value)}`];
      return `{${[...members.sort(), ...rest].join(" ")}}`;
    }
    default:
      return `(${type.of.map(ownType).sort().join("|")})`;
  }
}
