// The policies that the bench compares, each with the document to read, base documents and inputs.

/** Roles in data, grants of roles, a decision that joins them. */
function rbac() {
  const userRoles = {};
  const roleGrants = {};
  for (let role = 0; role < 50; role++) {
    roleGrants[`role${role}`] = Array.from({ length: 5 }, (_, i) => ({
      action: ["read", "write", "list"][i % 3],
      type: `type${role + i}`,
    }));
  }
  for (let user = 0; user < 500; user++) userRoles[`user${user}`] = [`role${user % 50}`, `role${(user + 7) % 50}`];
  return {
    name: "rbac",
    goal: 30,
    text: `package authz

default allow := false

allow if "admin" in data.user_roles[input.user]

allow if {
	some grant in grants
	grant.action == input.action
	grant.type == input.type
}

grants contains grant if {
	some role in data.user_roles[input.user]
	some grant in data.role_grants[role]
}
`,
    rule: "data.authz.allow",
    data: { user_roles: userRoles, role_grants: roleGrants },
    inputs: [
      { user: "user17", action: "write", type: "type25" },
      { user: "user17", action: "write", type: "none" },
    ],
  };
}

/** One rule for each permission. */
export function allowList(count = 1000) {
  const rules = Array.from(
    { length: count },
    (_, i) => `allow if {
	input.method == "${["GET", "POST", "PUT"][i % 3]}"
	input.path == "/svc${i % 40}/res${i}"
	input.principal == "spiffe://example.com/ns/prod/sa/app${i % 100}"
}
`,
  );
  return {
    name: `allow list, ${count} rules`,
    goal: 30,
    text: `package authz\n\ndefault allow := false\n\n${rules.join("\n")}`,
    rule: "data.authz.allow",
    data: {},
    inputs: [
      { method: "POST", path: "/svc17/res577", principal: "spiffe://example.com/ns/prod/sa/app77" },
      { method: "POST", path: "/svc17/res577", principal: "spiffe://example.com/ns/prod/sa/app78" },
    ],
  };
}

/** An admission rule as Gatekeeper runs it. */
function gatekeeper() {
  const containers = Array.from({ length: 4 }, (_, i) => ({
    name: `c${i}`,
    image: `registry.example.com/team/app${i}:1.${i}`,
  }));
  const review = {
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    object: {
      metadata: { name: "pod", namespace: "prod", labels: { app: "a", team: "b" } },
      spec: { containers, initContainers: [{ name: "init", image: "docker.io/library/busybox:1" }] },
    },
  };
  return {
    name: "gatekeeper template",
    goal: 5,
    version: "v0",
    text: `package template

violation[{"msg": msg}] {
	container := input_containers[_]
	satisfied := [good | repo = input.parameters.repos[_]; good = startswith(container.image, repo)]
	not any(satisfied)
	msg := sprintf("container <%v> has an invalid image repo <%v>, allowed repos are %v", [container.name, container.image, input.parameters.repos])
}

violation[{"msg": msg, "details": {"missing_labels": missing}}] {
	provided := {label | input.review.object.metadata.labels[label]}
	required := {label | label := input.parameters.labels[_]}
	missing := required - provided
	count(missing) > 0
	msg := sprintf("you must provide labels: %v", [missing])
}

input_containers[c] {
	c := input.review.object.spec.containers[_]
}

input_containers[c] {
	c := input.review.object.spec.initContainers[_]
}
`,
    rule: "data.template.violation",
    data: {},
    inputs: [
      { review, parameters: { repos: ["registry.example.com/", "mirror.example.com/"], labels: ["app", "owner"] } },
      { review, parameters: { repos: ["registry.example.com/", "docker.io/"], labels: ["app"] } },
    ],
  };
}

/** Nested loops over the input, comprehensions and an aggregate. */
function iteration() {
  const servers = Array.from({ length: 30 }, (_, i) => ({
    id: `s${i}`,
    ports: [`p${i}`, `p${(i + 1) % 30}`, `p${(i + 2) % 30}`],
    protocols: i % 3 === 0 ? ["http", "ssh"] : ["https"],
  }));
  const ports = Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, network: `n${i % 5}` }));
  const networks = Array.from({ length: 5 }, (_, i) => ({ id: `n${i}`, public: i === 3 }));
  return {
    name: "iteration",
    goal: 5,
    text: `package graph

violations contains server.id if {
	some server in public_servers
	some protocol in server.protocols
	protocol in {"http", "telnet"}
}

public_servers contains server if {
	some server in input.servers
	some id in server.ports
	some port in input.ports
	port.id == id
	some network in input.networks
	network.id == port.network
	network.public
}

total := sum([count(server.ports) | some server in input.servers; not server.id in violations])
`,
    rule: "data.graph",
    data: {},
    inputs: [{ servers, ports, networks }],
  };
}

export const POLICIES = [rbac(), allowList(), gatekeeper(), iteration()];
