"""The way to the fleet: a kept connection, and a token that is renewed in time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import StatusUnavailable, WireFault
from gate.wire.message import MEDIA_TYPE, Problem, answer, encode, squeeze
from gate.wire.pace import asked_for
from gate.wire.token import (
    CHALLENGE_PATH,
    TOKEN_PATH,
    Assertion,
    Challenge,
    ChallengeRequest,
    Token,
    TokenRequest,
    sign,
)

if TYPE_CHECKING:
    import msgspec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.net.answer import Answer
    from gate.net.client import Client

DEADLINE_S: Final = 60.0
"""A full batch over a poor line."""
TOKEN_DEADLINE_S: Final = 15.0
MOST_ANSWER_BYTES: Final = 256 * 1024
RENEWED_AT: Final = 0.8
"""Of a token's life: one that ends on the way costs a question more."""
_WORTH_SQUEEZING: Final = 1024
_OK: Final = 200
_UNAUTHORISED: Final = 401

T = TypeVar("T")


class Tokens:
    """The one token of this gate, for all its ways to the fleet, and the one for the city's gateway.

    Args:
        url: the fleet's address as it is configured; a signature is for it alone.
        device: who this is.
        key: proves it.
    """

    def __init__(self, url: str, device: str, key: Ed25519PrivateKey) -> None:
        self._url = url
        self._device = device
        self._key = key
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until = float("-inf")
        self._at_gateway: tuple[str | None, float] = None, float("-inf")

    def get(self, client: Client, instead_of: str | None = None) -> str:
        """A token that is good for a while; another one than ``instead_of``, which the fleet does not take any more.

        Raises:
            NetworkFault, WireFault: there is none.
        """
        with self._lock:
            if self._token is None or self._token == instead_of or time.monotonic() >= self._until:
                self._token = None
                asked = time.monotonic()
                found = self._ask(client)
                self._token, self._until = found.token, asked + found.life_s * RENEWED_AT
                self._at_gateway = found.gateway, float("inf") if found.gateway is None else asked + found.life_s
            return self._token

    def for_gateway(self) -> str | None:
        """What to show at the city's gateway, of what is at hand: nobody is asked or waited for.

        Heartbeats and uploads renew it long before it is over. None: this fleet gives nothing to show.

        Raises:
            StatusUnavailable: the fleet has not answered yet, or for so long that it is over.
        """
        token, until = self._at_gateway
        if time.monotonic() >= until:
            raise StatusUnavailable("nothing to show at the gateway, as the fleet does not answer; is it reached?")
        return token

    def _ask(self, client: Client) -> Token:
        challenge = _question(client, CHALLENGE_PATH, ChallengeRequest(self._device), Challenge)
        signed = sign(Assertion(self._device, self._url, challenge.nonce), self._key)
        return _question(client, TOKEN_PATH, TokenRequest(self._device, signed), Token)


class Session:
    """One way to the fleet, for one thread at a time."""

    def __init__(self, client: Client, tokens: Tokens) -> None:
        self._client = client
        self._tokens = tokens

    def post(self, path: str, body: bytes) -> Answer:
        """Send a message; where the token is not taken, once more with a new one.

        Raises:
            NetworkFault, WireFault: there is no answer, or no token.
        """
        headers = {"Content-Type": MEDIA_TYPE}
        if len(body) >= _WORTH_SQUEEZING:
            body, headers["Content-Encoding"] = squeeze(body), "gzip"
        token = self._tokens.get(self._client)
        said = self._post(path, body, headers, token)
        if said.status == _UNAUTHORISED:
            said = self._post(path, body, headers, self._tokens.get(self._client, token))
        return said

    def ask(self, path: str, message: msgspec.Struct, kind: type[T]) -> T:
        """Send a message and take the answer.

        Raises:
            NetworkFault, WireFault: there is none of this kind.
        """
        return _taken(self.post(path, encode(message)), kind)

    def _post(self, path: str, body: bytes, headers: dict[str, str], token: str) -> Answer:
        return self._client.request(
            "POST",
            path,
            body=body,
            headers={**headers, "Authorization": f"Bearer {token}"},
            deadline_s=DEADLINE_S,
            most_bytes=MOST_ANSWER_BYTES,
        )


def _question(client: Client, path: str, message: msgspec.Struct, kind: type[T]) -> T:
    said = client.request(
        "POST",
        path,
        body=encode(message),
        headers={"Content-Type": MEDIA_TYPE},
        deadline_s=TOKEN_DEADLINE_S,
        most_bytes=MOST_ANSWER_BYTES,
    )
    return _taken(said, kind)


def _taken(said: Answer, kind: type[T]) -> T:
    if said.status == _OK:
        return answer(said.headers.get("content-type"), said.body, kind)
    asked = asked_for(said.headers.get("retry-after"))
    try:
        why = answer(said.headers.get("content-type"), said.body, Problem).why
    except WireFault:
        raise WireFault(f"the server answers {said.status}, and not in the fleet's words", asked) from None
    raise WireFault(f"the server answers {said.status}: {why}", asked)
