"""Properties of the protocols in which the emulated machine's devices are played."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hil.devices import usbredir, vscard
from hypothesis import given
from hypothesis import strategies as st

PACKETS = st.lists(
    st.builds(usbredir.Packet, st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(max_size=80)), max_size=6
)
MESSAGES = st.lists(st.tuples(st.sampled_from(vscard.Kind), st.binary(max_size=80)), max_size=6)
CUTS = st.lists(st.integers(0, 4_000), max_size=20)
GREETING = usbredir.greeting("other side")


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(PACKETS, CUTS)
def test_packets_arrive_whole_however_they_are_cut(packets: list[usbredir.Packet], cuts: list[int]) -> None:
    splitter = usbredir.Splitter()
    stream = GREETING + b"".join(usbredir.pack(packet) for packet in packets)
    arrived = [packet for piece in chunked(stream, cuts) for packet in splitter.feed(piece)]
    assert arrived[0].kind == usbredir.Kind.HELLO
    assert arrived[1:] == packets


@given(st.lists(st.binary(max_size=120), max_size=5), st.booleans())
def test_a_stream_of_anything_is_packets_or_a_fault(pieces: list[bytes], greeted: bool) -> None:
    splitter = usbredir.Splitter()
    with contextlib.suppress(usbredir.UsbredirFault):
        for piece in [GREETING, *pieces] if greeted else pieces:
            splitter.feed(piece)
    for piece in pieces:
        with contextlib.suppress(usbredir.UsbredirFault):
            usbredir.parse_control(piece)
        with contextlib.suppress(usbredir.UsbredirFault):
            usbredir.parse_bulk(piece)


@given(st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=70_000))
def test_a_bulk_answer_is_of_the_endpoint_that_was_asked(endpoint: int, stream: int, length: int, data: bytes) -> None:
    asked = usbredir.Bulk(endpoint, stream, length)
    body = usbredir.answer_bulk(7, asked, data).body
    assert usbredir.parse_bulk(body) == usbredir.Bulk(endpoint, stream, len(data))
    assert body.endswith(data)


@given(st.binary(max_size=300), st.integers(0, 255))
def test_no_answer_is_longer_than_what_was_asked_for(data: bytes, length: int) -> None:
    asked = usbredir.Control(usbredir.IN, 6, 0x0100, 0, length)
    answer = usbredir.parse_control(usbredir.answer_control(1, asked, data).body)
    assert answer.data == data[:length]
    assert answer.length == len(answer.data)


def test_another_side_that_can_do_too_little_is_named() -> None:
    old = GREETING[:-4] + bytes(4)
    with pytest.raises(usbredir.UsbredirFault, match="lacks capabilities"):
        usbredir.Splitter().feed(old)


@given(MESSAGES, CUTS)
def test_a_readers_messages_arrive_whole(messages: list[tuple[vscard.Kind, bytes]], cuts: list[int]) -> None:
    splitter = vscard.Splitter()
    stream = b"".join(vscard.pack(kind, body) for kind, body in messages)
    arrived = [message for piece in chunked(stream, cuts) for message in splitter.feed(piece)]
    assert [(message.kind, message.body) for message in arrived] == messages


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_a_reader_that_says_anything_is_messages_or_a_fault(pieces: list[bytes]) -> None:
    splitter = vscard.Splitter()
    with contextlib.suppress(vscard.VscardFault):
        for piece in pieces:
            splitter.feed(piece)
