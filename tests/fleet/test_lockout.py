"""Who tries passwords has to wait, and learns nothing; the administration is closed to all but the operators."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person

if TYPE_CHECKING:
    from fleet_rig import FleetServer

PASSWORD, WRONG = "correct horse battery", "wrong horse battery"
NAMES = (f"nobody-{number}" for number in itertools.count())
SLOW = "Too many wrong passwords. Try again in"


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def somebody(desk: Desk) -> str:
    user = desk.user(may_change=True)
    user.set_password(PASSWORD)
    user.save()
    return str(user.username)


def tried(name: str, password: str) -> str:
    return str(Person().post("/login/", username=name, password=password).content.decode())


def is_in(name: str, password: str) -> bool:
    return bool(Person().post("/login/", username=name, password=password).status_code == 302)


def later(desk: Desk, name: str, ago: str) -> None:
    desk.server.sql(
        "UPDATE wrong_passwords SET last_at = last_at - %s::interval, locked_until = locked_until - %s::interval"
        " WHERE name = %s",
        ago,
        ago,
        name,
    )


def test_after_five_wrong_passwords_the_right_one_has_to_wait_as_well(desk: Desk) -> None:
    name = somebody(desk)
    for _ in range(4):
        assert SLOW not in tried(name, WRONG)
    assert f"{SLOW} 1 min" in tried(name, WRONG)
    assert not is_in(name, PASSWORD)
    found = desk.server.sql("SELECT what FROM audit WHERE subject = %s ORDER BY id", name)
    assert found.count(("locked out",)) == 1
    later(desk, name, "1 minute")
    assert f"{SLOW} 2 min" in tried(name, WRONG)
    later(desk, name, "2 minutes")
    assert is_in(name, PASSWORD)
    assert SLOW not in tried(name, WRONG), "it is counted from none again"


def test_it_never_takes_longer_than_a_quarter_of_an_hour_and_is_forgotten_after_a_day(desk: Desk) -> None:
    name = somebody(desk)
    for _ in range(5):
        tried(name, WRONG)
    desk.server.sql("UPDATE wrong_passwords SET count = 100000 WHERE name = %s", name)
    later(desk, name, "15 minutes")
    assert f"{SLOW} 15 min" in tried(name, WRONG)
    later(desk, name, "25 hours")
    assert SLOW not in tried(name, WRONG)


def test_names_that_nobody_has_wait_alike(desk: Desk) -> None:
    name = next(NAMES)
    pages = [tried(name, WRONG) for _ in range(5)]
    assert SLOW in pages[-1]
    assert desk.server.sql("SELECT count FROM wrong_passwords WHERE name = %s", name) == [(5,)]


def test_who_waits_fills_no_table(desk: Desk) -> None:
    name = next(NAMES)
    for _ in range(12):
        tried(name, WRONG)
    assert len(desk.server.sql("SELECT 1 FROM audit WHERE subject = %s", name)) <= 6, "five tries, and locked out"


def test_the_table_of_names_stays_small(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from fleet.console import lockout  # noqa: PLC0415 - Django is set up by the fixture

    monkeypatch.setattr(lockout, "MOST", 3)
    for _ in range(6):
        tried(next(NAMES), WRONG)
    assert desk.server.sql("SELECT count(*) FROM wrong_passwords")[0][0] <= 3


@pytest.mark.usefixtures("desk")
def test_of_many_tries_at_once_five_are_looked_at() -> None:
    name, looked = next(NAMES), []

    def one() -> None:
        from django.db import connections  # noqa: PLC0415 - Django is set up by the fixture

        from fleet.console.lockout import _counted  # noqa: PLC0415 - the same

        try:
            looked.append(_counted(name))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(looked) == 5


@pytest.mark.parametrize("odd", ["a\0b", "x" * 5000, "' OR 1=1 --", "名字"])
def test_odd_names_are_no_fault(desk: Desk, odd: str) -> None:
    assert desk.site
    assert Person().post("/login/", username=odd, password=WRONG).status_code == 200


def superuser(desk: Desk, name: str) -> Any:
    return desk.users.filter(username=name).first() or desk.users.create_superuser(name, password=PASSWORD)


def test_the_administration_is_for_the_named_operators_alone(desk: Desk) -> None:
    operator = Person(superuser(desk, "admin"))
    assert desk.site in operator.get("/admin/registry/site/")
    assert "/admin/" in operator.get("/")
    other = Person(superuser(desk, "other-superuser"))
    assert 'href="/admin/"' not in other.get("/")
    staff = desk.user(may_change=True)
    staff.is_staff = True
    staff.save()
    for person in (other, Person(staff), Person()):
        for path in ("/admin/", "/admin/registry/site/", "/admin/auth/user/"):
            assert person.client.get(path).headers["location"].startswith("/admin/login/")
        assert person.client.get("/admin/login/").headers["location"].startswith("/login/")
    page = Person().post("/admin/login/", username="admin", password=PASSWORD)
    assert page.headers["location"].startswith("/login/"), "nobody gets around the count of wrong passwords"
