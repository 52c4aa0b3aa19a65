# What engine may read. Nothing else: Vault denies what no policy names.
path "kv/data/desk/weather-key" {
  capabilities = ["read"]
}
