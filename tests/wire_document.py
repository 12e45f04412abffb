"""Writes docs/wire.openapi.json from the structs: ``python tests/wire_document.py``."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import msgspec
from vectors import ROOT

from gate.wire import enrol, heartbeat, inventory, message, passages, status, token

if TYPE_CHECKING:
    from pathlib import Path

FILE: Path = ROOT / "docs" / "wire.openapi.json"
PATHS: tuple[tuple[str, type[msgspec.Struct], type[msgspec.Struct]], ...] = (
    (enrol.PATH, enrol.EnrolRequest, enrol.EnrolAnswer),
    (token.CHALLENGE_PATH, token.ChallengeRequest, token.Challenge),
    (token.TOKEN_PATH, token.TokenRequest, token.Token),
    (passages.PATH, passages.Batch, passages.Acknowledgement),
    (heartbeat.PATH, heartbeat.Heartbeat, heartbeat.HeartbeatAnswer),
    (inventory.PATH, inventory.Inventory, inventory.InventoryAnswer),
    (status.HOLDER_PATH, status.HolderQuestion, status.HolderAnswer),
    (status.CODE_PATH, status.CodeQuestion, status.CodeAnswer),
)
"""Path -> what is asked and what is answered. The last two are asked of the city's gateway, docs/lookup.md."""
WITHOUT_TOKEN = (enrol.PATH, token.CHALLENGE_PATH, token.TOKEN_PATH)
AT_GATEWAY = (status.HOLDER_PATH, status.CODE_PATH)
BESIDES = (token.Assertion, enrol.Refused, message.Problem)
REFUSALS = {
    "400": "of no such form; nothing was taken",
    "401": "no token, or one that is not good any more",
    "403": "another gate's; to a claim, a Refused",
    "409": "another batch of this gate is being taken in",
    "413": "too large; smaller batches may be taken",
    "415": "a version that is not spoken",
    "429": "later; Retry-After says when",
}


def document() -> dict[str, Any]:
    """The contract as OpenAPI 3.1."""
    kinds = [kind for _, *both in PATHS for kind in both] + list(BESIDES)
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "A gate, its fleet and the city's gateway",
            "version": str(message.VERSION),
            "description": "Made from gate/wire by tests/wire_document.py; docs/wire.md, docs/lookup.md say more.",
        },
        "paths": {path: {"post": _operation(path, asked, said)} for path, asked, said in PATHS},
        "components": {
            "schemas": components,
            "responses": {
                status: {"description": why, "content": _content(message.Problem)} for status, why in REFUSALS.items()
            },
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": f"{name} of a Token"}
                for name in ("token", "gateway")
            },
        },
    }


def _operation(path: str, asked: type[msgspec.Struct], said: type[msgspec.Struct]) -> dict[str, Any]:
    shown = "gateway" if path in AT_GATEWAY else "token"
    return {
        "summary": inspect.cleandoc(asked.__doc__ or ""),
        "security": [] if path in WITHOUT_TOKEN else [{shown: []}],
        "requestBody": {"required": True, "content": _content(asked)},
        "responses": {
            "200": {"description": inspect.cleandoc(said.__doc__ or ""), "content": _content(said)},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS},
        },
    }


def _content(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {message.MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def text() -> str:
    """The file's content."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"written: {FILE}")  # noqa: T201 - a script
