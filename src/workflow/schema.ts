/**
 * The form of `ringfence.yaml`, once: the loader checks each entry against it, and the JSON Schema for editors is made
 * from it. Only forms stand here; whether a name refers to something is resolved in references.ts and flows.ts.
 */
import { z } from "zod";
import { METHODS, PROTOCOLS } from "./operation.js";
import { RESPONSE_ACTIONS, RESPONSE_TRIGGERS, SENSITIVITIES, TRUST_LEVELS, WORKLOAD_KINDS } from "./workflow.js";

export const API_VERSION = "ringfence.dev/v1";
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const HOST = /^(?:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([item, z.array(item).min(1)]);
}
const name = z
  .string()
  .regex(DNS_LABEL, "must be lower-case letters, digits and `-`, at most 63, as Kubernetes names are");
const word = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, "must be letters, digits, `-` and `_`, at most 63");
const line = z.string().regex(/^[^\r\n]+$/, "must be one line of text that is not empty");
const port = z.int().min(1).max(65_535);
const protocol = z.enum(PROTOCOLS);
const host = z.string().regex(HOST, "must be a host name in lower case, without scheme, port or path").max(253);
const hostPattern = z
  .string()
  .max(253)
  .refine(
    (text) => HOST.test(text.replace(/^\*\./, "")),
    "must be a host name in lower case, `*.` in front for every name below it",
  );
const httpsUrl = z.string().refine(isUrl("https:"), "must be an `https://` address");
const duration = z.string().regex(/^[1-9][0-9]{0,5}[smhd]$/, "must be a number and a unit: `30s`, `5m`, `12h`, `30d`");
const day = z.string().refine(isDay, "must be a day that exists, as `2027-01-31`");

function isUrl(...schemes: string[]): (text: string) => boolean {
  return (text) => {
    try {
      const url = new URL(text);
      return schemes.includes(url.protocol) && url.username === "" && url.password === "";
    } catch {
      return false;
    }
  };
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}

export const zone = z.strictObject({
  trust: z.enum(TRUST_LEVELS).describe("what the zone may be trusted with"),
});

export const dataClass = z.strictObject({
  sensitivity: z.enum(SENSITIVITIES).describe("how much harm a disclosure does"),
  format: line.optional().describe("json, text, image …"),
  description: line.optional(),
});

export const identityProvider = z.strictObject({
  issuer: httpsUrl.describe("the OpenID Connect issuer, as it stands in `iss`"),
  audience: oneOrMore(line).describe("accepted values of `aud`"),
  jwksUri: httpsUrl.optional().describe("where the keys are; found by discovery when absent"),
  roles: z
    .union([line, z.array(line).min(1)])
    .optional()
    .describe("path of the claim that holds the roles: `realm_access.roles`, or a list where a name has a dot"),
});

const portEntry = z.strictObject({
  name: name.optional().describe("defaults to its protocol and number, as `http-8080`"),
  port,
  servicePort: port.optional().describe("the port of its Service, where that differs"),
  protocol: protocol.optional().describe("http unless said otherwise"),
});

export const workload = z.strictObject({
  zone: name.describe("the zone it runs in"),
  kind: z.enum(WORKLOAD_KINDS).optional().describe("service unless said otherwise"),
  port: port.optional().describe("the one port it serves; use `ports` for several"),
  protocol: protocol.optional().describe("what is spoken on `port`: http unless said otherwise"),
  servicePort: port.optional().describe("the port of its Service, where that differs from `port`"),
  ports: z.array(portEntry).min(1).optional(),
  image: z
    .string()
    .regex(
      /^[^\s@:/][^\s@]*(@sha256:[0-9a-f]{64})?$/,
      "must be an image reference: `registry/name:tag` or `registry/name@sha256:…`",
    )
    .optional()
    .describe("runs it in a cluster"),
  run: line.optional().describe("runs it on one machine"),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a name of a variable"), z.string())
    .optional()
    .describe("plain settings for `run`; secrets belong under `secrets`"),
  ready: z
    .string()
    .regex(/^\/\S*$/, "must be a path that starts with `/`")
    .optional()
    .describe("HTTP path that answers 2xx once it can serve"),
  encryptedAtRest: z.boolean().optional().describe("whether what it stores is encrypted on disk"),
  releases: z
    .record(word, oneOrMore(word))
    .optional()
    .describe("which data it may turn into which less sensitive data"),
  kubernetes: z
    .strictObject({
      kind: z.enum(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"]).optional(),
      name: z
        .string()
        .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "must be a Kubernetes object name")
        .optional(),
      service: oneOrMore(name).optional().describe("its Services, the one that callers use first"),
    })
    .optional()
    .describe("what runs it, where that isn't a Deployment and a Service of the same name"),
});

