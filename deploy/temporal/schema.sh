#!/bin/sh
# Creates or updates both databases; safe to repeat.
set -eu
for name in temporal visibility; do
  database=temporal
  [ "$name" = visibility ] && database=temporal_visibility
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema -v 0.0
  temporal-sql-tool --database "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$name/versioned"
done
