/**
 * Istio's security.istio.io kinds: PeerAuthentication, AuthorizationPolicy, RequestAuthentication. In these an absent
 * and an empty list of strings are the same (they are protobuf messages), but absent and empty *rules* are not: no
 * rule at all never matches, a rule without conditions always does.
 */
import { parseAddress, parseCidr } from "./address.js";
import type { KubeObject, Labels } from "./object.js";
import { isLabelKey, isLabelValue } from "./selector.js";
import {
  BAD,
  boolean,
  checked,
  isMap,
  list,
  mapOf,
  nonEmptyList,
  nonEmptyString,
  oneOf,
  optional,
  optionalOr,
  type Read,
  type Reader,
  type Reading,
  type Result,
  record,
  required,
  string,
  stringMap,
} from "./shape.js";

export type MtlsMode = "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";

export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** What a policy attaches to: pods by label, named objects (gateways, Services), or its whole namespace. */
export interface Attachment {
  /** `undefined`: not given; an empty map selects every workload of the namespace, just as a missing one */
  readonly selector: Labels | undefined;
  readonly targetRefs: readonly TargetRef[];
}

export interface PeerAuthentication {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels | undefined;
  readonly mode: MtlsMode;
  /** by workload port */
  readonly portModes: ReadonlyMap<number, MtlsMode>;
}

/** Absent lists are empty; within one list any entry may match, different fields must all hold. */
export interface AuthorizationSource {
  readonly principals: readonly string[];
  readonly notPrincipals: readonly string[];
  readonly requestPrincipals: readonly string[];
  readonly notRequestPrincipals: readonly string[];
  readonly namespaces: readonly string[];
  readonly notNamespaces: readonly string[];
  readonly ipBlocks: readonly string[];
  readonly notIpBlocks: readonly string[];
  readonly remoteIpBlocks: readonly string[];
  readonly notRemoteIpBlocks: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly notServiceAccounts: readonly string[];
  readonly trustDomains: readonly string[];
  readonly notTrustDomains: readonly string[];
}

export interface AuthorizationOperation {
  readonly hosts: readonly string[];
  readonly notHosts: readonly string[];
  readonly ports: readonly string[];
  readonly notPorts: readonly string[];
  readonly methods: readonly string[];
  readonly notMethods: readonly string[];
  readonly paths: readonly string[];
  readonly notPaths: readonly string[];
}

export interface AuthorizationCondition {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/** Matches when one source, one operation and every condition match; an absent part always does. */
export interface AuthorizationRule {
  readonly from: readonly AuthorizationSource[] | undefined;
  readonly to: readonly AuthorizationOperation[] | undefined;
  readonly when: readonly AuthorizationCondition[];
}

export interface AuthorizationPolicy extends Attachment {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly action: "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";
  /** the extension provider of a CUSTOM policy */
  readonly provider: string | undefined;
  /** rule `i` stands at `spec.rules[i]`; without rules the policy matches nothing (an ALLOW then denies everything) */
  readonly rules: readonly AuthorizationRule[];
}

export interface JwtRule {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri: string | undefined;
  readonly jwks: string | undefined;
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string | undefined }[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly outputPayloadToHeader: string | undefined;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken: boolean;
  readonly spaceDelimitedClaims: readonly string[];
}

export interface RequestAuthentication extends Attachment {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly JwtRule[];
}

/** Labels of a workload selector: `*` is refused, as the API does. */
export const selectorLabels: Reader<Labels> = checked(stringMap, (labels, reading) => {
  let good = true;
  for (const [key, value] of labels) {
    if (key.includes("*") || value.includes("*")) {
      good = reading.refuse("CLUSTER_VALUE", "a selector takes no wildcards");
    } else if (!isLabelKey(key) || !isLabelValue(value)) {
      good = reading.refuse("CLUSTER_VALUE", `\`${key}: ${value}\` is not a label`);
    }
  }
  return good;
});

const selector = record({ matchLabels: optional(selectorLabels) });

const GROUP = /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const targetRef: Reader<TargetRef> = (value, reading) => {
  const read = record({
    group: optionalOr(string, ""),
    kind: required(nonEmptyString),
    name: required(nonEmptyString),
    namespace: optional(string),
  })(value, reading);
  if (read === BAD) return BAD;
  if (!GROUP.test(read.group)) return reading.fail("CLUSTER_VALUE", `\`${read.group}\` is not an API group`);
  if (read.namespace) return reading.fail("CLUSTER_VALUE", "a target in another namespace is not supported");
  const key = `${read.group}/${read.kind}`;
  if (!TARGETS.has(key)) {
    return reading.fail("CLUSTER_VALUE", `\`${read.kind}\` of group \`${read.group}\` is no target of a policy`);
  }
  return { group: read.group, kind: read.kind, name: read.name };
};
const TARGETS = new Set([
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
  "/Service",
  "networking.istio.io/ServiceEntry",
]);

export const attachmentFields = {
  selector: optional(selector),
  targetRef: optional(targetRef),
  targetRefs: optional(
    checked(
      list(targetRef),
      (refs, reading) => refs.length <= 16 || reading.refuse("CLUSTER_VALUE", "a policy takes at most 16 targets"),
    ),
  ),
};

export function attachmentOf(
  read: {
    selector: Read<typeof selector> | undefined;
    targetRef: TargetRef | undefined;
    targetRefs: readonly TargetRef[] | undefined;
  },
  reading: Reading,
): Result<Attachment> {
  const given = [read.selector, read.targetRef, read.targetRefs?.length ? read.targetRefs : undefined];
  if (given.filter((part) => part !== undefined).length > 1) {
    return reading.fail("CLUSTER_VALUE", "only one of `selector`, `targetRef` and `targetRefs` may be set");
  }
  const targetRefs = read.targetRef === undefined ? (read.targetRefs ?? []) : [read.targetRef];
  return { selector: read.selector === undefined ? undefined : (read.selector.matchLabels ?? new Map()), targetRefs };
}

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

const mtlsMode = oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT");
const mtls = record({ mode: optionalOr(mtlsMode, "UNSET") });
const peerAuthentication = record({
  selector: optional(selector),
  mtls: optional(mtls),
  portLevelMtls: optional(
    checked(mapOf(mtls), (ports, reading) => {
      if (ports.size === 0) return reading.refuse("CLUSTER_VALUE", "`portLevelMtls` must name at least one port");
      for (const port of ports.keys()) {
        if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535) {
          return reading.refuse("CLUSTER_VALUE", `\`${port}\` is not a port: it must be between 1 and 65535`);
        }
      }
      return true;
    }),
  ),
});

