#!/bin/sh
# deploy/backup.sh FILE   the farm's database as it is at one moment, in pg_dump's custom format. The farm may go on meanwhile.
# Through docker compose; with PGHOST (PGPORT, PGUSER, PGPASSWORD) set, through this machine's own PostgreSQL programs.
# The bucket is backed up after it, with its own means: docs/operations.md.
set -eu
file=${1:?give the file to write}
[ ! -e "$file" ] || { echo "backup: $file is there already; nothing was done." >&2; exit 1; }
umask 077 # prompts, and the hashes of keys
here() { if [ -n "${PGHOST:-}" ]; then "$@"; else docker compose exec -T -u postgres postgres "$@"; fi; }

trap 'rm -f "$file.part"' EXIT
here pg_dump --format=custom --dbname=farm >"$file.part"
here pg_restore --list <"$file.part" >/dev/null # whole, and readable
sync "$file.part"
mv "$file.part" "$file"
echo "backup: $file, $(wc -c <"$file") bytes" >&2
