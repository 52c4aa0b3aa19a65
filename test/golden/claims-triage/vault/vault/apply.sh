#!/bin/sh
# Writes the policies and roles of claims-triage into Vault or OpenBao, logged in as whoever may. No value passes here.
set -eu
cd "$(dirname "$0")"

vault policy write claims-triage.api-gateway policies/claims-triage.api-gateway.hcl
vault write auth/kubernetes/role/claims-triage.api-gateway @roles/claims-triage.api-gateway.json

vault policy write claims-triage.model-server policies/claims-triage.model-server.hcl
vault write auth/kubernetes/role/claims-triage.model-server @roles/claims-triage.model-server.json

vault policy write claims-triage.preprocessor policies/claims-triage.preprocessor.hcl
vault write auth/kubernetes/role/claims-triage.preprocessor @roles/claims-triage.preprocessor.json

# How each secret is kept, and how often it is to be renewed. Put values in yourself, from where they arise:
#   vault kv put -mount=secret -cas=0 claims-triage/NAME value=-
vault kv metadata put -mount=secret -cas-required=true -max-versions=5 -custom-metadata=rotate-every-seconds=7776000 claims-triage/alert-token
vault kv metadata put -mount=secret -cas-required=true -max-versions=5 -custom-metadata=rotate-every-seconds=2592000 claims-triage/geocoder-key
vault kv metadata put -mount=secret -cas-required=true -max-versions=5 -custom-metadata=rotate-every-seconds=604800 claims-triage/results-db-reader
vault kv metadata put -mount=secret -cas-required=true -max-versions=5 -custom-metadata=rotate-every-seconds=604800 claims-triage/results-db-writer
