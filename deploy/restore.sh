#!/bin/sh
# deploy/restore.sh FILE   puts what deploy/backup.sh wrote in the place of the farm's database, whole or not at all. The coordinators
# must be stopped. What was there stays beside it as farm_before_TIME, until somebody drops it.
# Through docker compose; with PGHOST (PGPORT, PGUSER, PGPASSWORD) set, through this machine's own PostgreSQL programs.
set -eu
file=${1:?give the file that deploy/backup.sh wrote}
[ -r "$file" ] || { echo "restore: $file cannot be read." >&2; exit 1; }
here() { if [ -n "${PGHOST:-}" ]; then "$@"; else docker compose exec -T -u postgres postgres "$@"; fi; }
sql() { here psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

# what has just been stopped may still be closing its connections
for second in 1 2 3 0; do
    busy=$(echo "SELECT count(*) FROM pg_stat_activity WHERE datname = 'farm' AND backend_type = 'client backend'" | sql)
    [ "$busy" != 0 ] && [ $second != 0 ] || break
    sleep 1
done
[ "$busy" = 0 ] || { echo "restore: $busy connections to the database are open; stop the coordinators first." >&2; exit 1; }
before=farm_before_$(date -u +%Y%m%d_%H%M%S)

sql <<'SQL'
DROP DATABASE IF EXISTS farm_restoring;
CREATE DATABASE farm_restoring OWNER coordinator;
REVOKE ALL ON DATABASE farm_restoring FROM PUBLIC;
SQL
here pg_restore --no-owner --role=coordinator --exit-on-error --dbname=farm_restoring <"$file"
# Events are read in the order of the transactions that wrote them, once these are over. A server that is new counts transactions from its
# own beginning, and would hold the old server's events for such as are still to come, and its own for such as webhooks were told of long
# ago. What webhooks were told of and what is no longer kept is then said by the events' ids.
here psql -X -q -v ON_ERROR_STOP=1 -d farm_restoring <<'SQL'
DO $$ BEGIN
    IF to_regclass('webhooks') IS NULL THEN RETURN; END IF;
    IF NOT EXISTS (
        SELECT transaction FROM events WHERE transaction >= pg_current_xact_id()
        UNION ALL SELECT transaction FROM event_marks WHERE transaction >= pg_current_xact_id()
        UNION ALL SELECT since FROM webhooks WHERE since >= pg_current_xact_id())
    THEN RETURN; END IF;
    INSERT INTO event_marks (name, transaction, event_id) VALUES ('webhooks', '0', 0) ON CONFLICT DO NOTHING;
    UPDATE event_marks m SET transaction = '1', event_id = COALESCE(
        (SELECT min(e.id) - 1 FROM events e WHERE (e.transaction, e.id) > (m.transaction, m.event_id)
            AND (m.name <> 'webhooks' OR e.transaction > (SELECT since FROM webhooks WHERE enabled ORDER BY since LIMIT 1))),
        (SELECT max(id) FROM events), m.event_id);
    UPDATE events SET transaction = '1';
    UPDATE webhooks SET since = '0';
END $$;
SQL
sql <<SQL
BEGIN;
ALTER DATABASE farm RENAME TO $before;
ALTER DATABASE farm_restoring RENAME TO farm;
COMMIT;
SQL
echo "restore: done. What was there before is the database $before." >&2
