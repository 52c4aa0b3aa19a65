# What model-server may read. Nothing else: Vault denies what no policy names.
path "secret/data/claims-triage/results-db-writer" {
  capabilities = ["read"]
}
