/**
 * AuthorizationPolicies as evidence: their principals are the callers, their operations what these may do. Only ALLOW
 * policies name callers; a DENY narrows what others allow, which a closed world does by not naming it.
 */
import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from "../cluster/index.js";
import { attachedTo } from "./attachments.js";
import type { EntranceContext } from "./entrance.js";
import type { DraftOperation } from "./flow-book.js";
import { asksForToken, type Identities } from "./identities.js";
import type { DraftWorkload } from "./inventory.js";

interface Citation {
  readonly cited: string;
  readonly place: () => ReturnType<AuthorizationPolicy["object"]["origin"]["spanOf"]>;
}

export function addAuthorizationPolicies(context: EntranceContext, identities: Identities): void {
  for (const policy of context.cluster.authorizationPolicies) {
    const name = `AuthorizationPolicy ${policy.name}`;
    if (policy.action !== "ALLOW") {
      const place = policy.object.origin.spanOf(["spec"]);
      if (policy.action === "CUSTOM") {
        context.remarks.add(
          "undrafted",
          name,
          `asks the external authorizer ${policy.provider ?? "of the mesh"}`,
          place,
        );
      }
      continue;
    }
    const { workloads, gateway } = attachedTo(context.cluster, context.inventory, policy);
    if (workloads.length === 0) {
      const where = gateway
        ? "attaches to a gateway: what it allows is not drafted"
        : "selects no workload of these manifests";
      context.remarks.add(gateway ? "undrafted" : "dangling", name, where, policy.object.origin.spanOf(["spec"]));
      continue;
    }
    for (const [index, rule] of policy.rules.entries()) {
      const place = () => policy.object.origin.spanOf(["spec", "rules", index]);
      for (const to of workloads)
        addRule(context, identities, policy, rule, to, { cited: `${name} (rule ${index + 1})`, place });
    }
  }
}

function addRule(
  context: EntranceContext,
  identities: Identities,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  to: DraftWorkload,
  citation: Citation,
): void {
  const provider = identities.of(to);
  const callers = new Map<string, readonly string[] | undefined>();
  for (const source of rule.from ?? []) {
    const found = callersOf(context, policy, source, to, citation);
    for (const name of found) callers.set(name, undefined);
  }
  if (asksForToken(rule) && provider !== undefined && callers.size === 0) {
    callers.set(context.outside.users(provider.name).name, rolesOf(context, rule, provider, citation));
  }
  if (callers.size === 0 && (rule.from === undefined || rule.from.length === 0) && !asksForToken(rule)) {
    context.remarks.add("broad", citation.cited, "lets in whoever calls", citation.place());
  }
  for (const [from, roles] of callers) {
    for (const { port, operations } of byPort(context, rule, from, to, citation)) {
      const withRoles =
        roles === undefined || roles.length === 0 ? operations : (operations ?? [{}]).map((one) => ({ ...one, roles }));
      context.inventory.port(to, port);
      context.flows.add({
        from,
        to: to.name,
        port,
        evidence: { text: citation.cited, place: citation.place },
        authority: "policy",
        operations: withRoles,
      });
    }
  }
}

