# METADATA
# title: What never stands in a decision log
package system.log

mask contains "/input/attributes/request/http/headers/authorization"

mask contains "/input/attributes/request/http/headers/cookie"

mask contains "/input/attributes/request/http/headers/x-api-key"

mask contains "/input/attributes/request/http/headers/proxy-authorization"

mask contains "/input/attributes/request/http/headers/x-forwarded-client-cert"

mask contains "/input/attributes/request/http/body"

mask contains "/input/attributes/request/http/raw_body"

mask contains "/input/parsed_body"

mask contains "/input/parsed_query"

mask contains "/nd_builtin_cache"

# A query may hold tokens: the path stays, its query goes.
mask contains {"op": "upsert", "path": "/input/attributes/request/http/path", "value": path} if {
	path := split(input.input.attributes.request.http.path, "?")[0]
}
