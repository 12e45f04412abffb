"""``gate check --batch``: JSON lines in, one answer a line out, in the same order, whatever the lines hold.

A line: ``{"id": "7", "text": "HC1:…"}``, or ``"picture"`` (a file's name, or the base64 of a PNG or JPEG) instead of
``"text"``; ``"at"`` and ``"anchors"`` (a file's name, or a list of them) stand in for those of the command line. A line
that can't be judged is answered with ``"error"``, its number, and its id where it has one.

Whatever has been read is answered before more is read, so that one who waits for each answer gets it, and one who
does not is served in large pieces. A file of anchors is read once; lines may name any file that the user may read.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from gate.app.check_code import inspect
from gate.app.check_files import CertificateRules, is_file, load_trusted, now, read_moment, read_picture
from gate.app.picture_process import PictureProcess
from gate.errors import ConfigError, GateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.credentials.trusted import Trusted
    from gate.model import Moment

MAX_LINE_BYTES: Final = 12 * 1024 * 1024
"""The base64 of the largest picture that is decoded, and what stands around it."""

_CHUNK: Final = 1 << 18
_MOST_ANCHORS: Final = 8
"""Files in one line; the largest signer lists are one list and one key."""
_MOST_LISTS_KEPT: Final = 16
_BASE64_PICTURES: Final = ("iVBORw0KGgo", "/9j/")
"""How a PNG and a JPEG begin in base64."""

_Id = Annotated[str, msgspec.Meta(max_length=200)] | int | None
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
_Names = Annotated[list[_Name], msgspec.Meta(min_length=1, max_length=_MOST_ANCHORS)]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    id: _Id = None
    text: str | None = None
    picture: str | None = None
    at: str | None = None
    anchors: _Name | _Names | None = None


class _Numbered(msgspec.Struct):
    """What is looked for in a line that is none of the above."""

    id: _Id = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the command line says, for lines that do not."""

    trusted: Trusted
    """Of which a line may replace signers and issuers."""
    rules: CertificateRules | None
    moment: Moment | None
    """None: the present."""
    """Of health codes."""


def serve(source: int, sink: int, defaults: Defaults) -> int:
    """Answer every line.

    Args:
        source: file descriptor of the lines.
        sink: file descriptor of the answers.
        defaults: see there.

    Returns:
        How many lines could not be judged.
    """
    batch = _Batch(defaults)
    try:
        for lines in _pieces(source):
            _write(sink, b"".join(map(batch.answer, lines)))
    finally:
        batch.pictures.close()
    return batch.faults


class _Batch:
    """Answers lines, and counts them."""

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._believed = lru_cache(maxsize=_MOST_LISTS_KEPT)(_load)
        self._lines = 0
        self.pictures = PictureProcess()
        self.faults = 0

    def answer(self, line: bytes | None) -> bytes:
        """One line's answer, with its line end; ``None`` stands for a line that was too long to be kept."""
        self._lines += 1
        try:
            if line is None:
                raise ConfigError(f"a line of more than {MAX_LINE_BYTES >> 20} MiB")
            asked = _QUESTION.decode(line)
            answer = {"id": asked.id, **self._judge(asked)}
        except GateError as error:
            answer = self._fault(line, str(error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            answer = self._fault(line, f"no line of the form that is asked for: {error}")
        return _ENCODE(answer) + b"\n"

    def _judge(self, asked: _Line) -> dict[str, Any]:
        default = self._defaults
        moment = (default.moment or now()) if asked.at is None else read_moment(asked.at, '"at"')
        trusted = default.trusted
        if asked.anchors is not None:
            names = (asked.anchors,) if isinstance(asked.anchors, str) else tuple(asked.anchors)
            believed = self._believed(names)
            trusted = replace(
                trusted,
                signers=believed.signers,
                card_issuers=believed.card_issuers,
                authorities=believed.authorities,
            )
        return inspect(self._code(asked), trusted, default.rules, moment)

    def _code(self, asked: _Line) -> bytes:
        if (asked.text is None) == (asked.picture is None):
            raise ConfigError('give either "text" or "picture"')
        if asked.text is not None:
            return asked.text.encode()
        codes = self.pictures.codes(_picture(asked.picture or ""))
        if len(codes) != 1:
            raise ConfigError(f"{len(codes)} codes in the picture: cut out the one to check")
        return codes[0]

    def _fault(self, line: bytes | None, fault: str) -> dict[str, Any]:
        self.faults += 1
        return {"id": _id_of(line), "line": self._lines, "error": fault}


_QUESTION: Final = msgspec.json.Decoder(_Line)
_ENCODE: Final = msgspec.json.Encoder().encode


def _id_of(line: bytes | None) -> str | int | None:
    try:
        return None if line is None else msgspec.json.decode(line, type=_Numbered).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _picture(text: str) -> bytes:
    if not text.startswith(_BASE64_PICTURES):
        return read_picture(Path(text))
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError('"picture" begins like base64, but is none') from None


def _load(names: tuple[str, ...]) -> Trusted:
    paths = [Path(name) for name in names]
    for path in paths:
        if not is_file(path):  # a pipe or a device would be waited for
            raise ConfigError(f"{path}: no such file")
    return load_trusted(paths).trusted


def _pieces(source: int) -> Iterator[list[bytes | None]]:
    """Whole lines, as many at a time as have come, without their ends; ``None`` for each that is too long."""
    rest = bytearray()
    too_long = False
    while data := os.read(source, _CHUNK):
        *whole, last = data.split(b"\n")
        lines: list[bytes | None] = []
        for piece in whole:
            rest += piece
            lines.append(None if too_long or len(rest) > MAX_LINE_BYTES else bytes(rest))
            rest.clear()
            too_long = False
        rest += last
        if len(rest) > MAX_LINE_BYTES:
            too_long = True
            rest.clear()
        if lines:
            yield lines
    if rest or too_long:
        yield [None if too_long else bytes(rest)]


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]
