"""Saved inputs for the readers of SMART Health Cards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from health_cards import TYPES, claims, deflated, lab_result, numeric

from fuzz.codes import CARD_ISSUER, ISSUED, ISSUERS


def seeds() -> dict[str, dict[str, bytes]]:
    """Inputs by target and name."""
    contents = {
        "doses": claims(),
        "test": claims(
            lab_result(), vc={"rid": "abc", "type": TYPES[:1]}, exp=(ISSUED + timedelta(days=365)).timestamp()
        ),
        "revoked": claims(vc={"rid": "revoked"}),
    }
    codes = {name: CARD_ISSUER.code(content) for name, content in contents.items()}
    header = {"zip": "DEF", "alg": "ES256", "kid": CARD_ISSUER.kid}
    return {
        "health card text": {
            **{f"{name}.txt": code for name, code in codes.items()},
            "capitals.txt": codes["doses"].upper(),
            "only.txt": codes["doses"].replace(b":/", b":/1/1/"),
            "part.txt": codes["doses"].replace(b":/", b":/1/2/"),
            "bomb.txt": numeric(CARD_ISSUER.message(deflated(b" " * 2_000_000))),
        },
        "health card message": {
            "message": CARD_ISSUER.message(deflated(_json(claims()))).encode(),
            "header.json": _json(header),
            "critical.json": _json({**header, "crit": ["b64"]}),
        },
        "health card claims": {f"{name}.json": _json(content) for name, content in contents.items()},
        "card issuers": {"one.json": ISSUERS},
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
