/**
 * Explanations: what instrumented code did, as a list of events in order. `fails` keeps the literals without a solution,
 * which is what a denied caller wants to know; `full` keeps everything. Values of variables are left out unless asked
 * for, because an explanation is often logged and an input may hold secrets.
 */
import type { NormalLiteral, NormalRule, Place } from "../compile/normal-form.js";
import { literalLocals } from "../compile/variables.js";
import { locate, type RegoLocation } from "../error.js";
import { toJson } from "../value/index.js";
import type { Frame } from "./frame.js";
import type { Tracer } from "./tracer.js";

export type ExplainMode = "fails" | "full";

export interface TraceEvent {
  /** A literal is tried, succeeds, or has no (further) solution; a rule's body came to its end. */
  readonly kind: "enter" | "exit" | "fail" | "rule";
  /** Nesting of rules and calls. */
  readonly depth: number;
  readonly location: RegoLocation;
  /** The literal, or the rule's name. */
  readonly text: string;
  /** Variables of the literal that have a value, when values were asked for. */
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface Explanation {
  readonly events: readonly TraceEvent[];
  /** There were more events than are kept. */
  readonly truncated: boolean;
}

/** Events kept of one evaluation. */
const MAX_EVENTS = 100_000;
const MAX_TEXT = 200;

export class TraceRecorder implements Tracer {
  private readonly mode: ExplainMode;
  private readonly withValues: boolean;
  private events: TraceEvent[] = [];
  private truncated = false;

  constructor(mode: ExplainMode, withValues: boolean) {
    this.mode = mode;
    this.withValues = withValues;
  }

  enter(literal: NormalLiteral, frame: Frame): void {
    if (this.mode === "full" && literal.generated !== true) this.add("enter", literal, frame);
  }

  exit(literal: NormalLiteral, frame: Frame): void {
    if (this.mode === "full" && literal.generated !== true) this.add("exit", literal, frame);
  }

  leave(literal: NormalLiteral, frame: Frame, succeeded: boolean): void {
    if (!succeeded) this.add("fail", literal, frame);
  }

  rule(rule: NormalRule, frame: Frame): void {
    if (this.mode === "full") this.push({ kind: "rule", ...this.placed(rule.at, frame), text: rule.name });
  }

  /** What was recorded since the last call. */
  take(): Explanation {
    const taken = { events: this.events, truncated: this.truncated };
    this.events = [];
    this.truncated = false;
    return taken;
  }

  private add(kind: TraceEvent["kind"], literal: NormalLiteral, frame: Frame): void {
    const { source, start, end } = literal.at;
    const text = source.text.slice(start, Math.min(end, start + MAX_TEXT)).split("\n")[0] ?? "";
    const values = this.withValues ? { values: valuesOf(literal, frame) } : {};
    this.push({ kind, ...this.placed(literal.at, frame), text, ...values });
  }

  private placed(at: Place, frame: Frame): Pick<TraceEvent, "depth" | "location"> {
    return { depth: frame.context.session.depth, location: locate(at.source, at.start) };
  }

  private push(event: TraceEvent): void {
    if (this.events.length < MAX_EVENTS) this.events.push(event);
    else this.truncated = true;
  }
}

function valuesOf(literal: NormalLiteral, frame: Frame): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, slot, generated } of literalLocals(literal)) {
    const value = frame.slots[slot];
    if (!generated && value !== undefined) values[name] = toJson(value);
  }
  return values;
}

/** One line for each event: place, what happened, the text. */
export function renderExplanation({ events, truncated }: Explanation): string {
  const lines = events.map(({ kind, depth, location, text, values }) => {
    const shown = values === undefined ? "" : `  ${JSON.stringify(values)}`;
    return `${location.file}:${location.line}:${location.column}  ${"| ".repeat(depth)}${kind} ${text}${shown}`;
  });
  if (truncated) lines.push(`only the first ${MAX_EVENTS} events are shown`);
  return lines.join("\n");
}
