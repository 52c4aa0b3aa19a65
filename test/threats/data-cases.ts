import type { Case } from "./case.js";

const ENCRYPTED = "encryptedAtRest: true, ";
const DB_FLOW = "- { from: model, to: db, data: [score] }";
const MAPS = "maps: { kind: api, host: api.maps.example }";
const TO_MAPS = "- { from: site, to: maps, data: [town] }";

/** Data and exposure: what goes where. */
export const DATA_CASES: readonly Case[] = [
  {
    rule: "restricted-data-leaves-unreleased",
    yes: [[TO_MAPS, "- { from: prep, to: maps, data: [town] }"]],
    where: ["maps"],
    says: "`prep` sends `town`, which may hold `claim`, to `maps` (prep>maps:443)",
    no: [
      [TO_MAPS, "- { from: prep, to: maps, data: [town] }"],
      ["releases: { claim: summary }", "releases: { claim: [summary, town], summary: town }"],
    ],
  },
  {
    rule: "confidential-data-leaves-unreleased",
    yes: [[TO_MAPS, "- { from: model, to: maps, data: [summary] }"]],
    where: ["maps"],
    says: "`prep` sends `summary` to `model` (prep>model:8500)",
    no: [
      [TO_MAPS, "- { from: model, to: maps, data: [town] }"],
      ["protocol: tcp, encrypted", "releases: {}, protocol: tcp, encrypted"],
      ["kind: model, port: 8500,", "kind: model, port: 8500, releases: { summary: town, score: town },"],
    ],
  },
  {
    rule: "internal-data-to-outside-api",
    yes: [[TO_MAPS, "- { from: site, to: maps, data: [score, town] }"]],
    where: ["site>maps:443"],
    says: "site>maps:443 carries `score`",
    no: [],
  },
  {
    rule: "internal-data-to-anonymous-users",
    yes: [
      ["visitors: { kind: users, identity: corp }", "visitors: { kind: users, anonymous: true }"],
      [
        "returns: [town], allow: [{ method: GET, path: /towns, roles: reader }]",
        "returns: [score], allow: [{ method: GET, path: /towns }]",
      ],
    ],
    where: ["visitors>site:8000"],
    says: "visitors>site:8000 returns `score` to users without an identity provider",
    no: [
      ["visitors: { kind: users, identity: corp }", "visitors: { kind: users, anonymous: true }"],
      ["path: /towns, roles: reader", "path: /towns"],
    ],
  },
  {
    rule: "store-not-encrypted-at-rest",
    yes: [[ENCRYPTED, ""]],
    where: ["db"],
    says: "db (store in keep, restricted) does not declare `encryptedAtRest`",
    no: [
      ["kind: store", "kind: service"],
      [ENCRYPTED, ""],
    ],
  },
  {
    rule: "queue-not-encrypted-at-rest",
    yes: [
      ["kind: store", "kind: queue"],
      [ENCRYPTED, ""],
      [DB_FLOW, "- { from: model, to: db, data: [summary] }"],
    ],
    where: ["db"],
    says: "it receives `summary`",
    no: [
      ["kind: store", "kind: queue"],
      [ENCRYPTED, ""],
    ],
  },
  {
    rule: "encryption-at-rest-not-provided",
    yes: [["encryption: { provider: kms }", "encryption: none"]],
    where: ["db"],
    says: "`targets.encryption.provider` is `none`",
    no: [["encryption: { provider: kms }", "encryption: { provider: secretbox }"]],
  },
  {
    rule: "restricted-data-kept-in-lower-zone",
    yes: [
      ["db: { zone: keep,", "db: { zone: work,"],
      [DB_FLOW, "- { from: prep, to: db, data: [claim] }"],
    ],
    where: ["db"],
    says: "db (store in work, internal) receives `claim`",
    no: [[DB_FLOW, "- { from: prep, to: db, data: [claim] }"]],
  },
  {
    rule: "release-lowers-steeply",
    yes: [["releases: { claim: summary }", "releases: { claim: [score, summary, town] }"]],
    where: ["prep"],
    says: "`claim` (restricted) becomes `score` (internal)",
    no: [],
  },
  {
    rule: "release-never-used",
    yes: [
      ["env: { LOG_LEVEL: info }", ""],
      ["kind: model, port: 8500,", "kind: model, port: 8500, releases: { claim: score },"],
    ],
    where: ["model"],
    says: "no flow brings `claim` to `model`",
    no: [["kind: model, port: 8500,", "kind: model, port: 8500, releases: { summary: score },"]],
  },
  {
    rule: "flow-without-data",
    yes: [[TO_MAPS, "- { from: site, to: maps }"]],
    where: ["site>maps:443"],
    says: "neither `data` nor `returns`",
    no: [[TO_MAPS, "- { from: site, to: maps, returns: [town] }"]],
  },
  {
    rule: "unused-data-class",
    yes: [["  town: {", "  village: { sensitivity: public }\n  town: {"]],
    where: ["village"],
    says: "no flow carries or returns `village` (public)",
    no: [],
  },
  {
    rule: "model-reachable-without-role",
    yes: [
      ["path: /towns, roles: reader", "path: /towns"],
      [TO_MAPS, "- { from: site, to: model, data: [town], allow: [{ method: POST, path: /infer }] }"],
    ],
    where: ["model"],
    says: "visitors>site:8000 asks for no role",
    // The way in is closed: users had to show a role before.
    no: [[TO_MAPS, "- { from: site, to: model, data: [town], allow: [{ method: POST, path: /infer }] }"]],
  },
  {
    rule: "users-reach-store",
    yes: [
      ["protocol: tcp, ", ""],
      [DB_FLOW, "- { from: staff, to: db, data: [claim], allow: [{ method: POST, path: /q, roles: writer }] }"],
    ],
    where: ["staff>db:5432"],
    says: "staff>db:5432 leads from users to db (store in keep, restricted)",
    no: [
      ["protocol: tcp, ", ""],
      ["kind: store", "kind: service"],
      [DB_FLOW, "- { from: staff, to: db, data: [claim], allow: [{ method: POST, path: /q, roles: writer }] }"],
    ],
  },
  {
    rule: "users-enter-restricted-zone",
    yes: [["edge: { zone: work", "edge: { zone: keep"]],
    where: ["staff>edge:8080"],
    says: "leads from outside into `keep` (restricted)",
    no: [],
  },
  {
    rule: "anonymous-users-reach-workload",
    yes: [
      ["visitors: { kind: users, identity: corp }", "visitors: { kind: users, anonymous: true }"],
      ["path: /towns, roles: reader", "path: /towns"],
    ],
    where: ["visitors>site:8000"],
    says: "`visitors` has no identity provider",
    no: [["path: /towns, roles: reader", "path: /towns"]],
  },
  {
    rule: "users-flow-without-roles",
    yes: [["path: /towns, roles: reader", "path: /towns"]],
    where: ["visitors>site:8000"],
    says: "1 of 1 operations of visitors>site:8000 ask for no role",
    no: [],
  },
  {
    rule: "users-flow-without-token",
    yes: [
      ["site: { zone: front, port: 8000,", "site: { zone: front, port: 8000, protocol: tcp,"],
      [", allow: [{ method: GET, path: /towns, roles: reader }]", ""],
    ],
    where: ["visitors>site:8000"],
    says: "visitors>site:8000 speaks `tls`",
    no: [
      ["site: { zone: front, port: 8000,", "site: { zone: front, port: 8000, protocol: grpc,"],
      ["method: GET, path: /towns, roles: reader", "service: towns.Towns, method: List, roles: reader"],
    ],
  },
  {
    rule: "public-zone-reaches-restricted",
    yes: [
      [TO_MAPS, "- { from: site, to: model, data: [town], allow: [{ method: POST, path: /infer, roles: reader }] }"],
    ],
    where: ["site>model:8500"],
    says: "leads from `front` (public) to `keep` (restricted)",
    no: [[TO_MAPS, "- { from: site, to: prep, data: [town], allow: [{ method: POST, path: /infer, roles: reader }] }"]],
  },
  {
    rule: "climbing-flow-without-role",
    yes: [[TO_MAPS, "- { from: site, to: prep, data: [town], allow: [{ method: POST, path: /infer }] }"]],
    where: ["site>prep:8081"],
    says: "climbs from `public` to `internal` and asks for no role",
    no: [[TO_MAPS, "- { from: site, to: prep, data: [town], allow: [{ method: POST, path: /infer, roles: reader }] }"]],
  },
  {
    rule: "restricted-zone-calls-public",
    yes: [[TO_MAPS, "- { from: model, to: site, returns: [town], allow: [{ method: GET, path: /towns }] }"]],
    where: ["model>site:8000"],
    says: "leads from `restricted` down to `front` (public)",
    no: [[TO_MAPS, "- { from: prep, to: site, returns: [town], allow: [{ method: GET, path: /towns }] }"]],
  },
  {
    rule: "plaintext-to-outside",
    yes: [[MAPS, "maps: { kind: api, host: api.maps.example, port: 80, protocol: http }"]],
    where: ["site>maps:80"],
    says: "site>maps:80 speaks `http` without TLS and carries `town`",
    no: [[MAPS, "maps: { kind: api, host: api.maps.example, port: 5671, protocol: tls }"]],
  },
  {
    rule: "outside-host-wildcard",
    yes: [[MAPS, 'maps: { kind: api, host: "*.maps.example" }']],
    where: ["maps"],
    says: "`*.maps.example` stands for every name below it",
    no: [],
  },
  {
    rule: "outside-api-inside",
    yes: [[MAPS, "maps: { kind: api, host: 169.254.169.254 }"]],
    where: ["maps"],
    says: "`169.254.169.254` is an address that is not of the public Internet",
    no: [[MAPS, "maps: { kind: api, host: 9.9.9.9 }"]],
  },
  {
    rule: "outside-api-inside",
    yes: [[MAPS, "maps: { kind: api, host: kubernetes.default.svc }"]],
    where: ["maps"],
    says: "`kubernetes.default.svc` is a Service of the cluster",
    no: [[MAPS, "maps: { kind: api, host: kubernetes.default.svc.example }"]],
  },
  {
    rule: "store-calls-outside",
    yes: [[TO_MAPS, "- { from: db, to: maps, data: [town] }"]],
    where: ["db>maps:443"],
    says: "may call `api.maps.example`",
    no: [[TO_MAPS, "- { from: prep, to: maps, data: [town] }"]],
  },
  {
    rule: "model-calls-outside",
    yes: [[TO_MAPS, "- { from: model, to: maps, data: [town] }"]],
    where: ["model>maps:443"],
    says: "model (model in keep, restricted) may call",
    no: [[TO_MAPS, "- { from: db, to: maps, data: [town] }"]],
  },
  {
    rule: "restricted-zone-calls-outside",
    yes: [
      ["prep:\n    zone: work", "prep:\n    zone: keep"],
      [TO_MAPS, "- { from: prep, to: maps, data: [town] }"],
    ],
    where: ["prep>maps:443"],
    says: "trust restricted to outside",
    no: [[TO_MAPS, "- { from: model, to: maps, data: [town] }"]],
  },
  {
    rule: "websocket-flow",
    yes: [["{ from: visitors, to: site,", "{ from: visitors, to: site, protocol: websocket,"]],
    where: ["visitors>site:8000"],
    says: "visitors>site:8000 speaks `websocket`",
    no: [["{ from: visitors, to: site,", "{ from: visitors, to: site, protocol: https,"]],
  },
  {
    rule: "edge-beside-store",
    yes: [["db: { zone: keep,", "db: { zone: work,"]],
    where: ["work"],
    says: "`db` stands in the same zone",
    no: [
      ["db: { zone: keep,", "db: { zone: work,"],
      ["kind: store, ", ""],
    ],
  },
  {
    rule: "model-or-store-in-public-zone",
    yes: [["model: { zone: keep", "model: { zone: front"]],
    where: ["model"],
    says: "model (model in front, public)",
    no: [["model: { zone: keep", "model: { zone: work"]],
  },
];
