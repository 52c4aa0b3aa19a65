/**
 * One request of a client outside, step by step: to the gateway's pod, past what the gateway checks itself, along the
 * route that it takes, past what is asked on the way, and on to the pod that it is for.
 */
import type { Cluster, Ingress, Pod, Protocol, Service, Workload } from "../../cluster/index.js";
import { endpointsOf, servingContainers } from "../../cluster/index.js";
import type { Connection } from "../layer.js";
import { sentByRoutes } from "../replay/gateway-route.js";
import { lettingIn, type SentIn, sentByIngress } from "../replay/ingress.js";
import { sentByGateway } from "../replay/istio-gateway.js";
import { type Place, proxyBefore } from "../replay/istio-wire.js";
import { asksByStatus } from "../replay/status-authorizer.js";
import type { Hit, Sent } from "../replay/virtual-service.js";
import type { HttpRequest, Request, Token } from "../request.js";
import { type Replay, replay } from "./replay.js";

/** Where a client comes in. */
export interface Door {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly gateway: Place | undefined;
  readonly scheme: "http" | "https" | "tcp";
  readonly port: number;
  readonly podPort: number;
}

export interface Goal {
  readonly workload: Workload;
  readonly pod: Pod;
  readonly port: number;
  readonly protocol: Protocol;
}

const unknown = (reason: string): Replay => ({ outcome: "unknown", reason });

export function replayEntrance(
  cluster: Cluster,
  door: Door,
  goal: Goal,
  request: Request,
  outside: readonly string[],
): Replay {
  const { gateway } = door;
  if (gateway === undefined) return unknown("the pods of the gateway are not in the manifests");
  if (request.http === undefined || door.scheme === "tcp") return unknown("routes of bytes are not replayed");
  const sent = sentOn(cluster, door, gateway, request.http);
  if (sent === undefined) return unknown(`routes of ${door.object.kind} are not replayed`);
  const there = sent.hits.filter(
    ({ workload, pod, port }) => workload === goal.workload && pod === goal.pod && port === goal.port,
  );
  if (there.length === 0) {
    if (!sent.known) return unknown(sent.reason);
    return { outcome: "deny", reason: sent.hits.length === 0 ? sent.reason : `${sent.reason}, and not to there` };
  }
  const steps: Replay[] = [arrival(cluster, door, gateway, request, lettingIn(sent.blocks, outside))];
  if (sent.asks !== undefined) steps.push(answered(cluster, gateway, sent.asks, request, door.scheme));
  steps.push(best(there.map((hit) => onward(cluster, gateway, goal, hit, request, sent.byService))));
  const denied = steps.find(({ outcome }) => outcome === "deny");
  if (denied !== undefined) return denied;
  const open = steps.find(({ outcome }) => outcome === "unknown");
  if (open !== undefined) return open;
  if (!sent.known) return unknown(sent.reason);
  return { outcome: "allow", reason: `${sent.reason}; ${steps.at(-1)?.reason ?? ""}` };
}

type Route = Sent & Partial<Pick<SentIn, "blocks" | "asks">> & { readonly byService: boolean | undefined };

function sentOn(cluster: Cluster, door: Door, gateway: Place, http: HttpRequest): Route | undefined {
  const { kind, namespace, name } = door.object;
  const own = (one: { readonly namespace: string; readonly name: string }): boolean =>
    one.namespace === namespace && one.name === name;
  if (kind === "Gateway") {
    const istio = cluster.istioGateways.find((one) => own(one) && one.object === door.object);
    if (istio !== undefined) return { ...sentByGateway(cluster, istio, gateway, door.port, http), byService: true };
    const found = cluster.gateways.find((one) => own(one) && one.object === door.object);
    if (found === undefined) return undefined;
    const byService = found.className.startsWith("istio") ? true : undefined;
    return { ...sentByRoutes(cluster, found, door.port, http), byService };
  }
  if (kind !== "Ingress") return undefined;
  const nginx = imagesOf(gateway).some((image) =>
    /(^|\/)(ingress-nginx\/controller|nginx-ingress-controller)/.test(image),
  );
  const served = cluster.ingresses.filter((one) => isFor(cluster, one, gateway, nginx));
  const ingress = cluster.ingresses.find((one) => one.object === door.object);
  const note = (one: string): string | undefined =>
    ingress?.object.annotations.get(`nginx.ingress.kubernetes.io/${one}`);
  const plain = nginx && note("ssl-redirect") === "false" && note("force-ssl-redirect") !== "true";
  if (door.scheme === "http" && (ingress?.tlsHosts.length ?? 0) > 0 && !plain)
    return { hits: [], reason: "a redirect to HTTPS may answer it", known: false, byService: undefined };
  const sent = sentByIngress(cluster, served, nginx, gateway, http);
  return { ...sent, known: sent.known && served.every((one) => classOf(cluster, one) !== undefined) };
}

