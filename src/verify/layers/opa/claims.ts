/**
 * Tokens as Rego sees them. A request has no bearer token, one that is genuine (signed by the issuer it names and within
 * its time) or one that anybody could have written; the claims are dimensions either way. Which keys a policy holds is
 * not looked into: they are taken to be those of the issuer.
 */

import { RegoObject, type Value } from "../../../rego/index.js";
import { TIMES } from "../../request.js";
import { type Bounds, both, either, MAYBE, not, where } from "../../space/bounds.js";
import {
  ABSENT,
  ANYTHING,
  afterLongestStart,
  Bags,
  concatenation,
  dimension,
  Language,
  NO_ELEMENT,
  NOTHING,
  only,
  type Regex,
  regex,
  sized,
  Text,
} from "../../space/index.js";
import {
  arrayOf,
  type Case,
  type ClaimsSymbol,
  FALSE,
  known,
  OPEN,
  ofDimension,
  outcome,
  type Symbolic,
  singleClaim,
  surely,
  type TextSymbol,
  TRUE,
  textOf,
  UNKNOWN,
  within,
} from "./symbol.js";

const part: Regex = regex.plus(regex.charClass("-_", ["0", "9"], ["A", "Z"], ["a", "z"]));
const TOKEN_WORDS = Language.matching(
  regex.sequence(part, regex.literal("."), part, regex.literal("."), regex.either(part, regex.empty)),
);

/** Texts that are no token. */
export const NO_TOKEN: Language = TOKEN_WORDS.complement();

export const BEARER_TOKEN: TextSymbol = textOf({ kind: "opaque", within: TOKEN_WORDS, token: true });
export const GENUINE: Bounds = where(dimension.token, only("valid"));
export const FORGED: Bounds = where(dimension.token, only("invalid"));
export const WITH_TOKEN: Bounds = either([GENUINE, FORGED]);

const SPACE = { kind: "constant", word: " " } as const;
const AUTHORIZATION = dimension.header("authorization");
const SCHEMES = Language.matching(regex.plus(regex.notClass([[0x20, 0x20]]))).minus(Language.only("Bearer"));
const ALONE = where(dimension.tokenRest, ABSENT);
const REST = { kind: "dimension", dimension: dimension.tokenRest } as const;
const WITHOUT_SCHEME = where(AUTHORIZATION, only(""));
const OTHER_SCHEME = where(AUTHORIZATION, Text.of(SCHEMES));
const USUAL_SCHEME = where(AUTHORIZATION, ABSENT);

/**
 * The `authorization` header. Beside a token its dimension holds the scheme, where that is not `Bearer`, and is empty
 * where the token stands alone; without one it holds the whole text, which then is none of these with a token.
 */
export const AUTHORIZATION_CASES: readonly Case[] = [
  { when: both(not(WITH_TOKEN), not(USUAL_SCHEME)), value: ofDimension(AUTHORIZATION) },
  { when: both(WITH_TOKEN, WITHOUT_SCHEME, ALONE), value: BEARER_TOKEN },
  ...[
    { when: ALONE, rest: [] },
    { when: not(ALONE), rest: [REST] },
  ].flatMap(({ when, rest }): readonly Case[] => [
    {
      when: both(WITH_TOKEN, USUAL_SCHEME, when),
      value: textOf({ kind: "constant", word: "Bearer " }, ...BEARER_TOKEN.parts, ...rest),
    },
    {
      when: both(WITH_TOKEN, OTHER_SCHEME, when),
      value: textOf({ kind: "dimension", dimension: AUTHORIZATION }, SPACE, ...BEARER_TOKEN.parts, ...rest),
    },
  ]),
];

const BEARER = Language.matching(regex.sequence(regex.literal("Bearer"), regex.plus(regex.literal(" "))));
const ONE_WORD = Language.matching(regex.plus(regex.notClass([[0x20, 0x20]])));

