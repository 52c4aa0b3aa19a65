# METADATA
# title: From Envoy's check request to the workflow's decision
# description: |
#   Envoy vouches for the connection's principals, and for nothing that a client writes: tokens are validated here, and
#   a path that two readers could read differently is refused.
package ringfence.envoy

import data.ringfence.paths
import data.ringfence.policy
import data.ringfence.tokens

default allow := false

# METADATA
# title: Whether Envoy lets the request through
# entrypoint: true
allow if {
	decision := data.ringfence.authz.decision with input as request
	decision.allow
}

request := {
	"source": source,
	"destination": {
		"name": policy.principals[input.attributes.destination.principal],
		"port": input.attributes.destination.address.socketAddress.portValue,
	},
	"request": {
		"method": input.attributes.request.http.method,
		"path": paths.plain(input.attributes.request.http.path),
		"host": paths.host(input.attributes.request.http.host),
	},
	"claims": tokens.claims(object.get(input.attributes.request.http.headers, "authorization", "")),
}

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