const imagesOf = ({ pod }: Place): readonly string[] => servingContainers(pod).flatMap(({ image }) => image ?? []);

/** What an Ingress's class says of its controller. */
function classOf(cluster: Cluster, { className, object }: Ingress): string | undefined {
  const wanted = className ?? object.annotations.get("kubernetes.io/ingress.class");
  const found = cluster.objects.find(
    (one) =>
      one.kind === "IngressClass" &&
      (wanted === undefined
        ? one.annotations.get("ingressclass.kubernetes.io/is-default-class") === "true"
        : one.name === wanted),
  );
  const spec = (found?.origin.value as { spec?: { controller?: unknown } } | null | undefined)?.spec;
  return typeof spec?.controller === "string" ? spec.controller : wanted;
}

function isFor(cluster: Cluster, ingress: Ingress, gateway: Place, nginx: boolean): boolean {
  const word = classOf(cluster, ingress);
  if (word === undefined) return true;
  if (nginx) return word === "k8s.io/ingress-nginx" || word === "nginx";
  const [kind = ""] = word.split(/[./]/);
  return (
    kind !== "nginx" && imagesOf(gateway).some((image) => image.includes(kind === "haproxy-ingress" ? "haproxy" : kind))
  );
}

/** From the client to the gateway, whose own policies see the request where it ends TLS itself. */
function arrival(
  cluster: Cluster,
  { scheme, podPort }: Door,
  gateway: Place,
  request: Request,
  outside: readonly string[],
): Replay {
  const ends = scheme === "http" || proxyBefore(cluster, gateway) === "gateway";
  const connection: Connection = {
    from: { kind: "outside", name: "outside" },
    to: { kind: "pod", ...gateway },
    port: podPort,
    protocol: "TCP",
  };
  const found = replay(cluster, connection, ends ? request : { http: undefined, token: undefined }, outside);
  return found.outcome === "allow" ? found : { ...found, reason: `at the gateway: ${found.reason}` };
}

