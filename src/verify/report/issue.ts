/**
 * Everything that a verification found, in one shape for every format: what kind, how bad, where, why, the request that
 * shows it, and the mend. The worst first.
 */
import { formatSpan, type Span } from "../../diagnostics/index.js";
import { plain } from "../../markup/index.js";
import type { Finding } from "../compare/index.js";
import type { Disclosure } from "../data.js";
import type { Gap } from "../gaps/index.js";
import type { Verification } from "../verify.js";

export type IssueKind = "leak" | "disclosure" | "blockage" | "missing" | "unknown" | "gap";

export interface IssueLine {
  readonly text: string;
  readonly span: Span | undefined;
}

export interface Issue {
  readonly kind: IssueKind;
  /** the kind, or which gap: `leak`, `no-default-deny` */
  readonly id: string;
  readonly severity: "high" | "medium" | "low";
  /** one line: what is wrong where */
  readonly title: string;
  /** layer by layer, or evidence */
  readonly lines: readonly IssueLine[];
  /** what shows it, to be typed into a shell */
  readonly command: string | undefined;
  /** what the request stands for in words, and how its replay ended */
  readonly replayed: string | undefined;
  readonly mend: string;
}

/** What each kind means, for formats that list rules. */
export const KINDS: Readonly<Record<Exclude<IssueKind, "gap">, string>> = {
  leak: "a request gets through that no flow declares",
  disclosure: "a party could obtain data that no flow gives it",
  blockage: "a declared flow does not get through",
  missing: "a declared workload is not in the manifests",
  unknown: "whether a request gets through cannot be told from the manifests",
};

export function issuesOf({ comparison, disclosures, gaps }: Verification): readonly Issue[] {
  const findings = comparison?.findings ?? [];
  const of = (kind: Finding["kind"]): readonly Issue[] =>
    findings.filter((finding) => finding.kind === kind).map(fromFinding);
  return [
    ...of("leak"),
    ...disclosures.map(fromDisclosure),
    ...of("blockage"),
    ...(comparison?.missing ?? []).map(fromMissing),
    ...of("unknown"),
    ...gaps.map(fromGap),
  ];
}

/** `shop/web[Deployment] → shop/db[StatefulSet]:5432`. */
export function placeText({
  from,
  to,
  protocol,
  port,
  unnamed,
}: Omit<Finding, "kind" | "rule" | "witness" | "evidence" | "mend">): string {
  const proto = protocol === "TCP" ? "" : `/${protocol}`;
  return plain(`${from} → ${to}:${port}${proto}${unnamed ? " (as any port that nobody names)" : ""}`);
}

function fromFinding(finding: Finding): Issue {
  const { kind, rule, witness, evidence, mend } = finding;
  const request = witness?.request.http;
  const what =
    request === undefined
      ? witness === undefined
        ? ""
        : "a bare connection"
      : `${request.method} ${request.target}${witness?.request.token === undefined ? "" : " with a token"}`;
  const declared =
    rule === undefined
      ? ""
      : `, declared as \`${rule.id}\`${rule.span === undefined ? "" : ` (${formatSpan(rule.span)})`}`;
  return {
    kind,
    id: kind,
    severity: kind === "unknown" ? "medium" : "high",
    title: plain(`${placeText(finding)}${what === "" ? "" : `, ${what}`}${declared}`),
    lines: evidence.flatMap(({ layer, outcome, reasons }): IssueLine[] => {
      const said = reasons.filter(({ effect }) => effect !== "note" || outcome === "unknown");
      if (said.length === 0) return outcome === "allows" ? [] : [{ text: `${layer} ${outcome}`, span: undefined }];
      return said.map(({ effect, text, span, object }) => ({
        text: plain(`${layer} ${effect === "note" ? outcome : effect}: ${text}`),
        span: span ?? object?.origin.spanOf(["metadata", "name"]),
      }));
    }),
    command: witness?.command,
    replayed:
      witness === undefined ? undefined : plain(`${what}: ${witness.replay.outcome} (${witness.replay.reason})`),
    mend: plain(mend),
  };
}

function fromDisclosure({ data, sensitivity, party, path }: Disclosure): Issue {
  return {
    kind: "disclosure",
    id: "disclosure",
    severity: "high",
    title: plain(`${party} could obtain \`${data}\` (${sensitivity})`),
    lines: path.map((leak) => ({ text: `over ${placeText(leak)}, which no flow declares`, span: undefined })),
    command: path[0]?.witness?.command,
    replayed: undefined,
    mend: "close the leaks on the way",
  };
}

function fromMissing(name: string): Issue {
  return {
    kind: "missing",
    id: "missing",
    severity: "high",
    title: plain(`workload \`${name}\` is declared and not in these manifests`),
    lines: [],
    command: undefined,
    replayed: undefined,
    mend: "add the manifests that run it, or say under `kubernetes` which object does",
  };
}

function fromGap({ id, severity, subject, text, title, evidence, remedy }: Gap): Issue {
  return {
    kind: "gap",
    id,
    severity,
    title: plain(`${subject}: ${text}`),
    lines: [{ text: title, span: undefined }, ...evidence.map((one) => ({ text: plain(one.text), span: one.span }))],
    command: undefined,
    replayed: undefined,
    mend: remedy,
  };
}

/** The first place that an issue speaks of, for formats that want one. */
export function spanOf({ lines }: Issue): Span | undefined {
  return lines.find(({ span }) => span !== undefined)?.span;
}
