"""The US keyboard, checked against the names that Linux gives its keys."""

from __future__ import annotations

import string

import pytest

from drivers import keymap

PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]

ecodes = pytest.importorskip("evdev").ecodes

NAMES = {
    " ": "SPACE", "-": "MINUS", "=": "EQUAL", "[": "LEFTBRACE", "]": "RIGHTBRACE", ";": "SEMICOLON",
    "'": "APOSTROPHE", "`": "GRAVE", "\\": "BACKSLASH", ",": "COMMA", ".": "DOT", "/": "SLASH",
}  # fmt: skip
SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))


@pytest.mark.parametrize("char", PRINTABLE)
def test_every_printable_character_is_typed_and_read_back(char: str) -> None:
    key, shift = keymap.stroke(char)
    assert keymap.character(key, shift=shift, caps_lock=False) == char


@pytest.mark.parametrize("char", PRINTABLE)
def test_every_printable_character_has_the_key_that_linux_names(char: str) -> None:
    plain = SHIFTED.get(char, char)
    name = "KEY_" + NAMES.get(plain, plain.upper())
    assert keymap.stroke(char) == (ecodes.ecodes[name], char in SHIFTED or char.isupper())


@pytest.mark.parametrize("char", PRINTABLE)
def test_caps_lock_turns_letters_round_and_nothing_else(char: str) -> None:
    key, shift = keymap.stroke(char)
    assert keymap.character(key, shift=shift, caps_lock=True) == char.swapcase()


@pytest.mark.parametrize("digit", string.digits)
@pytest.mark.parametrize("shift", [False, True])
def test_keypad_digits_are_digits(digit: str, *, shift: bool) -> None:
    key = ecodes.ecodes[f"KEY_KP{digit}"]
    assert keymap.keypad_key(digit) == key
    assert keymap.keypad_digit(key) == digit
    assert keymap.character(key, shift=shift, caps_lock=shift) == digit


@pytest.mark.parametrize(
    ("name", "char"),
    [("KPDOT", "."), ("KPPLUS", "+"), ("KPMINUS", "-"), ("KPASTERISK", "*"), ("KPSLASH", "/"), ("102ND", "\\")],
)
def test_keypad_signs_and_the_second_backslash(name: str, char: str) -> None:
    assert keymap.character(ecodes.ecodes[f"KEY_{name}"], shift=False, caps_lock=False) == char


def test_names_of_special_keys() -> None:
    for name in ("TAB", "ENTER", "LEFTCTRL", "LEFTSHIFT", "RIGHTSHIFT", "LEFTALT", "CAPSLOCK", "KPENTER", "RIGHTCTRL"):
        assert getattr(keymap, f"KEY_{name}") == ecodes.ecodes[f"KEY_{name}"]
    assert keymap.KEY_RIGHTALT == ecodes.KEY_RIGHTALT
    assert {ecodes.KEY_ENTER, ecodes.KEY_A, ecodes.KEY_Z, ecodes.KEY_1} == keymap.PROOF_OF_KEYBOARD


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("A", 0x01),
        ("D", 0x04),
        ("Z", 0x1A),
        ("LEFTBRACE", 0x1B),
        ("BACKSLASH", 0x1C),
        ("RIGHTBRACE", 0x1D),
        ("6", 0x1E),
    ],
)
def test_control_characters(name: str, code: int) -> None:
    assert keymap.control(ecodes.ecodes[f"KEY_{name}"]) == chr(code)


def test_keys_that_type_nothing() -> None:
    for name in ("ESC", "F1", "NUMLOCK", "LEFTMETA", "HOME"):
        assert keymap.character(ecodes.ecodes[f"KEY_{name}"], shift=False, caps_lock=False) is None
        assert keymap.control(ecodes.ecodes[f"KEY_{name}"]) is None
