# The workflow names no Rego of its own.
package ringfence.narrow

reasons := set()
