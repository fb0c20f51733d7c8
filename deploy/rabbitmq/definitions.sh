#!/bin/sh
# Prints the farm's virtual host, its queues and its two users with their rights, as RabbitMQ's management API takes them. Wants
# FARM_COORDINATOR_RABBITMQ_PASSWORD and FARM_WORKER_RABBITMQ_PASSWORD, and, where it is not "farm", FARM_VHOST.
set -eu
vhost=${FARM_VHOST:-farm}
for secret in "${FARM_COORDINATOR_RABBITMQ_PASSWORD:?}" "${FARM_WORKER_RABBITMQ_PASSWORD:?}"; do
    case $secret in *[!A-Za-z0-9]*) echo "RabbitMQ's passwords are of letters and digits; they become parts of URLs." >&2; exit 1 ;; esac
done

# What a worker touches, by MassTransit's names. To configure, write and read: queues of commands with their _error and _skipped; the queue
# of its process that answers come to; the exchanges of faults, where it tells of a message that it cannot read, and must, or takes no more.
# To configure and write: the exchanges in front of the coordinator's queues, since to declare one is to configure it. Nobody but the
# coordinator reads these queues.
own='(render|worker)\\..+|[A-Za-z0-9_]+_Worker_bus_[a-z0-9]+|MassTransit:(Receive)?Fault.*'
coordinators='coordinator\\.(claims|images|workers)'

queues='' exchanges='' bindings=''
for name in coordinator.claims coordinator.images coordinator.workers; do
    queues="$queues${queues:+,}
    { \"name\": \"$name\", \"vhost\": \"$vhost\", \"durable\": true, \"auto_delete\": false, \"arguments\": {} }"
    exchanges="$exchanges${exchanges:+,}
    { \"name\": \"$name\", \"vhost\": \"$vhost\", \"type\": \"fanout\", \"durable\": true, \"auto_delete\": false, \"internal\": false, \"arguments\": {} }"
    bindings="$bindings${bindings:+,}
    { \"source\": \"$name\", \"vhost\": \"$vhost\", \"destination\": \"$name\", \"destination_type\": \"queue\", \"routing_key\": \"\", \"arguments\": {} }"
done

cat <<JSON
{
  "vhosts": [{ "name": "$vhost" }],
  "users": [
    { "name": "coordinator", "password": "$FARM_COORDINATOR_RABBITMQ_PASSWORD", "tags": "" },
    { "name": "worker", "password": "$FARM_WORKER_RABBITMQ_PASSWORD", "tags": "" }
  ],
  "permissions": [
    { "user": "coordinator", "vhost": "$vhost", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "worker", "vhost": "$vhost", "configure": "^($own|$coordinators)\$", "write": "^($own|$coordinators)\$", "read": "^($own)\$" }
  ],
  "queues": [$queues
  ],
  "exchanges": [$exchanges
  ],
  "bindings": [$bindings
  ]
}
JSON
