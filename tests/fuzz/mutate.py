"""Makes new inputs from known ones: changes of bytes, and changes of the structure that the bytes stand for."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

import cbor2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Change = Callable[[Random, bytearray, Sequence[bytes]], None]

LONGEST: Final = 20_000
"""Bytes of an input: more than twice the longest code, so that bounds are crossed."""

_EDGES: Final = (0, 1, 2, 0x17, 0x18, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)
_SCALARS: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53, -(2**53), 2**63, 2**64, -(2**70), 10**400),
    *(0.5, 1e308, -0.0, "", " ", "a", "0", "-1", "\0", "\u202e", "𝟙", "İ", "x" * 2000),
    *("1", "day", "2022-06-30", "2022-02-30", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("2022-06-30T10:00:00+08:00", "24:00", "１９９０", [], {}, [[]], [None] * 30),
)
"""Values at which readers have broken."""


def random_bytes(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    data[:] = rng.randbytes(rng.choice((0, 1, 2, 3, 7, 16, 64, 256, 257, 600)))


def _flip(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _put(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _number(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    """A number at the edge of its width, in either order of bytes."""
    del corpus
    width = rng.choice((1, 2, 4))
    at = rng.randrange(len(data) + 1)
    edge = rng.choice(_EDGES) & (1 << 8 * width) - 1
    data[at : at + width] = edge.to_bytes(width, rng.choice(("big", "little")))


def _insert(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.randrange(1, 9))


def _delete(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    start, end = _span(rng, data)
    del data[start:end]


def _truncate(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    del data[rng.randrange(len(data) + 1) :]


def _repeat(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    """A piece many times over, sometimes until nothing more fits."""
    del corpus
    start, end = _span(rng, data)
    piece = bytes(data[start:end]) or b"\0"
    data[start:start] = piece * min(rng.choice((1, 2, 10, 100, LONGEST)), max((LONGEST - len(data)) // len(piece), 1))


def _move(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    del corpus
    start, end = _span(rng, data)
    piece = data[start:end]
    del data[start:end]
    at = rng.randrange(len(data) + 1)
    data[at:at] = piece


def _splice(rng: Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    """The beginning of this input and the end of another."""
    other = rng.choice(corpus)
    data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other) + 1) :]


_CHANGES: Final[tuple[Change, ...]] = (*(_flip, _put, _number, _insert, _delete, _truncate, _repeat, _move, _splice),)


def mutate(rng: Random, seed: bytes, corpus: Sequence[bytes], tokens: Sequence[bytes] = ()) -> bytes:
    """One to a few changes of bytes; every now and then nothing of the seed is left."""
    data = bytearray(seed)
    if rng.random() < 0.03:
        random_bytes(rng, data, corpus)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        if tokens and rng.random() < 0.2:
            at = rng.randrange(len(data) + 1)
            data[at:at] = rng.choice(tokens)
        else:
            rng.choice(_CHANGES)(rng, data, corpus)
    return bytes(data[:LONGEST])


def mutate_json(rng: Random, seed: bytes) -> bytes:
    """Changes of the structure of a JSON document; one that is none stays as it is."""
    try:
        value = json.loads(seed)
        return json.dumps(_restructured(rng, value), ensure_ascii=False).encode("utf-8", "surrogatepass")[:LONGEST]
    except (ValueError, RecursionError):
        return seed


def mutate_cbor(rng: Random, seed: bytes) -> bytes:
    """Changes of the structure of a CBOR item; one that is none stays as it is."""
    try:
        return cbor2.dumps(_restructured(rng, cbor2.loads(seed)))[:LONGEST]
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        return seed


def _restructured(rng: Random, value: Any) -> Any:
    whole = [copy.deepcopy(value)]
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = _places(whole)
        parent, key = rng.choice(places)
        rng.choice(_REWRITES)(rng, parent, key, places)
    return whole[0]


def _replace(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    del places
    parent[key] = copy.deepcopy(rng.choice(_SCALARS))


def _exchange(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    """Put a copy of another part of the document here."""
    other, place = rng.choice(places)
    parent[key] = copy.deepcopy(other[place])


def _remove(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    del rng, places
    if isinstance(parent[key], dict | list) and parent[key]:
        parent[key].pop(next(iter(parent[key])) if isinstance(parent[key], dict) else 0)


def _rename(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    """Give a member the name of another."""
    if isinstance(parent, dict):
        _, name = rng.choice(places)
        parent[name if isinstance(name, str) else str(name)] = parent.pop(key)


def _many(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    """The same part many times over."""
    del places
    if isinstance(parent[key], list):
        parent[key] = parent[key] * rng.choice((2, 10, 100))
    else:
        parent[key] = [parent[key]] * rng.choice((1, 2, 10, 300))


def _nest(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    del places
    for _ in range(rng.choice((1, 2, 15, 16, 17, 60, 110))):
        parent[key] = [parent[key]] if rng.random() < 0.5 else {str(key): parent[key]}


def _nudge(rng: Random, parent: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    """A number by a little or by much, a text by one character."""
    del places
    found = parent[key]
    if isinstance(found, int):
        parent[key] = found + rng.choice((-1, 1, 60, 86400, -86400, 2**31, 2**53))
    elif isinstance(found, str) and found:
        at = rng.randrange(len(found))
        parent[key] = found[:at] + rng.choice("0159-:.TZ+ <A一\U00010000") + found[at + 1 :]


_REWRITES: Final = (_replace, _exchange, _exchange, _remove, _rename, _many, _nest, _nudge, _nudge)


def _places(whole: list[Any]) -> list[tuple[Any, Any]]:
    """Every part of the document, as the container that holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    containers: list[Any] = [whole]
    while containers and len(found) < 5000:
        container = containers.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                containers.append(container[key])
    return found


def _span(rng: Random, data: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(start + rng.choice((1, 2, 4, 8, 16, 64, 256)), len(data))
