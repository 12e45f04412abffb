"""The USB redirection protocol (usbredir 0.7), of whoever has the device: packets and their parts, and no device.

A packet is a kind, a length, a number and a body, the least significant byte first. The number has 32 bits in the
greeting and 64 after it, since both sides offer that (``CAPABILITIES``); QEMU's xHCI needs it so.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BYTES: Final = 1 << 20
"""A body may be so long; QEMU's are a transfer's 64 KiB at the most."""
IN: Final = 0x80
"""Of an endpoint's address and of a request's type: towards the host of the bus."""
_GREETING: Final = struct.Struct("<III")
_AFTER: Final = struct.Struct("<IIQ")
_VERSION_BYTES: Final = 64
_CONTROL: Final = struct.Struct("<BBBBHHH")
_BULK: Final = struct.Struct("<BBHIH")
_MOST: Final = 32
"""Interfaces, and endpoints (sixteen out, then sixteen in), of which a device can have so many."""
_NO_ENDPOINT: Final = 255


class Kind(IntEnum):
    """What a packet is; those that a device without isochronous and interrupt endpoints meets."""

    HELLO = 0
    DEVICE_CONNECT = 1
    DEVICE_DISCONNECT = 2
    RESET = 3
    INTERFACE_INFO = 4
    EP_INFO = 5
    SET_CONFIGURATION = 6
    GET_CONFIGURATION = 7
    CONFIGURATION_STATUS = 8
    SET_ALT_SETTING = 9
    GET_ALT_SETTING = 10
    ALT_SETTING_STATUS = 11
    CANCEL_DATA_PACKET = 21
    CONTROL_PACKET = 100
    BULK_PACKET = 101


class Capability(IntFlag):
    """What one side can do beyond version 0.3."""

    CONNECT_DEVICE_VERSION = 1 << 1
    FILTER = 1 << 2
    EP_INFO_MAX_PACKET_SIZE = 1 << 4
    IDS_OF_64_BITS = 1 << 5
    BULK_LENGTH_OF_32_BITS = 1 << 6


CAPABILITIES: Final = (
    Capability.CONNECT_DEVICE_VERSION
    | Capability.FILTER
    | Capability.EP_INFO_MAX_PACKET_SIZE
    | Capability.IDS_OF_64_BITS
    | Capability.BULK_LENGTH_OF_32_BITS
)


class Status(IntEnum):
    """How a request went."""

    SUCCESS = 0
    CANCELLED = 1
    STALL = 4


class Speed(IntEnum):
    """Of the device's bus."""

    HIGH = 2


class EndpointType(IntEnum):
    """As in a USB descriptor."""

    CONTROL = 0
    BULK = 2


class Packet(NamedTuple):
    """One packet; ``number`` ties an answer to its request."""

    kind: int
    number: int
    body: bytes


class Control(NamedTuple):
    """A request on endpoint 0: a USB setup packet, and the data that comes with one towards the device."""

    request_type: int
    request: int
    value: int
    where: int
    """``wIndex``: the interface, the endpoint or the language that is meant."""
    length: int
    data: bytes = b""


class Bulk(NamedTuple):
    """A request for at most ``length`` bytes of a bulk endpoint."""

    endpoint: int
    stream: int
    length: int


class Endpoint(NamedTuple):
    """An endpoint and the interface that it belongs to."""

    address: int
    type: EndpointType
    interface: int
    most_bytes: int


class Interface(NamedTuple):
    """An interface's number and what it is for."""

    number: int
    class_: int
    subclass: int


class UsbredirFault(Exception):  # noqa: N818 - the field's word
    """What came is none of this protocol."""


def pack(packet: Packet) -> bytes:
    """A packet after the greeting."""
    return _AFTER.pack(packet.kind, len(packet.body), packet.number) + packet.body


def greeting(name: str) -> bytes:
    """The first packet of either side."""
    body = name.encode("ascii").ljust(_VERSION_BYTES, b"\0") + struct.pack("<I", CAPABILITIES)
    return _GREETING.pack(Kind.HELLO, len(body), 0) + body


