"""Makes a database ready: tables, secrets, and a first user where there is none."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final

import django
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from fleet.errors import FleetError
from fleet.plane.database import CLAIMS_KEY, TOKEN_SECRET

if TYPE_CHECKING:
    from pathlib import Path

CONSOLE_SECRET: Final = "console"  # noqa: S105 - a name
FIRST_USER: Final = "admin"
_KEEP: Final = "INSERT INTO secrets (name, value) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING"


def use_django(dsn: str) -> None:
    """Connect Django's models to a database; once in a process."""
    os.environ["FLEET_DSN"] = dsn
    os.environ["DJANGO_SETTINGS_MODULE"] = "fleet.settings"
    django.setup()


def migrate() -> None:
    """Bring the tables up to date."""
    from django.core.management import call_command  # noqa: PLC0415 - Django is set up by now

    call_command("migrate", verbosity=0, interactive=False)


def make_secrets(dsn: str, claims_key: bytes) -> str:
    """Make what replicas share, where it is missing; gives what the console's sessions are signed with.

    Args:
        dsn: how to connect.
        claims_key: public half of the key that signs claims.
    """
    with psycopg.connect(dsn) as link:
        for name in (TOKEN_SECRET, CONSOLE_SECRET):
            link.execute(_KEEP, (name, secrets.token_bytes(32)))
        link.execute(_KEEP, (CLAIMS_KEY, claims_key))
        link.execute("UPDATE secrets SET value = %s WHERE name = %s", (claims_key, CLAIMS_KEY))
        found = link.execute("SELECT value FROM secrets WHERE name = %s", (CONSOLE_SECRET,)).fetchone()
    return bytes(found[0]).hex() if found else ""


def claims_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs claims, made where it is missing.

    Raises:
        FleetError: the file holds something else.
    """
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as fault:
        raise FleetError(f"{path} holds no key: {fault}") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise FleetError(f"{path} holds another kind of key than Ed25519")
    return found


def vouchers_file(key: Path) -> Path:
    """Where the root's word for a claims key lies: ``claims.vouchers.json`` beside ``claims.key.pem``."""
    return key.with_name(key.name.removesuffix(".key.pem") + ".vouchers.json")


def first_password() -> str | None:
    """A password for the first user, good for one log-in; None: that user has one of their own."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by now

    from fleet.registry.models import FirstPassword  # noqa: PLC0415 - the same

    users = get_user_model().objects
    if users.exists() and not FirstPassword.objects.filter(user__username=FIRST_USER).exists():
        return None
    user, _ = users.get_or_create(username=FIRST_USER, defaults={"is_staff": True, "is_superuser": True})
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save()
    FirstPassword.objects.get_or_create(user=user)
    return password
