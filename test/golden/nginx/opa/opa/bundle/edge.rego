# METADATA
# title: Answers for a gateway that asks over HTTP
# description: |
#   OPA's data API answers 200 whatever it decides, and a gateway's auth request takes any 2xx for yes. OPA's own
#   authorization answers 401 instead of 200, so the decision is made there: a gateway that gets a 200 may pass the
#   request on. The gateway asks GET /v1/data/edge/<workload>/<port>, with the request in headers that it sets itself;
#   the network lets nobody else ask.
package system.authz

import data.ringfence.paths
import data.ringfence.tokens

default allow := false

allow if {
	input.method == "GET"
	decision := data.ringfence.authz.decision with input as request
	decision.allow
}

request := {
	"source": {"kind": "edge"},
	"destination": {"name": destination.name, "port": to_number(destination.port)},
	"request": {
		"method": header("X-Original-Method"),
		"path": paths.plain(target),
		"host": paths.host(authority),
	},
	"claims": tokens.claims(authorization),
}

destination := {"name": name, "port": port} if ["v1", "data", "edge", name, port] = input.path

# scheme://authority/path, with one value each: a second one is somebody else's.
header(name) := input.headers[name][0] if count(input.headers[name]) == 1

authority := regex.find_all_string_submatch_n(`^https?://([^/?#]*)`, header("X-Original-Url"), 1)[0][1]

target := substring(header("X-Original-Url"), count(prefix), -1) if {
	prefix := regex.find_n(`^https?://[^/?#]*`, header("X-Original-Url"), 1)[0]
}

default authorization := ""

authorization := header("Authorization")
