from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from signed_certificates import ec_signer
from trust_bundles import UNTIL, contents, root

from gate.errors import TrustError
from gate.model import Moment
from gate.trust import bundle
from gate.trust.load import load

if TYPE_CHECKING:
    from gate.trust.bundle import Bundle


def made(files: dict[str, bytes]) -> Bundle:
    found = contents(files=files)
    return bundle.verify(lambda name, _: found.get(name), root())


def anchors(**more: object) -> bytes:
    certificate = base64.b64encode(ec_signer().certificate).decode()
    return json.dumps({"anchors": [{"certificate": certificate, **more}]}).encode()


def usage(**more: object) -> list[frozenset[str]]:
    trusted, _ = load(made({"anchors.json": anchors(**more)}))
    return [signer.usage for signer in trusted.signers.candidates(ec_signer().key_id)]


def test_signers_and_value_sets_of_a_bundle_are_believed_until_its_end() -> None:
    trusted, notes = load(made({"anchors.json": anchors(), "value-sets.json": b'{"a": ["b"]}'}))
    assert len(trusted.signers.candidates(ec_signer().key_id)) == 1
    assert trusted.value_sets == {"a": ["b"]}
    assert len(notes) == 1, "there are no lists of what was revoked"
    assert trusted.overdue(Moment(UNTIL, trusted=True))
    assert not trusted.overdue(Moment(UNTIL.replace(year=2030), trusted=True))


def test_whoever_may_sign_lists_of_people_is_believed() -> None:
    entry = {"name": "desk", "public_key": base64.b64encode(bytes(range(32))).decode()}
    trusted, _ = load(made({"status-signers.json": json.dumps({"signers": [entry]}).encode()}))
    assert trusted.status_signers == {bytes(range(32))}


def test_an_empty_bundle_believes_nobody() -> None:
    trusted, _ = load(made({}))
    assert trusted.signers.candidates(ec_signer().key_id) == ()


@pytest.mark.parametrize(
    "files",
    [
        {"anchors.json": b"{}"},
        {"anchors.json": anchors(signs=["ticket"])},
        {"anchors.json": anchors(signs=["t"])},
        {"anchors.json": anchors(signs=[])},
        {"anchors.json": anchors(signs="permit")},
        {"value-sets.json": b"[]"},
        {"status-signers.json": b"{}"},
        {"status-signers.json": b'{"signers": [{"name": "desk", "public_key": "AAAA"}]}'},
        {"status-signers.json": b'{"signers": [{"name": "desk", "public_key": "?"}]}'},
        {"value-sets.json": b"[" * 100_000},
        {"value-sets.json": b"\xff"},
        {"validity.json": b"{}"},
        {"validity.json": b'{"when_expired": "pass"}'},
        {"validity.json": b"[" * 100_000},
    ],
)
def test_a_file_that_is_not_of_its_form_refuses_the_bundle(files: dict[str, bytes]) -> None:
    with pytest.raises(TrustError):
        load(made(files))


def test_only_the_list_lets_a_signer_sign_what_is_our_city_s() -> None:
    assert usage() == [frozenset("tvr")]
    assert usage(signs=["health_code", "permit"]) == [frozenset({"health_code", "permit"})]
    assert usage(signs=["permit"], country="CN") == [frozenset({"permit"})]


@pytest.mark.parametrize(
    ("says", "believed"),
    [
        ({}, 1),
        ({"validity.json": b'{"when_expired": "keep-judging"}'}, 1),
        ({"validity.json": b'{"when_expired": "refer"}'}, 0),
    ],
)
def test_the_bundle_says_what_holds_past_its_end(says: dict[str, bytes], believed: int) -> None:
    trusted, _ = load(made({"anchors.json": anchors(), "value-sets.json": b'{"a": ["b"]}', **says}))
    before, after = Moment(UNTIL.replace(year=2030), trusted=True), Moment(UNTIL, trusted=True)
    assert len(trusted.at(before).signers.candidates(ec_signer().key_id)) == 1
    assert len(trusted.at(after).signers.candidates(ec_signer().key_id)) == believed
    assert trusted.at(after).overdue(after)
    assert trusted.at(after).value_sets == {"a": ["b"]}
