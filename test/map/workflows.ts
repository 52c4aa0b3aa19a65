/** Workflows of a given size for the diagrams: teams of gateway, services, model, queue, job and stores that share a few things. */

/** A workflow file with `count` workloads: some five zones at sixty, flows mostly inside a team, some across. */
export function workflowOf(count: number): string {
  const teams = Math.max(1, Math.round(count / 12));
  const zones: string[] = [];
  const workloads: string[] = [];
  const flows: string[] = [];
  const perTeam = split(count, teams);
  for (let team = 0; team < teams; team++) {
    const zone = teamName(team);
    zones.push(`  ${zone}: { trust: internal }`, `  ${zone}-data: { trust: restricted }`);
    const members = PARTS.slice(0, perTeam[team]).map(([part]) => `${zone}-${part}`);
    for (const [index, member] of members.entries()) {
      const [, spec = "", into = ""] = PARTS[index] ?? [];
      workloads.push(
        `  ${member}: { zone: ${into === "data" ? `${zone}-data` : zone}, image: "registry.example.com/${member}:1.4.2", ${spec} }`,
      );
    }
    const has = (part: string): boolean => members.includes(`${zone}-${part}`);
    for (const [from, to, rest] of CALLS) {
      if (has(to) && (has(from) || from === ""))
        flows.push(`  - { from: ${from === "" ? "staff" : `${zone}-${from}`}, to: ${zone}-${to}, ${rest} }`);
    }
    if (team > 0)
      flows.push(
        `  - { from: ${teamName(team - 1)}-orchestrator, to: ${zone}-gateway, data: [features], returns: [prediction], allow: [{ method: POST, path: /v1/handover }] }`,
      );
    if (has("enricher")) flows.push(`  - { from: ${zone}-enricher, to: geocoder, data: [address] }`);
    if (has("notifier")) flows.push(`  - { from: ${zone}-notifier, to: mail-provider, data: [notice] }`);
  }
  return `apiVersion: ringfence.dev/v1
workflow: insurance-${count}
trustDomain: ai.example.com
zones:
${zones.join("\n")}
data:
  claim: { sensitivity: restricted }
  features: { sensitivity: internal }
  prediction: { sensitivity: internal }
  address: { sensitivity: public }
  notice: { sensitivity: internal }
identity:
  corp: { issuer: "https://login.example.com", audience: claims-api, roles: roles }
workloads:
${workloads.join("\n")}
outside:
  staff: { kind: users, identity: corp }
  geocoder: { kind: api, host: api.geocoder.example }
  mail-provider: { kind: api, host: smtp.mail.example, port: 587, protocol: tls }
flows:
${flows.join("\n")}
`;
}

const TEAMS = ["claims", "billing", "fraud", "support", "underwriting"];

function teamName(team: number): string {
  const name = TEAMS[team % TEAMS.length] ?? "team";
  return team < TEAMS.length ? name : `${name}-${team}`;
}

const PARTS: readonly (readonly [name: string, spec: string, zone: string])[] = [
  ["gateway", "kind: gateway, port: 8080", ""],
  ["orchestrator", "port: 8081", ""],
  ["preprocessor", "port: 8082, releases: { claim: [features, address] }", ""],
  ["model-server", "kind: model, port: 8500", "data"],
  ["results-db", "kind: store, port: 5432, protocol: tcp, encryptedAtRest: true", "data"],
  ["enricher", "port: 8083", ""],
  ["embedding-model", "kind: model, ports: [{ port: 9000, protocol: grpc }]", "data"],
  ["vector-index", "kind: store, ports: [{ port: 6333 }, { port: 6334, protocol: grpc }]", "data"],
  ["job-queue", "kind: queue, port: 5672, protocol: tcp", "data"],
  ["batch-scorer", "kind: job", ""],
  ["notifier", "port: 8084", ""],
  ["feature-cache", "kind: store, port: 6379, protocol: tcp", "data"],
];

const CALLS: readonly (readonly [from: string, to: string, rest: string])[] = [
  [
    "",
    "gateway",
    "data: [claim], returns: [prediction], allow: [{ method: POST, path: /v1/claims, roles: [adjuster] }]",
  ],
  ["gateway", "orchestrator", "data: [claim], returns: [prediction], allow: [{ method: POST, path: /run }]"],
  ["orchestrator", "preprocessor", "data: [claim], returns: [features], allow: [{ method: POST, path: /prepare }]"],
  ["orchestrator", "model-server", "data: [features], returns: [prediction], allow: [{ method: POST, path: /infer }]"],
  ["orchestrator", "enricher", "data: [address], returns: [features], allow: [{ method: GET, path: /enrich }]"],
  ["orchestrator", "job-queue", "data: [features]"],
  ["orchestrator", "notifier", "data: [notice], allow: [{ method: POST, path: /notify }]"],
  ["orchestrator", "feature-cache", "data: [features], returns: [features]"],
  ["preprocessor", "embedding-model", "data: [features], returns: [features]"],
  ["preprocessor", "vector-index", "port: 6333, data: [features]"],
  ["model-server", "vector-index", "port: 6334, returns: [features]"],
  ["model-server", "results-db", "data: [prediction]"],
  ["gateway", "results-db", "returns: [prediction]"],
  ["batch-scorer", "job-queue", "returns: [features]"],
  ["batch-scorer", "model-server", "data: [features], returns: [prediction], allow: [{ method: POST, path: /infer }]"],
  ["batch-scorer", "results-db", "data: [prediction]"],
];

function split(count: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor(count / parts) + (index < count % parts ? 1 : 0));
}
