#!/bin/sh
# Makes the coordinator's role and database; nobody else may connect to it. May be run again: it sets the password anew.
# Wants PGHOST, PGUSER and PGPASSWORD of an administrator, and FARM_COORDINATOR_POSTGRES_PASSWORD.
set -eu
: "${FARM_COORDINATOR_POSTGRES_PASSWORD:?}"
# the password comes from the environment, not from the arguments, which other processes can read
psql -X -q -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\getenv password FARM_COORDINATOR_POSTGRES_PASSWORD
SELECT 'CREATE ROLE coordinator' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coordinator') \gexec
ALTER ROLE coordinator WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SELECT 'CREATE DATABASE farm OWNER coordinator' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'farm') \gexec
REVOKE ALL ON DATABASE farm, postgres, template1 FROM PUBLIC;
SQL
