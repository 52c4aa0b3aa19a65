/**
 * Colours, after Okabe and Ito's set that stays apart for every kind of colour vision. No fact is carried by colour
 * alone: trust levels are also written out, severities are letters, plaintext arrows are dashed.
 */
import type { Transport, TrustLevel } from "../policy/index.js";
import type { Severity } from "../threats/index.js";

export interface Tint {
  readonly fill: string;
  readonly line: string;
  readonly ink: string;
}

export const TRUST_COLORS: Readonly<Record<TrustLevel, Tint>> = {
  public: { fill: "#fff3dc", line: "#b26a00", ink: "#6b4000" },
  internal: { fill: "#e3f0fb", line: "#0072b2", ink: "#00456b" },
  restricted: { fill: "#f6e4ef", line: "#a0437c", ink: "#6b2350" },
};

export const SEVERITY_COLORS: Readonly<Record<Severity, { readonly fill: string; readonly ink: string }>> = {
  critical: { fill: "#7a0020", ink: "#ffffff" },
  high: { fill: "#c24a00", ink: "#ffffff" },
  medium: { fill: "#f0c23b", ink: "#201800" },
  low: { fill: "#a8d3f0", ink: "#00263d" },
  info: { fill: "#dddddd", ink: "#222222" },
};

export const TRANSPORT_COLORS: Readonly<Record<Transport, string>> = {
  mtls: "#374151",
  tls: "#005a8c",
  plaintext: "#c24a00",
};

export const INK = "#1f2933";
export const FAINT = "#5b6670";
export const PAPER = "#ffffff";
export const BOUNDARY = "#c24a00";
