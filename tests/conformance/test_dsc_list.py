"""A signer list from production (CovPass, December 2023): 829 certificates of 46 countries, some against the rules."""

from __future__ import annotations

import base64
import warnings

import pytest
from cryptography import x509
from suites.signers import ENTRIES, FOLDER, KEY, LIST, anchors, counts

from gate.errors import TrustError
from gate.trust import signer_certificate
from gate.trust.anchors import Anchors


def test_no_signer_is_lost() -> None:
    assert len(anchors()) == 829
    (count,) = counts()
    assert (count.passed, count.unmet) == (829, ())


def test_the_six_with_unreadable_extensions_are_named() -> None:
    assert [note.split()[0] for note in anchors().notes] == ["ES", "FI", "FI", "FI", "FI", "FI"]


def test_the_use_read_from_the_der_is_what_the_library_reads_wherever_it_can() -> None:
    restricted = 0
    for entry in ENTRIES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(base64.b64decode(entry["rawData"]))
        found = list(signer_certificate._usages_in(certificate.tbs_certificate_bytes))
        try:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            assert found == []
        except ValueError:
            assert entry["country"] in {"ES", "FI"}
            assert found != []
        else:
            assert found == [oid.dotted_string for oid in usage]
            restricted += 1
    assert restricted == 489


def test_a_changed_list_is_refused() -> None:
    with pytest.raises(TrustError):
        Anchors.load_covpass(LIST.replace(b'"country": "FI"', b'"country": "FR"', 1), KEY)
    with pytest.raises(TrustError):
        Anchors.load_covpass(LIST, (FOLDER / "revocation-list-public-key.pem").read_bytes())
