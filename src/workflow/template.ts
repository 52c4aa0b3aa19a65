/** The file that `ringfence init` writes: small, commented, and correct as it stands. */
export function workflowTemplate(name: string): string {
  return `# yaml-language-server: $schema=./node_modules/ringfence/schema/ringfence.schema.json
#
# Everything that may happen in this workflow stands in this file; everything else is denied.
#   ringfence check      is the file right, and what would an attacker like about it?
#   ringfence map        who talks to whom, as a table or a picture
#   ringfence compile    the manifests that enforce it
apiVersion: ringfence.dev/v1
workflow: ${name}
trustDomain: ai.example.com # the SPIFFE trust domain of all identities

# A zone is a Kubernetes namespace and a trust level: public, internal or restricted.
zones:
  ${name}: { trust: internal }
  ${name}-models: { trust: restricted }

# What flows, and how much harm a disclosure does: public, internal, confidential or restricted.
data:
  prompt: { format: json, sensitivity: confidential }
  completion: { format: json, sensitivity: internal }

# Who may call from outside: an OpenID Connect issuer, and the claim that holds the roles.
identity:
  corp: { issuer: https://login.example.com, audience: ${name}, roles: realm_access.roles }

workloads:
  gateway:
    zone: ${name}
    kind: gateway # service, gateway, model, store, queue or job
    port: 8080 # use "ports: [{ name: …, port: … }]" for several
    image: registry.example.com/${name}/gateway:1.0.0 # runs it in a cluster
    # run: node services/gateway.js                   # runs it on this machine
    # What this workload turns confidential data into on purpose. Without it, a prompt counts as
    # contained in whatever the gateway makes.
    releases: { prompt: [completion] }
  model-server:
    zone: ${name}-models
    kind: model
    port: 8000
    image: registry.example.com/${name}/model-server:1.0.0
    releases: { prompt: [completion] }

# Parties that are not ours: users (with an identity, or "anonymous: true") and APIs (by host name).
outside:
  staff: { kind: users, identity: corp }
  # geocoder: { kind: api, host: api.geocoder.example }

# All that is permitted. In a path, "*" or "{name}" is one segment and a final "**" the rest.
flows:
  - from: staff
    to: gateway
    data: [prompt]
    returns: [completion]
    allow:
      - { method: POST, path: /v1/chat, roles: [user] }
  - from: gateway
    to: model-server
    data: [prompt]
    returns: [completion]
    allow:
      - { method: POST, path: /v1/completions, roles: [user] }

# Secrets are named here; their values never are.
secrets:
  model-api-key: { usedBy: [gateway], rotate: 30d }

# policies: [policies/*.rego]   # your own Rego may narrow what flows allow, never widen it

respond:
  - { when: denied-flows, from: one-workload, count: 5, within: 1m, do: [quarantine, alert] }
  - { when: secret-in-log, do: alert }

# Risks you decided to live with, each with a reason and the last day on which it holds.
# accept:
#   - { rule: model-reachable-without-role, where: model-server, reason: "internal test", until: 2027-01-31 }

targets:
  mesh: istio # istio, istio-ambient or none
  gateway: gateway-api # gateway-api, ingress-nginx or none
  authorization: opa
  admission: [validating-admission-policy] # gatekeeper, validating-admission-policy
  logs: fluent-bit # fluentd, fluent-bit, opentelemetry or none
`;
}
