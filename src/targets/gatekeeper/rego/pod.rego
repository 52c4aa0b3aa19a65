package lib.pod

# The pod that an object holds, wherever its kind keeps it.
pod(holder) = holder {
	holder.kind == "Pod"
}

pod(holder) = holder.spec.template {
	holder.kind != "Pod"
	holder.kind != "CronJob"
}

pod(holder) = holder.spec.jobTemplate.spec.template {
	holder.kind == "CronJob"
}

# Every container: an init or ephemeral container runs code as well.
containers(spec) = list {
	list := array.concat(
		array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", [])),
		object.get(spec, "ephemeralContainers", []),
	)
}

# A field at any depth, or a default where a part of the way is missing or null.
field(holder, path, otherwise) = value {
	value := object.get(holder, path, otherwise)
	value != null
} else = otherwise