/** What OPA itself takes for a bearer token: one word behind `Bearer`, whatever it is. */
export const IDENTITY_CASES: readonly Case[] = [
  { when: both(WITH_TOKEN, USUAL_SCHEME, ALONE), value: BEARER_TOKEN },
  {
    when: both(not(WITH_TOKEN), where(AUTHORIZATION, Text.of(concatenation(BEARER, ONE_WORD)))),
    value: {
      ...ofDimension(AUTHORIZATION),
      steps: [{ name: JSON.stringify(["identity"]), before: afterLongestStart(BEARER) }],
    },
  },
];

/** The points that stand for a request. */
export const WRITTEN_TOKENS: Bounds = either([
  both(not(WITH_TOKEN), ALONE),
  both(WITH_TOKEN, either([USUAL_SCHEME, both(WITHOUT_SCHEME, ALONE), OTHER_SCHEME])),
]);

/** A genuine token is within its time: one that was not or is no longer is none. */
export function writtenTimes(name: string): Bounds {
  const form = dimension.claimForm([name]);
  const fitting = name === "exp" ? only("absent", "future") : only("absent", "past");
  return either([not(GENUINE), where(form, Text.of(fitting.present))]);
}

const ALL_SCHEMES = SCHEMES.union(Language.only("Bearer"));
const space = Language.only(" ");
const afterScheme = (schemes: Language): Language => concatenation(schemes, concatenation(space, TOKEN_WORDS));

/**
 * Headers from which the functions take exactly what follows a scheme, or all: without a token, that is none. What they
 * take from others may be one.
 */
function tokenless({ parts, steps }: TextSymbol): Language {
  const [only_, ...more] = parts;
  if (only_?.kind !== "dimension" || only_.dimension.key !== AUTHORIZATION.key || more.length > 0) return NOTHING;
  const [step, ...rest] = steps.map(({ name }) => name);
  if (step === undefined) return TOKEN_WORDS;
  if (rest.length > 0) return NOTHING;
  if (step === stepName("piece", " ", 1)) return ANYTHING;
  const cut = /^\["substring",(\d+),-1\]$/.exec(step)?.[1];
  if (cut !== undefined) {
    const length = Number(cut) - 1;
    return length < 1
      ? NOTHING
      : afterScheme(ALL_SCHEMES.intersect(sized(undefined, (count) => count === length, length)));
  }
  if (step === stepName("trim_prefix", "Bearer ") || step === stepName("replace", "Bearer ", "")) {
    return TOKEN_WORDS.union(afterScheme(Language.only("Bearer")));
  }
  return NOTHING;
}

