"""What was found, in words and as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from gate.app.probe.known import Kind, Sure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.app.probe.find import Finding

NOTHING: Final = """\
No reader is plugged in. Plug in what this gate is to have, and run this again:
  ID reader           on USB, or on a serial port (driver idcard)
  gun                 as a keyboard or as a serial port (barcode, barcode-serial)
  smart-card reader   any with CCID (smartcard)
  camera              on USB, or on a Raspberry Pi's ribbon cable (camera)
  relay board         LCUS on USB, or on a Pi's header (barrier)
  thermometer         on I2C, or on a serial port (thermometer)
  loudspeaker, screen
"""
_SURE: Final = {Sure.SURE: "sure", Sure.LIKELY: "likely", Sure.OPEN: "can be several things"}


def as_text(found: Sequence[Finding], traps: Sequence[str]) -> str:
    """For whoever installs a gate."""
    lines: list[str] = []
    if not any(finding.usb is not None or finding.kind is Kind.CAMERA for finding in found):
        lines.append(NOTHING)
    for finding in found:
        lines += [*_one(finding), ""]
    if traps:
        lines += ["To see to:", *(f"  - {trap}" for trap in traps), ""]
    if any(finding.stanzas for finding in found):
        lines += ["Put the tables into /etc/gate/gate.toml, then: gate run --check-config", ""]
    return "\n".join(lines)


def as_json(found: Sequence[Finding], traps: Sequence[str]) -> str:
    """For programs: ``{"found": [...], "traps": [...]}``."""

    def plain(value: Any) -> Any:
        return sorted(value) if isinstance(value, frozenset) else str(value)

    table = {"found": [dataclasses.asdict(finding) for finding in found], "traps": list(traps)}
    return json.dumps(table, indent=2, default=plain)


def _one(finding: Finding) -> Iterator[str]:
    yield f"{finding.kind}: {finding.what} [{_SURE[finding.sure]}: {finding.why}]"
    driver = finding.kernel_driver if finding.usb is not None else ""
    where = [finding.node, driver and f"kernel driver {driver}"]
    if (usb := finding.usb) is not None:
        serial = f"serial number {usb.serial}" if usb.serial else "without a serial number"
        called = " ".join(filter(None, (usb.maker, usb.name)))
        yield f'  USB {usb.vendor}:{usb.product} in socket {usb.socket}, calls itself "{called}", {serial}'
    if any(where):
        yield f"  {', '.join(filter(None, where))}"
    for trap in finding.traps:
        yield f"  ! {trap}"
    for stanza in finding.stanzas:
        yield f"  If {stanza.use}:" if len(finding.stanzas) > 1 or finding.sure is Sure.OPEN else "  To paste:"
        yield from (f"    {line}".rstrip() for line in stanza.toml.splitlines())
