"""PC/SC: every code that pcscd answers is good, the fault of the card, or the end of the reader.

pcscd is spoken to directly and with time limits: monitors that libraries keep for it are known to die in silence when
it is started again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORTEST_ANSWER: Final = 2
_COUNT: Final = 16
"""Bits below the counter in a slot's state."""


class CardError(Exception):
    """The card can't be talked to; its slot is still there."""


class Pcsc:
    """pcscd, as far as it is needed here; every code that it answers is either good, the card's fault, or the end."""

    def __init__(self) -> None:
        from smartcard import scard  # noqa: PLC0415 - where the device is opened

        self._scard: Any = scard
        self.unaware: int = scard.SCARD_STATE_UNAWARE
        self._of_the_card = {
            scard.SCARD_W_REMOVED_CARD: "taken away",
            scard.SCARD_E_NO_SMARTCARD: "taken away",
            scard.SCARD_W_RESET_CARD: "reset by another program",
            scard.SCARD_W_UNRESPONSIVE_CARD: "no answer: the wrong way round?",
            scard.SCARD_W_UNPOWERED_CARD: "no answer: the wrong way round?",
            scard.SCARD_E_PROTO_MISMATCH: "speaks another protocol",
            scard.SCARD_E_SHARING_VIOLATION: "another program has it",
            scard.SCARD_E_NOT_TRANSACTED: "stopped answering",
            scard.SCARD_F_COMM_ERROR: "stopped answering",
            scard.SCARD_E_INSUFFICIENT_BUFFER: "answers more than fits",
        }
        code, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if code != scard.SCARD_S_SUCCESS:
            raise DeviceLost(
                f"pcscd does not answer ({self._words(code)}): is the package pcscd installed and running?"
            )

    def cancel(self) -> None:
        """End a wait for news in another thread."""
        self._scard.SCardCancel(self.context)

    def close(self) -> None:
        self._scard.SCardReleaseContext(self.context)

    def slots(self, wanted: str) -> Sequence[str]:
        code, names = self._scard.SCardListReaders(self.context, [])
        found = [name for name in names if wanted in name] if code == self._scard.SCARD_S_SUCCESS else []
        if not found:
            named = f'whose name has "{wanted}" in it' if wanted else "at all"
            raise DeviceLost(f"there is no card reader {named}: plug it in; `pcsc_scan -r` lists those that are there")
        return found

    def news(self, states: dict[str, int], wait_ms: int) -> list[tuple[str, int]]:
        """Slots whose state has changed, with the new one."""
        scard = self._scard
        code, found = scard.SCardGetStatusChange(self.context, wait_ms, list(states.items()))
        if code in {scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED}:
            return []
        if code != scard.SCARD_S_SUCCESS:  # no card was spoken to: whatever it is, it is the reader's end
            raise DeviceLost(f"card reader: {self._words(code)}")
        gone = scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_IGNORE
        news = []
        for slot, event, _ in found:
            if event & gone:
                raise DeviceLost(f"card reader {slot} was unplugged")
            if event & scard.SCARD_STATE_CHANGED:
                news.append((slot, event & ~scard.SCARD_STATE_CHANGED))
        return news

    def is_new_card(self, before: int, state: int) -> bool:
        """Whether a card is in the slot that was not there before.

        pcscd counts in the upper half how often a card went in or out, so that one that was changed in a moment shows.
        """
        present = self._scard.SCARD_STATE_PRESENT
        return bool(state & present) and (not before & present or state >> _COUNT != before >> _COUNT)

    def card(self, slot: str) -> Card:
        return Card(self, self._scard, slot)

    def check(self, code: int) -> None:
        if code in self._of_the_card:
            raise CardError(self._of_the_card[code])
        if code != self._scard.SCARD_S_SUCCESS:
            raise DeviceLost(f"card reader: {self._words(code)}")

    def _words(self, code: int) -> str:
        return str(self._scard.SCardGetErrorMessage(code)).rstrip(". ")


class Card:
    """One card, for one dialogue; exclusive, and powered down afterwards."""

    def __init__(self, pcsc: Pcsc, scard: Any, slot: str) -> None:
        self._pcsc = pcsc
        self._scard = scard
        code, self._handle, self._protocol = scard.SCardConnect(
            pcsc.context, slot, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        pcsc.check(code)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._scard.SCardDisconnect(self._handle, self._scard.SCARD_UNPOWER_CARD)

    def transmit(self, command: bytes) -> tuple[bytes, int]:
        code, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(command))
        self._pcsc.check(code)
        if len(answer) < _SHORTEST_ANSWER:
            raise CardError("an answer without a status word")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]
