"""docs/wire.openapi.json is what the structs say, and what is sent is what it says."""

from __future__ import annotations

from typing import Any

import jsonschema
import msgspec
import pytest
from passages import dynamic, limited, passage
from wire_document import FILE, PATHS, document, text

from gate.journal import outbox, passages
from gate.journal.database import open_to_write
from gate.wire.message import encode
from gate.wire.passages import Batch, Passage

TYPE = "application/vnd.gate.v1+json"


def test_the_document_is_of_today() -> None:
    assert FILE.read_text("utf-8") == text(), "run: python tests/wire_document.py"


def test_every_path_is_in_it_with_a_refusal_that_can_be_read() -> None:
    found = document()
    assert set(found["paths"]) == {path for path, _, _ in PATHS}
    for path in found["paths"].values():
        assert {"200", "400", "415", "429"} <= set(path["post"]["responses"])


@pytest.fixture
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[Passage]:
    db, _ = open_to_write(tmp_path_factory.mktemp("journal") / "journal.sqlite")
    with db:
        passages.insert(db, passage())
        passages.insert(db, passage(code=dynamic(1), permit=limited(), holder=None))
        passages.complete(db, passages_id(db), "passed")
    rows = list(outbox.unsent(db, 0, 10, 1 << 20).rows)
    db.close()
    return rows


def passages_id(db: Any) -> str:
    return str(db.execute("SELECT id FROM passages").fetchone()[0])


def test_rows_of_a_journal_are_what_the_document_says(sent: list[Passage]) -> None:
    found = document()
    schema = {"$ref": "#/components/schemas/Batch", "components": found["components"]}
    message = msgspec.json.decode(encode(Batch("0123456789", "gate-7", 1, tuple(sent))))
    jsonschema.validate(message, schema, jsonschema.Draft202012Validator)
    message["rows"][0]["outcome"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(message, schema, jsonschema.Draft202012Validator)
