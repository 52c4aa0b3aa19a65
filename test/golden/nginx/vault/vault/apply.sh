#!/bin/sh
# Writes the policies and roles of desk into Vault or OpenBao, logged in as whoever may. No value passes here.
set -eu
cd "$(dirname "$0")"

vault policy write desk.engine policies/desk.engine.hcl
vault write auth/kubernetes/role/desk.engine @roles/desk.engine.json

# How each secret is kept, and how often it is to be renewed. Put values in yourself, from where they arise:
#   vault kv put -mount=kv -cas=0 desk/NAME value=-
vault kv metadata put -mount=kv -cas-required=true -max-versions=5 desk/weather-key
