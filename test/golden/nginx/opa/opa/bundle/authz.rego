# METADATA
# title: Who may do what in the workflow
# description: |
#   Decides one request from facts that the enforcement point vouches for: the principal of the connection and the
#   claims of validated tokens. The flows stand in data.ringfence.policy; what no flow permits is denied.
#
#   input:
#     source:      {kind: "workload", principal: "spiffe://…"} or {kind: "edge"} for what enters from outside
#     destination: {name: "workload or outside API", port: 8080}
#     request:     {method, path, host}, absent for a TCP connection; path is normalized and without query
#     claims:      {"<identity provider>": {…}}, only of tokens that were validated
package ringfence.authz

import data.ringfence.policy

default allow := false

allow if {
	permitted
	count(narrowed) == 0
}

default permitted := false

# Some flow permits the request, whatever the user's own rules say.
permitted if count(matching) > 0

# METADATA
# title: The decision as it is logged and explained
# entrypoint: true
decision := {
	"allow": allow,
	"rules": matching,
	"flows": {rule.id | some rule in candidates},
	"reasons": reasons,
}

# Names under which the source may stand in a flow: one workload, or the users that its tokens make it.
sources contains policy.principals[input.source.principal] if input.source.kind == "workload"

sources contains name if {
	input.source.kind == "edge"
	some name, users in policy.users
	users.anonymous
}

sources contains name if {
	input.source.kind == "edge"
	some name, users in policy.users
	is_object(input.claims[users.identity])
}

# The flows from this source to this port.
candidates contains rule if {
	port := format_int(input.destination.port, 10)
	some source in sources
	rule := policy.flows[input.destination.name][port][source]
}

matching contains rule.id if {
	some rule in candidates
	some operation in rule.operations
	kind_matches(rule)
	method_matches(operation)
	path_matches(operation)
	host_matches(operation)
	role_matches(operation)
}

# An HTTP flow needs a request to decide on; a TCP flow has none, and a connection is all that there is.
kind_matches(rule) if {
	rule.http
	is_string(input.request.method)
	is_string(input.request.path)
}

kind_matches(rule) if not rule.http

method_matches(operation) if not operation.methods

method_matches(operation) if input.request.method in operation.methods

path_matches(operation) if not operation.paths

path_matches(operation) if {
	some pattern in operation.paths
	pattern_matches(pattern)
}

pattern_matches(pattern) if {
	not pattern.rest
	count(pattern.segments) == count(segments)
	segments_match(pattern)
}

pattern_matches(pattern) if {
	pattern.rest
	count(pattern.segments) < count(segments)
	segments_match(pattern)
}

segments_match(pattern) if {
	every i, expected in pattern.segments {
		segment_matches(expected, segments[i])
	}
}

# null stands for any one segment that is not empty.
segment_matches(null, actual) if actual != ""

segment_matches(expected, actual) if {
	expected != null
	expected == actual
}

segments := split(substring(input.request.path, 1, -1), "/") if startswith(input.request.path, "/")

host_matches(operation) if not operation.hosts

host_matches(operation) if input.request.host in operation.hosts

host_matches(operation) if {
	some host in operation.hosts
	startswith(host, "*.")
	endswith(input.request.host, substring(host, 1, -1))
	count(input.request.host) >= count(host)
}

role_matches(operation) if not operation.roles

role_matches(operation) if {
	some role in held_roles(operation.identity)
	role in operation.roles
}

# The roles that a validated token of this identity provider holds: the claim is a list of texts, or one text.
held_roles(identity) := {role | some role in claim; is_string(role)} if {
	claim := object.get(input.claims[identity], policy.identities[identity].roles, [])
	is_array(claim)
}

held_roles(identity) := {claim} if {
	claim := object.get(input.claims[identity], policy.identities[identity].roles, [])
	is_string(claim)
}

# Why a request is denied: the first condition of each flow that it fails, without any of its values.
reasons contains "unknown-source" if count(sources) == 0

reasons contains "undeclared-flow" if {
	count(sources) > 0
	count(candidates) == 0
}

reasons contains failing if {
	not permitted
	some rule in candidates
	failing := failed_condition(rule)
}

reasons contains reason if some reason in narrowed

failed_condition(rule) := "no-request" if {
	not kind_matches(rule)
} else := "method" if {
	every operation in rule.operations { not method_matches(operation) }
} else := "path" if {
	every operation in rule.operations { not method_and_path_match(operation) }
} else := "host" if {
	every operation in rule.operations { not request_matches(operation) }
} else := "role"

method_and_path_match(operation) if {
	method_matches(operation)
	path_matches(operation)
}

request_matches(operation) if {
	method_and_path_match(operation)
	host_matches(operation)
}

# The user's own rules, which take away and never give: see narrow.rego.
narrowed contains reason if some reason in data.ringfence.narrow.reasons