function callersOf(
  context: EntranceContext,
  policy: AuthorizationPolicy,
  source: AuthorizationSource,
  to: DraftWorkload,
  { cited, place }: Citation,
): readonly string[] {
  const found: string[] = [];
  const accounts = [
    ...source.principals.map(
      (principal) => /(?:^|\/)ns\/([^/*]+)\/sa\/([^/*]+)$/.exec(principal)?.slice(1) ?? principal,
    ),
    ...source.serviceAccounts.map((account) =>
      account.includes("/") ? account.split("/") : [policy.namespace, account],
    ),
  ];
  for (const account of accounts) {
    if (typeof account === "string") {
      context.remarks.add("broad", cited, `the principal \`${account}\` stands for many`, place());
      continue;
    }
    const [namespace = "", serviceAccount = ""] = account;
    const runs = context.inventory.workloads.filter(
      ({ source: own, zone }) => zone === namespace && own?.pods.some((pod) => pod.serviceAccount === serviceAccount),
    );
    const others = runs.filter((workload) => workload !== to);
    if (runs.length > 1 && (serviceAccount === "default" || runs.length > 3)) {
      const text = `the service account ${namespace}/${serviceAccount} is shared by ${runs.length} workloads`;
      context.remarks.add("broad", cited, text, place());
    } else if (runs.length > 0) {
      found.push(...others.map(({ name }) => name));
    } else if (/gateway/.test(serviceAccount)) {
      found.push(context.outside.users(context.identityOf(to)).name);
    } else {
      context.remarks.add(
        "dangling",
        `service account ${namespace}/${serviceAccount}`,
        `a caller in ${cited}`,
        place(),
      );
    }
  }
  if (accounts.length === 0 && source.namespaces.length > 0) {
    context.remarks.add("broad", cited, `lets in all of ${source.namespaces.join(", ")}`, place());
  }
  if (accounts.length === 0 && source.ipBlocks.length + source.remoteIpBlocks.length > 0) {
    context.remarks.add("broad", cited, "lets in addresses", place());
  }
  return found;
}

/** Roles that the rule asks for; the provider learns where its tokens hold them. */
function rolesOf(
  context: EntranceContext,
  rule: AuthorizationRule,
  provider: NonNullable<ReturnType<Identities["of"]>>,
  { cited, place }: Citation,
): readonly string[] | undefined {
  let roles: readonly string[] | undefined;
  for (const { key, values } of rule.when) {
    const claim = [...key.matchAll(/\[([^\]]+)\]/g)].map((match) => match[1] ?? "");
    if (!key.startsWith("request.auth.claims[") || claim.length === 0 || claim[0] === "iss" || claim[0] === "aud")
      continue;
    const isRole =
      /^(?:roles?|groups?|scopes?|permissions?)$/i.test(claim.at(-1) ?? "") &&
      values.every((value) => !value.includes("*"));
    if (isRole && (provider.roles === undefined || provider.roles.join(".") === claim.join("."))) {
      provider.roles = claim;
      roles = [...values].sort();
    } else {
      context.remarks.add(
        "undrafted",
        cited,
        `asks for the claim ${claim.join(".")}: write that as a Rego policy`,
        place(),
      );
    }
  }
  return roles;
}

/** The rule's operations by the destination's port. Without a port they hold on those that other evidence knows. */
function byPort(
  context: EntranceContext,
  rule: AuthorizationRule,
  from: string,
  to: DraftWorkload,
  { cited, place }: Citation,
): readonly { readonly port: number; readonly operations: readonly DraftOperation[] | undefined }[] {
  const ports = new Map<number, DraftOperation[] | undefined>();
  for (const operation of rule.to ?? [undefined]) {
    const named = (operation?.ports ?? [])
      .map(Number)
      .filter((port) => Number.isInteger(port) && port > 0 && port <= 65_535);
    const known = context.flows.portsBetween(from, to.name);
    const own = [...to.ports.keys()];
    const chosen = named.length > 0 ? named : known.length > 0 ? known : own.length === 1 ? own : [];
    if (chosen.length === 0) {
      context.remarks.add("broad", cited, `lets ${from} reach every port of ${to.name}`, place());
    }
    for (const port of chosen) {
      const drafted =
        operation === undefined
          ? undefined
          : draftOf(operation, () =>
              context.remarks.add(
                "assumed",
                cited,
                "has exceptions or patterns that a flow cannot express: every request is drafted",
                place(),
              ),
            );
      if (drafted === undefined) ports.set(port, undefined);
      else if (!ports.has(port)) ports.set(port, [drafted]);
      else ports.get(port)?.push(drafted);
    }
  }
  return [...ports].map(([port, operations]) => ({ port, operations }));
}

/** Undefined: every request, because the operation asks for nothing or for what a flow cannot say. */
function draftOf(operation: AuthorizationOperation, doubt: () => void): DraftOperation | undefined {
  const { methods, paths, hosts, notHosts, notMethods, notPaths } = operation;
  const patterns = paths.map(patternOf);
  const names = hosts.map((host) => host.toLowerCase().replace(/:\d+$/, ""));
  if (notHosts.length + notMethods.length + notPaths.length > 0 || patterns.includes(undefined)) {
    doubt();
    return undefined;
  }
  const all = (list: readonly string[]) => list.length === 0 || list.includes("*");
  const known = patterns.flatMap((pattern) => pattern ?? []);
  const drafted: DraftOperation = {
    ...(all(methods) ? {} : { methods: [...methods].sort() }),
    ...(known.length === 0 || paths.includes("*") || paths.includes("/*") ? {} : { paths: [...new Set(known)].sort() }),
    ...(all(names) ? {} : { hosts: [...new Set(names)].sort() }),
  };
  return Object.keys(drafted).length === 0 ? undefined : drafted;
}

/** `/a/*` is a prefix for Istio, `{*}` one segment, `{**}` the rest. Undefined: patterns that a flow does not have. */
function patternOf(path: string): readonly string[] | undefined {
  if (path === "*" || path === "/*") return [];
  if (path.includes("{")) {
    const plain = path.replaceAll("{*}", "*").replace(/\{\*\*\}$/, "**");
    return plain.includes("{") ? undefined : [plain];
  }
  const star = path.indexOf("*");
  if (star === -1) return [path];
  if (star !== path.length - 1 || !path.startsWith("/")) return undefined;
  return path.endsWith("/*") ? [`${path.slice(0, -1)}**`] : undefined;
}
