"""What an enrolled device keeps of it, in its state directory.

Each claim brings a key of its own, named by the claim. The table that names the key is written last, whole: until then
the gate is whatever it was before, from then on it is the new one, whenever the power fails.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gate import durable
from gate.app.fleet.key import load_key
from gate.config_file import ENROLLED, enrolled
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.config import FleetConfig, GateConfig
    from gate.wire.claims import Claim
    from gate.wire.enrol import EnrolAnswer

_OURS: Final = re.compile(r"(?:device-([0-9a-f]{16})\.key|fleet-([0-9a-f]{16})\.pem)(?:\.new)?", re.ASCII)


class Kept:
    """The files of one state directory.

    Every method but ``label`` raises ``ConfigError`` where one can't be read or written.
    """

    def __init__(self, state: Path) -> None:
        self._state = state

    def fleet(self) -> FleetConfig | None:
        """Where this device is enrolled; None: nowhere."""
        return enrolled(self._state)

    def label(self) -> str | None:
        """By which claim; None also where that can't be read any more: a new claim mends it."""
        try:
            fleet = self.fleet()
        except ConfigError:
            return None
        found = None if fleet is None else _OURS.fullmatch(fleet.key.name)
        return None if found is None else found[1]

    def key(self, label: str) -> Ed25519PrivateKey:
        """The key that goes with a claim; made where there is none, and safe on the disk before anybody hears of it."""
        file = self._state / f"device-{label}.key"
        if file.exists():
            return load_key(file)
        key = Ed25519PrivateKey.generate()
        self._write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return key

    def authorities(self, label: str, answer: EnrolAnswer) -> Path | None:
        """Keep the certificates that came with the answer; None: there are none."""
        if not answer.ca:
            return None
        file = self._state / f"fleet-{label}.pem"
        self._write(file, answer.ca.encode())
        return file

    def enrol(self, claim: Claim, answer: EnrolAnswer) -> None:
        """From now on this device is what the answer says."""
        lines = [
            f"# Written by gate enrol: claim {claim.label}. A table [fleet] in gate.toml would come before this one.",
            "[fleet]",
            f"url = {json.dumps(answer.url)}",
            f"device = {json.dumps(answer.device)}",
            f'key = "device-{claim.label}.key"',
            f"pins = {json.dumps(answer.pins)}",
            *([f'ca_file = "fleet-{claim.label}.pem"'] if answer.ca else []),
            f"lease_hours = {answer.lease_hours}",
        ]
        self._write(self._state / ENROLLED, "\n".join([*lines, ""]).encode())

    def tidy(self, keep: str) -> None:
        """Erase what belongs to any other claim than this one."""
        self._erase(lambda label: label != keep)

    def forget(self, refused: str) -> None:
        """Erase what belongs to this claim."""
        self._erase(lambda label: label == refused)

    def files(self) -> Iterator[Path]:
        """Everything that an enrolment, or one that was broken off, has left."""
        try:
            every = sorted(self._state.iterdir())
        except FileNotFoundError:
            return
        yield from (file for file in every if _OURS.fullmatch(file.name) or file.name in {ENROLLED, f"{ENROLLED}.new"})

    def _erase(self, wanted: Callable[[str], bool]) -> None:
        try:
            for file in self.files():
                found = _OURS.fullmatch(file.name)
                if found is not None and wanted(found[1] or found[2]):
                    file.unlink(missing_ok=True)
            durable.sync_folder(self._state)
        except OSError as fault:
            raise self._fault(fault) from None

    def _write(self, file: Path, content: bytes) -> None:
        try:
            durable.write(file, content, 0o600)
        except OSError as fault:
            raise self._fault(fault) from None

    def _fault(self, fault: OSError) -> ConfigError:
        return ConfigError(
            f"{self._state}: can't be written ({fault.strerror}); does the user of the gate run this? "
            f"sudo -u gate gate enrol …"
        )


def keys(config: GateConfig, state: Path) -> list[Path]:
    """What proves to the fleet who this is, by hand or by enrolment, and which fleet that is."""
    by_hand = [] if config.fleet is None else [config.fleet.key]
    return list(dict.fromkeys([*by_hand, *Kept(state).files()]))