export function readPeerAuthentication(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<PeerAuthentication> {
  const read = reading.within("spec", () => peerAuthentication(specOf(value), reading));
  if (read === BAD) return BAD;
  const labels = read.selector?.matchLabels;
  if (read.portLevelMtls !== undefined && (labels === undefined || labels.size === 0)) {
    return reading.within("spec", () =>
      reading.fail("CLUSTER_VALUE", "`portLevelMtls` needs a selector with labels", "name the workload it is for"),
    );
  }
  const portModes = new Map([...(read.portLevelMtls ?? [])].map(([port, { mode }]) => [Number(port), mode]));
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    selector: read.selector === undefined ? undefined : (labels ?? new Map()),
    mode: read.mtls?.mode ?? "UNSET",
    portModes,
  };
}

const strings = optionalOr(list(nonEmptyString), []);
const blocks = optionalOr(list(addressBlock), []);
const portText: Reader<string> = (value, reading) => {
  const text = string(value, reading);
  if (text === BAD || (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535)) return text;
  return reading.fail("CLUSTER_VALUE", `\`${text}\` is not a port: it must be between 1 and 65535`);
};

function addressBlock(value: unknown, reading: Reading): Result<string> {
  const text = string(value, reading);
  if (text === BAD || parseAddress(text) !== undefined || parseCidr(text) !== undefined) return text;
  return reading.fail("CLUSTER_VALUE", `\`${text}\` is neither an address nor a CIDR range`);
}

const serviceAccountName: Reader<string> = (value, reading) => {
  const text = nonEmptyString(value, reading);
  if (text === BAD || /^[^/]+(\/[^/]+)?$/.test(text)) return text;
  return reading.fail("CLUSTER_VALUE", `\`${text}\` is not a service account`, "write `name` or `namespace/name`");
};
const accounts = optionalOr(
  checked(
    list(serviceAccountName),
    (names, reading) => names.length <= 16 || reading.refuse("CLUSTER_VALUE", "at most 16 service accounts"),
  ),
  [],
);

/** INVARIANT: at least one list has an entry; a message that sets nothing is refused by the API. */
function saysSomething(read: Readonly<Record<string, readonly string[]>>, reading: Reading): boolean {
  if (Object.values(read).some((entries) => entries.length > 0)) return true;
  return reading.refuse("CLUSTER_VALUE", `\`${reading.where}\` sets nothing`, "leave the part out to match everything");
}

const source: Reader<AuthorizationSource> = checked(
  record({
    principals: strings,
    notPrincipals: strings,
    requestPrincipals: strings,
    notRequestPrincipals: strings,
    namespaces: strings,
    notNamespaces: strings,
    ipBlocks: blocks,
    notIpBlocks: blocks,
    remoteIpBlocks: blocks,
    notRemoteIpBlocks: blocks,
    serviceAccounts: accounts,
    notServiceAccounts: accounts,
    trustDomains: strings,
    notTrustDomains: strings,
  }),
  (read, reading) => {
    const byAccount = read.serviceAccounts.length + read.notServiceAccounts.length > 0;
    const other = [read.principals, read.notPrincipals, read.namespaces, read.notNamespaces];
    if (byAccount && other.some((entries) => entries.length > 0)) {
      return reading.refuse("CLUSTER_VALUE", "`serviceAccounts` cannot stand beside `namespaces` or `principals`");
    }
    return saysSomething({ ...read }, reading);
  },
);

