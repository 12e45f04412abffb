"""Passages by the day in their UUIDv7, and an audit log that nobody changes: what Django's models can't say."""

from __future__ import annotations

from django.db import migrations

PASSAGES = """
CREATE TABLE passages (
    id uuid PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES devices,
    series bigint NOT NULL,
    seq bigint NOT NULL,
    revision bigint NOT NULL,
    at timestamptz NOT NULL,
    outcome varchar(16) NOT NULL,
    reasons text[] NOT NULL,
    passage varchar(16),
    body bytea NOT NULL,
    received_at timestamptz NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX passages_device_at ON passages (device_id, at);
-- What names a day that can't be.
CREATE TABLE passages_impossible PARTITION OF passages DEFAULT;

-- The first UUIDv7 of a day (UTC): 48 bits of milliseconds, then nothing.
CREATE FUNCTION first_id(day date) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT rpad(lpad(to_hex((day - DATE '1970-01-01')::bigint * 86400000), 12, '0'), 32, '0')::uuid
$$;

-- Makes the partition of a day unless it is there; what waited for it among the impossible ones moves.
CREATE FUNCTION make_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'passages_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(20210620);
    -- Not to_regclass: what it remembers may be from before the lock.
    IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = part) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE passages INCLUDING ALL)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM passages_impossible WHERE id >= %L AND id < %L RETURNING *)
         INSERT INTO %I SELECT * FROM moved',
        first_id(day), first_id(day + 1), part
    );
    EXECUTE format(
        'ALTER TABLE passages ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, first_id(day), first_id(day + 1)
    );
END
$$;
"""
NO_PASSAGES = """
DROP TABLE passages;
DROP FUNCTION make_day;
DROP FUNCTION first_id;
"""

AUDIT = """
CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit entry is neither changed nor deleted';
END
$$;
CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_final();
"""
NO_AUDIT = """
DROP TRIGGER audit_is_final ON audit;
DROP FUNCTION audit_is_final;
"""


class Migration(migrations.Migration):
    """After the tables that Django makes by itself."""

    dependencies = (("registry", "0001_initial"),)
    operations = (migrations.RunSQL(PASSAGES, NO_PASSAGES), migrations.RunSQL(AUDIT, NO_AUDIT))
