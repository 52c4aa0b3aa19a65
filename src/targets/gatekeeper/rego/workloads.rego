package ringfence.workloads

import data.lib.pod

# parameters:
#   workloads: {"<workload>": ["<repository>", …]}   whose images may run in this zone
#   injected:  {"<container>": ["<repository>", …]}  containers that the mesh or the secrets' agent adds
#   labels:    {"<label>": "<value>"}                labels that every pod of the zone carries
#   label:     the label that names the workload

found := pod.pod(input.review.object)

violation[{"msg": msg}] {
	problems[msg]
}

# FAIL CLOSED: an object in which no pod is found is refused.
problems["no pod was found in this object"] {
	not found.spec
}

default workload := ""

workload := found.metadata.labels[input.parameters.label]

repositories := object.get(input.parameters.workloads, workload, null)

problems[msg] {
	repositories == null
	msg := sprintf("the label %v must name a workload of this zone, found %q", [input.parameters.label, workload])
}

problems[msg] {
	value := input.parameters.labels[key]
	not found.metadata.labels[key] == value
	msg := sprintf("the label %v must be %v", [key, value])
}

problems[msg] {
	repositories != null
	account := object.get(found.spec, "serviceAccountName", "default")
	account != workload
	msg := sprintf("the pod of %v must run as the service account %v, found %v", [workload, workload, account])
}

# The old name of the field says the same; a different value in it is a trick.
problems[msg] {
	account := found.spec.serviceAccount
	account != object.get(found.spec, "serviceAccountName", "default")
	msg := sprintf("serviceAccount %v and serviceAccountName contradict each other", [account])
}

problems["automountServiceAccountToken must not be true"] {
	found.spec.automountServiceAccountToken == true
}

problems[msg] {
	repositories != null
	c := pod.containers(found.spec)[_]
	name := repository(object.get(c, "image", ""))
	not allowed(c, name)
	msg := sprintf("container %v of %v must not run an image of %v", [c.name, workload, name])
}

allowed(_, name) {
	repositories[_] == name
}

allowed(c, name) {
	input.parameters.injected[c.name][_] == name
}

repository(image) = name {
	path := untagged(split(image, "@")[0])
	name := with_registry(path)
}

untagged(image) = path {
	parts := split(image, "/")
	last := split(parts[count(parts) - 1], ":")[0]
	path := concat("/", array.concat(array.slice(parts, 0, count(parts) - 1), [last]))
}

with_registry(path) = name {
	not contains(path, "/")
	name := concat("", ["docker.io/library/", path])
}

with_registry(path) = path {
	contains(path, "/")
	first := split(path, "/")[0]
	first != "index.docker.io"
	is_registry(first)
}

with_registry(path) = name {
	startswith(path, "index.docker.io/")
	name := trim_prefix(path, "index.")
}

with_registry(path) = name {
	contains(path, "/")
	not is_registry(split(path, "/")[0])
	name := concat("", ["docker.io/", path])
}

is_registry(first) {
	contains(first, ".")
}

is_registry(first) {
	contains(first, ":")
}

is_registry("localhost")