/** What both forms of an outside party have; the rest depends on it. */
export const outsideKind = z.looseObject({ kind: z.enum(["users", "api"]).describe("users or api") });

export const users = z.strictObject({
  kind: z.literal("users"),
  identity: name.optional().describe("the identity provider whose tokens they carry"),
  anonymous: z.literal(true).optional().describe("true: they carry no token"),
});

export const outsideApi = z.strictObject({
  kind: z.literal("api"),
  host: hostPattern.describe("its host name; `*.example.com` stands for every name below"),
  port: port.optional().describe("443 unless said otherwise"),
  protocol: protocol.optional().describe("https unless said otherwise"),
});

export const operation = z.strictObject({
  method: oneOrMore(line)
    .optional()
    .describe(`HTTP: ${METHODS.join(", ")}; gRPC: the method's name; any when absent`),
  path: oneOrMore(z.string())
    .optional()
    .describe("`*` or `{name}` for one segment, `**` at the end for the rest; any when absent"),
  host: oneOrMore(hostPattern).optional().describe("values of the Host header; any of the destination's when absent"),
  service: line.optional().describe("gRPC: the full name of the service"),
  roles: oneOrMore(line).optional().describe("the caller's token must hold one of these"),
  identity: name.optional().describe("whose token, where the file has several identity providers"),
});

export const flow = z.strictObject({
  from: name.describe("a workload, or users from outside"),
  to: name.describe("a workload, or an outside API"),
  port: z.union([port, name]).optional().describe("number or name of the destination's port, where it has several"),
  protocol: protocol.optional(),
  data: z.array(word).optional().describe("what is sent"),
  returns: z.array(word).optional().describe("what comes back"),
  allow: z.array(operation).min(1).optional().describe("which operations; all when absent"),
});

export const secret = z.strictObject({
  usedBy: z.array(name).min(1).describe("workloads that get it"),
  rotate: duration.optional().describe("how often it is renewed, as `30d`"),
});

export const receiver = z.strictObject({
  webhook: httpsUrl.describe("where alerts are posted"),
  secret: name.optional().describe("a secret of this file: its value is sent as bearer token"),
});

export const responseRule = z.strictObject({
  when: z.enum(RESPONSE_TRIGGERS),
  from: z
    .enum(["one-workload", "one-user", "any"])
    .optional()
    .describe("over whose events is counted: any unless said otherwise"),
  count: z.int().min(1).max(1_000_000).optional().describe("1 unless said otherwise"),
  within: duration.optional().describe("1m unless said otherwise"),
  do: oneOrMore(z.enum(RESPONSE_ACTIONS)),
  notify: oneOrMore(name).optional().describe("receivers of this file"),
});

export const acceptedRisk = z.strictObject({
  rule: line.describe("the id of the threat rule"),
  where: line
    .optional()
    .describe("the workload, flow (`from>to:port`), zone, secret or outside party; absent: the workflow as a whole"),
  reason: line,
  until: day.describe("the last day on which it holds"),
});

