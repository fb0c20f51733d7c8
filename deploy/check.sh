#!/usr/bin/env bash
# deploy/check.sh [OVERLAY...]   Builds the Kubernetes overlays, and those you name, and holds every object against its kind's schema: unknown
# fields, missing ones, wrong types. Then has docker compose read its file with each profile. Applies and starts nothing, and leaves nothing behind.
# Wants kubectl, npm and docker compose. What cannot be checked for want of one is named, and is no error.
set -euo pipefail
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
checked() { echo "checked: $1"; }
not_checked() { echo "NOT CHECKED: $1" >&2; }

# on a copy, whose .env and secrets are made for this
mkdir "$made/farm"
cp -r "$deploy" "$deploy/../docker-compose.yml" "$deploy/../.env.example" "$made/farm"
"$made/farm/deploy/k8s/overlays/trial/make-secrets.sh" 2>/dev/null
overlays=$made/farm/deploy/k8s/overlays
mkdir "$overlays/gpu-watched"
printf '%s\n' 'resources: [../gpu]' 'components: [../../watch]' >"$overlays/gpu-watched/kustomization.yaml"

name() { realpath "$1" | sed "s|^$overlays/||; s|^/||; s|/|_|g"; }

kubernetes() { # kubernetes OVERLAY...
    if ! kubectl kustomize --help &>/dev/null; then
        not_checked "Kubernetes: no kubectl"
        return
    fi
    for overlay; do
        kubectl kustomize "$overlay" >"$made/$(name "$overlay").yaml"
        checked "$(name "$overlay"): $(grep -c ^kind: "$made/$(name "$overlay").yaml") objects built"
    done
    cd "$made"
    cp "$deploy"/check/* .
    if ! npm ci --no-audit --no-fund --loglevel=error &>npm.log; then
        not_checked "the objects' schemas: no npm, or no answer from its registry: $(head -n 1 npm.log)"
        return
    fi
    for overlay in *.yaml; do
        node objects.mjs "objects/${overlay%.yaml}" <"$overlay"
    done
    npx --no-install tsc --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext objects/*/*.ts
    checked "$(find objects -name '*.ts' | wc -l) objects against their schemas"
}

compose() {
    if ! docker compose version &>/dev/null; then
        not_checked "docker-compose.yml: no docker compose"
        return
    fi
    for profile in "" gpu gpus-2 gpus-4 gpus-8 watch; do
        COMPOSE_PROFILES=$profile docker compose --project-directory "$made/farm" -f "$made/farm/docker-compose.yml" config --quiet
    done
    checked "docker-compose.yml, with each profile"
}

(kubernetes "$overlays"/*/ "$@")
compose
