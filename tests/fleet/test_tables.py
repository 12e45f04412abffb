"""Lists that come and go as files: whole or not at all, in one's own district, with nothing in them that runs."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person, beat

from gate.wire.claims import read_claim
from gate.wire.heartbeat import Device

if TYPE_CHECKING:
    from fleet_rig import FleetServer


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def bring(person: Person, what: str, text: str | bytes, **fields: str) -> Any:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    file.name = "list.csv"
    return person.post(f"/import/{what}", file=file, **fields)  # type: ignore[arg-type]


def sites_in(desk: Desk) -> list[str]:
    found = desk.server.sql(
        "SELECT sites.name FROM sites JOIN districts ON districts.id = district_id WHERE districts.name = %s",
        desk.district,
    )
    return sorted(name for (name,) in found)


def told(said: Any) -> list[list[str]]:
    assert said.status_code == 200, said.content.decode()
    assert said.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(said.content.decode("utf-8-sig"), newline="")))


def test_the_list_of_gates_comes_as_csv_of_ones_own_district(desk: Desk) -> None:
    other = Desk(desk.server)
    desk.told(beat(readers=(Device("camera", 17),)))
    user = desk.user(may_change=False)
    head, *rows = told(Person(user).client.get("/gates.csv"))
    assert head[:5] == ["District", "Site", "Gate", "Serial number", "State"]
    assert [row[:6] for row in rows] == [
        [desk.district, desk.site, desk.gate, f"serial-{desk.gate}", "degraded", "camera is gone"]
    ]
    assert told(Person(user).client.get(f"/gates.csv?q={other.gate}"))[1:] == []
    assert desk.did(user) == [("gates exported", "all", "1 gates"), ("gates exported", other.gate, "0 gates")]


def test_no_cell_is_a_formula(desk: Desk) -> None:
    desk.server.sql("UPDATE sites SET name = %s WHERE name = %s", f"=HYPERLINK(1)&{desk.site}", desk.site)
    desk.told(beat(readers=(Device("@SUM(A1)", 17),), software="-1+1"))
    _, row = told(Person(desk.user(may_change=False)).client.get("/gates.csv"))
    assert row[1].startswith("'=HYPERLINK")
    assert row[5].startswith("'@SUM")
    assert row[7] == "'-1+1"


def test_sites_are_brought_in(desk: Desk) -> None:
    user = desk.user(may_change=True)
    text = f"\ufeffdistrict,site\r\n{desk.district},{desk.site}\r\n{desk.district},{desk.site} 东门\r\n"
    assert bring(Person(user), "sites", text).status_code == 302
    assert sites_in(desk) == [desk.site, f"{desk.site} 东门"]
    assert desk.did(user) == [("site made", f"{desk.site} 东门", f"in {desk.district}")], "one was there already"


def test_every_wrong_line_is_named_and_no_site_is_made(desk: Desk) -> None:
    other = Desk(desk.server)
    user = desk.user(may_change=True)
    lines = (
        "district,site",
        f"{desk.district},{desk.site}-good",
        f"{other.district},{desk.site}-2",
        f"{desk.district},{other.site}",
        "only one",
        f"{desk.district},{desk.site}-good",
        f"{desk.district},{'x' * 65}",
    )
    said = bring(Person(user), "sites", "\n".join(lines))
    assert said.status_code == 422
    page = said.content.decode()
    assert "5 lines are wrong" in page
    for words in (
        f"line 3: {other.district} is no district of yours",
        f"line 4: a site {other.site} is in another district",
        "line 5: 2 cells",
        "line 6: " + f"{desk.site}-good is on line 2 as well",
        "line 7: a site&#x27;s name has at most 64 characters",
    ):
        assert words in page, page
    assert other.district not in page.replace(f"line 3: {other.district}", ""), "nothing about the other district"
    assert sites_in(desk) == [desk.site]
    assert desk.did(user) == [("import refused", "sites", "5 wrong lines")]


def test_who_may_only_look_brings_nothing_in(desk: Desk) -> None:
    person = Person(desk.user(may_change=False))
    assert bring(person, "sites", f"district,site\n{desk.district},{desk.site}-x\n").status_code == 422
    claims = f"site,device,serial\n{desk.site},{desk.gate}-x,10000001\n"
    assert bring(person, "claims", claims, days="7").status_code == 422
    assert sites_in(desk) == [desk.site]
    assert Person().client.get("/gates.csv").status_code == 302


def test_a_file_from_another_page_is_not_taken(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    file = io.BytesIO(f"district,site\n{desk.district},{desk.site}-x\n".encode())
    assert person.client.post("/import/sites", {"file": file}).status_code == 403
    assert sites_in(desk) == [desk.site]


def test_claims_for_devices_come_back_as_a_file(desk: Desk) -> None:
    text = f"site,device,serial\n{desk.site},{desk.gate},10000001\n{desk.site},{desk.gate}-b,10000002\n"
    person = Person(desk.user(may_change=True))
    head, *rows = told(bring(person, "claims", text, days="7"))
    assert head == ["site", "device", "serial", "label", "claim"]
    for row, serial in zip(rows, ("10000001", "10000002"), strict=True):
        assert read_claim(row[4]).claim.serial == serial
    assert "10000002" in person.get("/claims/")


def test_wrong_claims_are_named_and_none_is_made(desk: Desk) -> None:
    other = Desk(desk.server)
    text = (
        f"site,device,serial\n{desk.site},a-{desk.gate},10000001\n{other.site},b-{desk.gate},10000001\n"
        f"{desk.site},{other.gate},10000001\n{desk.site},=1+1,10000001\n"
    )
    said = bring(Person(desk.user(may_change=True)), "claims", text, days="7")
    page = said.content.decode()
    assert said.status_code == 422
    assert f"line 3: {other.site} is no site of yours" in page
    assert f"line 4: {other.gate}" in page
    assert "line 5: =1+1" in page
    assert desk.server.sql("SELECT count(*) FROM claims WHERE device LIKE %s", f"%{desk.gate}%") == [(0,)]


def test_fifty_thousand_rows_with_errors_take_little_memory_and_do_nothing(desk: Desk) -> None:
    from fleet.console import imports  # noqa: PLC0415 - Django is set up by the fixture
    from fleet.console.lines import WrongLines  # noqa: PLC0415 - the same

    rows = (f"{desk.district},{desk.site}-{n}\n" if n % 1000 else f"{desk.site}-{n}\n" for n in range(50_001))
    file = io.BytesIO(("district,site\n" + "".join(rows)).encode())
    user = desk.user(may_change=True)
    tracemalloc.start()
    with pytest.raises(WrongLines) as said:
        imports.sites(file, user)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [number for number, _ in said.value.wrong] == [*range(2, 50_002, 1000), 50_002]
    assert "at most 50000 lines" in said.value.wrong[-1][1]
    assert most < 30_000_000
    assert sites_in(desk) == [desk.site]


def test_a_file_that_is_too_large_is_refused(desk: Desk) -> None:
    said = bring(Person(desk.user(may_change=True)), "sites", b"district,site\n" + b"x" * (8 << 20))
    assert "too large" in said.content.decode()
