from __future__ import annotations

import pytest

from gate.credentials import base45
from gate.errors import CredentialFault
from gate.model import Reason

# RFC 9285, section 4.3 and 4.4
EXAMPLES = [(b"AB", b"BB8"), (b"Hello!!", b"%69 VD92EX0"), (b"base-45", b"UJCLQE7W581"), (b"ietf!", b"QED8WEX0")]


@pytest.mark.parametrize(("data", "text"), EXAMPLES)
def test_the_examples_of_the_standard(data: bytes, text: bytes) -> None:
    assert base45.decode(text) == data
    assert base45.encode(data) == text


@pytest.mark.parametrize(
    "text",
    [
        b"GGW",  # 65536, section 6 of the standard
        b":::",
        b"::",  # 44 + 45 * 44
        b"V5",  # 256
        b"A",
        b"BB8A",
        b"bb8",
        b"BB8\n",
        "BB８".encode(),
        b"BB8_",
        b"0" * (base45.MAX_CHARACTERS + 1),
    ],
)
def test_what_the_standard_forbids_is_unreadable(text: bytes) -> None:
    with pytest.raises(CredentialFault) as fault:
        base45.decode(text)
    assert fault.value.reason is Reason.CODE_UNREADABLE


def test_the_largest_groups_that_fit_are_read() -> None:
    assert base45.decode(b"FGW") == b"\xff\xff"
    assert base45.decode(b"U5") == b"\xff"
    assert base45.decode(b"") == b""
    assert base45.decode(b"FGW" * 2730 + b"00") == b"\xff\xff" * 2730 + b"\x00"
