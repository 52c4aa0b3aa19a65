/**
 * What ingress-nginx asks before it sends a request on: an auth request, a password, a certificate, the client's
 * address. An auth request passes with any 2xx answer, so one that OPA's data API answers stops nobody, unless OPA's own
 * authorization decides before.
 */
import type { Cluster, Ingress, KubeObject } from "../../cluster/index.js";
import type { Span } from "../../diagnostics/index.js";
import type { Outcome, Reason } from "../layer.js";
import { opaServer } from "../opa/decision-points.js";
import { type Bounds, both, either, MAYBE, NO, YES } from "../space/bounds.js";
import type { Ranges } from "../space/index.js";
import type { GatewayPod } from "./gateways.js";
import { annotation, annotationSpan, PREFIX } from "./nginx-annotations.js";
import { statusAnswer } from "./nginx-authorization.js";
import { type ControllerSettings, rangesOf } from "./nginx-settings.js";

export interface Gate {
  readonly passes: Bounds;
  /** the only addresses that are let in */
  readonly sources: Ranges | undefined;
  /** headers of the request that an answer writes */
  readonly writes: readonly string[];
  readonly reasons: () => readonly Reason[];
}

/** Whether the controller reaches a pod's port. */
export type Reaches = (from: GatewayPod, to: GatewayPod, port: number) => Outcome;

interface Ask {
  readonly url: string;
  readonly method: string;
  readonly named: string;
  readonly object: KubeObject;
  readonly span: () => Span;
  readonly snippet: boolean;
  /** what makes the answer another than the one to the request itself */
  readonly changed: string | undefined;
}

export function gateOf(
  cluster: Cluster,
  ingress: Ingress,
  controller: GatewayPod | undefined,
  settings: ControllerSettings,
  reaches: Reaches,
): Gate {
  const parts: { readonly passes: Bounds; readonly reasons: () => readonly Reason[] }[] = [];
  const doubt = (name: string, text: string): unknown =>
    parts.push({ passes: MAYBE, reasons: () => [said(ingress, name, text)] });
  const ask = askOf(ingress, settings);
  if (ask !== undefined) parts.push(asked(cluster, ask, controller, reaches));
  if (annotation(ingress, "auth-type") !== undefined) doubt("auth-type", "asks for a password that nobody here knows");
  const certificate = annotation(ingress, "auth-tls-secret");
  if (certificate !== undefined && !/^(off|optional)/.test(annotation(ingress, "auth-tls-verify-client") ?? "on"))
    doubt("auth-tls-secret", "asks for a client's certificate");
  if (annotation(ingress, "auth-tls-match-cn") !== undefined) doubt("auth-tls-match-cn", "asks for a name in it");
  if (annotation(ingress, "denylist-source-range") !== undefined)
    doubt("denylist-source-range", "keeps some addresses out");
  if (annotation(ingress, "enable-modsecurity") === "true" || settings.firewall)
    doubt("enable-modsecurity", "may refuse any request");
  const listName = ["whitelist-source-range", "allowlist-source-range"].find((name) => annotation(ingress, name));
  let sources = listName === undefined ? settings.sources : rangesOf(annotation(ingress, listName) ?? "");
  if (listName !== undefined && sources === undefined) doubt(listName, "cannot be read as addresses");
  const isTold = sources !== undefined && settings.addressTold;
  if (isTold) {
    sources = undefined;
    doubt(listName ?? "whitelist-source-range", "looks at an address that the client or a proxy before may name");
  }
  const all = parts.length === 0 ? YES : both(...parts.map(({ passes }) => passes));
  const isOneEnough = annotation(ingress, "satisfy") === "any" && parts.length + (sources === undefined ? 0 : 1) > 1;
  if (isOneEnough) {
    sources = undefined;
    doubt("satisfy", "lets a request pass that meets one of its conditions");
  }
  const listed = sources;
  return {
    passes: isOneEnough ? either([all, MAYBE]) : all,
    sources,
    writes:
      ask === undefined
        ? []
        : [annotation(ingress, "auth-response-headers") ?? "", settings.answerWrites].flatMap((list) =>
            list.split(",").flatMap((one) => one.trim() || []),
          ),
    reasons: () => [
      ...parts.flatMap(({ reasons }) => reasons()),
      ...(listed === undefined || listName === undefined ? [] : [limits(ingress, listName)]),
    ],
  };
}

function said(ingress: Ingress, name: string, text: string): Reason {
  return {
    effect: "unknown",
    text: `\`${PREFIX}${name}\` ${text}`,
    object: ingress.object,
    span: annotationSpan(ingress, name),
  };
}

