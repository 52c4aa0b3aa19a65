/** Whether single literals can succeed, as far as types tell: equations and calls. */
import type { TypeDecl } from "../../builtins/index.js";
import { problemAt, type RegoProblem } from "../../error.js";
import { constantOf } from "../constants.js";
import type { CallLiteral, NormalLiteral, NormalTerm, RefTerm } from "../normal-form.js";
import type { TypeLayer } from "./environment.js";
import { type FunctionType, isKind, isUnknown, shownType, type Type } from "./model.js";
import { keysOf, mayEqual, valuesOf } from "./parts.js";
import type { Patterns, TypeOf } from "./patterns.js";
import type { References } from "./references.js";
import { typeOfDeclaration } from "./type-of.js";

export interface Declarations {
  /** Declared types of a built-in; undefined for unknown ones. */
  types(
    name: string,
  ): { args: readonly TypeDecl[]; result?: TypeDecl | undefined; variadic?: TypeDecl | undefined } | undefined;
}

/** A literal that fails; `unknown` when that may only follow from another problem in it. */
export interface Failure {
  readonly problem: RegoProblem;
  readonly unknown: boolean;
}

export class Literals {
  private readonly patterns: Patterns;
  private readonly references: References;
  private readonly typeOf: TypeOf;
  private readonly declarations: Declarations;
  private readonly builtins = new Map<string, FunctionType | undefined>();

  constructor(patterns: Patterns, references: References, typeOf: TypeOf, declarations: Declarations) {
    this.patterns = patterns;
    this.references = references;
    this.typeOf = typeOf;
    this.declarations = declarations;
  }

  /** Why a literal can never succeed; undefined when it may. Bodies inside are not looked at. */
  failure(literal: NormalLiteral, layer: TypeLayer): Failure | undefined {
    switch (literal.kind) {
      case "not":
        return literal.closure || literal.body[0] === undefined ? undefined : this.failure(literal.body[0], layer);
      case "test":
        return isCalled(literal.term) ? this.readCall(literal.term, layer) : undefined;
      case "unify": {
        const { left, right } = literal;
        if (!isCalled(right)) return this.equate(left, right, literal, layer);
        const failure = this.readCall(right, layer);
        return failure ?? this.equate(left, outcome(), literal, layer);
      }
      case "call":
        return this.call(literal, layer);
      default:
        return undefined;
    }
  }

  private equate(left: NormalTerm, right: NormalTerm, literal: NormalLiteral, layer: TypeLayer): Failure | undefined {
    const a = this.typeOf(left, layer);
    const b = this.typeOf(right, layer);
    if (this.patterns.equate(left, right, layer, a, b)) return undefined;
    const hint = `these two are never equal: ${shownType(a)} and ${shownType(b)}`;
    return failureAt(literal, "match error", hint, isUnknown(a) || isUnknown(b));
  }

  /** `f()` of a rule without arguments is allowed where its value may be anything. */
  private readCall(ref: RefTerm, layer: TypeLayer): Failure | undefined {
    const type = this.references.type(ref, layer);
    if (isKind(type, "any") && type.of.length === 0) return undefined;
    const name = ref.path.map((part) => String(constantOf(part))).join(".");
    return failureAt(ref, `undefined function data.${name}`, "it is a rule without arguments: write no parentheses");
  }

  private call(literal: CallLiteral, layer: TypeLayer): Failure | undefined {
    const { callee, args, result } = literal;
    const name = callee.kind === "builtin" ? callee.name : `data.${callee.path.join(".")}`;
    if (name === "internal.member_2" || name === "internal.member_3") {
      const failure = this.membership(literal, layer);
      if (failure !== undefined) return failure;
    }
    // A value that is made on the way is an argument itself, any other result is compared with one.
    const direct = result?.kind === "local" && literal.generated === true;
    const made = result === undefined ? [] : [direct ? result : outcome()];
    const type = this.functionOf(callee, layer);
    if (isKind(type, "function")) {
      const failure = this.operands(literal, name, type, [...args, ...made], layer);
      if (failure !== undefined) return failure;
    } else if (!isKind(type, "any") || type.of.length > 0) return failureAt(literal, `undefined function ${name}`);
    if (result === undefined || direct) return undefined;
    return this.equate(result, made[0] as NormalTerm, literal, layer);
  }

  private operands(
    literal: CallLiteral,
    name: string,
    type: FunctionType,
    terms: readonly NormalTerm[],
    layer: TypeLayer,
  ): Failure | undefined {
    const wanted = type.result === undefined ? type.args : [...type.args, type.result];
    if (terms.length > wanted.length && type.variadic === undefined) {
      return failureAt(literal, `${name}: too many arguments`, "this function has no value");
    }
    const before = terms.map((term) => this.typeOf(term, layer));
    for (const [at, term] of terms.entries()) {
      const want = at < wanted.length ? wanted[at] : type.variadic;
      const have = before[at];
      const clash = !isUnknown(have) && !mayEqual(have, want);
      if (!clash && this.patterns.match(term, want, layer)) continue;
      const found = clash ? before : terms.map((each) => this.typeOf(each, layer));
      const hint = `argument ${at + 1} can be ${shownType(want)}, not ${shownType(found[at])}`;
      return failureAt(literal, `${name}: invalid argument(s)`, hint, found.some(isUnknown));
    }
    return undefined;
  }

  /** `x in xs` and `k, x in xs`: what is looked for has to be able to be in there. */
  private membership(literal: CallLiteral, layer: TypeLayer): Failure | undefined {
    const terms = literal.args;
    const collection = this.typeOf(terms[terms.length - 1] as NormalTerm, layer);
    const values = valuesOf(collection);
    if (values === undefined) return undefined;
    const wanted = terms.length === 3 ? [keysOf(collection), values] : [values];
    for (const [at, type] of wanted.entries()) {
      if (isUnknown(type)) continue;
      const term = terms[at] as NormalTerm;
      const have = this.typeOf(term, layer);
      if ((isUnknown(have) || mayEqual(have, type)) && this.patterns.match(term, type, layer)) continue;
      const hint = `${shownType(have)} is never among ${shownType(type)}`;
      return failureAt(literal, "match error", hint, isUnknown(have) || isUnknown(type));
    }
    return undefined;
  }

  readonly functionOf = (callee: CallLiteral["callee"], layer: TypeLayer): Type | undefined => {
    if (callee.kind === "function") {
      return layer.document(
        "data",
        callee.path.map((value) => ({ value })),
      );
    }
    const { name } = callee;
    if (!this.builtins.has(name)) this.builtins.set(name, declaredFunction(this.declarations.types(name)));
    return this.builtins.get(name);
  };
}

function declaredFunction(declared: ReturnType<Declarations["types"]>): FunctionType | undefined {
  if (declared === undefined) return undefined;
  const { args, result, variadic } = declared;
  return {
    kind: "function",
    args: args.map(typeOfDeclaration),
    result: result === undefined ? undefined : typeOfDeclaration(result),
    variadic: variadic === undefined ? undefined : typeOfDeclaration(variadic),
  };
}

/** Something that a call makes, for want of a variable in the source. */
export function outcome(): NormalTerm {
  return { kind: "local", local: { name: "__outcome__", slot: -1, generated: true } };
}

function isCalled(term: NormalTerm): term is RefTerm {
  return term.kind === "ref" && term.called === true;
}

function failureAt({ at }: Pick<NormalLiteral, "at">, message: string, hint?: string, unknown = false): Failure {
  return { problem: problemAt(at.source, at.start, "rego_type_error", message, hint), unknown };
}