function stepName(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

/** A text that is no bearer token may still be a token in another place, of which nothing is known. */
function strange(token: Symbolic | undefined): readonly Case[] {
  if (token?.kind !== "text") return OPEN;
  const none = tokenless(token);
  const possible = both(MAYBE, within(token, TOKEN_WORDS));
  const when = none.isEmpty ? possible : both(possible, not(where(AUTHORIZATION, Text.of(none))));
  return when.may.isEmpty ? [] : [{ when, value: UNKNOWN }];
}

function isToken(value: Symbolic | undefined): boolean {
  if (value?.kind !== "text" || value.steps.length > 0) return false;
  const [first, ...rest] = value.parts;
  return rest.length === 0 && first?.kind === "opaque" && first.token === true;
}

/** The claim as a value, by the way in which it is written. */
export function claimCases(claims: ClaimsSymbol): readonly Case[] {
  const { names } = claims;
  const single = singleClaim(names);
  if (single !== undefined) return [{ when: not(where(single, ABSENT)), value: ofDimension(single) }];
  const form = (word: string): Bounds => where(dimension.claimForm(names), only(word));
  const isTime = names.length === 1 && TIMES.has(names[0] ?? "");
  const numbers: readonly Case[] = isTime
    ? (["past", "future"] as const).map((when) => ({ when: form(when), value: { kind: "moment", when } }))
    : [{ when: form("number"), value: { kind: "unknown", type: "number" } }];
  return [
    {
      when: both(form("text"), where(dimension.claim(names), Bags.some(ANYTHING))),
      value: textOf({ kind: "claim", names }),
    },
    { when: form("list"), value: { kind: "bag", names, mixed: false } },
    { when: form("mixed"), value: { kind: "bag", names, mixed: true } },
    ...numbers,
    { when: form("object"), value: { ...claims, settled: true } },
    { when: form("scalar"), value: { kind: "unknown", type: "scalar" } },
  ];
}

const ALGORITHMS = /^io\.jwt\.verify_(?:rs|ps|es|hs)(?:256|384|512)$|^io\.jwt\.verify_eddsa$/;
const ASYMMETRIC = Language.only(..."RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split(" "));

/** The outcome of a built-in function on tokens; undefined for any other function. */
export function callOnToken(name: string, args: readonly Symbolic[]): readonly Case[] | undefined {
  const [token] = args;
  if (name === "io.jwt.decode") {
    if (!isToken(token)) return strange(token);
    const payload: Symbolic = { kind: "claims", names: [], settled: false };
    const header: Symbolic = { kind: "tree", child: () => OPEN };
    return [{ when: WITH_TOKEN, value: arrayOf([header, payload, UNKNOWN]) }];
  }
  if (ALGORITHMS.test(name)) return isToken(token) ? outcome(GENUINE, FORGED) : strange(token);
  if (name !== "io.jwt.decode_verify") return undefined;
  if (!isToken(token)) return strange(token);
  const constraints = fieldsOf(args[1]);
  const accepted = constraints === undefined ? undefined : accepts(constraints);
  if (constraints === undefined || accepted === undefined) return OPEN;
  const refused = both(WITH_TOKEN, not(accepted));
  const algorithm: TextSymbol = textOf({
    kind: "opaque",
    within: constraints.has("cert") ? ASYMMETRIC : Language.only("HS256", "HS384", "HS512"),
  });
  const header: Symbolic = { kind: "tree", child: (key) => (key === "alg" ? surely(algorithm) : OPEN) };
  const nothing = known(RegoObject.EMPTY);
  return [
    { when: accepted, value: arrayOf([TRUE, header, { kind: "claims", names: [], settled: false }]) },
    { when: refused, value: arrayOf([FALSE, nothing, nothing]) },
  ];
}

function fieldsOf(value: Symbolic | undefined): ReadonlyMap<string, Symbolic> | undefined {
  const fields = new Map<string, Symbolic>();
  if (value?.kind === "known") {
    const object = value.value;
    if (object instanceof RegoObject) {
      for (const [key, inner] of object.entries()) fields.set(String(key), known(inner));
    } else if (typeof object === "object" && object !== null && !Array.isArray(object)) {
      for (const [key, inner] of Object.entries(object as { readonly [key: string]: Value })) {
        fields.set(key, known(inner));
      }
    } else return undefined;
    return fields;
  }
  if (value?.kind !== "collection" || value.of !== "object") return undefined;
  for (const { key, value: inner, when } of value.items) {
    if (key?.kind !== "known" || typeof key.value !== "string" || !when.must.isFull) return undefined;
    fields.set(key.value, inner);
  }
  return fields;
}

const CONSTRAINTS: ReadonlySet<string> = new Set(["cert", "secret", "alg", "iss", "aud", "time"]);

function accepts(constraints: ReadonlyMap<string, Symbolic>): Bounds | undefined {
  for (const name of constraints.keys()) if (!CONSTRAINTS.has(name)) return undefined;
  // Exactly one kind of key: anything else is an error of the call.
  if (constraints.has("cert") === constraints.has("secret")) return undefined;
  const conditions: Bounds[] = [GENUINE];
  const issuer = constraints.get("iss");
  if (issuer !== undefined) {
    if (issuer.kind !== "known" || typeof issuer.value !== "string") return undefined;
    conditions.push(where(dimension.issuer, only(issuer.value)));
  }
  const audience = constraints.get("aud");
  const own = dimension.claim(["aud"]);
  if (audience === undefined) {
    // A token that is meant for somebody is refused by whoever does not say that he is that one.
    conditions.push(where(own, NO_ELEMENT), where(dimension.claimForm(["aud"]), only("absent")));
  } else if (audience.kind === "known" && typeof audience.value === "string") {
    conditions.push(where(own, Bags.some(Language.only(audience.value))));
  } else return undefined;
  return both(...conditions);
}
