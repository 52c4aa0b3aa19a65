# METADATA
# title: Tokens, validated where they are believed
# description: The keys stand in data.ringfence.keys. The key decides the algorithm, never the token.
package ringfence.tokens

import data.ringfence.policy

# Claims by identity provider, of a bearer token that is valid now for it.
claims(authorization) := {name: payload |
	lower(substring(authorization, 0, 7)) == "bearer "
	token := substring(authorization, 7, -1)
	some name, provider in policy.identities
	some audience in provider.audiences
	[valid, header, payload] := io.jwt.decode_verify(token, {
		"cert": json.marshal(data.ringfence.keys[name]),
		"iss": provider.issuer,
		"aud": audience,
	})
	valid
	not startswith(header.alg, "HS")
	is_number(payload.exp)
}
