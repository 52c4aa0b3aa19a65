# METADATA
# title: From Envoy's check request to the workflow's decision
# description: |
#   Envoy vouches for the connection's principals, and for nothing that a client writes: tokens are validated here,
#   with the keys that stand in data.ringfence.keys, and a path that two readers could read differently is refused.
package ringfence.envoy

import data.ringfence.policy

default allow := false

# METADATA
# title: Whether Envoy lets the request through
# entrypoint: true
allow if {
	not ambiguous
	decision := data.ringfence.authz.decision with input as request
	decision.allow
}

request := {
	"source": source,
	"destination": {"name": destination, "port": input.attributes.destination.address.socketAddress.portValue},
	"request": {"method": input.attributes.request.http.method, "path": path, "host": host},
	"claims": claims,
}

destination := policy.principals[input.attributes.destination.principal]

# What comes through a gateway of the workflow comes from outside, whoever it was there.
source := {"kind": "edge"} if from_gateway

source := {"kind": "workload", "principal": principal} if {
	principal := input.attributes.source.principal
	not from_gateway
}

from_gateway if input.attributes.source.principal in policy.gateways

# Any account of the gateway's namespace, where its controller chooses the account.
from_gateway if {
	some gateway in policy.gateways
	endswith(gateway, "/sa/*")
	startswith(input.attributes.source.principal, trim_suffix(gateway, "*"))
}

path := split(input.attributes.request.http.path, "?")[0]

host := trim_suffix(regex.replace(lower(input.attributes.request.http.host), `:[0-9]+$`, ""), ".")

# Claims by identity provider, of a token that is valid now for it. The key decides the algorithm, never the token.
claims[name] := payload if {
	some name, provider in policy.identities
	some audience in provider.audiences
	[valid, header, payload] := io.jwt.decode_verify(token, {
		"cert": json.marshal(data.ringfence.keys[name]),
		"iss": provider.issuer,
		"aud": audience,
	})
	valid
	startswith(header.alg, "HS") == false
	is_number(payload.exp)
}

token := substring(authorization, 7, -1) if {
	authorization := input.attributes.request.http.headers.authorization
	lower(substring(authorization, 0, 7)) == "bearer "
}

ambiguous if not startswith(path, "/")

ambiguous if contains(path, "//")

ambiguous if contains(path, "\\")

ambiguous if contains(path, "#")

# Encoded separators, dots, percent signs and control characters.
ambiguous if regex.match(`%(?i:2f|5c|2e|25|3b|[01][0-9a-f]|7f)|%([^0-9A-Fa-f]|$|.[^0-9A-Fa-f]|.$)`, path)

ambiguous if {
	some segment in split(path, "/")
	split(segment, ";")[0] in {".", ".."}
}

ambiguous if regex.match(`[\x00-\x20\x7f]`, path)
