#!/bin/bash
# Makes the bucket and the farm's two users, each with its policy. May be run again: it sets secrets and policies anew.
# Wants mc, MC_HOST_farm (an administrator's URL), FARM_BUCKET, FARM_COORDINATOR_S3_SECRET and FARM_WORKER_S3_SECRET.
# MinIO's image has neither sed nor grep.
set -euo pipefail
cd "$(dirname "$0")"
mc mb --ignore-existing "farm/$FARM_BUCKET"

user() { # user NAME SECRET
    local policy attached
    policy=$(<"$1.json")
    mc admin policy create farm "farm-$1" <(echo "${policy//BUCKET/$FARM_BUCKET}")
    mc admin user add farm "$1" "$2"
    # attaching what is attached is an error to mc
    attached=$(mc admin policy entities farm --user "$1")
    [[ $attached == *"farm-$1"* ]] || mc admin policy attach farm "farm-$1" --user "$1"
}

user coordinator "${FARM_COORDINATOR_S3_SECRET:?}"
user worker "${FARM_WORKER_S3_SECRET:?}"
