/** The import's second result: what was found, on what it stands, and what could not be told. */
import { locate, type Span } from "../diagnostics/index.js";
import type { Draft } from "./draft.js";
import { TOPICS, type Topic } from "./remarks.js";
import { lineAt } from "./yaml-text.js";

interface ReportPlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface DraftReport {
  readonly workflow: string;
  readonly workloads: readonly {
    readonly name: string;
    readonly zone: string;
    readonly kind: string;
    /** `Deployment chatqna`; undefined for what an operator makes */
    readonly object: string | undefined;
    readonly place: ReportPlace;
  }[];
  readonly outside: readonly {
    readonly name: string;
    readonly kind: "api" | "users";
    readonly host: string | undefined;
  }[];
  readonly flows: readonly {
    readonly from: string;
    readonly to: string;
    readonly port: number;
    readonly protocol: string;
    readonly evidence: readonly { readonly text: string; readonly place: ReportPlace }[];
  }[];
  readonly remarks: readonly {
    readonly topic: Topic;
    readonly subject: string;
    readonly text: string;
    readonly place: ReportPlace | undefined;
  }[];
}

function placeOf(span: Span): ReportPlace {
  return { path: span.source.path, ...locate(span) };
}

export function reportOf(draft: Draft): DraftReport {
  const ports = new Map(draft.workloads.map(({ name, ports: own }) => [name, own]));
  const apis = new Map(draft.outside.map((party) => [party.name, party]));
  const protocolOf = (to: string, port: number): string => {
    const party = apis.get(to);
    return party?.kind === "api" ? party.protocol : (ports.get(to)?.get(port)?.protocol ?? "http");
  };
  return {
    workflow: draft.name,
    workloads: draft.workloads.map(({ name, zone, kind, source, place }) => ({
      name,
      zone,
      kind,
      object: source === undefined ? undefined : `${source.kind} ${source.name}`,
      place: placeOf(place()),
    })),
    outside: draft.outside.map((party) => ({
      name: party.name,
      kind: party.kind,
      host: party.kind === "api" ? party.host : undefined,
    })),
    flows: draft.flows.map(({ from, to, port, evidence }) => ({
      from,
      to,
      port,
      protocol: protocolOf(to, port),
      evidence: evidence.map(({ text, place }) => ({ text, place: placeOf(place()) })),
    })),
    remarks: draft.remarks.map(({ topic, subject, text, place }) => ({
      topic,
      subject,
      text,
      place: place === undefined ? undefined : placeOf(place),
    })),
  };
}

/** The report for people: counts, then the remarks under their headings. */
export function renderReport(draft: Draft): string {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const lines = [
    `${count(draft.workloads.length, "workload")}, ${count(draft.flows.length, "flow")}, ${count(draft.outside.length, "outside party").replace("partys", "parties")}`,
  ];
  for (const [topic, heading] of Object.entries(TOPICS)) {
    const remarks = draft.remarks.filter((remark) => remark.topic === topic);
    if (remarks.length === 0) continue;
    lines.push("", `${heading}:`);
    for (const { subject, text, place } of remarks) {
      lines.push(`  ${subject}: ${text}${place === undefined ? "" : ` (${lineAt(place)})`}`);
    }
  }
  return lines.join("\n");
}