function limits(ingress: Ingress, name: string): Reason {
  const text = `\`${PREFIX}${name}\` lets in ${annotation(ingress, name)} alone`;
  return { effect: "note", text, object: ingress.object, span: annotationSpan(ingress, name) };
}

/** The Ingress's own auth request, else the one that the controller makes for all. */
function askOf(ingress: Ingress, { globalAuth, globalAuthSnippet }: ControllerSettings): Ask | undefined {
  const own = annotation(ingress, "auth-url");
  const snippet = annotation(ingress, "auth-snippet") !== undefined;
  if (own !== undefined) {
    const method = annotation(ingress, "auth-method") ?? "GET";
    const span = (): Span => annotationSpan(ingress, "auth-url");
    const changed = ["auth-cache-key", "auth-proxy-set-headers"].find((name) => annotation(ingress, name));
    const named = `\`${PREFIX}auth-url\``;
    return { url: own, method, named, object: ingress.object, span, snippet, changed };
  }
  if (globalAuth === undefined || annotation(ingress, "enable-global-auth") === "false") return undefined;
  const { url, object, method, changed } = globalAuth;
  const span = (): Span => object.origin.spanOf(["data", "global-auth-url"]);
  return { url, method, named: "`global-auth-url`", object, span, snippet: globalAuthSnippet, changed };
}

function asked(cluster: Cluster, ask: Ask, controller: GatewayPod | undefined, reaches: Reaches) {
  const { passes, effect, text, more } = answerOf(cluster, ask, controller, reaches);
  const reasons = (): readonly Reason[] => [
    { effect, text: `${ask.named} asks \`${ask.url}\`: ${text}`, object: ask.object, span: ask.span() },
    ...(more ?? []),
  ];
  return { passes, reasons };
}

interface Answer {
  readonly passes: Bounds;
  readonly effect: Reason["effect"];
  readonly text: string;
  readonly more?: readonly Reason[];
}

const unknownAnswer = (text: string): Answer => ({ passes: MAYBE, effect: "unknown", text });

function answerOf(cluster: Cluster, ask: Ask, controller: GatewayPod | undefined, reaches: Reaches): Answer {
  const { url, method, snippet } = ask;
  if (snippet) return unknownAnswer("`auth-snippet` writes nginx configuration of its own into it");
  const [, scheme, host = "", port, path = ""] = /^(https?):\/\/([^/:?#]+)(?::(\d+))?([^?#]*)/.exec(url) ?? [];
  if (host === "" || url.includes("$")) return unknownAnswer("what it answers is not known");
  const server = opaServer(cluster, host, port === undefined ? (scheme === "https" ? 443 : 80) : Number(port));
  if ("text" in server) return unknownAnswer(`what it answers is not known: ${server.text}`);
  const { workload, pod, given } = server;
  const reached = controller === undefined ? "unknown" : reaches(controller, { workload, pod }, server.port);
  if (given.authorization) return decided(cluster, ask, workload.id, reached);
  if (!/^\/v1\/data(\/|$)/.test(path) || !/^(GET|POST)$/.test(method))
    return unknownAnswer(`what ${workload.id} answers there is not followed`);
  const always = "OPA's data API, which answers 200 whatever the decision is";
  if (reached === "allowed") return { passes: YES, effect: "allows", text: always };
  if (reached === "denied") return outOfReach(workload.id);
  return unknownAnswer(`${always}, and whether it is reached is not known`);
}

const outOfReach = (id: string): Answer => ({
  passes: NO,
  effect: "denies",
  text: `${id} is out of reach, and nginx denies then`,
});

/** By the rules of OPA's own authorization, which answer 401 for no. */
function decided(cluster: Cluster, { url, method, changed }: Ask, id: string, reached: Outcome): Answer {
  if (reached === "denied") return outOfReach(id);
  if (changed !== undefined)
    return unknownAnswer(`${id} decides, and \`${changed}\` changes what or whether it is asked`);
  const answer = statusAnswer(cluster, url, method);
  if (typeof answer === "string")
    return unknownAnswer(`${id} decides by its own authorization, not known how: ${answer}`);
  const { passes, reasons } = answer;
  if (reached === "allowed") {
    const text = `${id} decides by its own authorization, and answers 401 for no`;
    return { passes, effect: passes.may.equals(passes.must) ? "note" : "unknown", text, more: reasons };
  }
  return {
    passes: { may: passes.may, must: NO.must },
    effect: "unknown",
    text: `${id} decides by its own authorization, and whether it is reached is not known`,
    more: reasons,
  };
}
