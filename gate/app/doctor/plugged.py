"""What ``gate probe`` finds, without the texts and serial numbers that devices give themselves.

A telephone on a USB plug calls itself after whoever owns it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.app.probe import looked

if TYPE_CHECKING:
    from gate.app.doctor.case import Case


def devices(case: Case) -> str:
    """One line for each thing, and the traps."""
    found, wrong = looked()
    lines = [f"! {case.words.only(trap)}" for trap in wrong]
    for finding in found:
        plug = "" if finding.usb is None else f" USB {finding.usb.vendor}:{finding.usb.product} in {finding.usb.socket}"
        lines.append(f"{finding.kind} ({finding.sure}){plug} {finding.node} {case.words.only(finding.kernel_driver)}")
        lines += [f"  ! {case.words.only(trap)}" for trap in finding.traps]
    return "\n".join(lines) + "\n" if lines else "nothing\n"
