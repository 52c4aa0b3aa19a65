package ringfence.ownership

# parameters:
#   managers: groups that may change policies
#   what:     what is protected, for the message
#   cluster:  groups of the cluster's own controllers, where they may do their bookkeeping
#   cleaners: users that may remove what goes with its namespace or its owner
#   derived:  {"user": "<the mesh's control plane>", "label": "<label>", "kinds": ["<kind>", …]}  what it makes of a Gateway

violation[{"msg": msg}] {
	not by_manager
	not by_the_cluster
	not by_the_mesh
	msg := sprintf("only members of %v may change %v", [concat(" or ", input.parameters.managers), input.parameters.what])
}

by_manager {
	input.review.userInfo.groups[_] == input.parameters.managers[_]
}

by_the_cluster {
	input.review.userInfo.groups[_] == input.parameters.cluster[_]
}

by_the_cluster {
	input.review.operation == "DELETE"
	input.review.userInfo.username == input.parameters.cleaners[_]
}

by_the_mesh {
	is_control_plane(input.review.userInfo.username)
	input.parameters.derived.kinds[_] == input.review.object.kind
	input.review.object.metadata.labels[input.parameters.derived.label]
}

is_control_plane(user) {
	user == input.parameters.derived.user
}

# A control plane of a revision.
is_control_plane(user) {
	startswith(user, concat("", [input.parameters.derived.user, "-"]))
}
