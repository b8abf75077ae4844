#!/usr/bin/env bash
# Installs ferray and everything that it is pinned to on a node: `setup.sh ferray-0.1.0-py3-none-any.whl`.
#
# The wheel brings its pins along, so that all nodes have the same versions; other files than the pinned are refused. Run
# again it does nothing, unless the wheel is another. Wants a Python 3.9 or newer with venv, and a way to a package index.
set -euo pipefail

if (($# != 1)) || [[ ! -f $1 ]]; then
    echo "usage: setup.sh ferray-0.1.0-py3-none-any.whl" >&2
    exit 2
fi
wheel=$1
home=$HOME/ferray
stamp=$home/venv/installed
digest=$(sha256sum "$wheel" | cut -d ' ' -f 1)

(umask 077 && mkdir -p ~/ferray/tmp) # of Ray's session
cat >"$home/environment" <<'END'
export RAY_AUTH_MODE=token RAY_TMPDIR=~/ferray/tmp RAY_USAGE_STATS_ENABLED=0 PATH=$HOME/ferray/venv/bin:$PATH
export FERRAY_DATA=/shared/data FERRAY_CACHE=/tmp/ferray-cache-$UID
END
profile='. ~/ferray/environment'
grep -qxF "$profile" "$HOME/.bashrc" 2>/dev/null || echo "$profile" >>"$HOME/.bashrc"

if [[ -f $stamp && $(<"$stamp") == "$digest" ]]; then
    exit 0
fi
content=$(mktemp -d)
trap 'rm -rf "$content"' EXIT
python3 -m zipfile -e "$wheel" "$content"
pins=$content/ferray/_shipped/cluster/node

rm -rf "$home/installer" "$home/venv"
python3 -m venv "$home/installer"
"$home/installer/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$pins/installer.txt"
uv=$home/installer/bin/uv
"$uv" venv --quiet --python 3.11 "$home/venv"
"$uv" pip install --quiet --compile-bytecode --python "$home/venv/bin/python" --require-hashes -r "$pins/requirements.txt"
"$uv" pip install --quiet --python "$home/venv/bin/python" --no-deps --no-build-isolation "$wheel"

echo "$digest" >"$stamp"
