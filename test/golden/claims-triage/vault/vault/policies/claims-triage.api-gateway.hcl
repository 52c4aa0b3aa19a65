# What api-gateway may read. Nothing else: Vault denies what no policy names.
path "secret/data/claims-triage/alert-token" {
  capabilities = ["read"]
}

path "secret/data/claims-triage/results-db-reader" {
  capabilities = ["read"]
}
