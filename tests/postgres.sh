#!/usr/bin/env bash
# Run a command with a throwaway PostgreSQL: FERRAY_TEST_POSTGRES holds its URL, and all of it is gone afterwards.
#
#   tests/postgres.sh python -m pytest tests/study/test_postgres.py
#
# Uses the distribution's server (Debian, Ubuntu: `apt-get install --no-install-recommends postgresql`) and installs
# nothing. Listens on a free loopback port alone, keeps its data in a folder of its own, asks for a password made up for
# this one run, and never runs as root. Exit code 77, as automake has it, where there is no server to be had.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -z "$bin" ] && command -v pg_ctl >/dev/null; then bin=$(dirname "$(readlink -f "$(command -v pg_ctl)")"); fi
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ] || [ ! -x "$bin/pg_ctl" ]; then
    echo "no PostgreSQL server is installed (initdb and pg_ctl)" >&2
    exit 77
fi

as=()  # the server refuses to run as root
if [ "$(id -u)" -eq 0 ]; then
    if ! command -v runuser >/dev/null; then echo "root needs runuser to start PostgreSQL" >&2; exit 77; fi
    if id -u postgres >/dev/null 2>&1; then user=postgres; else user=nobody; fi
    as=(runuser -u "$user" --)
fi

folder=$(mktemp -d)
finish() {
    "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
(umask 077; printf '%s\n' "$password" >"$folder/password")
if [ "${#as[@]}" -gt 0 ]; then chown -R "$user" "$folder"; fi

cd "$folder"  # the server's user may not be let into the caller's folder
"${as[@]}" "$bin/initdb" -D "$folder/data" -U ferray --pwfile="$folder/password" --auth=scram-sha-256 -E UTF8 \
    --locale=C --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 77; }

# Somebody may take a free port before the server does: try a few.
for _ in 1 2 3 4 5; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
    if "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 30 \
        -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off" start >/dev/null 2>&1
    then started=yes; break; fi
done
if [ -z "${started:-}" ]; then tail -n 5 "$folder/server.log" >&2 || true; exit 77; fi

cd "$OLDPWD"
export FERRAY_TEST_POSTGRES="postgresql://ferray:$password@127.0.0.1:$port/postgres"
"$@" <&0 &  # in the background, so that a signal ends the server too
child=$!
trap 'kill "$child" 2>/dev/null; exit 143' TERM
trap 'kill -INT "$child" 2>/dev/null; exit 130' INT
wait "$child"
