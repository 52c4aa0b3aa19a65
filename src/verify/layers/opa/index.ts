/**
 * OPA as a layer: which requests a proxy asks it about (CUSTOM policies whose provider leads to an OPA in the manifests)
 * and what its Rego answers. An authorizer that may be out of reach denies when it fails closed and lets through when it
 * fails open, so whether the destination's proxy reaches it is judged by the other layers.
 */
import type { AuthorizationPolicy, Cluster, Pod, Workload } from "../../../cluster/index.js";
import { attachedTo, seatOf } from "../../istio/attachment.js";
import { extensionsOn } from "../../istio/extensions.js";
import { intercepts, proxyOf } from "../../istio/presence.js";
import { type Chain, inboundChains, principalOf } from "../../istio/services.js";
import { combine, type Layer, type LayerVerdict, open, outcome, type Reason, verdict } from "../../layer.js";
import { authorizerOf, type DecisionPoint, spanOf } from "../../opa/decision-points.js";
import { type Bounds, both, either, MAYBE, not, where } from "../../space/bounds.js";
import { dimension, only, RequestSet, withinLimits } from "../../space/index.js";
import { isDryRun, policySet, type Surroundings } from "../authorization/index.js";
import { type JwtFilter, jwtFilterOn, looksElsewhere } from "../jwt/filter.js";
import { type Answers, answersOf } from "./decision.js";
import { lineOf, oneLine } from "./places.js";

const HTTP = where(dimension.protocol, only("http"));
const BYTES = where(dimension.protocol, only("tcp"));
const READ = where(dimension.method, only("GET"));
/** The call with which a proxy asks. */
const QUESTION = RequestSet.all([
  HTTP.may,
  RequestSet.where(dimension.method, only("POST")),
  RequestSet.where(dimension.path, only("/envoy.service.auth.v3.Authorization/Check")),
]);

/** The providers whose answers the layer works out; the others stay unseen for the layer of the policies. */
export function answeredProviders(cluster: Cluster): ReadonlySet<string> {
  const names = cluster.mesh.extensionProviders.map(({ name }) => name);
  return new Set(
    names.filter((name) => ["decides", "data-api"].includes(authorizerOf(cluster, name)?.kind ?? "unknown")),
  );
}

/** @param way the layers between the destination's proxy and the authorizer */
export function opaLayer(cluster: Cluster, way: readonly Layer[]): Layer {
  const authorizers = cluster.mesh.extensionProviders.filter((one) => one.externalAuthorization !== undefined);
  const asking = cluster.authorizationPolicies.filter((one) => one.action === "CUSTOM" && !isDryRun(one));
  const verdicts = new WeakMap<Pod, Map<number, LayerVerdict>>();
  return {
    name: "opa",
    judge({ to, port, protocol }) {
      if (authorizers.length === 0 || asking.length === 0 || to.kind === "outside" || protocol !== "TCP") return open();
      let ports = verdicts.get(to.pod);
      if (ports === undefined) {
        ports = new Map();
        verdicts.set(to.pod, ports);
      }
      let known = ports.get(port);
      if (known === undefined) {
        known = new Seat(cluster, way, to.workload, to.pod, port).judge(asking);
        ports.set(port, known);
      }
      return known;
    },
  };
}

/** One destination's port and the proxy before it. */
class Seat {
  readonly #reasons: (() => readonly Reason[])[] = [];
  readonly cluster: Cluster;
  readonly way: readonly Layer[];
  readonly workload: Workload;
  readonly pod: Pod;
  readonly port: number;

  constructor(cluster: Cluster, way: readonly Layer[], workload: Workload, pod: Pod, port: number) {
    this.cluster = cluster;
    this.way = way;
    this.workload = workload;
    this.pod = pod;
    this.port = port;
  }