/** An auth request to OPA's data API is answered with 200, whatever is decided; of any other nothing is known. */
function answered(
  cluster: Cluster,
  gateway: Place,
  { url, method, otherwise }: NonNullable<SentIn["asks"]>,
  request: Request,
  scheme: string,
): Replay {
  const asked = `what \`${url}\` answers is not known`;
  const parts = /^http:\/\/([\w-]+)\.([\w-]+)(?:\.svc(?:\.cluster\.local)?)?(?::(\d+))?\/v1\/data(?:\/|$)/.exec(url);
  const service = cluster.services.find((one) => one.name === parts?.[1] && one.namespace === parts[2]);
  if (service === undefined || !/^(GET|POST)$/.test(method) || url.includes("$")) return unknown(asked);
  const port = Number(parts?.[3] ?? 80);
  const behind = endpointsOf(cluster, service).filter(({ servicePort }) => servicePort.port === port);
  const [first] = behind;
  const plain = behind.every(({ pod }) =>
    servingContainers(pod).some(
      ({ image, command, args }) =>
        /openpolicyagent\/opa/.test(image ?? "") &&
        ![...command, ...args].some((one) => /^--(authorization|authentication)(?!=off$)/.test(one)),
    ),
  );
  if (first?.port === undefined || (otherwise && !plain)) return unknown(asked);
  const said =
    plain || request.http === undefined
      ? undefined
      : asksByStatus(cluster, { url, method }, request.http, request.token, scheme);
  if (!plain && (said === undefined || typeof said === "object"))
    return unknown(said === undefined ? asked : `${asked}: ${said.unknown}`);
  const question: Request = {
    http: { method, target: new URL(url).pathname, host: new URL(url).host, headers: new Map() },
    token: undefined,
  };
  const connection: Connection = {
    from: { kind: "pod", ...gateway },
    to: { kind: "pod", workload: first.workload, pod: first.pod },
    port: first.port,
    protocol: "TCP",
  };
  const reached = replay(cluster, connection, question);
  if (said === "deny" && reached.outcome === "allow")
    return { outcome: "deny", reason: "OPA answers the auth request with 401" };
  return reached.outcome === "allow"
    ? {
        outcome: "allow",
        reason: said === undefined ? "OPA's data API answers 200 whatever it decides" : "OPA allows it",
      }
    : { ...reached, reason: `the auth request: ${reached.reason}` };
}

function onward(
  cluster: Cluster,
  gateway: Place,
  goal: Goal,
  { http, service, sure }: Hit,
  request: Request,
  byService: boolean | undefined,
): Replay {
  if (http === undefined) return unknown("what a route makes of the request is not followed");
  const calls = (by: readonly Service[]): Replay =>
    replay(
      cluster,
      {
        from: { kind: "pod", ...gateway },
        to: { kind: "pod", workload: goal.workload, pod: goal.pod },
        port: goal.port,
        protocol: goal.protocol,
        by,
      },
      { http: forwarded(http), token: carried(cluster, gateway, request.token) },
    );
  const services = service === undefined ? [] : [service];
  const answers = byService === undefined ? [calls(services), calls([])] : byService ? [calls(services)] : [calls([])];
  const [first] = answers;
  if (first === undefined || answers.some(({ outcome }) => outcome !== first.outcome))
    return unknown("whether the gateway calls the Service or its pods is not known");
  if (first.outcome !== "allow") return first;
  if (sure !== true) return unknown("whether the route leads there is not known");
  const proxied = ["sidecar", "unknown"].includes(proxyBefore(cluster, gateway)) && byService !== false;
  if (proxied && !isNameOf(service, http.host)) return unknown("the gateway's own sidecar may not know the host");
  return first;
}

function isNameOf(service: Service | undefined, host: string): boolean {
  if (service === undefined) return false;
  const whole = `${service.name}.${service.namespace}.svc.cluster.local`;
  const plain = host.replace(/:\d+$/, "");
  return whole === plain || (whole.startsWith(`${plain}.`) && plain.split(".").length <= 3);
}

/** A gateway writes the client's address itself. */
function forwarded(http: HttpRequest): HttpRequest {
  const headers = new Map(http.headers);
  headers.delete("x-forwarded-for");
  return { ...http, headers };
}

/** A gateway that validates tokens may keep them. */
function carried({ requestAuthentications, mesh }: Cluster, { workload, pod }: Place, token: Token | undefined) {
  const taken = requestAuthentications.some(
    ({ namespace, selector, targetRefs, rules }) =>
      (namespace === workload.namespace || namespace === mesh.rootNamespace) &&
      (targetRefs.length > 0 || [...(selector ?? [])].every(([key, value]) => pod.labels.get(key) === value)) &&
      rules.some(({ issuer, forwardOriginalToken }) => issuer === token?.claims.iss && !forwardOriginalToken),
  );
  return taken ? undefined : token;
}

function best(replies: readonly Replay[]): Replay {
  return (
    replies.find(({ outcome }) => outcome === "allow") ??
    replies.find(({ outcome }) => outcome === "unknown") ??
    replies[0] ?? { outcome: "deny", reason: "nothing leads there" }
  );
}
