"""Who may come in: challenges, tokens for whoever holds an enrolled key, and whose a token is."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fleet.plane import sql, tokens
from fleet.plane.gathered import Gathered
from fleet.plane.tokens import NONCE_LIFE_S, Holder
from gate.errors import WireFault
from gate.wire.token import LIFE_S, Challenge, ChallengeRequest, Token, TokenRequest, verify

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    from fleet.plane.audit import Audit
    from fleet.plane.devices import Devices, Known
    from gate.wire.token import Assertion

_USED_UP: Final = "this challenge is used up"


class Access:
    """The door.

    Args:
        pool: the database.
        devices: which gates there are.
        audit: learns of whoever does not prove to be the gate that it says it is.
        url: the server's address as gates have it; a signature is for it alone.
        secret: what challenges and tokens are made with, the same at every replica.
    """

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection], devices: Devices, audit: Audit, url: str, secret: bytes
    ) -> None:
        self._pool = pool
        self._devices = devices
        self._audit = audit
        self._url = url
        self._secret = secret
        self._gateway_key = tokens.gateway_key(secret)
        self._spent = Gathered(self._spend_all)
        self._spending: set[str] = set()

    def challenge(self, asked: ChallengeRequest) -> Challenge:
        """Something to sign, for anybody."""
        return Challenge(tokens.nonce(self._secret, asked.device, time.time(), secrets.token_bytes(16)))

    async def token(self, asked: TokenRequest) -> Token:
        """A token.

        Raises:
            WireFault: whoever asks does not prove to be the gate, or the gate is revoked.
        """
        known = await self._devices.by_name(asked.device)
        if known is None:
            raise WireFault("no gate of this name is enrolled")
        try:
            await self._prove(known, asked)
        except WireFault as fault:
            await self._audit.note(f"gate {known.name}", "token refused", known.name, str(fault))
            raise
        holder = Holder(known.id, known.generation)
        until = time.time() + LIFE_S
        return Token(
            tokens.token(self._secret, holder, until, secrets.token_bytes(16)),
            LIFE_S,
            tokens.gateway_token(self._gateway_key, known.name, until),
        )

    async def gate(self, authorization: str) -> Known | None:
        """Whose token it is; None: it is good for nothing, or not any more."""
        try:
            holder = tokens.check_token(self._secret, time.time(), authorization.removeprefix("Bearer "))
        except WireFault:
            return None
        known = await self._devices.by_id(holder.device, holder.generation)
        return known if known and known.active and known.generation == holder.generation else None

    async def _prove(self, known: Known, asked: TokenRequest) -> None:
        claims = verify(asked.assertion, Ed25519PublicKey.from_public_bytes(known.key))
        if (claims.iss, claims.aud) != (known.name, self._url):
            raise WireFault("the assertion is meant for another server, or is another gate's")
        tokens.check_nonce(self._secret, known.name, time.time(), claims.nonce)
        if not known.active:
            raise WireFault("this gate is revoked")
        await self._spend(claims)

    async def _spend(self, claims: Assertion) -> None:
        if claims.nonce in self._spending:  # two that ask at once are no one
            raise WireFault(_USED_UP)
        self._spending.add(claims.nonce)
        try:
            spent = await self._spent.ask(claims.nonce)
        finally:
            self._spending.discard(claims.nonce)
        if not spent:
            raise WireFault(_USED_UP)

    async def _spend_all(self, nonces: list[str]) -> dict[str, bool]:
        """Which of them nobody has spent before; they are spent now."""
        forgotten = datetime.now(UTC) + timedelta(seconds=2 * NONCE_LIFE_S)
        async with self._pool.connection() as link:
            spent = await link.execute(sql.SPEND_NONCES, (forgotten, [nonce.encode() for nonce in nonces]))
            return {bytes(nonce).decode(): True for (nonce,) in await spent.fetchall()}
