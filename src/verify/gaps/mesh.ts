/** Gaps of the mesh: plaintext let in, identities that nobody proves, tokens that nobody demands. */
import {
  type AuthorizationPolicy,
  type Cluster,
  describeObject,
  type Pod,
  type RequestAuthentication,
  type Workload,
} from "../../cluster/index.js";
import { attachedTo, seatOf } from "../istio/attachment.js";
import { proxyOf, speaksOfIstio } from "../istio/presence.js";
import { demandOf } from "../layers/mtls/index.js";
import { guardsNothing } from "./bypass.js";
import { at, type Check, type Evidence, listed } from "./check.js";

interface Meshed {
  readonly workload: Workload;
  readonly pod: Pod;
}

/**
 * Workloads that a proxy guards or may guard. Gateways answer to the outside and are left out; so is a pod whose proxy
 * takes in nothing, which is a gap of its own.
 */
function meshed(cluster: Cluster): readonly Meshed[] {
  if (!speaksOfIstio(cluster)) return [];
  return cluster.workloads.flatMap((workload) => {
    const [pod] = workload.pods;
    if (pod === undefined || guardsNothing(pod)) return [];
    const { kind } = proxyOf(cluster, workload, pod);
    return kind === "sidecar" || kind === "ambient" || kind === "unknown" ? [{ workload, pod }] : [];
  });
}

/** A port that no policy names singly. */
const ANY_PORT = -1;

export const mtlsNotStrict: Check = {
  id: "mtls-not-strict",
  severity: "high",
  title: "workloads of a namespace accept plaintext",
  remedy: "add a PeerAuthentication with mtls.mode STRICT and no selector to the mesh's root namespace",
  *find({ cluster }) {
    const open = new Map<string, { names: string[]; evidence: Evidence[] }>();
    for (const { workload, pod } of meshed(cluster)) {
      const { modes, policies } = demandOf(cluster, workload, pod, ANY_PORT);
      if (modes.every((mode) => mode === "STRICT")) continue;
      const held = open.get(workload.namespace) ?? { names: [], evidence: [] };
      held.names.push(workload.id);
      for (const { object } of policies) {
        if (!held.evidence.some((known) => known.object === object))
          held.evidence.push(at(object, ["spec"], "says so"));
      }
      open.set(workload.namespace, held);
    }
    for (const [namespace, { names, evidence }] of open) {
      const place = cluster.namespaces.get(namespace)?.object;
      const fallback = place === undefined ? [] : [at(place, ["metadata", "name"], "no PeerAuthentication demands it")];
      const text = `${listed(names)} accept plaintext, so whoever reaches them needs no identity`;
      yield { subject: `namespace ${namespace}`, text, evidence: evidence.length > 0 ? evidence : fallback };
    }
  },
};

export const mtlsPortException: Check = {
  id: "mtls-port-exception",
  severity: "medium",
  title: "a port is excepted from mutual TLS",
  remedy: "remove the exception, or allow the port to the one caller that needs it by NetworkPolicy",
  *find({ cluster }) {
    for (const { object, portModes } of cluster.peerAuthentications) {
      for (const [port, mode] of portModes) {
        if (mode !== "PERMISSIVE" && mode !== "DISABLE") continue;
        const evidence = [at(object, ["spec", "portLevelMtls", String(port)], "this exception")];
        yield { subject: describeObject(object), text: `port ${port} accepts plaintext (${mode})`, evidence };
      }
    }
  },
};

function policiesFor(cluster: Cluster, { workload, pod }: Meshed): readonly AuthorizationPolicy[] {
  return attachedTo(cluster.authorizationPolicies, seatOf(workload, pod, "sidecar"), cluster.mesh.rootNamespace);
}

