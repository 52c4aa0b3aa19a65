/** Which lines of a policy were evaluated, over any number of evaluations of instrumented code. */
import type { NormalBody, NormalForm, NormalLiteral, NormalRule, Place } from "../compile/normal-form.js";
import { closureBodies } from "../compile/variables.js";
import { lineAt } from "../syntax/source.js";
import type { Tracer } from "./tracer.js";

export interface LineRange {
  /** 1-based, inclusive. */
  readonly start: number;
  readonly end: number;
}

export interface FileCoverage {
  readonly covered: readonly LineRange[];
  readonly notCovered: readonly LineRange[];
  /** Share of covered lines in per cent, rounded to two decimals. */
  readonly percent: number;
}

export interface CoverageReport {
  readonly files: Readonly<Record<string, FileCoverage>>;
  readonly percent: number;
}

export class CoverageTracer implements Tracer {
  private readonly reached = new Set<object>();
  private readonly form: NormalForm;

  constructor(form: NormalForm) {
    this.form = form;
  }

  enter(literal: NormalLiteral): void {
    this.reached.add(literal);
  }

  exit(): void {}

  leave(): void {}

  rule(rule: NormalRule): void {
    this.reached.add(rule);
  }

  report(): CoverageReport {
    const files = new Map<string, Map<number, boolean>>();
    const mark = ({ source, start }: Place, covered: boolean): void => {
      const lines = files.get(source.file) ?? new Map<number, boolean>();
      files.set(source.file, lines);
      const { line } = lineAt(source, start);
      lines.set(line, covered || lines.get(line) === true);
    };
    const visit = (body: NormalBody): void => {
      for (const literal of body) {
        if (literal.generated !== true) mark(literal.at, this.reached.has(literal));
        for (const inner of closureBodies(literal)) visit(inner);
      }
    };
    for (const rule of this.form.rules) {
      mark(rule.at, this.reached.has(rule));
      for (const branch of rule.branches) visit(branch.body);
    }
    const reports: Record<string, FileCoverage> = Object.create(null);
    let covered = 0;
    let all = 0;
    for (const [file, lines] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const hit = [...lines].filter(([, reached]) => reached).map(([line]) => line);
      const missed = [...lines].filter(([, reached]) => !reached).map(([line]) => line);
      covered += hit.length;
      all += lines.size;
      reports[file] = { covered: ranges(hit), notCovered: ranges(missed), percent: percent(hit.length, lines.size) };
    }
    return { files: reports, percent: percent(covered, all) };
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((10_000 * part) / whole) / 100;
}

function ranges(lines: readonly number[]): LineRange[] {
  const result: { start: number; end: number }[] = [];
  for (const line of [...lines].sort((a, b) => a - b)) {
    const last = result[result.length - 1];
    if (last !== undefined && last.end + 1 === line) last.end = line;
    else result.push({ start: line, end: line });
  }
  return result;
}
