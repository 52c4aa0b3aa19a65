/** Compiled regular expressions (RE2 semantics), kept in a bounded cache, and the searches that the built-ins share. */
import { RE2JS } from "re2js";
import { type BuiltinContext, BuiltinError } from "./builtin.js";
import { linearPattern } from "./linear-pattern.js";

/** A pattern longer than this is refused before anything tries to compile it. */
const MAX_PATTERN = 65_536;
const MAX_CACHED = 500;

/** Half-open spans (UTF-16) of a match and its groups; -1 for a group that took no part. */
export type MatchSpans = readonly { readonly start: number; readonly end: number }[];

export class Pattern {
  readonly #re2: RE2JS;
  readonly #quick: RegExp | undefined;
  readonly groups: number;

  constructor(source: string) {
    this.#re2 = RE2JS.compile(source);
    this.#quick = linearPattern(source);
    this.groups = this.#re2.groupCount();
  }

  test(text: string): boolean {
    return this.#quick !== undefined ? this.#quick.test(text) : this.#re2.matcher(text).find();
  }

  /** The number of the group with this name. */
  groupNamed(name: string): number | undefined {
    const groups = this.#re2.namedGroups() as Record<string, number>;
    return Object.hasOwn(groups, name) ? groups[name] : undefined;
  }

  /** All matches from left to right, up to `limit`; an empty match right after another one does not count. */
  findAll(text: string, limit: number, context: BuiltinContext): MatchSpans[] {
    const found: MatchSpans[] = [];
    const matcher = this.#re2.matcher(text);
    let at = 0;
    let previousEnd = -1;
    while (at <= text.length && found.length < limit && matcher.find(at)) {
      context.spend(1);
      const start = matcher.start();
      const end = matcher.end();
      const accepted = end > at || start !== previousEnd;
      if (end === at) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      else at = end;
      previousEnd = end;
      if (!accepted) continue;
      const spans: { start: number; end: number }[] = [];
      for (let group = 0; group <= this.groups; group++) {
        spans.push({ start: matcher.start(group), end: matcher.end(group) });
      }
      found.push(spans);
    }
    return found;
  }
}

const cache = new Map<string, Pattern>();

/** The compiled pattern. @throws BuiltinError when it is not RE2 syntax */
export function patternOf(source: string): Pattern {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const compiled = compile(source);
  if (cache.size >= MAX_CACHED) {
    const oldest = cache.keys().next().value;
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(source, compiled);
  return compiled;
}

function compile(source: string): Pattern {
  if (source.length > MAX_PATTERN) throw new BuiltinError("error parsing regexp: expression too large");
  try {
    return new Pattern(source);
  } catch (error) {
    throw new BuiltinError(error instanceof Error ? error.message : "error parsing regexp");
  }
}

const META = /[\\.+*?()|[\]{}^$]/g;

/** The pattern that matches `text` literally. */
export function quoteMeta(text: string): string {
  return text.replace(META, "\\$&");
}
