# What preprocessor may read. Nothing else: Vault denies what no policy names.
path "secret/data/claims-triage/geocoder-key" {
  capabilities = ["read"]
}
