"""What is said about each reason, in every language: ``config/phrases/<language>.toml``.

A catalogue is total: a reason or a text that is missing is found at start and named, never at the gate.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError
from gate.model import Reason, Texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_TEXTS = tuple(field.name for field in fields(Texts))
_TABLES = frozenset({"screen", "installer", "reasons"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every text of the gate. Languages keep the order in which they were asked for: the first one leads."""

    by_reason: Mapping[Reason, Mapping[str, Texts]]
    """Reason to language tag to texts; total over ``Reason``."""
    ui: Mapping[str, Mapping[str, str]]
    """Language tag to the words of the screen itself (``idle_title``, ``pass``, ...); the same keys in each."""
    installer: Mapping[str, Mapping[str, str]]
    """Likewise to what an installer reads on the console."""

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.ui)

    def texts(self, reason: Reason) -> Mapping[str, Texts]:
        """The texts of one reason by language tag, as an ``Announcement`` carries them."""
        return self.by_reason[reason]


def available() -> tuple[str, ...]:
    """The languages that there are phrases in."""
    names = (entry.name for entry in (files("config") / "phrases").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load(languages: Sequence[str]) -> Catalogue:
    """Read the phrases of ``languages`` (BCP 47 tags such as ``"zh-CN"``), at least one.

    Raises:
        ConfigError: a file, a reason or a text is missing or not known; the message names file and key.
    """
    if not languages:
        raise ConfigError("no language is set: name at least one, e.g. languages = ['zh-CN']")
    parsed = {language: _read(language) for language in languages}
    screens, consoles = (
        {language: _lines(language, content, name) for language, content in parsed.items()}
        for name in ("screen", "installer")
    )
    _same_keys(screens, "screen")
    _same_keys(consoles, "installer")
    texts = {language: _reasons(language, content) for language, content in parsed.items()}
    by_reason = {
        reason: MappingProxyType({language: texts[language][reason] for language in parsed}) for reason in Reason
    }
    return Catalogue(MappingProxyType(by_reason), MappingProxyType(screens), MappingProxyType(consoles))


def _name(language: str) -> str:
    return f"config/phrases/{language}.toml"


def _read(language: str) -> dict[str, Any]:
    """The tag comes from the configuration, so it is checked before it becomes part of a path."""
    if _LANGUAGE.fullmatch(language) is None:
        raise ConfigError(f"language {language!r} is no language tag: write e.g. 'zh-CN' or 'en'")
    source = files("config") / "phrases" / f"{language}.toml"
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{_name(language)}: there are no phrases in this language") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{_name(language)}: {error}") from error
    if unknown := content.keys() - _TABLES:
        raise ConfigError(f"{_name(language)}: unknown key {min(unknown)!r}; known are {sorted(_TABLES)}")
    return content


def _table(language: str, parent: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise ConfigError(f"{_name(language)}: table [{path}] is missing")
    return value


def _text(language: str, table: Mapping[str, Any], key: str, path: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigError(f"{_name(language)}: {path}.{key} is missing or not one line of text")
    return value


def _lines(language: str, content: Mapping[str, Any], name: str) -> Mapping[str, str]:
    table = _table(language, content, name, name)
    return MappingProxyType({key: _text(language, table, key, name) for key in table})


def _same_keys(tables: Mapping[str, Mapping[str, str]], name: str) -> None:
    every = {key for table in tables.values() for key in table}
    for language, table in tables.items():
        if missing := every - table.keys():
            raise ConfigError(f"{_name(language)}: {name}.{min(missing)} is missing; another language has it")


def _reasons(language: str, content: Mapping[str, Any]) -> Mapping[Reason, Texts]:
    table = _table(language, content, "reasons", "reasons")
    if unknown := table.keys() - {reason.value for reason in Reason}:
        raise ConfigError(f"{_name(language)}: [reasons.{min(unknown)}] is no reason that the gate knows")
    return {reason: _texts(language, table, reason) for reason in Reason}


def _texts(language: str, table: Mapping[str, Any], reason: Reason) -> Texts:
    path = f"reasons.{reason}"
    entry = _table(language, table, reason.value, path)
    if unknown := entry.keys() - set(_TEXTS):
        raise ConfigError(f"{_name(language)}: unknown key {path}.{min(unknown)}; known are {sorted(_TEXTS)}")
    return Texts(**{key: _text(language, entry, key, path) for key in _TEXTS})
