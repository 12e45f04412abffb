"""Targets: everything that reads the bytes of a device."""

from __future__ import annotations

from collections import Counter
from typing import Final

from drivers.camera_wire import Frames
from drivers.camera_worker import MEMORY, UnreadableError, decode
from drivers.code_framing import MOST_BYTES as MOST_SERIAL_BYTES
from drivers.code_framing import Debris, Ends, Framer
from drivers.code_reader import PATIENCE
from drivers.gymcu90614_frames import MOST_DATA
from drivers.gymcu90614_frames import Frames as ThermometerFrames
from drivers.idcard_frames import MAX_LENGTH, PREAMBLE, Command, Frame, Noise, Splitter, answers, sam_number, text_block
from drivers.input_events import KeyEvent
from drivers.lcus_frames import SIZE, wire
from drivers.lcus_frames import Splitter as RelaySplitter
from drivers.mlx90614_words import hundredths
from drivers.newland import MOST_ANSWER, Answer, Read
from drivers.newland import Splitter as EngineSplitter
from drivers.wedge import MOST_BYTES, Broken, Code, WedgeDecoder
from fuzz.engine import Target
from fuzz.mutate_png import mutate_png

_MOST_FED: Final = MOST_SERIAL_BYTES + 2000
_LONGEST_FRAME: Final = len(PREAMBLE) + 2 + MAX_LENGTH


def _frames(data: bytes) -> str:
    """The first byte says in how large pieces the rest comes; nothing is lost, whatever they are."""
    splitter, size, out = Splitter(), 1 + (data[0] if data else 0) * 8, bytearray()
    seen = Counter[str]()
    for start in range(1, len(data), size):
        for piece in splitter.feed(data[start : start + size]):
            out += piece.wire
            seen[piece.why if isinstance(piece, Noise) else f"{piece.status} {len(piece.data)}"] += 1
            if isinstance(piece, Frame):
                text_block(piece.data)
                for command in Command:
                    if answers(command, piece) and command is Command.SAM_ID and piece.data:
                        sam_number(piece.data)
        assert len(splitter.pending) <= _LONGEST_FRAME
    assert bytes(out) + splitter.pending == data[1:]
    return _summary(seen)


def _summary(seen: Counter[str]) -> str:
    """What came out: how often is told apart up to three times."""
    return " ".join(f"{what}:{min(number, 3)}" for what, number in sorted(seen.items()))


def _wedge(data: bytes) -> str:
    """Five bytes an event: type, key (two), value, and how long after the one before."""
    decoder, at = WedgeDecoder(encoding="gbk"), 0.0
    pieces: list[Code | Broken] = []
    for start in range(0, len(data) - 4, 5):
        kind, high, low, value, wait = data[start : start + 5]
        at += wait / 500
        pieces += decoder.feed([KeyEvent(kind, high << 8 | low, value)], at)
    pieces += decoder.tick(at + 10)
    assert decoder.deadline is None
    codes = [piece.data for piece in pieces if isinstance(piece, Code)]
    assert all(0 < len(code) <= 2 * MOST_BYTES for code in codes)
    broken = [piece.detail for piece in pieces if isinstance(piece, Broken)]
    return _summary(Counter([*broken, *(f"code of {len(code).bit_length()} {code.isascii()}" for code in codes)]))


def _relays(data: bytes) -> str:
    """The first byte says in how large pieces the rest comes."""
    splitter, size = RelaySplitter(), 1 + (data[0] if data else 0)
    seen = Counter[str]()
    for start in range(1, len(data), size):
        for frame in splitter.feed(data[start : start + size]):
            assert len(wire(frame)) == SIZE
            seen[f"{frame.channel} {frame.state}" if frame.channel < SIZE else "other"] += 1
        assert len(splitter.pending) < SIZE
    return _summary(seen)


