#!/bin/sh
# Gives definitions.sh's to the broker. May be run again at any time: it sets passwords and rights anew, and leaves messages alone.
# Wants curl, RABBITMQ_API (the management API's URL), RABBITMQ_ADMIN and RABBITMQ_ADMIN_PASSWORD, and what definitions.sh wants.
set -eu
# in files, not in the arguments, which other processes can read
umask 077
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
printf 'user = "%s:%s"\n' "${RABBITMQ_ADMIN:?}" "${RABBITMQ_ADMIN_PASSWORD:?}" >"$made/login"
sh "$(dirname "$0")/definitions.sh" >"$made/definitions.json"
curl -sS --fail-with-body -K "$made/login" -H 'Content-Type: application/json' --data-binary "@$made/definitions.json" "${RABBITMQ_API:?}/definitions"
