# METADATA
# title: One reading of a path
# description: A path that two readers could read differently is refused, whatever flow it might match.
package ringfence.paths

# The path of a request target, without its query, when there is one way to read it.
plain(target) := path if {
	path := split(target, "?")[0]
	not ambiguous(path)
}

ambiguous(path) if not startswith(path, "/")

ambiguous(path) if contains(path, "//")

ambiguous(path) if contains(path, "\\")

ambiguous(path) if contains(path, "#")

# Encoded separators, dots, percent signs and control characters, and what is no encoding at all.
ambiguous(path) if regex.match(`%(?i:2f|5c|2e|25|3b|[01][0-9a-f]|7f)|%([^0-9A-Fa-f]|$|.[^0-9A-Fa-f]|.$)`, path)

ambiguous(path) if {
	some segment in split(path, "/")
	split(segment, ";")[0] in {".", ".."}
}

ambiguous(path) if regex.match(`[\x00-\x20\x7f]`, path)

# A host without its port, in lower case.
host(value) := trim_suffix(regex.replace(lower(value), `:[0-9]+$`, ""), ".")
