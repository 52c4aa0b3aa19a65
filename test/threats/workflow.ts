/** A workflow that no threat rule objects to, and edits of it: each case of a rule is this text with one thing changed. */
import { derive, type Policy } from "../../src/policy/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

export const CLEAN = `apiVersion: ringfence.dev/v1
workflow: claims
trustDomain: ai.example.com
zones:
  front: { trust: public }
  work: { trust: internal }
  keep: { trust: restricted }
data:
  claim: { sensitivity: restricted }
  summary: { sensitivity: confidential }
  score: { sensitivity: internal }
  town: { sensitivity: public }
identity:
  corp: { issuer: "https://login.example.com", audience: claims-api, roles: roles }
workloads:
  site: { zone: front, port: 8000, image: "ghcr.io/acme/site:1.0@${digest("1")}" }
  edge: { zone: work, kind: gateway, port: 8080, image: "ghcr.io/acme/edge:1.0@${digest("2")}" }
  prep:
    zone: work
    port: 8081
    image: "ghcr.io/acme/prep:1.0@${digest("3")}"
    env: { LOG_LEVEL: info }
    releases: { claim: summary }
  model: { zone: keep, kind: model, port: 8500, image: "ghcr.io/acme/model:1.0@${digest("4")}" }
  db: { zone: keep, kind: store, port: 5432, protocol: tcp, encryptedAtRest: true, image: "ghcr.io/acme/db:1.0@${digest("5")}" }
outside:
  staff: { kind: users, identity: corp }
  visitors: { kind: users, identity: corp }
  maps: { kind: api, host: api.maps.example }
flows:
  - { from: visitors, to: site, returns: [town], allow: [{ method: GET, path: /towns, roles: reader }] }
  - { from: site, to: maps, data: [town] }
  - from: staff
    to: edge
    data: [claim]
    returns: [summary]
    allow:
      - { method: POST, path: /claims, roles: [writer] }
      - { method: GET, path: "/claims/{id}", roles: [reader] }
  - { from: edge, to: prep, data: [claim], returns: [summary], allow: [{ method: POST, path: /prepare, roles: [writer], identity: corp }] }
  - { from: prep, to: model, data: [summary], returns: [score], allow: [{ method: POST, path: /infer, roles: [writer], identity: corp }] }
  - { from: model, to: db, data: [score] }
secrets:
  db-password: { usedBy: [model], rotate: 30d }
  alert-key: { usedBy: [edge], rotate: 30d }
receivers:
  ops: { webhook: "https://alerts.example.com/hook", secret: alert-key }
respond:
  - { when: denied-flows, from: one-workload, count: 5, within: 1m, do: [quarantine, alert], notify: ops }
  - { when: secret-in-log, do: alert, notify: ops }
  - { when: identity-mismatch, do: alert, notify: ops }
  - { when: invalid-token, count: 10, do: alert, notify: ops }
  - { when: policy-changed, do: alert, notify: ops }
  - { when: unexpected-workload, do: alert, notify: ops }
targets:
  mesh: istio
  gateway: { engine: gateway-api, hosts: [claims.example.com] }
  secrets: { engine: vault, address: "https://vault.example.com" }
  encryption: { provider: kms }
  logs: fluent-bit
`;

/** Text to find (once) and what stands there instead; `+` adds text at the end of the section that it names. */
export type Edit = readonly [find: string, replacement: string];

export function edited(edits: readonly Edit[]): string {
  return edits.reduce((text, [find, replacement]) => {
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`${JSON.stringify(find)} stands ${parts.length - 1} times in the workflow`);
    return parts.join(replacement);
  }, CLEAN);
}

export function policyOf(text: string, modules: Policy["modules"] = []): Policy {
  return derive(loadWorkflow({ path: "ringfence.yaml", text }), modules);
}
