import type { Case } from "./case.js";
import { CLEAN } from "./workflow.js";

const TO_MAPS = "- { from: site, to: maps, data: [town] }";
const PREPARE = "allow: [{ method: POST, path: /prepare, roles: [writer], identity: corp }]";
const CORP = 'corp: { issuer: "https://login.example.com", audience: claims-api, roles: roles }';
const ALERT_KEY = "alert-key: { usedBy: [edge], rotate: 30d }";
const DB_PASSWORD = "db-password: { usedBy: [model], rotate: 30d }";
const OPS = 'ops: { webhook: "https://alerts.example.com/hook", secret: alert-key }';
const SITE = "site: { zone: front, port: 8000,";
const SITE_IMAGE = `ghcr.io/acme/site:1.0@sha256:${"1".repeat(64)}`;
const RESPOND = CLEAN.slice(CLEAN.indexOf("respond:"), CLEAN.indexOf("targets:"));
const QUARANTINE = "do: [quarantine, alert], notify: ops";

/** Operations, identities, workloads, secrets and what holds them up. */
export const CONTROL_CASES: readonly Case[] = [
  {
    rule: "flow-without-allow",
    yes: [[`, ${PREPARE}`, ""]],
    where: ["edge>prep:8081"],
    says: "edge>prep:8081 allows every method on every path",
    no: [],
  },
  {
    rule: "wildcard-path",
    yes: [["path: /prepare", 'path: "/prepare/**"']],
    where: ["edge>prep:8081"],
    says: "edge>prep:8081 allows `/prepare/**`",
    no: [["path: /prepare", 'path: "/prepare/{kind}/*"']],
  },
  {
    rule: "any-method",
    yes: [["method: POST, path: /prepare", "path: /prepare"]],
    where: ["edge>prep:8081"],
    says: "names no method",
    no: [[PREPARE, "allow: [{ method: [POST, PUT], path: /prepare, roles: [writer], identity: corp }]"]],
  },
  {
    rule: "wildcard-host",
    yes: [["path: /prepare", 'path: /prepare, host: "*.example.com"']],
    where: ["edge>prep:8081"],
    says: "accepts `*.example.com`",
    no: [["path: /prepare", "path: /prepare, host: prep.example.com"]],
  },
  {
    rule: "roles-cannot-be-checked",
    yes: [["port: 8081", "port: 8081\n    protocol: https"]],
    where: ["edge>prep:8081"],
    says: "speaks `https` end to end between the applications and names roles",
    no: [
      ["port: 8081", "port: 8081\n    protocol: https"],
      [`, ${PREPARE}`, ""],
    ],
  },
  {
    rule: "opaque-tls-inside",
    yes: [
      ["port: 8081", "port: 8081\n    protocol: tls"],
      [`, ${PREPARE}`, ""],
    ],
    where: ["edge>prep:8081"],
    says: "speaks `tls`",
    no: [
      ["port: 8081", "port: 8081\n    protocol: tcp"],
      [`, ${PREPARE}`, ""],
    ],
  },
  {
    rule: "caller-without-need",
    yes: [[TO_MAPS, "- { from: site, to: prep, allow: [{ method: GET, path: /health, roles: reader }] }"]],
    where: ["site>prep:8081"],
    says: "neither brings nor takes data, other callers of `prep` do",
    no: [
      [TO_MAPS, "- { from: site, to: prep, returns: [town], allow: [{ method: GET, path: /health, roles: reader }] }"],
    ],
  },
  {
    rule: "caller-without-need",
    yes: [
      ["port: 8081", "ports: [{ port: 8081 }, { port: 8082 }]"],
      ["{ from: edge, to: prep, data", "{ from: edge, to: prep, port: 8081, data"],
      [TO_MAPS, `- { from: edge, to: prep, port: 8082, data: [claim], returns: [summary], ${PREPARE} }`],
    ],
    where: ["edge>prep:8082"],
    says: "edge>prep:8081 already carries the same data between the two",
    no: [
      ["port: 8081", "ports: [{ port: 8081 }, { port: 8082 }]"],
      ["{ from: edge, to: prep, data", "{ from: edge, to: prep, port: 8081, data"],
      [TO_MAPS, `- { from: edge, to: prep, port: 8082, data: [summary], ${PREPARE} }`],
    ],
  },
  {
    rule: "many-callers",
    yes: [[TO_MAPS, ["site", "edge", "prep"].map((name) => `- { from: ${name}, to: db, data: [town] }`).join("\n  ")]],
    where: ["db"],
    says: "4 callers: `edge`, `model`, `prep` and `site`",
    no: [[TO_MAPS, ["edge", "prep"].map((name) => `- { from: ${name}, to: db, data: [town] }`).join("\n  ")]],
  },
  {
    rule: "trust-cycle",
    yes: [[TO_MAPS, "- { from: model, to: edge, data: [score], allow: [{ method: POST, path: /done }] }"]],
    where: ["edge"],
    says: "`edge` → `prep` → `model` → `edge`",
    no: [
      [TO_MAPS, "- { from: edge, to: model, data: [summary], allow: [{ method: POST, path: /infer, roles: writer }] }"],
    ],
  },
  {
    rule: "roles-do-not-separate",
    yes: [
      ['path: "/claims/{id}", roles: [reader]', 'path: "/claims/{id}", roles: [writer]'],
      ["path: /towns, roles: reader", "path: /towns, roles: writer"],
    ],
    where: ["workflow"],
    says: "all 3 operations of users ask for the same roles: `writer`",
    no: [['path: "/claims/{id}", roles: [reader]', 'path: "/claims/{id}", roles: [writer]']],
  },
  {
    rule: "issuer-not-public-name",
    yes: [["https://login.example.com", "https://127.0.0.1:8443"]],
    where: ["corp"],
    says: "`corp` trusts tokens issued by `127.0.0.1`",
    no: [["https://login.example.com", "https://localhost.example.com"]],
  },
  {
    rule: "keys-from-another-host",
    yes: [["audience: claims-api", 'audience: claims-api, jwksUri: "https://keys.example.net/jwks"']],
    where: ["corp"],
    says: "issuer: `login.example.com`, keys: `keys.example.net`",
    no: [["audience: claims-api", 'audience: claims-api, jwksUri: "https://login.example.com/jwks"']],
  },
  {
    rule: "shared-audience",
    yes: [[CORP, `${CORP}\n  other: { issuer: "https://id.example.net", audience: claims-api }`]],
    where: ["other"],
    says: "`other` and `corp` both accept `claims-api`",
    no: [[CORP, `${CORP}\n  other: { issuer: "https://id.example.net", audience: other-api }`]],
  },
  {
    rule: "many-audiences",
    yes: [["audience: claims-api", "audience: [claims-api, billing-api]"]],
    where: ["corp"],
    says: "`corp` accepts `claims-api` and `billing-api`",
    no: [["audience: claims-api", "audience: [claims-api]"]],
  },
  {
    rule: "unused-identity",
    yes: [[CORP, `${CORP}\n  other: { issuer: "https://id.example.net", audience: other-api }`]],
    where: ["other"],
    says: "no users and no `allow` entry refer to `other`",
    no: [
      [CORP, `${CORP}\n  other: { issuer: "https://id.example.net", audience: other-api }`],
      ["visitors: { kind: users, identity: corp }", "visitors: { kind: users, identity: other }"],
      ["path: /towns, roles: reader", "path: /towns"],
    ],
  },
  {
    rule: "role-nobody-can-show",
    yes: [
      [
        "- { from: edge, to: prep, data: [claim], returns: [summary], allow: [{ method: POST, path: /prepare, roles: [writer], identity: corp }] }",
        "- { from: db, to: edge, data: [score], allow: [{ method: POST, path: /x }] }",
      ],
    ],
    where: ["prep>model:8500"],
    says: "no flow brings users of `corp` to `prep`",
    no: [],
  },
  {
    rule: "image-tag-floats",
    yes: [[SITE_IMAGE, "ghcr.io/acme/site"]],
    where: ["site"],
    says: "`site` runs `ghcr.io/acme/site`, which means `latest`",
    no: [[SITE_IMAGE, "ghcr.io/acme/site:1.0"]],
  },
  {
    rule: "image-tag-floats",
    yes: [[SITE_IMAGE, "ghcr.io/acme/site:latest"]],
    where: ["site"],
    says: "`latest` moves",
    no: [[SITE_IMAGE, `ghcr.io/acme/site:latest@sha256:${"1".repeat(64)}`]],
  },
  {
    rule: "image-without-digest",
    yes: [[SITE_IMAGE, "ghcr.io/acme/site:1.0"]],
    where: ["site"],
    says: "`site` runs `ghcr.io/acme/site:1.0`",
    no: [[SITE_IMAGE, `ghcr.io/acme/site@sha256:${"1".repeat(64)}`]],
  },
  {
    rule: "image-registry-implied",
    yes: [[SITE_IMAGE, `acme/site:1.0@sha256:${"1".repeat(64)}`]],
    where: ["site"],
    says: "`site` runs `acme/site:1.0",
    no: [[SITE_IMAGE, `localhost:5000/site:1.0@sha256:${"1".repeat(64)}`]],
  },
  {
    rule: "image-shared-across-trust",
    yes: [["acme/site:1.0", "acme/edge:2.0"]],
    where: ["edge"],
    says: "`ghcr.io/acme/edge` runs as edge (gateway in work, internal), site (service in front, public)",
    no: [["acme/prep:1.0", "acme/edge:2.0"]],
  },
  {
    rule: "workload-without-image",
    yes: [[`, image: "${SITE_IMAGE}"`, ""]],
    where: ["site"],
    says: "`site` has neither `image` nor `run`",
    no: [[`image: "${SITE_IMAGE}"`, "run: node site.js"]],
  },
  {
    rule: "debug-port",
    yes: [
      [SITE, "site: { zone: front, ports: [{ port: 8000 }, { port: 9229 }],"],
      ["to: site, returns", "to: site, port: 9229, returns"],
    ],
    where: ["site"],
    says: "visitors>site:9229 leads to it",
    no: [
      [SITE, "site: { zone: front, ports: [{ port: 8000 }, { port: 9230 }],"],
      ["to: site, returns", "to: site, port: 9230, returns"],
    ],
  },
  {
    rule: "port-without-flow",
    yes: [
      [SITE, "site: { zone: front, ports: [{ port: 8000 }, { port: 8001 }],"],
      ["to: site, returns", "to: site, port: 8000, returns"],
    ],
    where: ["site"],
    says: "no flow leads to port 8001",
    no: [[TO_MAPS, TO_MAPS]],
  },
  {
    rule: "unused-workload",
    yes: [["  edge: {", "  idle: { zone: work, port: 1, image: x }\n  edge: {"]],
    where: ["idle"],
    says: "no flow starts or ends at idle (service in work, internal)",
    no: [],
  },
  {
    rule: "unused-zone",
    yes: [["  keep: { trust", "  void: { trust: internal }\n  keep: { trust"]],
    where: ["void"],
    says: "no workload is in `void`",
    no: [],
  },
  {
    rule: "unused-outside-party",
    yes: [["  maps: {", "  nobody: { kind: users, identity: corp }\n  maps: {"]],
    where: ["nobody"],
    says: "no flow starts or ends at `nobody`",
    no: [],
  },
  {
    rule: "one-zone-for-all",
    yes: [
      ["site: { zone: front", "site: { zone: work"],
      ["model: { zone: keep", "model: { zone: work"],
      ["db: { zone: keep", "db: { zone: work"],
    ],
    where: ["work"],
    says: "5 workloads of the kinds `gateway`, `model`, `service` and `store` are in `work`",
    no: [
      ["site: { zone: front", "site: { zone: work"],
      ["model: { zone: keep", "model: { zone: work"],
    ],
  },
  {
    rule: "node-wide-workload",
    yes: [[SITE, `${SITE} kubernetes: { kind: DaemonSet },`]],
    where: ["site"],
    says: "`site` is a DaemonSet in `front`",
    no: [[SITE, `${SITE} kubernetes: { kind: StatefulSet },`]],
  },
  {
    rule: "secret-in-env",
    yes: [["env: { LOG_LEVEL: info }", "env: { DB_PASSWORD: hunter2 }"]],
    where: ["prep"],
    says: "`env.DB_PASSWORD` of `prep` holds a literal value under the name of a secret",
    no: [
      [
        "env: { LOG_LEVEL: info }",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in a workflow file
        'env: { DB_PASSWORD: "${DB_PASSWORD}", TOKEN_FILE: /run/token, MAX_TOKENS: "4096" }',
      ],
    ],
  },
  {
    rule: "secret-in-public-zone",
    yes: [[DB_PASSWORD, "db-password: { usedBy: [site], rotate: 30d }"]],
    where: ["db-password"],
    says: "`db-password` is given to site (service in front, public)",
    no: [[DB_PASSWORD, "db-password: { usedBy: [prep], rotate: 30d }"]],
  },
  {
    rule: "secret-never-rotated",
    yes: [[DB_PASSWORD, "db-password: { usedBy: [model] }"]],
    where: ["db-password"],
    says: "`db-password` has no `rotate`",
    no: [[DB_PASSWORD, "db-password: { usedBy: [model], rotate: 365d }"]],
  },
  {
    rule: "secret-rotated-rarely",
    yes: [[DB_PASSWORD, "db-password: { usedBy: [model], rotate: 91d }"]],
    where: ["db-password"],
    says: "renewed every 91 days",
    no: [[DB_PASSWORD, "db-password: { usedBy: [model], rotate: 90d }"]],
  },
  {
    rule: "secret-shared-widely",
    yes: [[DB_PASSWORD, "db-password: { usedBy: [model, db, prep], rotate: 30d }"]],
    where: ["db-password"],
    says: "given to 3 workloads: `db`, `model` and `prep`",
    no: [[DB_PASSWORD, "db-password: { usedBy: [model, db], rotate: 30d }"]],
  },
  {
    rule: "secret-shared-across-trust",
    yes: [[DB_PASSWORD, "db-password: { usedBy: [model, prep], rotate: 30d }"]],
    where: ["db-password"],
    says: "model (model in keep, restricted), prep (service in work, internal)",
    no: [[DB_PASSWORD, "db-password: { usedBy: [model, db], rotate: 30d }"]],
  },
  {
    rule: "secret-for-idle-workload",
    yes: [
      ["  edge: {", "  idle: { zone: keep, port: 1, image: x }\n  edge: {"],
      [DB_PASSWORD, "db-password: { usedBy: [idle, model], rotate: 30d }"],
    ],
    where: ["db-password"],
    says: "no flow starts or ends at `idle`",
    no: [],
  },
  {
    rule: "no-secrets-engine",
    yes: [['secrets: { engine: vault, address: "https://vault.example.com" }', "secrets: none"]],
    where: ["workflow"],
    says: "2 secrets are declared",
    no: [],
  },
  {
    rule: "secret-in-webhook-url",
    yes: [["https://alerts.example.com/hook", "https://hooks.slack.com/services/T0/B0/x"]],
    where: ["ops"],
    says: "the path of `ops`'s webhook is a credential",
    no: [["https://alerts.example.com/hook", "https://alerts.example.com/services/T0/B0/x?team=1"]],
  },
  { rule: "no-respond-rule", yes: [[RESPOND, ""]], where: ["workflow"], says: "no `respond` rule", no: [] },
  {
    rule: "restricted-zone-without-quarantine",
    yes: [[QUARANTINE, "do: alert, notify: ops"]],
    where: ["workflow"],
    says: "restricted: `keep`",
    no: [
      [QUARANTINE, "do: alert, notify: ops"],
      ["keep: { trust: restricted }", "keep: { trust: internal }"],
    ],
  },
  {
    rule: "trigger-unwatched",
    yes: [["  - { when: policy-changed, do: alert, notify: ops }\n", ""]],
    where: ["workflow"],
    says: "no `respond` rule for `policy-changed`",
    no: [],
  },
  {
    rule: "alert-to-nobody",
    yes: [["when: secret-in-log, do: alert, notify: ops", "when: secret-in-log, do: alert"]],
    where: ["workflow"],
    says: "`when: secret-in-log` alerts and has no `notify`",
    no: [["when: secret-in-log, do: alert, notify: ops", "when: secret-in-log, do: quarantine"]],
  },
  {
    rule: "response-too-patient",
    yes: [["count: 5, within: 1m", "count: 5, within: 1d"]],
    where: ["workflow"],
    says: "waits for 5 events within 86400 s",
    no: [["count: 5, within: 1m", "count: 49, within: 1h"]],
  },
  {
    rule: "unused-receiver",
    yes: [[OPS, `${OPS}\n  chat: { webhook: "https://chat.example.com", secret: alert-key }`]],
    where: ["chat"],
    says: "no `respond` rule notifies `chat`",
    no: [],
  },
  {
    rule: "webhook-without-secret",
    yes: [[", secret: alert-key", ""]],
    where: ["ops"],
    says: "`ops` has no `secret`",
    no: [[ALERT_KEY, "alert-key: { usedBy: [edge], rotate: 7d }"]],
  },
  {
    rule: "no-mesh",
    yes: [["mesh: istio", "mesh: none"]],
    where: ["workflow"],
    says: "3 flows between workloads need mutual TLS",
    no: [["mesh: istio", "mesh: istio-ambient"]],
  },
  {
    rule: "operations-not-enforced",
    yes: [["mesh: istio", "mesh: none\n  authorization: none"]],
    where: ["workflow"],
    says: "4 flows limit operations",
    no: [["mesh: istio", "mesh: none\n  authorization: opa"]],
  },
  {
    rule: "own-rego-not-enforced",
    yes: [["mesh: istio", "mesh: istio\n  authorization: none"]],
    modules: [{ path: "policies/a.rego", text: "package a" }],
    where: ["workflow"],
    says: "`policies` names `policies/a.rego`",
    no: [["mesh: istio", "mesh: istio\n  authorization: none"]],
  },
  {
    rule: "no-admission-control",
    yes: [["mesh: istio", "mesh: istio\n  admission: []"]],
    where: ["workflow"],
    says: "`targets.admission` is empty",
    no: [["mesh: istio", "mesh: istio\n  admission: [gatekeeper]"]],
  },
  {
    rule: "no-log-pipeline",
    yes: [["logs: fluent-bit", "logs: none"]],
    where: ["workflow"],
    says: "`targets.logs` is `none`",
    no: [["logs: fluent-bit", "logs: fluentd"]],
  },
  {
    rule: "no-gateway",
    yes: [["{ engine: gateway-api, hosts: [claims.example.com] }", "none"]],
    where: ["workflow"],
    says: "users come in by `staff>edge:8080` and `visitors>site:8000`",
    no: [],
  },
  {
    rule: "gateway-for-any-host",
    yes: [["{ engine: gateway-api, hosts: [claims.example.com] }", "gateway-api"]],
    where: ["workflow"],
    says: "without `hosts`",
    no: [],
  },
  {
    rule: "egress-by-address-only",
    yes: [["mesh: istio", "mesh: none"]],
    where: ["workflow"],
    says: "outside calls go to `api.maps.example`",
    no: [["mesh: istio", "mesh: none\n  network: cilium"]],
  },
];
