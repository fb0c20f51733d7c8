#!/bin/sh
# Writes secrets/*.env for this overlay, out of the .env that docker compose uses, too (deploy/make-env.sh makes it).
set -eu
cd "$(dirname "$0")"
../../../make-env.sh
. ../../../../.env
umask 077
mkdir -p secrets
grep -E '^FARM_[A-Z0-9_]*(PASSWORD|SECRET)=' ../../../../.env >secrets/servers.env
cat >secrets/coordinator.env <<SETTINGS
ConnectionStrings__Farm=Host=postgres;Database=farm;Username=coordinator;Password=$FARM_COORDINATOR_POSTGRES_PASSWORD;Maximum Pool Size=50;GSS Encryption Mode=Disable
RabbitMq__Uri=amqp://coordinator:$FARM_COORDINATOR_RABBITMQ_PASSWORD@rabbitmq:5672/farm
Owners__AdminKey=$FARM_ADMIN_KEY
Objects__S3__AccessKey=coordinator
Objects__S3__SecretKey=$FARM_COORDINATOR_S3_SECRET
SETTINGS
cat >secrets/worker.env <<SETTINGS
RabbitMq__Uri=amqp://worker:$FARM_WORKER_RABBITMQ_PASSWORD@rabbitmq:5672/farm
Objects__S3__AccessKey=worker
Objects__S3__SecretKey=$FARM_WORKER_S3_SECRET
SETTINGS
echo "token=$FARM_WATCH_KEY" >secrets/watch.env
