"""Whether a certificate was revoked: by every kind of name, by whoever changes its signature, and when nobody knows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from revoked_lists import AS_OF, EXPIRES, ISSUER, UCI, UCI_DIGEST, files_of, index_of, listed
from signed_certificates import ISSUED, NOW, Signer, content, ec_signer, rsa_signer
from vectors import ROOT

from gate.credentials import base45, cose, hcert, hcert_issue
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NO_LISTS, NameKind, Revocations, Standing
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault, TrustError
from gate.model import Moment, Reason
from gate.trust import bloom, digest_lists, signer_certificate
from gate.trust.revocation import INDEX, RevocationIndex
from gate.trust.revocation_files import PublishedList, files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.trust.anchors import Anchors

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def reason(
    revocations: Revocations, code: bytes | None = None, anchors: Anchors | None = None, moment: Moment = NOW
) -> Reason | None:
    """Why a certificate is refused; None: it is good."""
    trusted = Trusted(anchors or ec_signer().anchors, revocations)
    try:
        parse_code(ec_signer().code() if code is None else code, trusted, moment)
    except CredentialFault as fault:
        return fault.reason
    return None


def message_of(code: bytes) -> cose.Sign1:
    return hcert.decode(code).message


def resigned(code: bytes, signature: bytes) -> bytes:
    """The same code with another signature."""
    message = cbor2.loads(hcert.decompress(base45.decode(code.removeprefix(hcert.PREFIX))))
    return hcert_issue.wrap(cbor2.dumps(cbor2.CBORTag(18, [*message.value[:3], signature]))).encode()


def twin(signature: bytes) -> bytes:
    """As good an ECDSA signature over the same: (r, n - s)."""
    r, s = signature[:32], int.from_bytes(signature[32:], "big")
    return r + (P256_ORDER - s).to_bytes(32, "big")


# --- revoked, by each kind of name -------------------------------------------------------------------------------


def test_a_certificate_that_is_on_no_list_is_good() -> None:
    for kind in NameKind:
        assert reason(index_of([], kind)) is None
        assert reason(index_of([sha256(b"another").digest()], kind)) is None


def test_a_certificate_is_revoked_by_its_identifier() -> None:
    assert reason(index_of([UCI_DIGEST])) is Reason.CERTIFICATE_REVOKED


def test_a_certificate_is_revoked_by_its_country_and_identifier() -> None:
    digest = sha256(f"XX{UCI}".encode()).digest()
    assert reason(index_of([digest], NameKind.COUNTRY_UCI)) is Reason.CERTIFICATE_REVOKED


def test_the_country_may_be_that_of_the_content_or_of_the_signed_claim() -> None:
    signer = ec_signer()
    code = hcert_issue.issue(
        content(co="YY"), signer.private_key, signer.key_id, "zz", ISSUED, ISSUED + timedelta(days=365)
    ).encode()
    for country in ("YY", "ZZ", "XX"):
        digest = sha256(f"{country}{UCI}".encode()).digest()
        assert reason(index_of([digest], NameKind.COUNTRY_UCI), code) is Reason.CERTIFICATE_REVOKED
    assert reason(index_of([sha256(f"WW{UCI}".encode()).digest(), UCI_DIGEST], NameKind.COUNTRY_UCI), code) is None


def test_a_certificate_is_revoked_by_the_first_half_of_an_ecdsa_signature() -> None:
    code = ec_signer().code()
    signature = message_of(code).signature
    revoked = index_of([sha256(signature[:32]).digest()], NameKind.SIGNATURE)
    assert reason(revoked, code) is Reason.CERTIFICATE_REVOKED
    assert reason(revoked, ec_signer().code()) is None, "another signature over the same is another certificate"
    assert reason(index_of([sha256(signature).digest()], NameKind.SIGNATURE), code) is None


def test_the_malleable_twin_of_a_revoked_signature_is_revoked_too() -> None:
    code = ec_signer().code()
    other = resigned(code, twin(message_of(code).signature))
    assert message_of(other).signature != message_of(code).signature
    assert reason(index_of([]), other) is None, "it is as good as the first"
    revoked = index_of([sha256(message_of(code).signature[:32]).digest()], NameKind.SIGNATURE)
    assert reason(revoked, other) is Reason.CERTIFICATE_REVOKED


def test_an_rsa_certificate_is_revoked_by_its_whole_signature_and_has_no_twin() -> None:
    signer = rsa_signer()
    code = signer.code()
    signature = message_of(code).signature
    revoked = index_of([sha256(signature).digest()], NameKind.SIGNATURE)
    assert reason(revoked, code, signer.anchors) is Reason.CERTIFICATE_REVOKED
    modulus = signer.private_key.public_key().public_numbers().n  # type: ignore[union-attr]
    larger = int.from_bytes(signature, "big") + modulus
    for other in (b"\0" + signature, signature + b"\0", larger.to_bytes(257, "big")):
        assert reason(revoked, resigned(code, other), signer.anchors) is Reason.CERTIFICATE_FORGED


def test_who_shows_another_key_id_of_the_same_key_is_not_let_through() -> None:
    """57 keys of the production list have two certificates each, and the key id may stand where nobody signs it."""
    first = ec_signer()
    again = hcert_issue.throwaway_signer("XX", ISSUED - timedelta(days=9), key=first.private_key)
    second = Signer(*again)
    anchors = first.anchors.merged(second.anchors)
    assert first.key_id != signer_certificate.key_id(second.certificate)
    codes = [signer.code() for signer in (first, second)]
    assert [reason(index_of([]), code, anchors) for code in codes] == [None, None]
    assert {reason(index_of([UCI_DIGEST]), code, anchors) for code in codes} == {Reason.CERTIFICATE_REVOKED}


def test_a_hit_in_a_bloom_filter_counts() -> None:
    for prefix, expected in (("", Reason.CERTIFICATE_REVOKED), (UCI_DIGEST.hex()[:3], Reason.CERTIFICATE_REVOKED)):
        one = replace(bloom.fill([UCI_DIGEST]), prefix=prefix)
        published = PublishedList((NameKind.UCI,), "bloom", 3, bloom.write([one], 3))
        assert reason(RevocationIndex.load(files({ISSUER: [published]}, AS_OF, EXPIRES))) is expected


def test_a_list_of_several_kinds_is_asked_for_each() -> None:
    kinds = (NameKind.SIGNATURE, NameKind.COUNTRY_UCI, NameKind.UCI)
    published = replace(listed([UCI_DIGEST]), names=kinds)
    assert reason(RevocationIndex.load(files({ISSUER: [published]}, AS_OF, EXPIRES))) is Reason.CERTIFICATE_REVOKED


def test_every_list_of_the_issuer_is_asked() -> None:
    lists = [listed([], NameKind.SIGNATURE), listed([UCI_DIGEST]), listed([], NameKind.COUNTRY_UCI)]
    for order in (lists, lists[::-1]):
        assert reason(RevocationIndex.load(files({ISSUER: order}, AS_OF, EXPIRES))) is Reason.CERTIFICATE_REVOKED


# --- nobody knows ------------------------------------------------------------------------------------------------


def standing(index: Revocations, moment: Moment = NOW, digest: bytes = UCI_DIGEST, issuer: str = ISSUER) -> Standing:
    return index.standing(issuer, lambda _: [digest], moment)


def test_without_any_lists_nothing_is_known() -> None:
    assert reason(NO_LISTS) is Reason.REVOCATION_UNKNOWN
    assert Trusted().revocations is NO_LISTS


def test_of_an_issuer_that_is_not_named_nothing_is_known() -> None:
    for issuer in ("YY", "", "xx"):
        assert standing(index_of([]), issuer=issuer) is Standing.UNKNOWN
    assert reason(RevocationIndex.load(files({"YY": [listed([])]}, AS_OF, EXPIRES))) is Reason.REVOCATION_UNKNOWN


def test_an_issuer_that_publishes_nothing_has_revoked_nothing_as_long_as_that_holds() -> None:
    nothing = RevocationIndex.load(files({ISSUER: []}, AS_OF, EXPIRES))
    assert reason(nothing) is None
    assert standing(nothing, Moment(EXPIRES + timedelta(seconds=1), trusted=True)) is Standing.UNKNOWN


@pytest.mark.parametrize("digests", [[], [UCI_DIGEST]])
def test_a_list_says_nothing_after_its_end_before_its_time_or_without_a_clock(digests: Iterable[bytes]) -> None:
    index = index_of(digests)
    known = standing(index)
    assert known is not Standing.UNKNOWN
    for at in (EXPIRES, AS_OF, AS_OF - timedelta(minutes=5)):
        assert standing(index, Moment(at, trusted=True)) is known
        assert standing(index, Moment(at, trusted=False)) is Standing.UNKNOWN
    for at in (EXPIRES + timedelta(seconds=1), AS_OF - timedelta(minutes=6)):
        assert standing(index, Moment(at, trusted=True)) is Standing.UNKNOWN


def test_a_list_that_is_missing_is_unknown_and_noted_and_the_others_still_say_who_is_revoked() -> None:
    made = files({ISSUER: [listed([UCI_DIGEST]), listed([])], "YY": [listed([])]}, AS_OF, EXPIRES)
    for missing, expected in (("XX-0.lst", Standing.UNKNOWN), ("XX-1.lst", Standing.REVOKED)):
        index = RevocationIndex.load({name: data for name, data in made.items() if name != missing})
        assert standing(index) is expected
        assert standing(index, digest=bytes(32)) is Standing.UNKNOWN
        assert standing(index, issuer="YY") is Standing.GOOD
        (note,) = index.notes
        assert missing in note


def changed_list(*changes: tuple[int, int, list[bytes], list[bytes]]) -> PublishedList:
    written = tuple(digest_lists.change(put, out, after, number) for after, number, put, out in changes)
    return PublishedList((NameKind.UCI,), "hashes", changes[-1][1], digest_lists.whole([], 1), written)


def test_a_change_revokes_and_a_later_one_restores() -> None:
    changes = [(1, 2, [UCI_DIGEST], []), (2, 3, [], [UCI_DIGEST])]
    for number, expected in ((1, Standing.REVOKED), (2, Standing.GOOD)):
        made = files({ISSUER: [changed_list(*changes[:number])]}, AS_OF, EXPIRES)
        assert standing(RevocationIndex.load(made)) is expected


def test_after_a_gap_in_the_changes_nothing_is_known() -> None:
    gap = changed_list((1, 2, [], []), (3, 4, [], []))
    whole = changed_list((1, 2, [], []), (2, 3, [], []), (3, 4, [], []))
    assert standing(RevocationIndex.load(files({ISSUER: [gap]}, AS_OF, EXPIRES))) is Standing.UNKNOWN
    made = files({ISSUER: [whole]}, AS_OF, EXPIRES)
    assert standing(RevocationIndex.load(made)) is Standing.GOOD
    for missing in ("XX-0-1.lst", "XX-0-2.lst", "XX-0-3.lst", "XX-0.lst"):
        index = RevocationIndex.load({name: data for name, data in made.items() if name != missing})
        assert standing(index) is Standing.UNKNOWN
        assert index.notes


def test_an_older_list_than_the_index_names_is_unknown() -> None:
    made = files({ISSUER: [changed_list((1, 2, [], []))]}, AS_OF, EXPIRES)
    made["XX-0-1.lst"] = digest_lists.change([], [], 1, 3)
    assert standing(RevocationIndex.load(made)) is Standing.UNKNOWN


# --- an index that is out of order -------------------------------------------------------------------------------

LIST: dict[str, Any] = {
    "names": ["uci"],
    "form": "hashes",
    "file": "a.lst",
    "number": 1,
    "as_of": "2022-03-01T08:00:00Z",
    "expires": "2022-05-01T08:00:00Z",
}
NOTHING: dict[str, Any] = {"publishes": False, "as_of": LIST["as_of"], "expires": LIST["expires"]}


def load(issuers: object, **more: object) -> RevocationIndex:
    index = json.dumps({"format": 1, "issuers": issuers} | more).encode()
    return RevocationIndex.load({INDEX: index, "a.lst": digest_lists.whole([], 1)})


def test_an_index_that_is_written_by_hand_is_read() -> None:
    assert standing(load({"XX": {"lists": [LIST]}})) is Standing.GOOD
    assert standing(load({"XX": NOTHING})) is Standing.GOOD


@pytest.mark.parametrize(
    "issuer",
    [
        {},
        {"lists": []},
        {"publishes": True},
        {"publishes": False},
        NOTHING | {"lists": [LIST]},
        NOTHING | {"expires": LIST["as_of"]},
        NOTHING | {"as_of": "2022-03-01T08:00:00"},
        {"lists": [LIST], "as_of": LIST["as_of"]},
        {"lists": [LIST] * 17},
        {"lists": [LIST | {"expires": LIST["as_of"]}]},
        {"lists": [LIST | {"names": []}]},
        {"lists": [LIST | {"names": ["rid"]}]},
        {"lists": [LIST | {"form": "bloom"}]},
        {"lists": [LIST | {"form": "set"}]},
        {"lists": [LIST | {"file": "../a.lst"}]},
        {"lists": [LIST | {"number": 0}]},
        {"lists": [LIST | {"changes": ["a.lst"]}]},
        {"lists": [LIST | {"form": "bloom", "changes": ["a.lst"]}]},
        {"lists": [LIST | {"more": 1}]},
        {"lists": [{key: value for key, value in LIST.items() if key != "expires"}]},
    ],
)
def test_an_issuer_that_is_out_of_order_is_refused(issuer: object) -> None:
    with pytest.raises(TrustError):
        load({"XX": issuer})


@pytest.mark.parametrize("index", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"{}", b" " * (2 << 20)])
def test_what_is_no_index_is_refused(index: bytes) -> None:
    with pytest.raises(TrustError, match=INDEX):
        RevocationIndex.load({INDEX: index})


def test_no_index_another_format_or_country_is_refused() -> None:
    with pytest.raises(TrustError, match=INDEX):
        RevocationIndex.load({})
    with pytest.raises(TrustError):
        load({}, format=2)
    for country in ("X", "XXX", "xx", ""):
        with pytest.raises(TrustError):
            load({country: NOTHING})


def test_a_damaged_list_is_refused_with_its_name() -> None:
    made = files_of([UCI_DIGEST])
    made["XX-0.lst"] = made["XX-0.lst"][:-1]
    with pytest.raises(TrustError, match=r"XX-0\.lst"):
        RevocationIndex.load(made)


class Counted(dict[str, bytes]):
    """Files that count how often each is opened."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.opened: list[str] = []

    def __getitem__(self, name: str) -> bytes:
        self.opened.append(name)
        return super().__getitem__(name)


def test_a_file_that_is_named_a_thousand_times_is_read_once() -> None:
    letters = "ABCDEFGHIJ"
    issuers = {one + other: {"lists": [LIST] * 10} for one in letters for other in letters}
    index = json.dumps({"format": 1, "issuers": issuers}).encode()
    given = Counted({INDEX: index, "a.lst": digest_lists.whole([], 1)})
    assert standing(RevocationIndex.load(given), issuer="AJ") is Standing.GOOD
    assert given.opened.count("a.lst") == 1


def test_the_index_that_the_documentation_shows_is_read() -> None:
    page = (ROOT / "docs" / "revocation.md").read_text(encoding="utf-8")
    example = page.partition("```json\n")[2].partition("```")[0].encode()
    index = RevocationIndex.load({INDEX: example})
    assert standing(index, Moment(ISSUED, trusted=True), issuer="AT") is Standing.GOOD
    assert [note.split()[:2] for note in index.notes] == [["IT:", "it.lst"]]
