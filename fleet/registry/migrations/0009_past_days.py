"""How many there were, by site and hour; days that go, and do not come back."""

from __future__ import annotations

from django.db import migrations, models

HOURS = """
CREATE TABLE hours (
    site_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    passed integer NOT NULL,
    refused integer NOT NULL,
    retried integer NOT NULL,
    PRIMARY KEY (site_id, hour)
) PARTITION BY RANGE (hour);
-- What names a day that can't be.
CREATE TABLE hours_impossible PARTITION OF hours DEFAULT;

CREATE FUNCTION make_hours(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'hours_' || to_char(day, 'YYYYMMDD');
    first timestamptz := day::timestamp AT TIME ZONE 'UTC';
    next timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE hours INCLUDING ALL)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM hours_impossible WHERE hour >= %L AND hour < %L RETURNING *)
         INSERT INTO %I SELECT * FROM moved',
        first, next, part
    );
    EXECUTE format('ALTER TABLE hours ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, first, next);
END
$$;

-- Rows are counted where they come in, whoever writes them, and again where a newer revision says otherwise. Rows that
-- move between partitions are not counted twice: they do not go through the table above.
CREATE FUNCTION count_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hours AS there
    SELECT site_id, date_trunc('hour', at, 'UTC'), count(*) FILTER (WHERE outcome = 'pass'),
        count(*) FILTER (WHERE outcome = 'refer'), count(*) FILTER (WHERE outcome = 'retry')
    FROM came JOIN devices ON devices.id = device_id GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (site_id, hour) DO UPDATE SET passed = there.passed + EXCLUDED.passed,
        refused = there.refused + EXCLUDED.refused, retried = there.retried + EXCLUDED.retried;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hours AS there
    SELECT site_id, date_trunc('hour', at, 'UTC'), coalesce(sum(n) FILTER (WHERE outcome = 'pass'), 0),
        coalesce(sum(n) FILTER (WHERE outcome = 'refer'), 0), coalesce(sum(n) FILTER (WHERE outcome = 'retry'), 0)
    FROM (
        SELECT came.device_id, came.at, came.outcome, 1 AS n FROM came JOIN was USING (id)
        WHERE (came.at, came.outcome) <> (was.at, was.outcome)
        UNION ALL
        SELECT was.device_id, was.at, was.outcome, -1 FROM came JOIN was USING (id)
        WHERE (came.at, came.outcome) <> (was.at, was.outcome)
    ) AS changed JOIN devices ON devices.id = device_id
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (site_id, hour) DO UPDATE SET passed = there.passed + EXCLUDED.passed,
        refused = there.refused + EXCLUDED.refused, retried = there.retried + EXCLUDED.retried;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_new AFTER INSERT ON passages REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION count_new();
CREATE TRIGGER count_changed AFTER UPDATE ON passages REFERENCING OLD TABLE AS was NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();

-- What is there already.
INSERT INTO hours
SELECT site_id, date_trunc('hour', at, 'UTC'), count(*) FILTER (WHERE outcome = 'pass'),
    count(*) FILTER (WHERE outcome = 'refer'), count(*) FILTER (WHERE outcome = 'retry')
FROM passages JOIN devices ON devices.id = device_id GROUP BY 1, 2;
SELECT make_hours(to_date(right(relname, 8), 'YYYYMMDD')) FROM pg_catalog.pg_class
WHERE relname ~ '^passages_[0-9]{8}$' AND relkind = 'r';
"""
NO_HOURS = """
DROP TRIGGER count_new ON passages;
DROP TRIGGER count_changed ON passages;
DROP FUNCTION count_new;
DROP FUNCTION count_changed;
DROP FUNCTION make_hours;
DROP TABLE hours;
"""

DAYS = """
CREATE INDEX passages_impossible_received ON passages_impossible (received_at);
CREATE INDEX quarantine_at ON quarantine (at);

-- As before, and the hours' as well; a day that is gone stays gone, so that what comes late waits among the impossible.
CREATE OR REPLACE FUNCTION make_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'passages_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(20210620);
    -- Not to_regclass: what it remembers may be from before the lock.
    IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = part)
        OR EXISTS (SELECT FROM days_gone WHERE days_gone.day >= make_day.day) THEN
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
    PERFORM make_hours(day);
END
$$;

CREATE FUNCTION drop_day(day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(20210620);
    -- In the order in which whoever brings rows takes them.
    EXECUTE format('DROP TABLE IF EXISTS %I', 'passages_' || to_char(day, 'YYYYMMDD'));
    EXECUTE format('DROP TABLE IF EXISTS %I', 'hours_' || to_char(day, 'YYYYMMDD'));
END
$$;
"""
NO_DAYS = """
DROP FUNCTION drop_day;
DROP INDEX passages_impossible_received;
DROP INDEX quarantine_at;
CREATE OR REPLACE FUNCTION make_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'passages_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(20210620);
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


class Migration(migrations.Migration):
    """Hours count what comes from now on, and what is there."""

    dependencies = (("registry", "0008_planned"),)
    operations = (
        migrations.CreateModel(
            name="GoneDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("keys_destroyed_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("bytes", models.BigIntegerField(default=0)),
            ],
            options={"db_table": "days_gone"},
        ),
        migrations.RunSQL(HOURS, NO_HOURS),
        migrations.RunSQL(DAYS, NO_DAYS),
    )
