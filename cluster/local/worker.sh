#!/usr/bin/env bash
# Joins this machine to the head that `head.sh` has started elsewhere: `worker.sh HEAD`, its name or address.
set -euo pipefail

if (($# == 0)); then
    echo "usage: worker.sh HEAD [OPTIONS of ray start]" >&2
    exit 2
fi
if ! command -v ray >/dev/null; then
    echo "there is no \`ray\` on this machine: install ferray with cluster/node/setup.sh, or activate its environment" >&2
    exit 2
fi
if [[ ! -s ~/.ray/auth_token && -z ${RAY_AUTH_TOKEN_PATH:-}${RAY_AUTH_TOKEN:-} ]]; then
    echo "there is no ~/.ray/auth_token: copy it from the head, \`mkdir -p ~/.ray && scp -p HEAD:.ray/auth_token ~/.ray/\`" >&2
    exit 2
fi
head=$1
shift
if [[ ! $head =~ ^[^:]+:[0-9]+$ ]]; then head=$head:6379; fi
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
export RAY_grpc_client_keepalive_time_ms=61000 RAY_grpc_client_keepalive_timeout_ms=20000 # a lost answer is missed in time
export RAY_TMPDIR="${RAY_TMPDIR:-$HOME/ferray/tmp}" # Ray lets every user of a machine write into its session; not there
(umask 077 && mkdir -p "$RAY_TMPDIR")
export FERRAY_DATA="${FERRAY_DATA:-/shared/data}" FERRAY_CACHE="${FERRAY_CACHE:-/tmp/ferray-cache-$UID}"

ray start --address="$head" "$@"
