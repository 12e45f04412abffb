"""Whoever has set up a second factor gets in by it alone; nobody learns whether it was the password that was wrong."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer

PASSWORD, WRONG = "correct horse battery", "wrong horse battery"
REFUSED = "the name, the password, or the code"
SLOW = "Too many wrong passwords. Try again in"
ASKED = "Set up a second factor"


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


@pytest.fixture
def required(desk: Desk) -> Iterator[None]:
    from django.test import override_settings  # noqa: PLC0415 - Django is set up by the fixture

    assert desk.site
    with override_settings(SECOND_FACTOR_REQUIRED=True):
        yield


class Owner:
    """Somebody with a device of their own."""

    def __init__(self, desk: Desk, *, is_superuser: bool = False) -> None:
        self.desk = desk
        self.user = desk.user(may_change=True)
        self.user.set_password(PASSWORD)
        self.user.is_superuser = is_superuser
        self.user.save()
        self.name = str(self.user.username)
        self.person = Person(self.user)
        self.secret = b""
        self.recovery: list[str] = []

    def sets_up(self) -> str:
        page = self.person.post("/second-factor/begin", password=PASSWORD).content.decode()
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found
        assert 'src="data:image/svg' in page
        self.secret = b32decode(found[1].replace(" ", ""))
        page = str(self.person.post("/second-factor/confirm", code=self.code()).content.decode())
        self.recovery = re.findall(r"<li><code>([a-z2-7]{4} [a-z2-7]{4})</code>", page)
        return page

    def code(self, seconds: int = 0) -> str:
        from django_otp.oath import TOTP  # noqa: PLC0415 - Django is set up by the fixture

        made = TOTP(self.secret)
        made.time = time.time() + seconds
        return f"{made.token():06d}"

    def half_a_minute_passes(self) -> None:
        self.desk.server.sql("UPDATE otp_totp_totpdevice SET last_t = -1, drift = 0 WHERE user_id = %s", self.user.id)

    def tried(self, password: str, code: str = "") -> str | None:
        """What somebody is told; None: let in."""
        said = Person().post("/login/", username=self.name, password=password, code=code)
        return None if said.status_code == 302 else str(said.content.decode())

    def refused(self, password: str, code: str = "") -> bool:
        return REFUSED in (self.tried(password, code) or "")

    def audit(self) -> list[tuple[Any, ...]]:
        return self.desk.server.sql("SELECT what, detail FROM audit WHERE subject = %s ORDER BY id", self.name)


def test_a_password_alone_opens_nothing_any_more(desk: Desk) -> None:
    owner = Owner(desk)
    assert owner.tried(PASSWORD) is None
    owner.sets_up()
    assert len(set(owner.recovery)) == 10
    assert owner.refused(PASSWORD)
    assert owner.refused(PASSWORD, owner.code()), "that one was used when it was set up"
    owner.half_a_minute_passes()
    assert owner.refused(WRONG, owner.code())
    assert owner.tried(PASSWORD, owner.code()) is None
    assert owner.refused(PASSWORD, owner.code()), "each code is good once"
    owner.half_a_minute_passes()
    assert owner.refused(PASSWORD, owner.code(-120)), "too old"
    assert ("second factor set up", "") in owner.audit()
    assert ("logged in", "by a code") in owner.audit()


def test_a_recovery_code_is_good_once_however_it_is_typed(desk: Desk) -> None:
    owner = Owner(desk)
    owner.sets_up()
    assert owner.tried(PASSWORD, f" {owner.recovery[0].upper()} ") is None
    assert owner.refused(PASSWORD, owner.recovery[0])
    assert owner.tried(PASSWORD, owner.recovery[1].replace(" ", "-")) is None
    assert ("logged in", "by a recovery code; 8 are left") in owner.audit()


def test_wrong_codes_are_counted_like_wrong_passwords(desk: Desk) -> None:
    owner = Owner(desk)
    owner.sets_up()
    owner.half_a_minute_passes()
    pages = [owner.tried(PASSWORD, "000000") or "" for _ in range(5)]
    assert SLOW not in "".join(pages[:4])
    assert SLOW in pages[4]
    assert owner.tried(PASSWORD, owner.code()), "the right one has to wait as well"
    assert [what for what, _ in owner.audit()].count("locked out") == 1


def test_it_counts_only_once_its_code_was_shown(desk: Desk) -> None:
    owner = Owner(desk)
    owner.person.post("/second-factor/begin", password=PASSWORD)
    assert "not the code" in owner.person.post("/second-factor/confirm", code="000000").content.decode()
    assert owner.tried(PASSWORD) is None


def test_whoever_sits_down_at_an_open_screen_changes_nothing(desk: Desk) -> None:
    owner = Owner(desk)
    for _ in range(2):
        owner.person.post("/second-factor/begin", password=WRONG)
        assert owner.person.post("/second-factor/confirm", code="000000").status_code == 302
    owner.sets_up()
    first = owner.secret
    assert owner.person.post("/second-factor/begin", password=PASSWORD).status_code == 302, "there is one"
    owner.half_a_minute_passes()
    owner.person.post("/second-factor/remove", password=PASSWORD)
    owner.person.post("/second-factor/remove", password=WRONG, code=owner.code())
    assert owner.person.post("/second-factor/renew", password=PASSWORD, code="000000").status_code == 302
    assert owner.refused(PASSWORD)
    assert owner.secret == first


def test_its_owner_gets_new_recovery_codes_and_gives_it_up(desk: Desk) -> None:
    owner = Owner(desk)
    owner.sets_up()
    owner.half_a_minute_passes()
    page = owner.person.post("/second-factor/renew", password=PASSWORD, code=owner.code()).content.decode()
    new = re.findall(r"<li><code>([a-z2-7]{4} [a-z2-7]{4})</code>", page)
    assert len(new) == 10
    assert owner.refused(PASSWORD, owner.recovery[0])
    owner.person.post("/second-factor/remove", password=PASSWORD, code=new[0])
    assert owner.tried(PASSWORD) is None
    done = [what for what, _ in owner.audit()]
    assert [done.count(what) for what in ("recovery codes made", "second factor removed")] == [1, 1]


def test_whoever_may_steer_every_gate_is_asked_for_one(desk: Desk) -> None:
    assert ASKED not in Owner(desk).person.get("/")
    chief = Owner(desk, is_superuser=True)
    assert ASKED in chief.person.get("/")
    chief.sets_up()
    assert ASKED not in chief.person.get("/")


@pytest.mark.usefixtures("required")
def test_where_it_is_demanded_nothing_works_before_it_is_there(desk: Desk) -> None:
    assert "Gates" in Owner(desk).person.get("/"), "of others it is not demanded"
    chief = Owner(desk, is_superuser=True)
    for path in ("/", "/claims/", "/admin/", "/configuration/"):
        assert chief.person.client.get(path).headers["location"].endswith("/second-factor/")
    assert "Set it up" in chief.person.get("/second-factor/")
    before = Person(chief.user)
    chief.sets_up()
    chief.person.get("/")
    assert before.client.get("/").status_code == 302, "somebody who has come in by the password alone"
    assert "Log out and in again" in before.get("/second-factor/")
    chief.half_a_minute_passes()
    again = Person()
    again.post("/login/", username=chief.name, password=PASSWORD, code=chief.code())
    again.get("/")


def test_an_operator_helps_whoever_has_lost_it_and_sees_no_secret(desk: Desk) -> None:
    from django_otp.plugins.otp_static.models import StaticDevice  # noqa: PLC0415 - Django is set up by the fixture
    from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415 - the same

    owner = Owner(desk)
    owner.sets_up()
    operator = Person(desk.users.filter(username="admin").first() or desk.users.create_superuser("admin"))
    for kind, path in ((TOTPDevice, "otp_totp/totpdevice"), (StaticDevice, "otp_static/staticdevice")):
        number = kind.objects.get(user=owner.user).pk
        for page in (f"/admin/{path}/", f"/admin/{path}/{number}/change/"):
            said = operator.get(page)
            assert not [one for one in (owner.secret.hex(), *owner.recovery) if one.replace(" ", "") in said]
        assert operator.client.get(f"/admin/{path}/{number}/qrcode/").status_code != 200
        operator.post(f"/admin/{path}/{number}/delete/", post="yes")
    assert owner.tried(PASSWORD) is None


def test_both_languages_say_all_of_it(desk: Desk) -> None:
    owner = Owner(desk, is_superuser=True)
    owner.person = Person(owner.user, language="zh-hans")
    assert "双重验证" in owner.person.get("/")
    assert "设置" in owner.person.get("/second-factor/")
    assert "恢复码" in owner.sets_up()
    assert "验证码" in Person(language="zh-hans").get("/login/")


@settings(max_examples=30, deadline=None)
@given(code=st.text(max_size=40) | st.text("0123456789-_ \0", max_size=32))
def test_no_odd_code_is_a_fault(fleet_server: FleetServer, code: str) -> None:
    from fleet.console import codes  # noqa: PLC0415 - Django is set up by the fixture

    desk = Desk(fleet_server)
    user = desk.user(may_change=True)
    codes.renewed(user)
    assert not codes.proves(user, code)
