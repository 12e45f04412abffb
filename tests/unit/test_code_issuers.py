"""Files of issuers: those that come with the gate are good, and a wrong one is refused by the name of the key."""

from __future__ import annotations

import re

import pytest
from health_codes import CITY, CODES, ISSUERS, SHANGHAI_TEXT, SHIPPED
from vectors import ROOT

from gate.credentials.code_issuers import MAX_FILE_BYTES, load
from gate.credentials.health_code import recognise
from gate.credentials.trusted import Trusted
from gate.errors import TrustError
from gate.model import Assurance

FOLDER = ROOT / "config" / "health-codes"
GOOD = """\
id = "x"
assurance = "dynamic"
life_s = 60
[[forms]]
kind = "text"
prefix = "P:"
token = { alphabet = "digits", length = 8 }
"""


def test_every_shipped_file_is_named_after_its_issuer() -> None:
    assert sorted(ISSUERS) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert set(ISSUERS) == set(CODES), "a code of each is tried below"


@pytest.mark.parametrize(("issuer", "code"), [*CODES.items(), ("sh-suishen", SHANGHAI_TEXT)])
def test_no_two_shipped_issuers_claim_one_code_so_that_their_order_does_not_matter(issuer: str, code: bytes) -> None:
    claimed = [one.id for one in SHIPPED.code_issuers if recognise(code, Trusted(code_issuers=(one,)))]
    assert claimed == [issuer]


def test_only_the_issuer_that_is_known_to_let_codes_expire_counts_as_dynamic() -> None:
    dynamic = {issuer.id for issuer in ISSUERS.values() if issuer.assurance is Assurance.DYNAMIC_CODE}
    assert dynamic == {"cn-national"}


def test_zhejiang_has_no_file_and_the_page_says_why() -> None:
    assert not [issuer for issuer in ISSUERS if issuer.startswith("zj")]
    assert "Zhejiang has no file" in (FOLDER / "README.md").read_text("utf-8")


def test_the_tables_of_other_systems_on_the_page_can_be_put_into_a_file() -> None:
    tables = re.findall(r"```toml\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(tables) == 2
    for table in tables:
        issuer = load(f"{GOOD}[answers]\n{table}".encode())
        assert issuer.answers is not None
        assert issuer.answers.code is not None
        assert issuer.answers.tests is not None


def test_a_good_file_says_everything_once() -> None:
    assert CITY.life is not None
    assert CITY.life.total_seconds() == 60
    assert str(CITY.zone) == "Asia/Shanghai"
    assert len(CITY.forms) == 5


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "x"', 'id = "X y"', "$.id"),
        ('id = "x"', "", "`id`"),
        ('id = "x"', 'id = "x"\ncolour = 1', "`colour`"),
        ('id = "x"', 'id = "x"\ntime_zone = "Mars/Olympus"', "time_zone"),
        ('id = "x"', 'id = "x"\ntime_zone = "../etc/passwd"', "time_zone"),
        ('id = "x"', 'id = "x"\ntime_zone = ""', "time_zone"),
        ("life_s = 60", "", "life_s"),
        ("life_s = 60", "life_s = 0", "$.life_s"),
        ("life_s = 60", "life_s = 99999999999", "$.life_s"),
        ('"dynamic"', '"static"', "life_s"),
        ('"dynamic"', '"chip"', "$.assurance"),
        ('kind = "text"', 'kind = "regex"', "$.forms[0]"),
        ('prefix = "P:"', 'prefix = "P:"\npattern = "(a+)+"', "`pattern`"),
        ('"digits"', '"letters"', "$.forms[0].token.alphabet"),
        ("length = 8", "length = 0", "forms[0].length"),
        ("length = 8", "length = 5000", "forms[0].length"),
        ("length = 8", "length = [9, 8]", "forms[0].length"),
        ('prefix = "P:"', "", "forms[0].length"),
        ("[[forms]]", "[forms]", "$.forms"),
        ("[[forms]]", '[answers]\nnumber = "a..b"\n[[forms]]', "$.answers.number"),
        ("[[forms]]", '[answers]\nnumber = "a"\ndocument_type = "b"\n[[forms]]', "document_types"),
        (
            "[[forms]]",
            '[answers]\nnumber = "a"\ncode = {field = "c", colours = {1 = "lime"}}\n[[forms]]',
            "$.answers.code",
        ),
        ("[[forms]]", "]", "TOML"),
        ("[[forms]]", "a = " + "[" * 5000, "TOML"),
        ("life_s = 60", "life_s = " + "9" * 5000, "TOML"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(TrustError, match=re.escape(named)):
        load(GOOD.replace(old, new).encode())


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ('kind = "json"\nfields = {a = {alphabet = "hex", length = 4}}\ntoken = ["b"]', '"b"'),
        ('kind = "json"\nfields = {}\ntoken = ["b"]', "fields"),
        (
            'kind = "url"\nhosts = ["h.cn"]\npath = "/p"\nplace = "query"\ntoken = {alphabet = "hex", length = 4}',
            "parameter",
        ),
        ('kind = "url"\nhosts = ["h.cn"]\npath = "/p"\nplace = "path"\ntoken = {alphabet = "hex", length = 4}', "path"),
        (
            'kind = "url"\nhosts = ["H.cn"]\npath = "/p/"\nplace = "path"\ntoken = {alphabet = "hex", length = 4}',
            "hosts",
        ),
        ('kind = "url"\nhosts = []\npath = "/p/"\nplace = "path"\ntoken = {alphabet = "hex", length = 4}', "hosts"),
    ],
)
def test_a_form_that_could_recognise_nothing_or_too_much_is_refused(form: str, named: str) -> None:
    with pytest.raises(TrustError, match=re.escape(named)):
        load(f'id = "x"\nassurance = "static"\n[[forms]]\n{form}\n'.encode())


def test_a_static_code_has_no_life_that_could_begin() -> None:
    form = (
        'kind = "json"\nfields = {a = {alphabet = "hex", length = 4}}\ntoken = ["a"]\nmade = {field = "t", form = "s"}'
    )
    with pytest.raises(TrustError, match="made"):
        load(f'id = "x"\nassurance = "static"\n[[forms]]\n{form}\n'.encode())


@pytest.mark.parametrize("data", [b"\xff", b"#" * (MAX_FILE_BYTES + 1)])
def test_what_is_no_text_or_no_file_of_an_issuer_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        load(data)
