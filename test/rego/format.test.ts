/**
 * Formatting keeps the program and its comments, and is done after once: over every module at hand, and over the same
 * modules with line breaks and comments strewn between their tokens.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { format, type Module, parse } from "../../src/rego/index.js";
import { corpus } from "../engine.js";
import { modulesAtHand, type NamedModule } from "./modules.js";

const LAYOUT = new Set([
  "start",
  "end",
  "inner",
  "source",
  "comments",
  "annotations",
  "chained",
  "hasIf",
  "assign",
  "raw",
]);

/** The program alone: no places, no layout, and one form for what has two spellings. */
function program(module: Module): string {
  const text = JSON.stringify(module.rules, (key, value) => {
    if (LAYOUT.has(key)) return undefined;
    if (key === "infix") return undefined;
    if (key === "value" && value?.kind === "boolean" && value.value === true) return undefined;
    if (key === "body" && Array.isArray(value) && isTrue(value)) return undefined;
    if (key === "parts" && Array.isArray(value)) return templateText(value);
    return value;
  });
  return `${JSON.stringify(module.package.path)} ${text}`;
}

function isTrue(
  body: readonly {
    kind: string;
    negated?: boolean;
    with: readonly unknown[];
    term?: { kind: string; value?: unknown };
  }[],
): boolean {
  const [only] = body;
  return (
    body.length === 1 &&
    only?.term?.kind === "boolean" &&
    only.term.value === true &&
    !only.negated &&
    only.with.length === 0
  );
}

/** Scalars in braces are text. */
function templateText(
  parts: readonly (string | { term: { kind: string; value?: unknown; text?: string }; with: readonly unknown[] })[],
): unknown[] {
  const out: unknown[] = [];
  for (const part of parts) {
    const scalar = typeof part === "string" ? part : scalarOf(part);
    const last = out[out.length - 1];
    if (scalar !== undefined && typeof last === "string") out[out.length - 1] = last + scalar;
    else out.push(scalar ?? part);
  }
  return out;
}

function scalarOf(part: {
  term: { kind: string; value?: unknown; text?: string };
  with: readonly unknown[];
}): string | undefined {
  if (part.with.length > 0) return undefined;
  const { kind, value, text } = part.term;
  if (kind === "number") return text;
  return kind === "null" || kind === "boolean" || kind === "string" ? String(value ?? "null") : undefined;
}

function comments(module: Module): string[] {
  return module.comments.map(({ text }) => text.trim()).sort();
}

function holds({ text, version, name }: NamedModule): void {
  const before = parse(text, name, { version });
  const formatted = format(text, name, { version });
  const after = parse(formatted, name, { version });
  expect(program(after)).toBe(program(before));
  expect(comments(after)).toEqual(comments(before));
  expect(format(formatted, name, { version })).toBe(formatted);
}

const modules = modulesAtHand(corpus());

/** Breaks lines and adds comments where neither changes the program; what does is not a sample. */
function strew({ text, version, name }: NamedModule, choices: readonly number[]): NamedModule | undefined {
  let at = 0;
  let quote = "";
  let out = "";
  const choice = (): number => choices[at++ % choices.length] ?? 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    out += char;
    if (quote !== "") {
      if (quote === '"' && char === "\\") out += text[++index] ?? "";
      else if (quote === "#" ? char === "\n" : char === quote) quote = "";
      continue;
    }
    if (char === '"' || char === "`" || char === "#") quote = char;
    else if ("[{(,=|".includes(char)) out += ["\n", ` # c${at}\n`][choice()] ?? "";
    else if (char === "\n") out += ["\n", `# c${at}\n`][choice()] ?? "";
  }
  try {
    if (program(parse(out, name, { version })) !== program(parse(text, name, { version }))) return undefined;
  } catch {
    return undefined;
  }
  return { text: out, version, name };
}

describe("format", () => {
  it(`keeps ${modules.length} modules`, { timeout: 120_000 }, () => {
    for (const module of modules) holds(module);
    expect(modules.length).toBeGreaterThan(5);
  });

  it("keeps modules with comments in every place", { timeout: 120_000 }, () => {
    let samples = 0;
    const sources = modules.filter(({ text }) => text.length < 6000);
    fc.assert(
      fc.property(
        fc.nat(sources.length - 1),
        fc.array(fc.nat(60), { minLength: 20, maxLength: 60 }),
        (which, choices) => {
          const sample = strew(sources[which] as NamedModule, choices);
          if (sample === undefined) return;
          samples++;
          holds(sample);
        },
      ),
      { numRuns: Number(process.env.RINGFENCE_RUNS ?? 500), seed: 7 },
    );
    expect(samples).toBeGreaterThan(100);
  });

  it("has formatted the modules of our targets", () => {
    const path = join(import.meta.dirname, "../../src/targets/opa/rego/authz.rego");
    expect(format(readFileSync(path, "utf8"), path)).toBe(readFileSync(path, "utf8"));
  });
});