  judge(asking: readonly AuthorizationPolicy[]): LayerVerdict {
    const { cluster, workload, pod, port } = this;
    const presence = proxyOf(cluster, workload, pod);
    // A ztunnel asks nobody; a waypoint's question stays with the policies' layer.
    if (presence.kind === "none" || presence.kind === "unmeshed" || presence.kind === "ambient") return open();
    const gateway = presence.kind === "gateway";
    const intercepted = gateway ? true : intercepts(pod, "Inbound", port);
    if (intercepted === false) return open();
    const seat = seatOf(workload, pod, gateway ? "gateway" : "sidecar");
    const policies = attachedTo(asking, seat, cluster.mesh.rootNamespace);
    if (policies.length === 0) return open();
    const chains: readonly Chain[] = gateway ? ["http"] : inboundChains(cluster, pod, port);
    const sets = chains.map((chain) => this.#onChain(chain, policies, seat));
    const extensions = extensionsOn(cluster, seat);
    const certain = presence.kind !== "unknown" && intercepted === true;
    const rewritten = extensions.some(({ effect }) => effect === "rewrites");
    return verdict(
      certain && !rewritten ? RequestSet.any(sets.map(({ may }) => may)) : RequestSet.full,
      extensions.length > 0 ? RequestSet.empty : RequestSet.all(sets.map(({ must }) => must)),
      () => this.#reasons.flatMap((reasons) => reasons()),
    );
  }

  #onChain(chain: Chain, policies: readonly AuthorizationPolicy[], seat: ReturnType<typeof seatOf>): Bounds {
    const on = (kind: "http" | "tcp"): Bounds => {
      const names = [...new Set(policies.map(({ provider }) => provider ?? ""))];
      return both(
        ...names.map((name) => {
          const group = policies.filter(({ provider }) => provider === name);
          return this.#passing(name, group, kind, seat);
        }),
      );
    };
    if (chain !== "sniff") return on(chain);
    return either([both(HTTP, on("http")), both(BYTES, on("tcp"))]);
  }

  /** What one authorizer lets through, with all that it is not asked about. */
  #passing(
    name: string,
    policies: readonly AuthorizationPolicy[],
    chain: "http" | "tcp",
    seat: ReturnType<typeof seatOf>,
  ): Bounds {
    const { cluster, port } = this;
    const filter = jwtFilterOn(cluster, seat);
    const surroundings: Surroundings = {
      trustDomains: { own: cluster.mesh.trustDomain, aliases: cluster.mesh.trustDomainAliases },
      chain,
      seat: seat.kind === "gateway" ? "gateway" : "sidecar",
      jwt: filter !== undefined,
      writtenHeaders: filter?.writtenHeaders ?? new Set(),
    };
    const resolution = authorizerOf(cluster, name);
    if (resolution === undefined || resolution.kind === "unknown") {
      if (resolution !== undefined) {
        const { text, object, span } = resolution;
        this.#reasons.push(() => [
          {
            effect: "unknown",
            text,
            ...(object === undefined ? {} : { object }),
            ...(span === undefined ? {} : { span }),
          },
        ]);
      }
      return both();
    }
    const asked = withinLimits(() =>
      RequestSet.any(policies.map((one) => policySet(one, surroundings))).at(dimension.port, BigInt(port)),
    );
    if (asked === undefined) return MAYBE;
    if (resolution.kind === "data-api") {
      const { api } = resolution;
      // An HTTP authorizer cannot be asked about bytes, and istiod then leaves the policy out.
      if (chain === "tcp") return both();
      this.#reasons.push(() => [
        {
          effect: "allows",
          text: `\`${api.provider}\` asks \`${api.prefix}\` of ${api.workload.id}, OPA's data API, which answers 200 whatever the decision is`,
          object: api.workload.object,
        },
      ]);
      return either([{ may: asked.complement(), must: asked.complement() }, READ, MAYBE]);
    }
    const answers = this.#answers(resolution.point, chain, filter);
    return either([{ may: asked.complement(), must: asked.complement() }, this.#reached(resolution.point, answers)]);
  }

  #answers(point: DecisionPoint, chain: "http" | "tcp", filter: JwtFilter | undefined): Answers {
    const principal = principalOf(this.workload, this.pod, this.cluster.mesh.trustDomain);
    const { policy, data } = point.bundle;
    const answers = withinLimits(() =>
      answersOf(policy.normalForm, data, point.path, {
        principal,
        port: this.port,
        chain,
        stripsToken: filter?.rules.some((one) => !one.forwardOriginalToken || looksElsewhere(one)) ?? false,
        writtenHeaders: filter?.writtenHeaders ?? new Set(),
      }),
    );
    this.#reasons.push(() => reasonsOf(point, answers));
    return answers ?? { allowed: MAYBE, answered: MAYBE, unread: [] };
  }

  /** The answers as far as the proxy gets one. */
  #reached(point: DecisionPoint, { allowed, answered }: Answers): Bounds {
    const reached = this.#isReached(point);
    if (reached !== "allowed") this.#reasons.push(() => [unreached(point, reached, this.workload)]);
    const given = point.dryRun ? answered : allowed;
    if (point.failOpen) {
      // No answer, and an answer that is an error, let the request pass; so it never surely denies.
      const must = reached === "denied" ? RequestSet.full : either([given, not(answered)]).must;
      return { may: RequestSet.full, must };
    }
    if (reached === "denied") return { may: RequestSet.empty, must: RequestSet.empty };
    return { may: given.may, must: reached === "allowed" ? given.must : RequestSet.empty };
  }

  #isReached({ workload, pod, port }: DecisionPoint): ReturnType<typeof outcome> {
    const question = {
      from: { kind: "pod", workload: this.workload, pod: this.pod },
      to: { kind: "pod", workload, pod },
      port,
      protocol: "TCP",
    } as const;
    const judged = withinLimits(() => outcome(combine(this.way.map((layer) => layer.judge(question))), QUESTION));
    return judged ?? "unknown";
  }
}

