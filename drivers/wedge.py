"""From keystrokes to codes: a gun that types what it reads, as a keyboard (PROTOCOLS §3.1).

Theory of operation. A code is open from its first keystroke until a terminator key or until nothing was typed for the
gap. Keys become bytes; Alt with a number on the keypad becomes one byte of the code page, or one Unicode character.
What can't be trusted (the kernel dropped events, the code is too long, a number is no character) makes the whole code
``Broken``: that is reported once, and the rest of it is swallowed until it ends, so that no half of a code is ever
taken for a whole one. The decoder has no clock and no device; every event comes with its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers import keymap
from drivers.input_events import DOWN, EV_KEY, EV_SYN, SYN_DROPPED, SYN_REPORT, UP
from drivers.repeats import RepeatFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.input_events import KeyEvent

MOST_BYTES = 8192
"""More than any code holds (QR version 40: 7089 digits)."""

_MOST_ALT_DIGITS = 8
_LAST_BYTE = 0xFF
_LAST_DOUBLE_BYTE = 0xFFFF
_LAST_UNICODE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_CONTROL_TERMINATORS = "\t\n\r"


@dataclass(frozen=True, slots=True)
class Code:
    """One whole code."""

    data: bytes = field(repr=False)
    """ASCII as typed; other text as UTF-8; bytes that are no text in any known encoding as they were typed."""
    at: float
    """When its last key came, monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Something was presented but did not arrive whole."""

    detail: str
    at: float


class WedgeDecoder:
    """Turns the events of one keyboard into codes; sans I/O.

    Args:
        encoding: how the gun spells text beyond ASCII in Alt codes; UTF-8, then GBK, are tried after it.
        gap: seconds of silence that end a code.
        repeat: seconds for which the same code is not reported again, see ``RepeatFilter``.
        caps_lock: state of the CapsLock LED when the keyboard was opened.
    """

    def __init__(
        self, *, encoding: str = "utf-8", gap: float = 0.1, repeat: float = 1.5, caps_lock: bool = False
    ) -> None:
        self.caps_lock = caps_lock
        self._encodings = tuple(dict.fromkeys((encoding, "utf-8", "gbk")))
        self._gap = gap
        self._repeats = RepeatFilter(repeat)
        self._held: set[int] = set()
        self._digits = ""
        self._text = bytearray()
        """UTF-8 that needs no decoding any more."""
        self._typed = bytearray()
        """Bytes in the gun's encoding, not yet decoded: a character may be spread over several keystrokes."""
        self._swallowing = False
        self._until_report = False
        self._last = 0.0
        self._out: list[Code | Broken] = []

    @property
    def deadline(self) -> float | None:
        """When ``tick`` has something to do, if nothing comes before; None while the keyboard is at rest."""
        at_rest = not (self._held or self._digits or self._text or self._typed or self._swallowing)
        return None if at_rest else self._last + self._gap

    def feed(self, events: Iterable[KeyEvent], at: float) -> list[Code | Broken]:
        """Take events that all came at ``at`` (monotonic seconds)."""
        self._end_if_silent(at)
        for event in events:
            if event.type == EV_SYN:
                self._on_syn(event.code, at)
            elif event.type == EV_KEY and event.value in (UP, DOWN) and not self._until_report:
                self._last = at
                self._on_key(event.code, at, down=event.value == DOWN)
        return self._take()

    def tick(self, now: float) -> list[Code | Broken]:
        """Say that nothing more had come by ``now``: ends a code that has been silent for the gap."""
        self._end_if_silent(now)
        return self._take()

    def cut_off(self, now: float) -> list[Code | Broken]:
        """Say that the keyboard is gone: what was open did not arrive whole, even if silence was to end it."""
        if self._digits or self._text or self._typed:
            self._break("the gun was lost in the middle of it", now)
        return self._take()

    def _take(self) -> list[Code | Broken]:
        out, self._out = self._out, []
        return out

    def _end_if_silent(self, now: float) -> None:
        deadline = self.deadline
        if deadline is not None and now >= deadline:
            if self._digits:
                self._break("it stopped amid a character", self._last)
            self._end(self._last)
            # A gun at rest holds no key: a release that was lost must not spoil the next code.
            self._held.clear()
            self._until_report = False

    def _on_syn(self, code: int, at: float) -> None:
        if code == SYN_DROPPED:
            self._last = at
            self._held.clear()
            self._until_report = True
            self._break("the system dropped keystrokes", at)
        elif code == SYN_REPORT:
            self._until_report = False

    def _on_key(self, key: int, at: float, *, down: bool) -> None:
        if key in keymap.MODIFIERS:
            self._on_modifier(key, at, down=down)
        elif not down:
            return
        elif key == keymap.KEY_CAPSLOCK:
            self.caps_lock = not self.caps_lock
        elif self._held & keymap.ALTS:
            self._on_alt_key(key, at)
        elif key in keymap.TERMINATORS:
            self._end(at)
        else:
            self._on_character(key, at)

    def _on_modifier(self, key: int, at: float, *, down: bool) -> None:
        if down:
            self._held.add(key)
            return
        self._held.discard(key)
        if self._digits and not self._held & keymap.ALTS:
            digits, self._digits = self._digits, ""
            self._on_alt_number(digits, at)

    def _on_alt_key(self, key: int, at: float) -> None:
        self._digits += keymap.keypad_digit(key) or ""
        if len(self._digits) > _MOST_ALT_DIGITS:
            self._break("a character number is too long", at)

    def _on_alt_number(self, digits: str, at: float) -> None:
        """Rule 4: up to 255, or with a leading 0, a byte (or two) of the code page; else a Unicode character."""
        number = int(digits)
        if number <= _LAST_BYTE:
            self._type(bytes([number]), at)
        elif digits.startswith("0") and number <= _LAST_DOUBLE_BYTE:
            self._type(number.to_bytes(2, "big"), at)
        elif not digits.startswith("0") and number <= _LAST_UNICODE and number not in _SURROGATES:
            self._type_unicode(chr(number), at)
        else:
            self._break("a number is no character", at)

    def _on_character(self, key: int, at: float) -> None:
        if self._held & keymap.CTRLS:
            char = keymap.control(key)
        else:
            char = keymap.character(key, shift=bool(self._held & keymap.SHIFTS), caps_lock=self.caps_lock)
        if char is None:
            return
        if char in _CONTROL_TERMINATORS:
            self._end(at)
        else:
            self._type(char.encode(), at)

    def _type(self, data: bytes, at: float) -> None:
        if not self._swallowing:
            self._typed += data
            self._check_length(at)

    def _type_unicode(self, char: str, at: float) -> None:
        if not self._swallowing:
            self._text += self._decoded() + char.encode()
            self._typed.clear()
            self._check_length(at)

    def _check_length(self, at: float) -> None:
        if len(self._typed) + len(self._text) > MOST_BYTES:
            self._break(f"longer than {MOST_BYTES} bytes", at)

    def _decoded(self) -> bytes:
        typed = bytes(self._typed)
        for encoding in self._encodings:
            try:
                return typed.decode(encoding).encode()
            except UnicodeDecodeError:
                continue
        return typed

    def _break(self, detail: str, at: float) -> None:
        self._typed.clear()
        self._text.clear()
        self._digits = ""
        if not self._swallowing:
            self._swallowing = True
            self._out.append(Broken(detail, at))

    def _end(self, at: float) -> None:
        """Close the code; an empty one (a terminator alone, or the second of two) is nothing."""
        code = bytes(self._text + self._decoded())
        self._text.clear()
        self._typed.clear()
        self._swallowing = False
        if code and self._repeats.is_new(code, at):
            self._out.append(Code(code, at))
