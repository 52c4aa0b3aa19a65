package ringfence.ownership

# parameters:
#   managers: groups that may change policies
#   what:     what is protected, for the message

violation[{"msg": msg}] {
	not by_manager
	msg := sprintf("only members of %v may change %v", [concat(" or ", input.parameters.managers), input.parameters.what])
}

by_manager {
	input.review.userInfo.groups[_] == input.parameters.managers[_]
}