function unreached({ workload, failOpen }: DecisionPoint, reached: string, asking: Workload): Reason {
  const whether = reached === "denied" ? "cannot reach" : "may not reach";
  const then = failOpen ? "lets requests pass then" : "denies then";
  return {
    effect: reached === "unknown" ? "unknown" : failOpen ? "allows" : "denies",
    text: `the proxy of ${asking.id} ${whether} the authorizer ${workload.id}, and ${then}`,
    object: workload.object,
  };
}

function reasonsOf(point: DecisionPoint, answers: Answers | undefined): readonly Reason[] {
  const { provider, workload, bundle, path, failOpen, dryRun } = point;
  const { object } = workload;
  if (answers === undefined) {
    return [{ effect: "unknown", text: `the Rego of ${workload.id} is too large to be reasoned over exactly`, object }];
  }
  const document = `data.${path.join(".")}`;
  const rules = bundle.policy.normalForm.rules.filter((rule) => rule.ground.join("/") === path.join("/"));
  const deciding = rules.filter(({ isDefault }) => !isDefault);
  const reasons: Reason[] = (deciding.length > 0 ? deciding : rules.slice(0, 1)).map((rule): Reason => {
    const span = spanOf(point, rule.at);
    const text = `\`${provider}\` denies what \`${document}\` does not allow (${rule.at.source.file}:${lineOf(rule.at)})`;
    return { effect: "denies", text, object, ...(span === undefined ? {} : { span }) };
  });
  if (rules.length === 0) {
    reasons.push({ effect: "denies", text: `\`${provider}\` asks for \`${document}\`, which no rule defines`, object });
  }
  for (const name of bundle.missing) {
    reasons.push({
      effect: "note",
      text: `${name} is not in the manifests: its keys are taken to be the issuers'`,
      object,
    });
  }
  if (failOpen) {
    reasons.push({
      effect: "unknown",
      text: `\`${provider}\` fails open: requests pass when ${workload.id} does not answer`,
      object,
    });
  }
  if (dryRun)
    reasons.push({ effect: "allows", text: `${workload.id} is in dry-run: it says yes whatever it decides`, object });
  for (const place of answers.unread) {
    const span = spanOf(point, place);
    const text = `\`${oneLine(place.source.text.slice(place.start, place.end))}\` is not reasoned over (${place.source.file}:${lineOf(place)})`;
    reasons.push({ effect: "unknown", text, object, ...(span === undefined ? {} : { span }) });
  }
  return reasons;
}
