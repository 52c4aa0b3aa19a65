/** For programs: every fact of a verification, places as path, line and column. */
import { locate, type Span } from "../../diagnostics/index.js";
import type { Evidence, Finding, Witness } from "../compare/index.js";
import { SECRET_HEADER } from "../compare/witness.js";
import type { Verification } from "../verify.js";

export function jsonReport({
  workflow,
  size,
  comparison,
  disclosures,
  gaps,
  notes,
}: Verification): Record<string, unknown> {
  return {
    ...(workflow === undefined ? {} : { workflow }),
    size,
    ...(comparison === undefined
      ? {}
      : {
          compared: comparison.compared,
          controls: comparison.controls,
          missing: comparison.missing,
          findings: comparison.findings.map(findingJson),
        }),
    notes,
    disclosures: disclosures.map(({ path, ...rest }) => ({ ...rest, over: path.map(placeJson) })),
    gaps: gaps.map(({ evidence, ...rest }) => ({
      ...rest,
      evidence: evidence.map(({ text, span }) => ({ text, ...placeOf(span) })),
    })),
  };
}

function placeJson({ from, to, protocol, port, unnamed }: Finding): Record<string, unknown> {
  return { from, to, protocol, port, ...(unnamed ? { anyUnnamedPort: true } : {}) };
}

function findingJson(finding: Finding): Record<string, unknown> {
  const { kind, rule, witness, evidence, mend } = finding;
  return {
    kind,
    ...placeJson(finding),
    ...(rule === undefined ? {} : { rule: rule.id }),
    ...(witness === undefined ? {} : { witness: witnessJson(witness) }),
    layers: evidence.map(evidenceJson),
    mend,
  };
}

function witnessJson({ request, command, replay }: Witness): Record<string, unknown> {
  const { http, token } = request;
  return {
    ...(http === undefined
      ? {}
      : {
          http: {
            ...http,
            headers: Object.fromEntries(
              [...http.headers].map(([name, value]) => [name, SECRET_HEADER.test(name) ? "…" : value]),
            ),
          },
        }),
    ...(token === undefined ? {} : { token: { claims: token.claims, genuine: token.genuine } }),
    command,
    replay,
  };
}

export function evidenceJson({ layer, outcome, reasons }: Evidence): Record<string, unknown> {
  return {
    layer,
    outcome,
    reasons: reasons.map(({ effect, text, object, span }) => ({
      effect,
      text,
      ...placeOf(span ?? object?.origin.spanOf(["metadata", "name"])),
    })),
  };
}

function placeOf(span: Span | undefined): Record<string, unknown> {
  return span === undefined ? {} : { path: span.source.path, ...locate(span) };
}
