package ringfence.workloads

import data.lib.pod

# parameters:
#   workloads: {"<workload>": ["<repository>", …]}   whose images may run in this zone
#   injected:  {"<container>": ["<repository>", …]}  containers that the mesh or the secrets' agent adds to pods
#   proxies:   {"<container>": ["<argument>", …]}    how arguments of the mesh's containers begin
#   escapes:   ["<variable>", …]                     variables that the mesh's containers do not have
#   audiences: ["<audience>", …]                     whom a mounted token may be for
#   waypoint:  {"label", "name", "container", "repositories", "arguments"}  pods of the zone's waypoint
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
	not waypoint
	msg := sprintf("the label %v must name a workload of this zone, found %q", [input.parameters.label, workload])
}

problems[msg] {
	not waypoint
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

# A name of the mesh's or the agent's is theirs alone.
allowed(c, name) {
	not input.parameters.injected[c.name]
	repositories[_] == name
}

# They come when the pod does: whoever writes one into a template writes it himself.
allowed(c, name) {
	input.review.object.kind == "Pod"
	input.parameters.injected[c.name][_] == name
}

# An image volume brings code as a container does.
problems[msg] {
	repositories != null
	volume := found.spec.volumes[_]
	name := repository(pod.field(volume, ["image", "reference"], ""))
	volume.image
	not of_workload(name)
	msg := sprintf("volume %v of %v must not be an image of %v", [volume.name, workload, name])
}

of_workload(name) {
	repositories[_] == name
}

problems[msg] {
	c := pod.containers(found.spec)[_]
	input.parameters.proxies[c.name]
	not runs_as(c, input.parameters.proxies[c.name])
	msg := sprintf("container %v must be run as the mesh runs it, without a command, probes or variables of one's own", [c.name])
}

runs_as(c, arguments) {
	count(object.get(c, "command", [])) == 0
	begins_with(object.get(c, "args", []), arguments)
	not runs_otherwise(c)
}

begins_with(args, arguments) {
	array.slice(args, 0, count(arguments)) == arguments
}

# Without arguments the mesh's agent says how it is used, and ends.
begins_with([], _)

# The mesh's own agent is what its hooks run.
runs_otherwise(c) {
	handler := {
		["livenessProbe"], ["readinessProbe"], ["startupProbe"],
		["lifecycle", "postStart"], ["lifecycle", "preStop"],
	}[_]
	command := pod.field(c, array.concat(handler, ["exec", "command"]), ["pilot-agent"])
	not command[0] == "pilot-agent"
}

runs_otherwise(c) {
	c.env[_].name == input.parameters.escapes[_]
}

# Without an audience a token is for the cluster's API.
problems[msg] {
	repositories != null
	volume := found.spec.volumes[_]
	token := volume.projected.sources[_].serviceAccountToken
	audience := pod.field(token, ["audience"], "")
	not for_others(audience)
	msg := sprintf("volume %v of %v must not mount a token for the audience %q", [volume.name, workload, audience])
}

for_others(audience) {
	input.parameters.audiences[_] == audience
}

# The pods of the zone's waypoint: the mesh's proxy in its only container, and nothing else.
waypoint {
	expected := input.parameters.waypoint
	workload == ""
	found.metadata.labels[expected.label] == expected.name
	found.spec.serviceAccountName == expected.name
	containers := pod.containers(found.spec)
	count(containers) == 1
	containers[0].name == expected.container
	expected.repositories[_] == repository(object.get(containers[0], "image", ""))
	runs_as(containers[0], expected.arguments)
	not brings_image
}

brings_image {
	found.spec.volumes[_].image
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
