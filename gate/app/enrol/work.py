"""A claim -> an enrolled device. Every step may be cut off; the next call goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate import __version__
from gate.errors import ConfigError, GateError, TrustError, WireFault
from gate.net.client import Client
from gate.net.trust import TlsTrust, pin_from, server
from gate.trust.metadata import first_root, root_role
from gate.wire import claims, enrol
from gate.wire.claims import Declined
from gate.wire.enrol import EnrolAnswer, Refused
from gate.wire.message import MEDIA_TYPE, Problem, answer, encode

if TYPE_CHECKING:
    from gate.app.fleet.kept import Kept
    from gate.net.answer import Answer
    from gate.wire.claims import Claim, SignedClaim

DEADLINE_S: Final = 30.0
MOST_ANSWER_BYTES: Final = 256 * 1024
_OK: Final = 200


class NotEnrolled(GateError):  # noqa: N818 - says what is the case
    """The claim is good for nothing here.

    ``why`` is a key of the installer's phrases, ``values`` what its text leaves open, ``detail`` what the fleet says.
    """

    def __init__(self, why: str, detail: str = "", **values: str) -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail
        self.values = values


@dataclass(frozen=True, slots=True)
class Device:
    """Who asks."""

    serial: str
    board: str | None
    root: bytes
    """The pinned root, as it is in its file."""


def accept(text: str, device: Device) -> SignedClaim:
    """A claim that this device may go by, whatever the fleet will say to it.

    Raises:
        NotEnrolled: it may not.
        ConfigError: the pinned root can't be used.
    """
    if not text.strip().upper().startswith(claims.PREFIX):
        raise NotEnrolled("no_claim_here")
    try:
        signed = claims.read_claim(text)
    except Declined:
        raise NotEnrolled("changed") from None
    except WireFault:
        raise NotEnrolled("damaged") from None
    try:
        root = root_role(first_root(device.root))
    except TrustError as fault:
        raise ConfigError(f"the pinned root can't be used: {fault}") from None
    try:
        claims.check_vouched(signed, [bytes.fromhex(key) for key in root.keys], root.threshold)
    except WireFault:
        raise NotEnrolled("other_fleet") from None
    if signed.claim.serial != device.serial:
        raise NotEnrolled("other_serial", wanted=signed.claim.serial, serial=device.serial)
    return signed


def carry_out(text: str, claim: Claim, device: Device, kept: Kept) -> EnrolAnswer | None:
    """Enrol; None where this claim has done it already.

    Args:
        text: the claim as it was read.
        claim: what is in it, accepted.
        device: who asks.
        kept: where it is noted.

    Raises:
        NotEnrolled: the fleet refuses.
        NetworkFault, WireFault: it did not answer, or not as a fleet does; the same claim may be tried again.
        ConfigError: the disk does not take it.
    """
    if kept.label() == claim.label:
        kept.tidy(claim.label)
        return None
    asked = enrol.request(text, device.serial, kept.key(claim.label), __version__, device.board)
    client = Client(claim.url, TlsTrust(pins=frozenset(claim.pins)))
    try:
        said = client.request(
            "POST",
            enrol.PATH,
            body=encode(asked),
            headers={"Content-Type": MEDIA_TYPE},
            deadline_s=DEADLINE_S,
            most_bytes=MOST_ANSWER_BYTES,
        )
    finally:
        client.close()
    try:
        found = _taken(said, claim, device.serial)
    except NotEnrolled:
        kept.forget(claim.label)  # its key will never be of use
        raise
    _check(found, kept, claim)
    kept.enrol(claim, found)
    kept.tidy(claim.label)
    return found


def _taken(said: Answer, claim: Claim, serial: str) -> EnrolAnswer:
    kind = said.headers.get("content-type")
    if said.status == _OK:
        return answer(kind, said.body, EnrolAnswer)
    if said.status == enrol.REFUSED:
        refused = answer(kind, said.body, Refused)
        if refused.reason not in set(claims.Refusal):
            raise NotEnrolled("refused", refused.why)
        raise NotEnrolled(refused.reason.replace(" ", "_"), wanted=claim.serial, serial=serial)
    try:
        why = answer(kind, said.body, Problem).why
    except WireFault:
        raise WireFault(f"the server answers {said.status}, and not in the fleet's words") from None
    raise WireFault(f"the server answers {said.status}: {why}")


def _check(found: EnrolAnswer, kept: Kept, claim: Claim) -> None:
    """What the gate could not use tomorrow is not written today."""
    trust = TlsTrust(kept.authorities(claim.label, found), frozenset(pin_from(pin) for pin in found.pins))
    try:
        server(found.url, trust)
    except ConfigError as fault:
        raise WireFault(f"the fleet's answer can't be used: {fault}") from None
