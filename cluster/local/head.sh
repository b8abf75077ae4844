#!/usr/bin/env bash
# Starts Ray's head on this machine; on the others `worker.sh HEAD` joins it. See cluster/README.md.
#
# Whoever reaches Ray's ports without the token runs code as you: keep the machines on a network of their own.
set -euo pipefail

if ! command -v ray >/dev/null; then
    echo "there is no \`ray\` on this machine: install ferray with cluster/node/setup.sh, or activate its environment" >&2
    exit 2
fi
port=6379 before=""
for word; do
    if [[ $before == --port ]]; then port=$word; elif [[ $word == --port=* ]]; then port=${word#--port=}; fi
    before=$word
done
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then # Ray would call it a bug of its own
    echo "port $port is taken here, as by another Ray: \`ray stop\` ends yours, beside another's pass another \`--port=\`" >&2
    exit 2
fi
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
export RAY_grpc_client_keepalive_time_ms=61000 RAY_grpc_client_keepalive_timeout_ms=20000 # a lost answer is missed in time
export RAY_TMPDIR="${RAY_TMPDIR:-$HOME/ferray/tmp}" # Ray lets every user of a machine write into its session; not there
(umask 077 && mkdir -p "$RAY_TMPDIR")
export FERRAY_DATA="${FERRAY_DATA:-/shared/data}" FERRAY_CACHE="${FERRAY_CACHE:-/tmp/ferray-cache-$UID}"

(umask 077 && ray get-auth-token --generate >/dev/null) # writes ~/.ray/auth_token where there is none
if [[ -f ~/.ray/auth_token ]]; then chmod 600 ~/.ray/auth_token; fi
ray start --head --port="$port" --dashboard-host=127.0.0.1 "$@"

cat <<END

To add a machine, bring it the token and run the other script there:
  ssh OTHER mkdir -p .ray && scp -p ~/.ray/auth_token OTHER:.ray/
  cluster/local/worker.sh HEAD:$port
To sweep on all of them, in this terminal or another on this machine:
  export RAY_AUTH_MODE=token RAY_TMPDIR=$RAY_TMPDIR
  ferray sweep sfew --address auto --gpus-per-trial 1
END
