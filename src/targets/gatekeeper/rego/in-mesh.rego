package ringfence.inmesh

import data.lib.pod

# parameters:
#   label:     the label that names the workload
#   required:  {"<label>": "<value>"}                     labels that put a pod into the mesh
#   guarded:   ["<beginning of a key>", …]                labels and annotations that change what the mesh does with a pod
#   permitted: {"<key>": ["<value>", …]}                  guarded keys that may stand there all the same
#   own:       {"<workload>": {"<key>": ["<value>", …]}}  the same for single workloads
#   free:      ["<key>", …]                               guarded keys that may have any value
#   proxies:   ["<container>", …]                         containers of the mesh itself
#   proxyUser: the user and group whose connections pass by the proxy
#   waypoint:  {"label": "<label>", "name": "<value>"}    pods of a waypoint; `workloads` looks at them

found := pod.pod(input.review.object)

violation[{"msg": msg}] {
	not waypoint
	problems[msg]
}

# FAIL CLOSED: an object in which no pod is found is refused.
problems["no pod was found in this object"] {
	not found.spec
}

default workload := ""

workload := found.metadata.labels[input.parameters.label]

waypoint {
	workload == ""
	found.metadata.labels[input.parameters.waypoint.label] == input.parameters.waypoint.name
}

problems[msg] {
	value := input.parameters.required[key]
	not found.metadata.labels[key] == value
	msg := sprintf("the label %v must be %q: it keeps the pod in the mesh", [key, value])
}

problems[msg] {
	value := found.metadata[{"labels", "annotations"}[_]][key]
	startswith(key, input.parameters.guarded[_])
	not permitted(key, value)
	msg := sprintf("%v must not be %q: it changes what the mesh does with the pod", [key, value])
}

permitted(key, value) {
	input.parameters.permitted[key][_] == value
}

permitted(key, value) {
	input.parameters.own[workload][key][_] == value
}

permitted(key, _) {
	input.parameters.free[_] == key
}

problems[msg] {
	who := {"runAsUser", "runAsGroup"}[_]
	found.spec.securityContext[who] == input.parameters.proxyUser
	msg := sprintf("%v must not be %v: connections of this one pass by the mesh's proxy", [who, input.parameters.proxyUser])
}

problems[msg] {
	c := pod.containers(found.spec)[_]
	not is_proxy(c)
	who := {"runAsUser", "runAsGroup"}[_]
	c.securityContext[who] == input.parameters.proxyUser
	msg := sprintf("%v of container %v must not be %v: connections of this one pass by the mesh's proxy", [who, c.name, input.parameters.proxyUser])
}

is_proxy(c) {
	input.parameters.proxies[_] == c.name
}
