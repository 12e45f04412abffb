"""Strict reading of decoded JSON: every fault is a ``RuleSetError`` that says where, what, and what to write instead.

Values of the file are quoted only where they are names, escaped and cut short.
"""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar
from unicodedata import category

from gate.errors import RuleSetError
from gate.rules.certlogic_syntax import shown
from gate.rules.certlogic_values import MAX_INTEGER, kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

MAX_NAME: Final = 100
MAX_TEXT: Final = 2_000
MAX_LANGUAGES: Final = 50
_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._/-]{{0,{MAX_NAME - 1}}}")
_VERSION: Final = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})")
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that could forge a line of a log or turn its direction."""

Version = tuple[int, int, int]


def refuse(where: str, fault: str) -> NoReturn:
    """Raise RuleSetError for a fault at a place."""
    raise RuleSetError(f"{where}: {fault}")


def decode(blob: bytes, max_bytes: int) -> Any:
    """UTF-8 JSON without duplicate keys, halves of characters, or numbers that JSON doesn't have.

    Raises:
        RuleSetError: too large, not UTF-8, not JSON, nested too deeply, a key twice in one object, an escape that is
            only half of a character.
    """
    if len(blob) > max_bytes:
        refuse("file", f"has {len(blob)} bytes; at most {max_bytes} are read")
    try:
        found = json.loads(blob.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
        if b"\\u" in blob:  # a text with half a character could never be written again
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        refuse("file", "is not UTF-8; save it as UTF-8")
    except UnicodeEncodeError:
        refuse("file", "has half of a character, a \\u escape without its second part; write the character itself")
    except RecursionError:
        refuse("file", "is nested too deeply; flatten it")
    except ValueError as error:  # JSONDecodeError, and integers of thousands of digits
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "a number"
        refuse("file", f"is not JSON ({place}); check it with a JSON editor")
    return found


def members(value: Any, where: str, required: frozenset[str], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An object with exactly these keys."""
    found = an_object(value, where)
    if missing := sorted(required - found.keys()):
        refuse(where, f"lacks {', '.join(missing)}; add it")
    if unknown := sorted(found.keys() - required - optional):
        known = ", ".join(sorted(required | optional))
        refuse(where, f"has the unknown key {shown(unknown[0])}; the keys are {known}")
    return found


def an_object(value: Any, where: str) -> dict[str, Any]:
    """An object whose keys are not checked."""
    if type(value) is not dict:
        refuse(where, f"is {kind(value)}; write an object")
    return value


def items(value: Any, where: str, most: int, *, least: int = 0) -> list[Any]:
    """An array with so many items."""
    if type(value) is not list:
        refuse(where, f"is {kind(value)}; write an array")
    if not least <= len(value) <= most:
        refuse(where, f"has {len(value)} items; write {least} to {most}")
    return value


def by_name(value: Any, where: str, most: int, read: Callable[[Any, str], T]) -> dict[str, T]:
    """An object from names to values that ``read`` checks."""
    found = an_object(value, where)
    if len(found) > most:
        refuse(where, f"has {len(found)} members; at most {most} are read")
    return {name(key, f"{where}, name"): read(item, f"{where} {key}") for key, item in found.items()}


def name(value: Any, where: str) -> str:
    """An identifier: ASCII letters, digits and ``. _ / -``."""
    if type(value) is not str or not _NAME.fullmatch(value):
        refuse(where, f"must be up to {MAX_NAME} letters, digits and any of . _ / - beginning with a letter or digit")
    return value


def text(value: Any, where: str) -> str:
    """One line of text for people."""
    if type(value) is not str or not value.strip() or len(value) > MAX_TEXT:
        refuse(where, f"must be a text of 1 to {MAX_TEXT} characters")
    if any(category(character) in _UNPRINTABLE for character in value):
        refuse(where, "has a control character or line break; write it on one line")
    return value


def one_of(value: Any, where: str, allowed: tuple[T, ...]) -> T:
    """One of these values, of the same type."""
    for choice in allowed:
        if type(value) is type(choice) and value == choice:
            return choice
    refuse(where, f"must be one of {', '.join(map(str, allowed))}")


def integer(value: Any, where: str, *, least: int = -MAX_INTEGER) -> int:
    """An integer of that size; ``true`` and 1.0 are none."""
    if type(value) is not int or not least <= value <= MAX_INTEGER:
        refuse(where, f"must be an integer from {least} to {MAX_INTEGER}")
    return value


def version(value: Any, where: str) -> Version:
    """``major.minor.patch``."""
    match = _VERSION.fullmatch(value) if type(value) is str else None
    if match is None:
        refuse(where, 'must be a version such as "1.0.0"')
    return int(match[1]), int(match[2]), int(match[3])


def instant(value: Any, where: str) -> datetime:
    """A date-time with a zone, as UTC."""
    try:
        at = datetime.fromisoformat(value) if type(value) is str else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    refuse(where, 'must be a date-time with a zone, such as "2022-06-30T10:00:00+08:00"')


def descriptions(value: Any, where: str) -> dict[str, str]:
    """Texts by language tag, each on one line, from ``[{"lang": ..., "desc": ...}]``."""
    texts: dict[str, str] = {}
    for item in items(value, where, MAX_LANGUAGES, least=1):
        entry = members(item, where, frozenset({"lang", "desc"}))
        language = name(entry["lang"], f"{where} lang")
        one_line = " ".join(entry["desc"].split()) if type(entry["desc"]) is str else entry["desc"]
        # Rules in production give a language twice: the first text counts.
        texts.setdefault(language, text(one_line, f"{where} {language}"))
    return texts


def both_languages(texts: Mapping[str, str], where: str) -> None:
    """What we write ourselves is there for those who answer for it and for those who carry it out."""
    for language in ("zh-CN", "en"):
        if language not in texts:
            refuse(where, f'needs texts for "zh-CN" and "en"; add the one for "{language}"')


def same_order(pairs: Mapping[str, datetime], where: str) -> None:
    """The instants must not run backwards in the order given."""
    names = list(pairs)
    for earlier, later in itertools.pairwise(names):
        if pairs[earlier] > pairs[later]:
            refuse(where, f"{earlier} lies after {later}; exchange or correct them")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            refuse("file", f"has the key {shown(key)} twice in one object; keep one")
        found[key] = value
    return found


def _no_constant(constant: str) -> NoReturn:
    refuse("file", f"has the number {constant}, which JSON does not have; write an integer")
