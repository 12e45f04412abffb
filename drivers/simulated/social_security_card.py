"""A social-security card as it answers APDUs, by contact (T=0) or contactless, of several generations (PROTOCOLS 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

APPLICATION = bytes.fromhex("737831 2E73682E C9E7BBE1B1A3D5CF")
"""As seen on the wire; written down apart from the parser's on purpose."""
_DONE = 0x9000
_BY_PATH, _BY_NAME = 0x02, 0x04
_HOLDER_DATA = 0xEF06
_SELECT, _READ_RECORD, _GET_RESPONSE, _VERIFY = 0xA4, 0xB2, 0xC0, 0x20


@dataclass
class SimulatedSocialSecurityCard:
    """One card.

    Attributes:
        records: by file and tag the value; the fictional holder's unless given.
        holder_needs_keys: third generation: the holder's file answers 6982.
        contactless: SELECT by name wants a length at the end, and nothing is fetched with GET RESPONSE.
        selects_by_path: only P1 = 02 selects a file.
        blocked: the application answers 9303.
    """

    records: dict[int, dict[int, bytes]] = field(default_factory=dict)
    holder_needs_keys: bool = False
    contactless: bool = False
    selects_by_path: bool = False
    blocked: bool = False
    pin_tries: int = 0
    """How often somebody tried a PIN: must stay 0."""

    def __post_init__(self) -> None:
        self.records = self.records or fictional_records()
        self._application = False
        self._file = 0
        self._waiting = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:  # noqa: PLR0911 - one line an instruction
        """Answer one command: data and status word."""
        instruction = apdu[1]
        if instruction == _GET_RESPONSE:
            data, self._waiting = self._waiting[: apdu[4] or 256], b""
            return data, _DONE
        if instruction == _SELECT and apdu[2] == _BY_NAME:
            return self._select_application(apdu)
        if instruction == _VERIFY:
            self.pin_tries += 1
            return b"", 0x63C2
        if not self._application:
            return b"", 0x6985
        if instruction == _SELECT:
            return self._select_file(apdu)
        if instruction == _READ_RECORD:
            return self._read(apdu)
        return b"", 0x6D00

    def _select_application(self, apdu: bytes) -> tuple[bytes, int]:
        name, rest = apdu[5 : 5 + apdu[4]], apdu[5 + apdu[4] :]
        if name != APPLICATION:
            return b"", 0x6A82
        if self.blocked:
            return b"", 0x9303
        if self.contactless and not rest:
            return b"", 0x6700
        self._application = True
        return self._give(bytes.fromhex("6F16840F") + APPLICATION + bytes.fromhex("A5038801") + b"\x1e")

    def _select_file(self, apdu: bytes) -> tuple[bytes, int]:
        if (apdu[2] == _BY_PATH) is not self.selects_by_path:
            return b"", 0x6A86
        file = int.from_bytes(apdu[5:7], "big")
        if file not in self.records:
            return b"", 0x6A82
        self._file = file
        return b"", _DONE

    def _read(self, apdu: bytes) -> tuple[bytes, int]:
        if self._file == _HOLDER_DATA and self.holder_needs_keys:
            return b"", 0x6982
        value = self.records.get(self._file, {}).get(apdu[2])
        if value is None:
            return b"", 0x6A83
        record = bytes([apdu[2], len(value)]) + value
        if apdu[4] not in {0, len(record)}:
            return b"", 0x6C00 | len(record)
        return self._give(record)

    def _give(self, data: bytes) -> tuple[bytes, int]:
        if self.contactless:
            return data, _DONE
        self._waiting = data
        return b"", 0x6100 | len(data)


def fictional_records() -> dict[int, dict[int, bytes]]:
    """Files of a card of a fictional person, region 999999."""
    return {
        0xEF05: {
            0x01: bytes.fromhex("9999990000000000") + bytes(8),
            0x02: b"1",
            0x03: b"3.00",
            0x05: bytes.fromhex("20200101"),
            0x06: bytes.fromhex("20400101"),
            0x07: b"T12345678",
        },
        0xEF06: {
            0x08: b"999999199001010016",
            0x09: "示例一".encode("gbk").ljust(30, b"\0"),
            0x0A: b"1",
        },
    }
