#!/bin/sh
# Writes what compose.yaml reads as secrets into a directory that only its owner may enter. What is there is kept.
# usage: deploy/secrets.sh [DIRECTORY]
# PYTHON, BROKER_HOST (host:port of the RabbitMQ), BROKER_VHOST and BROKER_PREFIX (of account names) may be set.
set -eu
into=${1:-deploy/secrets}
python=${PYTHON:-python3}
mkdir -p "$into"
chmod 700 "$into"

random() { "$python" -c 'import secrets; print(secrets.token_urlsafe(24), end="")'; }
keep() { [ -s "$into/$1" ] || cat > "$into/$1"; }

random | keep postgres_password
printf 'postgresql://ledgerbus:%s@postgres:5432/ledgerbus' "$(cat "$into/postgres_password")" | keep store_url
random | keep flower_password
random | keep gateway_key
keep gateway_keys <<KEYS
keys:
  - name: first
    key: $(cat "$into/gateway_key")
    sources: ["*"]
    types: ["*"]
    companies: ["*"]
KEYS
random | keep redis_password
keep valkey_conf <<VALKEY
appendonly yes
appendfsync always
maxmemory-policy noeviction
save ""
requirepass $(cat "$into/redis_password")
VALKEY
printf 'redis://:%s@broker:6379/0' "$(cat "$into/redis_password")" | keep broker_url_redis
[ -s "$into/definitions.json" ] || "$python" -m bus.cli.app broker accounts "$into" --host "${BROKER_HOST:-broker:5672}" \
    --vhost "${BROKER_VHOST:-ledgerbus}" --prefix "${BROKER_PREFIX:-ledgerbus-}"
# A file is mounted as it is, and each image reads it under an account of its own; the directory keeps others out.
chmod 644 "$into"/*