export const targetSchemas = {
  network: z.enum(["kubernetes", "cilium"]),
  mesh: z.union([
    z.enum(["istio", "istio-ambient", "none"]),
    z.strictObject({
      engine: z.literal("istio"),
      mode: z.enum(["sidecar", "ambient"]).optional(),
      rootNamespace: name.optional(),
      egressNamespace: name.optional(),
    }),
  ]),
  gateway: z.union([
    z.enum(["gateway-api", "ingress-nginx", "none"]),
    z.strictObject({
      engine: z.enum(["gateway-api", "ingress-nginx"]),
      namespace: name.optional(),
      className: name.optional(),
      hosts: oneOrMore(host).optional(),
    }),
  ]),
  authorization: z.enum(["opa", "none"]),
  admission: z.array(z.enum(["gatekeeper", "validating-admission-policy"])),
  secrets: z.union([
    z.literal("none"),
    z.strictObject({
      engine: z.enum(["vault", "openbao"]),
      address: httpsUrl,
      mount: z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]*$/, "must be a mount path without `/`")
        .optional(),
      authPath: z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]*$/, "must be an auth path without `/`")
        .optional(),
    }),
  ]),
  encryption: z.union([
    z.literal("none"),
    z.strictObject({
      provider: z.enum(["kms", "secretbox"]),
      kmsEndpoint: z
        .string()
        .regex(/^unix:\/\/\/\S+$/, "must be a socket: `unix:///var/run/kms.sock`")
        .optional(),
      storageProvisioner: z
        .string()
        .regex(/^[a-z0-9.-]+(\/[a-z0-9-]+)?$/, "must be a CSI driver's name")
        .optional(),
      storageParameters: z
        .record(z.string().regex(/^\S+$/, "must be a parameter's name"), z.string())
        .optional()
        .describe("parameters of the storage driver, as the key's name"),
    }),
  ]),
  logs: z.union([
    z.enum(["fluentd", "fluent-bit", "opentelemetry", "none"]),
    z.strictObject({
      engine: z.enum(["fluentd", "fluent-bit", "opentelemetry"]),
      endpoint: z
        .string()
        .regex(/^[a-z0-9.-]+:[0-9]{1,5}$/, "must be `host:port`")
        .optional(),
    }),
  ]),
} as const;

export const names = { name, word };
export const targets = z.strictObject(targetSchemas).partial();

/** The whole file, for the JSON Schema. */
export const file = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  workflow: name.max(40, "must be at most 40 characters").describe("the name of the workflow"),
  trustDomain: z
    .string()
    .optional()
    .describe("the SPIFFE trust domain of its identities; cluster.local unless said otherwise"),
  zones: z.record(name, zone).describe("a zone is a Kubernetes namespace and a trust level"),
  data: z.record(word, dataClass).optional().describe("what flows, and how sensitive it is"),
  identity: z.record(name, identityProvider).optional().describe("who may call from outside"),
  workloads: z.record(name, workload),
  outside: z.record(name, z.discriminatedUnion("kind", [users, outsideApi])).optional(),
  flows: z.array(flow).optional().describe("all that is permitted; everything else is denied"),
  secrets: z.record(name, secret).optional(),
  policies: z.array(line).optional().describe("your own Rego files: they may narrow what flows allow, never widen it"),
  receivers: z.record(name, receiver).optional().describe("where alerts go"),
  respond: z.array(responseRule).optional(),
  accept: z.array(acceptedRisk).optional().describe("risks you decided to live with, until a day"),
  targets: targets.optional(),
});

const anything = z.unknown().optional();
const present = z.unknown().refine((value) => value !== undefined && value !== null, "must not be empty");

/** The top of the file: its own keys in full, the sections only by name, since they are read entry by entry. */
export const head = z.strictObject({
  apiVersion: file.shape.apiVersion,
  workflow: file.shape.workflow,
  trustDomain: file.shape.trustDomain,
  policies: file.shape.policies,
  zones: present,
  workloads: present,
  data: anything,
  identity: anything,
  outside: anything,
  flows: anything,
  secrets: anything,
  receivers: anything,
  respond: anything,
  accept: anything,
  targets: anything,
});
