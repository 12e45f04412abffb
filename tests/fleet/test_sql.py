"""The plane's SQL and the console's models are about the same tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from fleet.plane.sql import STATEMENTS

if TYPE_CHECKING:
    from fleet_rig import FleetServer

    from fleet.run import Ready


def _numbered(statement: str) -> str:
    count = iter(range(1, 100))
    return re.sub("%s", lambda _: f"${next(count)}", statement)


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_every_statement_fits_the_tables(fleet_ready: Ready, name: str) -> None:
    with psycopg.connect(fleet_ready.dsn) as link:
        link.execute(f"PREPARE tried AS {_numbered(STATEMENTS[name])}".encode())


def test_every_model_has_the_columns_of_its_table(fleet_server: FleetServer) -> None:
    from django.apps import apps  # noqa: PLC0415 - set up by the fixture

    for model in apps.get_app_config("registry").get_models():
        table = model._meta.db_table
        there = fleet_server.sql(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = %s", table
        )
        assert {(field.column, "YES" if field.null else "NO") for field in model._meta.fields} == set(there), table


def test_the_models_and_the_migrations_agree(fleet_ready: Ready) -> None:
    from django.core.management import call_command  # noqa: PLC0415 - set up by the fixture

    assert fleet_ready.dsn
    call_command("makemigrations", "registry", check=True, dry_run=True, verbosity=0)


def test_nobody_changes_the_audit(fleet_server: FleetServer) -> None:
    fleet_server.sql("INSERT INTO audit (at, who, what, subject, detail) VALUES (now(), 'somebody', 'tried', 'it', '')")
    for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="neither changed nor deleted"):
            fleet_server.sql(statement)
