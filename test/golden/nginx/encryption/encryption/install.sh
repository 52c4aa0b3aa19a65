#!/bin/sh
# Puts the configuration beside the API server, with a key that stands nowhere else. The key comes from standard input
# (32 bytes in base64), the same one for each control-plane node:
#   head -c 32 /dev/urandom | base64 | ./install.sh /etc/kubernetes/encryption
set -eu
cd "$(dirname "$0")"
target="${1:?usage: install.sh FOLDER < KEY}/encryption-configuration.yaml"
IFS= read -r key
[ "$(printf %s "$key" | base64 -d | wc -c)" -eq 32 ] || { echo "the key must be 32 bytes in base64" >&2; exit 2; }
umask 077
while IFS= read -r line; do
  case "$line" in
    \#*) ;;
    *RINGFENCE_SECRETBOX_KEY*) printf '%s%s\n' "${line%RINGFENCE_SECRETBOX_KEY*}" "$key" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < encryption-configuration.yaml > "$target.new"
mv "$target.new" "$target"
echo "wrote $target: add --encryption-provider-config=$target to the API server"

# What was written before stays as it was until it is written again. Once every API server runs with the configuration:
#   kubectl get secrets,configmaps --all-namespaces -o json | kubectl replace -f -
# Then look whether it is so: the value in etcd begins with `k8s:enc:`.
