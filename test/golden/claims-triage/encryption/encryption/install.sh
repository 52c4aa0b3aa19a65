#!/bin/sh
# Puts the configuration beside the API server. Run it on each control-plane node, with the folder that the API server reads.
set -eu
cd "$(dirname "$0")"
target="${1:?usage: install.sh FOLDER}/encryption-configuration.yaml"
umask 077
cp encryption-configuration.yaml "$target.new"
mv "$target.new" "$target"
echo "wrote $target: add --encryption-provider-config=$target to the API server"

# What was written before stays as it was until it is written again. Once every API server runs with the configuration:
#   kubectl get secrets,configmaps --all-namespaces -o json | kubectl replace -f -
# Then look whether it is so: the value in etcd begins with `k8s:enc:`.
