"""Cards for the simulated reader: the 256-byte text block of each layout from plain fields (PROTOCOLS 1.9).

All people are fictional: region 999999 and country ZZZ do not exist. Every person follows from a sequence number; any
field may be given instead. The field tables are written down here a second time on purpose: what the gate's parser
has in common with this module is the published layout, not code.
"""

from __future__ import annotations

from collections.abc import Mapping

Layout = Mapping[str, tuple[int, int]]
"""Field name -> byte offset and size."""

BLOCK_SIZE = 256
CITIZEN: Layout = {
    "name": (0, 30),
    "sex": (30, 2),
    "nation": (32, 4),
    "birth": (36, 16),
    "address": (52, 70),
    "number": (122, 36),
    "authority": (158, 30),
    "valid_from": (188, 16),
    "valid_to": (204, 16),
    "type": (248, 2),
}
HONG_KONG_MACAU_TAIWAN: Layout = {
    **{name: place for name, place in CITIZEN.items() if name != "nation"},
    "pass_number": (220, 18),
    "issue_count": (238, 4),
}
FOREIGNER_2017: Layout = {
    "latin_name": (0, 120),
    "sex": (120, 2),
    "number": (122, 30),
    "nationality": (152, 6),
    "name": (158, 30),
    "valid_from": (188, 16),
    "valid_to": (204, 16),
    "birth": (220, 16),
    "version": (236, 4),
    "authority": (240, 8),
    "type": (248, 2),
}
FOREIGNER_2023: Layout = {
    "name": (0, 30),
    "sex": (30, 2),
    "issue_count": (32, 4),
    "birth": (36, 16),
    "latin_name": (52, 70),
    "number": (122, 36),
    "valid_from": (188, 16),
    "valid_to": (204, 16),
    "latin_name_rest": (220, 22),
    "nationality": (242, 6),
    "type": (248, 2),
    "old_card": (250, 6),
}


def encode(layout: Layout, fields: Mapping[str, str]) -> bytes:
    """The 256-byte block with ``fields`` in their places and spaces everywhere else.

    Raises:
        ValueError: a field does not fit its place.
        KeyError: the layout has no such field.
    """
    block = bytearray(" ".encode("utf-16-le") * (BLOCK_SIZE // 2))
    for name, text in fields.items():
        offset, size = layout[name]
        raw = text.encode("utf-16-le")
        if len(raw) > size:
            raise ValueError(f"{name} has {len(raw)} bytes, {size} fit")
        block[offset : offset + len(raw)] = raw
    return bytes(block)


def citizen(sequence: int, **fields: str) -> bytes:
    """A citizen's card; ``valid_to="长期"`` for one without an end."""
    birth = fields.get("birth", "19900101")
    return encode(
        CITIZEN,
        {
            "name": _name(sequence),
            "sex": _sex(sequence),
            "nation": "01",
            "birth": birth,
            "address": f"示例省示例市示例路{sequence}号",
            "number": _checked(f"999999{birth}{sequence:03d}"),
            "authority": "示例市公安局",
            "valid_from": "20200101",
            "valid_to": "20400101",
            **fields,
        },
    )


def hong_kong_macau_taiwan(sequence: int, **fields: str) -> bytes:
    """A residence permit of a resident of Hong Kong, Macau or Taiwan."""
    birth = fields.get("birth", "19850505")
    return encode(
        HONG_KONG_MACAU_TAIWAN,
        {
            "name": _name(sequence),
            "sex": _sex(sequence),
            "birth": birth,
            "address": f"示例省示例市示例路{sequence}号",
            "number": _checked(f"999999{birth}{sequence:03d}"),
            "authority": "示例市公安局",
            "valid_from": "20240901",
            "valid_to": "20290901",
            "pass_number": f"H{sequence:08d}",
            "issue_count": "01",
            "type": "J",
            **fields,
        },
    )


def foreigner_2017(sequence: int, **fields: str) -> bytes:
    """A permanent-residence card of the 2017 form."""
    birth = fields.get("birth", "19800101")
    return encode(
        FOREIGNER_2017,
        {
            "latin_name": f"TEST, PERSON {sequence}",
            "sex": _sex(sequence),
            "number": f"ZZZ9999{birth[2:]}{sequence % 10}9",
            "nationality": "ZZZ",
            "name": _name(sequence),
            "valid_from": "20180101",
            "valid_to": "20380101",
            "birth": birth,
            "version": "01",
            "authority": "1500",
            "type": "I",
            **fields,
        },
    )


def foreigner_2023(sequence: int, **fields: str) -> bytes:
    """A permanent-residence card of the 2023 form."""
    birth = fields.get("birth", "19800101")
    return encode(
        FOREIGNER_2023,
        {
            "name": _name(sequence),
            "sex": _sex(sequence),
            "issue_count": "00",
            "birth": birth,
            "latin_name": "TEST, PERSON WITH A NAME THAT IS LO",
            "latin_name_rest": "NG",
            "number": _checked(f"999999{birth}{sequence:03d}"),
            "valid_from": "20231201",
            "valid_to": "20331201",
            "nationality": "ZZZ",
            "type": "Y",
            "old_card": "991",
            **fields,
        },
    )


def _name(sequence: int) -> str:
    return "测试" + "甲乙丙丁戊己庚辛壬癸"[(sequence - 1) % 10]


def _sex(sequence: int) -> str:
    """Odd sequence numbers belong to men (GB 11643)."""
    return "1" if sequence % 2 else "2"


def _checked(body: str) -> str:
    """``body`` and its ISO 7064 MOD 11-2 check character, by the standard's recursive method."""
    rest = 0
    for digit in body:
        rest = (rest + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - rest) % 11]
