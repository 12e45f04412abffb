"""The US keyboard: which key types which character, both ways.

Key numbers are those of Linux (``input-event-codes.h``); guns must be set to the US layout (PROTOCOLS §3.1, §3.2).
"""

from __future__ import annotations

from typing import NamedTuple

KEY_TAB = 15
KEY_ENTER = 28
KEY_LEFTCTRL = 29
KEY_LEFTSHIFT = 42
KEY_RIGHTSHIFT = 54
KEY_LEFTALT = 56
KEY_CAPSLOCK = 58
KEY_KPENTER = 96
KEY_RIGHTCTRL = 97
KEY_RIGHTALT = 100

SHIFTS = frozenset({KEY_LEFTSHIFT, KEY_RIGHTSHIFT})
CTRLS = frozenset({KEY_LEFTCTRL, KEY_RIGHTCTRL})
ALTS = frozenset({KEY_LEFTALT, KEY_RIGHTALT})
MODIFIERS = SHIFTS | CTRLS | ALTS
TERMINATORS = frozenset({KEY_TAB, KEY_ENTER, KEY_KPENTER})

_KEY_A, _KEY_Z, _KEY_1 = 30, 44, 2
PROOF_OF_KEYBOARD = frozenset({KEY_ENTER, _KEY_A, _KEY_Z, _KEY_1})
"""A gun may show several input nodes; only the one that has all of these carries its codes (PROTOCOLS §3.2)."""

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
"""First key number of a run of keys, what they type, and what they type with Shift."""

_KEYPAD = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"}
_KEYPAD_SIGNS = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/"}

_KEY_102ND = 86  # HID usage 0x64, "Non-US \ and |": the second backslash of ISO keyboards
_KEY_F8 = 66

_PLAIN = {first + i: c for first, plain, _ in _ROWS for i, c in enumerate(plain)} | {_KEY_102ND: "\\"}
_SHIFTED = {first + i: c for first, _, shifted in _ROWS for i, c in enumerate(shifted)} | {_KEY_102ND: "|"}

_CONTROLS = {chr(i + 0x60): i for i in range(1, 27)} | {"[": 0x1B, "\\": 0x1C, "]": 0x1D, "6": 0x1E, "-": 0x1F}
"""Ctrl+key to control character; Ctrl+6 and Ctrl+- stand for Ctrl+^ and Ctrl+_."""

_GROUP_SEPARATOR = "\x1d"


class Stroke(NamedTuple):
    """One key to press, and whether Shift is held meanwhile."""

    key: int
    shift: bool


_STROKES = {" ": Stroke(57, shift=False)} | {
    c: Stroke(first + i, shift)
    for first, plain, shifted in _ROWS
    for shift, row in ((False, plain), (True, shifted))
    for i, c in enumerate(row)
    if c != " "
}
_KEYPAD_KEYS = {digit: key for key, digit in _KEYPAD.items()}


def keypad_digit(key: int) -> str | None:
    """The digit on a keypad key, whatever NumLock says (rule 3), or None."""
    return _KEYPAD.get(key)


def keypad_key(digit: str) -> int:
    """The keypad key of one ASCII digit."""
    return _KEYPAD_KEYS[digit]


def character(key: int, *, shift: bool, caps_lock: bool) -> str | None:
    """What a key types: printable ASCII, or None where it types nothing.

    CapsLock turns Shift round for letters and for nothing else (rule 2). F8 is how some guns send the group
    separator, which has no key.
    """
    if key in _KEYPAD:
        return _KEYPAD[key]
    if key in _KEYPAD_SIGNS:
        return _KEYPAD_SIGNS[key]
    if key == _KEY_F8:
        return _GROUP_SEPARATOR
    plain = _PLAIN.get(key)
    if plain is None:
        return None
    return _SHIFTED[key] if shift != (caps_lock and plain.isalpha()) else plain


def control(key: int) -> str | None:
    """The control character of Ctrl and a key (rule 5), or None."""
    code = _CONTROLS.get(_PLAIN.get(key, ""))
    return None if code is None else chr(code)


def stroke(char: str) -> Stroke:
    """How to type one printable ASCII character with CapsLock off.

    Raises:
        KeyError: no key types it.
    """
    return _STROKES[char]
