"""What the fleet may ask a gate at work: its last log lines, and what is wrong by its own test.

An answer goes to people far away. So it holds no words but those of this program, of the operating system, and of the
settings that say what stands at this entrance; everything else becomes ``…``, as in ``gate doctor``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.app.doctor import words
from gate.app.log_tail import TAIL
from gate.wire.commands import CommandKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.app.doctor.words import Words
    from gate.app.fleet.commands import Questions
    from gate.config import GateConfig
    from gate.config_bind import Roots


def questions(config: GateConfig, roots: Roots) -> Questions:
    """What this gate can be asked. Each answer takes some seconds of a thread, for the words of the whole program."""

    def log() -> Sequence[str]:
        return TAIL.lines(_words(config, roots))

    def check() -> Sequence[str]:
        return self_check(config, roots)

    return {CommandKind.LOG: log, CommandKind.CHECK: check}


def self_check(config: GateConfig, roots: Roots) -> list[str]:
    """One sentence for each thing that does not work, or will not at the next start; empty: nothing."""
    from gate.app.config_check import faults  # noqa: PLC0415 - it tries what puts a gate together, which asks us

    known = _words(config, roots)
    return [known.only(" ".join(fault.split())) for fault in faults(config, roots)]


def _words(config: GateConfig, roots: Roots) -> Words:
    here = config.checkpoint
    names = [part for reader in config.readers for part in (reader.name, reader.driver)]
    ours = [*names, here.id, here.site_class, here.zone, here.lane, config.device]
    texts = [str(roots.config), str(roots.state), *(text for text in ours if text)]
    return words.own().and_those_of(map(words.masked, texts))