def _serial_gun(data: bytes) -> str:
    """An engine's answers are taken out, the rest is cut into codes; two bytes say how it ends and in what pieces."""
    data = data[:_MOST_FED]
    splitter, framer = EngineSplitter(), Framer(list(Ends)[sum(data[:1]) % len(Ends)], 0.1)
    splitter.triggers_owed = 1
    size, out, read = 4 + sum(data[1:2]) * 8, bytearray(), bytearray()
    seen = Counter[str]()
    chunks = [splitter.feed(data[start : start + size]) for start in range(2, len(data), size)]
    assert len(splitter.pending) <= MOST_ANSWER
    for number, piece in enumerate(piece for pieces in (*chunks, splitter.flush()) for piece in pieces):
        out += piece.wire
        if isinstance(piece, Read):
            read += piece.wire
            for cut in framer.feed(piece.wire, number / 100):
                seen[cut.why if isinstance(cut, Debris) else f"code of {len(cut.data).bit_length()}"] += 1
                del read[: len(cut.wire)]
        elif isinstance(piece, Answer):
            seen[piece.ack.name] += 1
        assert len(framer.pending) <= MOST_SERIAL_BYTES + 2
    assert bytes(out) == data[2:]
    assert bytes(read) == framer.pending
    return _summary(seen)


def _camera(data: bytes) -> str:
    frames = Frames()
    return _summary(
        Counter(frame.kind.name for start in range(0, len(data), 50) for frame in frames.feed(data[start : start + 50]))
    )


def _thermometer(data: bytes) -> str:
    """The first byte says in how large pieces the rest comes."""
    frames, size, seen = ThermometerFrames(), 1 + (data[0] if data else 0), Counter[str]()
    for start in range(1, len(data), size):
        found = frames.feed(data[start : start + size])
        seen.update(f"{one.target < 0} {abs(one.target).bit_length()}" for one in found)
        assert len(frames.pending) < 5 + MOST_DATA
    return _summary(seen)


def _word(data: bytes) -> str:
    """Address, command, and what the sensor answered."""
    address, command = data[:2].ljust(2, b"\0")
    said = hundredths(address & 0x7F, command, data[2:])
    assert -7_001 <= said <= 38_219
    return str(said // 1000)


def _picture(data: bytes) -> None:
    assert decode(data)


_WIRE: Final = (PREAMBLE, PREAMBLE[1:], b"\x00\x04", b"\x09\x60", b"\x09\x61", b"\x00\x00\x90", b"\x01\x00\x04\x00")
_KEYS: Final = (
    *(bytes((1, 0, key, value, 1)) for key in (28, 42, 56, 58, 29, 100, 71, 82) for value in (0, 1, 2)),
    *(bytes((0, 0, 3, 0, 0)), bytes((0, 0, 0, 0, 0)), bytes((1, 0, 2, 1, 60))),
)
_ENGINE: Final = (b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x06", b"\x02\x010000@SCNMOD2", b"\x06;\x03", b"\x15;\x03")
_PICTURE: Final = (
    b"IHDR",
    b"IDAT",
    b"tRNS",
    b"PLTE",
    b"iCCP",
    b"\xff\xd8",
    b"\xff\xc0",
    b"\xff\xc4",
    b"\xff\xda",
    b"\xff\xdd",
)

TARGETS: Final = (
    Target("id-card frames", _frames, tokens=_WIRE, cost=25),
    Target("keyboard gun", _wedge, tokens=_KEYS, cost=40),
    Target("relay board", _relays, tokens=(b"\xa0", b"\xa0\x01\x01\xa2", b"\xa0\x01\x00\xa1"), cost=2),
    Target("serial gun", _serial_gun, tokens=_ENGINE, cost=10),
    Target("camera pipe", _camera, cost=3),
    Target("thermometer frames", _thermometer, tokens=(b"\x5a\x5a\x45\x04", b"\x5a\x5a\x45\x10", b"\x5a\x5a"), cost=16),
    Target("thermometer word", _word, tokens=(b"\x7a\x3c\x92",)),
    Target(
        "pictures",
        _picture,
        (UnreadableError,),
        structure=mutate_png,
        tokens=_PICTURE,
        longest_s=PATIENCE,  # bounded by the chain's own patience, the number of pixels and the worker's memory
        most_memory=MEMORY // 2,
        cost=100,
    ),
)