class Splitter:
    """Finds the other side's packets in a stream that begins with its greeting."""

    def __init__(self) -> None:
        self._pending = b""
        self._head = _GREETING

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are complete now.

        Raises:
            UsbredirFault: no greeting at first, one without what is needed, or a length that no packet has.
        """
        stream = self._pending + data
        packets = []
        start = 0
        while len(stream) - start >= self._head.size:
            kind, length, number = self._head.unpack_from(stream, start)
            if length > MOST_BYTES:
                raise UsbredirFault(f"a packet of {length} bytes")
            body = start + self._head.size
            if body + length > len(stream):
                break
            packet = Packet(kind, number, stream[body : body + length])
            if self._head is _GREETING:
                _check_greeting(packet)
                self._head = _AFTER
            packets.append(packet)
            start = body + length
        self._pending = stream[start:]
        return packets


def _check_greeting(packet: Packet) -> None:
    if packet.kind != Kind.HELLO or len(packet.body) < _VERSION_BYTES + 4:
        raise UsbredirFault("the first packet is no greeting with capabilities")
    (theirs,) = struct.unpack_from("<I", packet.body, _VERSION_BYTES)
    if CAPABILITIES & ~Capability.FILTER & ~theirs:
        raise UsbredirFault(f"the other side lacks capabilities: it has {theirs:#x}")


def parse_control(body: bytes) -> Control:
    """The request in a control packet.

    Raises:
        UsbredirFault: it is too short.
    """
    if len(body) < _CONTROL.size:
        raise UsbredirFault("a control packet without its head")
    _, request, request_type, _, value, index, length = _CONTROL.unpack_from(body)
    return Control(request_type, request, value, index, length, body[_CONTROL.size :])


def answer_control(number: int, asked: Control, data: bytes | None) -> Packet:
    """The device's answer; ``data`` is None where it stalls, and empty for what it was sent."""
    status = Status.STALL if data is None else Status.SUCCESS
    given = (data or b"")[: asked.length] if asked.request_type & IN else b""
    moved = len(given) if asked.request_type & IN else asked.length
    head = _CONTROL.pack(
        asked.request_type & IN,
        asked.request,
        asked.request_type,
        status,
        asked.value,
        asked.where,
        0 if data is None else moved,
    )
    return Packet(Kind.CONTROL_PACKET, number, head + given)


def parse_bulk(body: bytes) -> Bulk:
    """The request in a bulk packet.

    Raises:
        UsbredirFault: it is too short.
    """
    if len(body) < _BULK.size:
        raise UsbredirFault("a bulk packet without its head")
    endpoint, _, low, stream, high = _BULK.unpack_from(body)
    return Bulk(endpoint, stream, high << 16 | low)


def answer_bulk(number: int, asked: Bulk, data: bytes, status: Status = Status.SUCCESS) -> Packet:
    """What the endpoint gives."""
    head = _BULK.pack(asked.endpoint, status, len(data) & 0xFFFF, asked.stream, len(data) >> 16)
    return Packet(Kind.BULK_PACKET, number, head + data)


def interface_info(interfaces: Iterable[Interface]) -> Packet:
    """Which interfaces the device has in its configuration."""
    there = list(interfaces)
    columns = (
        [interface.number for interface in there],
        [interface.class_ for interface in there],
        [interface.subclass for interface in there],
        [0 for _ in there],
    )
    body = struct.pack("<I", len(there)) + b"".join(bytes(column).ljust(_MOST, b"\0") for column in columns)
    return Packet(Kind.INTERFACE_INFO, 0, body)


def ep_info(endpoints: Iterable[Endpoint]) -> Packet:
    """Which endpoints the device has in its present settings."""
    types, interfaces, sizes = [_NO_ENDPOINT] * _MOST, [0] * _MOST, [0] * _MOST
    for endpoint in endpoints:
        place = (endpoint.address & 0x0F) + (_MOST // 2 if endpoint.address & IN else 0)
        types[place], interfaces[place], sizes[place] = endpoint.type, endpoint.interface, endpoint.most_bytes
    body = bytes(types) + bytes(_MOST) + bytes(interfaces) + struct.pack(f"<{_MOST}H", *sizes)
    return Packet(Kind.EP_INFO, 0, body)


def device_connect(device: bytes, speed: Speed) -> Packet:
    """The device is plugged in; ``device`` is its USB device descriptor."""
    class_, subclass, protocol = device[4:7]
    return Packet(Kind.DEVICE_CONNECT, 0, bytes((speed, class_, subclass, protocol)) + device[8:14])


def configuration_status(number: int, configuration: int) -> Packet:
    """The configuration that is in force."""
    return Packet(Kind.CONFIGURATION_STATUS, number, bytes((Status.SUCCESS, configuration)))


def alt_setting_status(number: int, interface: int, setting: int) -> Packet:
    """The setting of an interface that is in force."""
    return Packet(Kind.ALT_SETTING_STATUS, number, bytes((Status.SUCCESS, interface, setting)))
