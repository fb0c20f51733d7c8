#!/bin/sh
# Writes .env from .env.example, each empty secret filled with 32 random letters and digits (190 bits). An .env that is there stays:
# only secrets that it lacks are added.
set -eu
cd "$(dirname "$0")/.."
umask 077
[ -f .env ] || cp .env.example .env
chmod 600 .env
for name in $(sed -nE 's/^(FARM_[A-Z0-9_]*(PASSWORD|SECRET|KEY))=$/\1/p' .env.example); do
    grep -qE "^$name=." .env && continue
    secret=$(LC_ALL=C tr -dc A-Za-z0-9 </dev/urandom | head -c 32)
    if grep -q "^$name=" .env; then
        sed "s/^$name=\$/$name=$secret/" .env >.env.new && mv .env.new .env
    else
        printf '\n%s\n' "$name=$secret" >>.env
    fi
    echo "$name: made" >&2
done
