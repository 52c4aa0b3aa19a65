package ringfence.strictmtls

# Nobody, managers included, opens a zone to plaintext.

violation[{"msg": msg}] {
	input.review.object.kind == "PeerAuthentication"
	mode := modes[_]
	mode != "STRICT"
	mode != "UNSET"
	msg := sprintf("the mutual TLS mode must be STRICT, found %v", [mode])
}

modes[mode] {
	mode := input.review.object.spec.mtls.mode
}

modes[mode] {
	mode := input.review.object.spec.portLevelMtls[_].mode
}

violation[{"msg": msg}] {
	input.review.object.kind == "DestinationRule"
	mode := tls_modes[_]
	mode != "ISTIO_MUTUAL"
	mode != "MUTUAL"
	not outside
	msg := sprintf("TLS towards workloads must be ISTIO_MUTUAL, found %v", [mode])
}

# Towards a host outside the cluster, plain TLS is right.
outside {
	not endswith(input.review.object.spec.host, ".svc.cluster.local")
	contains(input.review.object.spec.host, ".")
}

tls_modes[mode] {
	mode := input.review.object.spec.trafficPolicy.tls.mode
}

tls_modes[mode] {
	mode := input.review.object.spec.trafficPolicy.portLevelSettings[_].tls.mode
}

tls_modes[mode] {
	mode := input.review.object.spec.subsets[_].trafficPolicy.tls.mode
}
