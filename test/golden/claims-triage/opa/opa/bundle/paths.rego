# METADATA
# title: One reading of a path
# description: |
#   A path is decided on as whoever answers will read it: decoded. One that two readers could read differently, or that
#   hides in its encoding what nobody needs to hide, is refused, whatever flow it might match.
package ringfence.paths

# The decoded path of a request target, without its query, when there is one way to read it.
plain(target) := path if {
	regex.match(`^/[\x21-\x22\x24-\x7e]*$`, target)
	raw := split(target, "?")[0]
	not contains(raw, "\\")
	well_encoded(raw)

	# Only a form's reader takes a plus sign for a space.
	path := urlquery.decode(replace(raw, "+", "%2B"))
	not ambiguous(path)
}

# Encodings of UTF-8 alone, and none of a separator (%2F, %5C) or a control character.
well_encoded(raw) if regex.match(concat("", ["(?i)^(", concat("|", encodings), ")*$"]), raw)

encodings := [
	`[^%]`,
	`%[3467][0-9a-e]`,
	`%[346]f`,
	`%2[0-9a-e]`,
	`%5[0-9abdef]`,
	`%c[2-9a-f]%[89ab][0-9a-f]`,
	`%d[0-9a-f]%[89ab][0-9a-f]`,
	`%e0%[ab][0-9a-f]%[89ab][0-9a-f]`,
	`%e[1-9abcef]%[89ab][0-9a-f]%[89ab][0-9a-f]`,
	`%ed%[89][0-9a-f]%[89ab][0-9a-f]`,
	`%f0%[9ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]`,
	`%f[123]%[89ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]`,
	`%f4%8[0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]`,
]

# Encoded twice.
ambiguous(path) if regex.match(`%[0-9A-Fa-f]{2}`, path)

# Invisible characters, those that change direction, and those that some libraries fold to a separator or a dot.
ambiguous(path) if regex.match(concat("", ["[", concat("", unclear), "]"]), path)

unclear := [
	`\x{80}-\x{9f}`,
	`\x{200b}-\x{200f}`,
	`\x{2024}`,
	`\x{2028}-\x{202e}`,
	`\x{2044}`,
	`\x{2060}-\x{2069}`,
	`\x{2215}`,
	`\x{feff}`,
	`\x{ff0e}`,
	`\x{ff0f}`,
	`\x{ff3c}`,
]

# Dot segments; some servers cut parameters off before they resolve them.
ambiguous(path) if {
	some segment in split(path, "/")
	split(segment, ";")[0] in {".", ".."}
}

# Empty segments, parameters or none; a last slash is no segment.
ambiguous(path) if contains(path, "//")

ambiguous(path) if contains(path, "/;")

# A host without its port, in lower case.
host(value) := trim_suffix(regex.replace(lower(value), `:[0-9]+$`, ""), ".")
