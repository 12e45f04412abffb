"""Every statement of the device plane. A test prepares each of them against the tables that the migrations make."""

from __future__ import annotations

from typing import Final

SECRET: Final = "SELECT value FROM secrets WHERE name = %s"  # noqa: S105 - a statement

DEVICES_BY_NAME: Final = "SELECT id, name, key, generation, state FROM devices WHERE name = ANY(%s::text[])"
DEVICES_BY_ID: Final = "SELECT id, name, key, generation, state FROM devices WHERE id = ANY(%s::bigint[])"
GATES: Final = """
SELECT devices.id, devices.site_id, devices.state, reports.seen_at, reports.heartbeat
FROM devices LEFT JOIN reports ON reports.device_id = devices.id
"""
OPENING_HOURS: Final = "SELECT site_id, opens, closes, days FROM opening_hours"
ABSENCES: Final = "SELECT site_id, device_id, begins, ends FROM planned_absences WHERE ends > %s::timestamptz"

SPEND_NONCES: Final = """
INSERT INTO spent_nonces (nonce, expires_at) SELECT nonce, %s::timestamptz FROM unnest(%s::bytea[]) AS sent (nonce)
ORDER BY nonce ON CONFLICT (nonce) DO NOTHING RETURNING nonce
"""
FORGET_NONCES: Final = "DELETE FROM spent_nonces WHERE expires_at < %s::timestamptz"

MAKE_DAY: Final = "SELECT make_day(%s::date)"
OPEN_SERIES: Final = """
INSERT INTO series (device_id, number, lows, highs)
SELECT device_id, number, '{}', '{}' FROM unnest(%s::bigint[], %s::bigint[]) AS sent (device_id, number)
ORDER BY device_id, number
ON CONFLICT (device_id, number) DO NOTHING
"""
LOCK_SERIES: Final = """
SELECT series.device_id, series.number, lows, highs
FROM series JOIN unnest(%s::bigint[], %s::bigint[]) AS sent (device_id, number) USING (device_id, number)
ORDER BY series.device_id, series.number FOR UPDATE OF series
"""
CLOSE_SERIES: Final = """
UPDATE series SET lows = sent.lows::bigint[], highs = sent.highs::bigint[]
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS sent (device_id, number, lows, highs)
WHERE series.device_id = sent.device_id AND series.number = sent.number
"""
TAKE_PASSAGES: Final = """
INSERT INTO passages (device_id, series, received_at, id, seq, revision, at, outcome, reasons, passage, body)
SELECT device_id, series, %s::timestamptz, id, seq, revision, at, outcome,
    string_to_array(reasons, ' '), passage, body
FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[],
        %s::text[], %s::text[], %s::bytea[])
    AS sent (device_id, series, id, seq, revision, at, outcome, reasons, passage, body)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    series = EXCLUDED.series, received_at = EXCLUDED.received_at, seq = EXCLUDED.seq, revision = EXCLUDED.revision,
    at = EXCLUDED.at, outcome = EXCLUDED.outcome, reasons = EXCLUDED.reasons, passage = EXCLUDED.passage,
    body = EXCLUDED.body
WHERE passages.device_id = EXCLUDED.device_id AND passages.revision < EXCLUDED.revision
"""
# Its bounds say which days' partitions are looked into: from a list alone PostgreSQL does not see that.
FOREIGN_PASSAGES: Final = """
SELECT passages.id FROM unnest(%s::uuid[], %s::bigint[]) AS sent (id, device_id) JOIN passages ON passages.id = sent.id
WHERE passages.id >= %s::uuid AND passages.id <= %s::uuid AND passages.device_id <> sent.device_id
"""
COUNT_QUARANTINED: Final = "SELECT count(*) FROM quarantine WHERE device_id = %s::bigint"
QUARANTINE: Final = """
INSERT INTO quarantine (device_id, series, at, digest, body, reason)
SELECT %s::bigint, %s::bigint, %s::timestamptz, digest, body, reason
FROM unnest(%s::bytea[], %s::bytea[], %s::text[]) AS sent (digest, body, reason)
ON CONFLICT (device_id, digest) DO NOTHING
"""

TAKE_HEARTBEATS: Final = """
INSERT INTO reports (device_id, seen_at, heartbeat)
SELECT device_id, seen_at, heartbeat
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bytea[]) AS sent (device_id, seen_at, heartbeat)
WHERE EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id)
ORDER BY device_id
ON CONFLICT (device_id) DO UPDATE SET seen_at = EXCLUDED.seen_at, heartbeat = EXCLUDED.heartbeat
WHERE reports.seen_at IS NULL OR reports.seen_at < EXCLUDED.seen_at
"""
KEEP_HEARTBEATS: Final = """
INSERT INTO heartbeats (device_id, at, heartbeat)
SELECT device_id, at, heartbeat
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bytea[]) AS sent (device_id, at, heartbeat)
WHERE EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id)
"""
FORGET_HEARTBEATS: Final = "DELETE FROM heartbeats WHERE at < %s::timestamptz"
TAKE_INVENTORY: Final = """
INSERT INTO reports (device_id, inventory_at, inventory) VALUES (%s::bigint, %s::timestamptz, %s::bytea)
ON CONFLICT (device_id) DO UPDATE SET inventory_at = EXCLUDED.inventory_at, inventory = EXCLUDED.inventory
"""

COMMANDED: Final = "SELECT DISTINCT device_id FROM commands WHERE done_at IS NULL"
COMMANDS: Final = """
SELECT id, kind, expires_at FROM commands WHERE device_id = %s::bigint AND done_at IS NULL ORDER BY made_at LIMIT 64
"""
COMMAND_DONE: Final = """
UPDATE commands SET done_at = %s::timestamptz, result = %s::text, detail = %s::text, lines = %s::text
WHERE id = %s::text AND device_id = %s::bigint AND done_at IS NULL
"""
FORGET_LINES: Final = "UPDATE commands SET lines = '' WHERE lines <> '' AND done_at < %s::timestamptz"
REVOKE_WIPED: Final = """
UPDATE devices SET state = 'revoked', revoked_at = %s::timestamptz, generation = generation + 1
WHERE id = %s::bigint AND state = 'active' AND EXISTS (
    SELECT 1 FROM commands WHERE commands.id = %s::text AND device_id = devices.id AND kind = 'wipe' AND result = 'done'
)
"""

CLAIM: Final = """
SELECT claims.id, claims.secret, claims.site_id, sites.name, claims.device, claims.serial, claims.expires_at,
    claims.withdrawn, claims.used_by
FROM claims JOIN sites ON sites.id = claims.site_id WHERE claims.label = %s::text FOR UPDATE OF claims
"""
USE_CLAIM: Final = "UPDATE claims SET used_at = %s::timestamptz, used_by = %s::bytea WHERE id = %s::bigint"
ENROL: Final = """
INSERT INTO devices (site_id, name, serial, key, generation, state, enrolled_at)
VALUES (%s::bigint, %s::text, %s::text, %s::bytea, 1, 'active', %s::timestamptz)
ON CONFLICT (name) DO UPDATE SET
    serial = EXCLUDED.serial, key = EXCLUDED.key, generation = devices.generation + 1, state = 'active',
    enrolled_at = EXCLUDED.enrolled_at, revoked_at = NULL
WHERE devices.site_id = EXCLUDED.site_id
"""

AUDIT: Final = """
INSERT INTO audit (at, who, what, subject, detail) VALUES (%s::timestamptz, %s::text, %s::text, %s::text, %s::text)
"""

STATEMENTS: Final = {
    name: text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str) and " " in text
}
