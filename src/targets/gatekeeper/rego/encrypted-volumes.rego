package ringfence.encryptedvolumes

# parameters:
#   class: the storage class whose volumes are encrypted

violation[{"msg": msg}] {
	class := object.get(input.review.object.spec, "storageClassName", "")
	class != input.parameters.class
	msg := sprintf("the storage class must be %v, found %q", [input.parameters.class, class])
}