const operation: Reader<AuthorizationOperation> = checked(
  record({
    hosts: strings,
    notHosts: strings,
    ports: optionalOr(list(portText), []),
    notPorts: optionalOr(list(portText), []),
    methods: strings,
    notMethods: strings,
    paths: strings,
    notPaths: strings,
  }),
  (read, reading) => saysSomething({ ...read }, reading),
);

const ATTRIBUTES = new Set([
  "source.ip",
  "remote.ip",
  "source.namespace",
  "source.serviceAccount",
  "source.principal",
  "source.trustDomain",
  "request.auth.principal",
  "request.auth.audiences",
  "request.auth.presenter",
  "destination.ip",
  "destination.port",
  "connection.sni",
]);
const KEYED_ATTRIBUTE =
  /^request\.headers\[[^\]]+\]$|^request\.auth\.claims(\[[^\]]+\])+$|^experimental\.envoy\.filters\..+$/;

const condition: Reader<AuthorizationCondition> = checked(
  record({ key: required(nonEmptyString), values: strings, notValues: strings }),
  ({ key, values, notValues }, reading) => {
    if (!ATTRIBUTES.has(key) && !KEYED_ATTRIBUTE.test(key)) {
      return reading.refuse("CLUSTER_VALUE", `\`${key}\` is not an attribute that a condition can test`);
    }
    if (values.length + notValues.length === 0) {
      return reading.refuse("CLUSTER_VALUE", `the condition on \`${key}\` has neither \`values\` nor \`notValues\``);
    }
    const check = key === "destination.port" ? portText : key.endsWith(".ip") ? addressBlock : undefined;
    return check === undefined || [...values, ...notValues].every((text) => check(text, reading) !== BAD);
  },
);

const rule = record({
  from: optional(nonEmptyList(mappedField("source", source))),
  to: optional(nonEmptyList(mappedField("operation", operation))),
  when: optionalOr(list(condition), []),
});

/** `- source: {…}`: a message with one field, which must be there. */
function mappedField<T>(name: string, read: Reader<T>): Reader<T> {
  const shape = record({ [name]: required(read) });
  return (value, reading) => {
    const given = shape(value, reading);
    return given === BAD ? BAD : (given[name] as T);
  };
}

const authorizationPolicy = record({
  ...attachmentFields,
  action: optionalOr(oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM"), "ALLOW"),
  provider: optional(record({ name: optional(string) })),
  rules: optionalOr(list(rule), []),
});

export function readAuthorizationPolicy(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<AuthorizationPolicy> {
  const read = reading.within("spec", () => authorizationPolicy(specOf(value), reading));
  if (read === BAD) return BAD;
  const provider = read.provider?.name || undefined;
  if (read.action === "CUSTOM" && provider === undefined) {
    return reading.within("spec", () => reading.fail("CLUSTER_VALUE", "a CUSTOM policy needs `provider.name`"));
  }
  if (read.action !== "CUSTOM" && read.provider !== undefined) {
    return reading.within("spec", () => reading.fail("CLUSTER_VALUE", "only a CUSTOM policy takes a `provider`"));
  }
  const attached = reading.within("spec", () => attachmentOf(read, reading));
  if (attached === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    ...attached,
    action: read.action,
    provider,
    rules: read.rules,
  };
}

const url: Reader<string> = (value, reading) => {
  const text = string(value, reading);
  if (text === BAD || /^https?:\/\/[^/\s]+/.test(text)) return text;
  return reading.fail("CLUSTER_VALUE", `\`${reading.where}\` must be a URL with \`http\` or \`https\``);
};

const jwtRule = record({
  issuer: required(nonEmptyString),
  audiences: strings,
  jwksUri: optional(url),
  jwks_uri: optional(url),
  jwks: optional(string),
  fromHeaders: optionalOr(list(record({ name: required(nonEmptyString), prefix: optional(string) })), []),
  fromParams: strings,
  fromCookies: strings,
  outputPayloadToHeader: optional(string),
  outputClaimToHeaders: optionalOr(
    list(record({ header: required(nonEmptyString), claim: required(nonEmptyString) })),
    [],
  ),
  forwardOriginalToken: optionalOr(boolean, false),
  spaceDelimitedClaims: strings,
  timeout: optional(string),
});

const requestAuthentication = record({
  ...attachmentFields,
  jwtRules: optionalOr(
    checked(list(jwtRule), (rules, reading) => {
      const both = rules.find((one) => one.jwks && (one.jwksUri ?? one.jwks_uri));
      return both === undefined || reading.refuse("CLUSTER_VALUE", "only one of `jwks` and `jwksUri` may be set");
    }),
    [],
  ),
});

export function readRequestAuthentication(
  object: KubeObject,
  value: unknown,
  reading: Reading,
): Result<RequestAuthentication> {
  const read = reading.within("spec", () => requestAuthentication(specOf(value), reading));
  if (read === BAD) return BAD;
  const attached = reading.within("spec", () => attachmentOf(read, reading));
  if (attached === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    ...attached,
    rules: read.jwtRules.map(({ jwks_uri, timeout: _, ...one }) => ({ ...one, jwksUri: one.jwksUri ?? jwks_uri })),
  };
}