export const noAuthorization: Check = {
  id: "no-authorization",
  severity: "high",
  title: "workloads of the mesh accept requests from everyone",
  remedy: "add an AuthorizationPolicy without rules to the namespace, and one that allows each caller by its principal",
  *find({ cluster }) {
    const open = new Map<string, Workload[]>();
    for (const one of meshed(cluster)) {
      if (policiesFor(cluster, one).some(({ action }) => action === "ALLOW" || action === "CUSTOM")) continue;
      open.set(one.workload.namespace, [...(open.get(one.workload.namespace) ?? []), one.workload]);
    }
    for (const [namespace, workloads] of open) {
      const [first] = workloads;
      const object = cluster.namespaces.get(namespace)?.object ?? first?.object;
      yield {
        subject: `namespace ${namespace}`,
        text: `no AuthorizationPolicy says who may call ${listed(workloads.map(({ id }) => id))}`,
        evidence: object === undefined ? [] : [at(object, ["metadata", "name"], "here")],
      };
    }
  },
};

export const allowRuleForEveryone: Check = {
  id: "authorization-allows-everyone",
  severity: "high",
  title: "an AuthorizationPolicy has a rule that every request matches",
  remedy: "name the callers (`from`), the operations (`to`), or both",
  *find({ cluster }) {
    for (const { object, action, rules } of cluster.authorizationPolicies) {
      if (action !== "ALLOW") continue;
      for (const [index, rule] of rules.entries()) {
        if (rule.from !== undefined || rule.to !== undefined || rule.when.length > 0) continue;
        const evidence = [at(object, ["spec", "rules", index], "this rule")];
        const text = "an empty rule allows every request, and other ALLOW policies beside it no longer narrow anything";
        yield { subject: describeObject(object), text, evidence };
      }
    }
  },
};

export const denialByIdentity: Check = {
  id: "denial-by-unproven-identity",
  severity: "high",
  title: "a DENY rule names identities that plaintext does not carry",
  remedy: "demand STRICT mutual TLS for these workloads, or allow the wanted callers instead of denying the others",
  *find({ cluster }) {
    const permissive = meshed(cluster).filter(({ workload, pod }) =>
      demandOf(cluster, workload, pod, ANY_PORT).modes.some((mode) => mode !== "STRICT"),
    );
    for (const policy of cluster.authorizationPolicies) {
      if (policy.action !== "DENY") continue;
      for (const [index, rule] of policy.rules.entries()) {
        const byIdentity = rule.from?.some(({ principals, namespaces, serviceAccounts }) =>
          [principals, namespaces, serviceAccounts].some((list) => list.length > 0),
        );
        const exposed = permissive.filter((one) => policiesFor(cluster, one).includes(policy));
        if (!byIdentity || exposed.length === 0) continue;
        yield {
          subject: describeObject(policy.object),
          text: `${listed(exposed.map(({ workload }) => workload.id))} accept plaintext, which has no identity and so passes this denial`,
          evidence: [at(policy.object, ["spec", "rules", index], "this rule")],
        };
      }
    }
  },
};

export const tokenNotRequired: Check = {
  id: "token-not-required",
  severity: "high",
  title: "tokens are validated where present and demanded nowhere",
  remedy: 'add an AuthorizationPolicy that allows requestPrincipals alone (or denies notRequestPrincipals ["*"])',
  *find({ cluster }) {
    for (const authentication of cluster.requestAuthentications) {
      if (authentication.rules.length === 0) continue;
      const demanded = cluster.authorizationPolicies.some(
        (policy) => demandsToken(policy) && covers(cluster, policy, authentication),
      );
      if (demanded) continue;
      yield {
        subject: describeObject(authentication.object),
        text: "a request without a token passes: a RequestAuthentication only refuses tokens that are not valid",
        evidence: [at(authentication.object, ["spec"], "validated here")],
      };
    }
  },
};

function demandsToken({ action, rules }: AuthorizationPolicy): boolean {
  const byToken = (rule: AuthorizationPolicy["rules"][number]) =>
    rule.when.some(({ key, values }) => key.startsWith("request.auth.") && values.length > 0);
  if (action === "DENY") {
    return rules.some(
      ({ from }) => from?.some(({ notRequestPrincipals }) => notRequestPrincipals.includes("*")) ?? false,
    );
  }
  if (action !== "ALLOW" || rules.length === 0) return false;
  // Every way in must ask for a token; a rule that does not is a way around, but for callers that it names one by one.
  const asks = (rule: AuthorizationPolicy["rules"][number]) =>
    byToken(rule) || (rule.from?.every(({ requestPrincipals }) => requestPrincipals.length > 0) ?? false);
  const names = (rule: AuthorizationPolicy["rules"][number]) =>
    rule.from?.every(({ principals }) => principals.length > 0 && principals.every((name) => !name.includes("*"))) ??
    false;
  return rules.some(asks) && rules.every((rule) => asks(rule) || names(rule));
}

/** Whether the policy holds wherever the tokens are validated, by namespace and selector. */
function covers(cluster: Cluster, policy: AuthorizationPolicy, authentication: RequestAuthentication): boolean {
  if (policy.namespace !== authentication.namespace && policy.namespace !== cluster.mesh.rootNamespace) return false;
  if (policy.targetRefs.length > 0 || authentication.targetRefs.length > 0) {
    return authentication.targetRefs.some((ref) =>
      policy.targetRefs.some((own) => own.kind === ref.kind && own.name === ref.name),
    );
  }
  return [...(policy.selector ?? [])].every(([key, value]) => authentication.selector?.get(key) === value);
}

export const outboundAnywhere: Check = {
  id: "mesh-egress-open",
  severity: "low",
  title: "the mesh lets its workloads call any host outside",
  remedy: "set outboundTrafficPolicy.mode to REGISTRY_ONLY and declare each host by a ServiceEntry",
  *find({ cluster }) {
    const { mesh } = cluster;
    if (!mesh.declared || mesh.outboundMode !== "ALLOW_ANY") return;
    const evidence = mesh.at === undefined ? [] : [{ text: "the mesh's settings", span: mesh.at }];
    yield { subject: "the mesh", text: "a sidecar passes on what no ServiceEntry names (ALLOW_ANY)", evidence };
  },
};

export const contradictingLayers: Check = {
  id: "layers-contradict",
  severity: "medium",
  title: "the mesh allows a caller whom the network does not let through",
  remedy: "bring both to one meaning; generate them from one workflow file so that they cannot differ",
  *find({ cluster, network }) {
    for (const one of meshed(cluster)) {
      const destination = network.points.byPod.get(one.pod);
      if (destination === undefined) continue;
      for (const policy of policiesFor(cluster, one)) {
        if (policy.action !== "ALLOW") continue;
        for (const [index, rule] of policy.rules.entries()) {
          const callers = namedCallers(cluster, rule).filter(({ id }) => id !== one.workload.id);
          const shut = callers.filter(({ pods }) =>
            pods.every((pod) => {
              const source = network.points.byPod.get(pod);
              return (
                source !== undefined && network.between(source.index, destination.index).may === network.ports.none
              );
            }),
          );
          if (shut.length === 0 || shut.length < callers.length) continue;
          yield {
            subject: one.workload.id,
            text: `${describeObject(policy.object)} allows ${listed(shut.map(({ id }) => id))}, and network policies leave no port open between them`,
            evidence: [at(policy.object, ["spec", "rules", index], "allowed here")],
          };
        }
      }
    }
  },
};

/** Callers that a rule names one by one: by whole principals or service accounts. */
function namedCallers(cluster: Cluster, rule: AuthorizationPolicy["rules"][number]): readonly Workload[] {
  const principals = (rule.from ?? []).flatMap(({ principals: names }) => names).filter((name) => !name.includes("*"));
  return cluster.workloads.filter(({ namespace, pods }) =>
    pods.some(({ serviceAccount }) =>
      principals.some((name) => name.endsWith(`/ns/${namespace}/sa/${serviceAccount}`)),
    ),
  );
}
