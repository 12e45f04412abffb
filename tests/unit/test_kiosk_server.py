from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from kiosk_rig import CATALOGUE, DEADLINE_S, LONG, Rig, announcement, in_words

from gate.errors import ConfigError
from gate.kiosk import feed
from gate.kiosk.page import UI_KEYS
from gate.kiosk.server import KioskServer, KioskSettings
from gate.kiosk.state import StatusFlag
from gate.model import Outcome, Reason
from gate.webserver import listen

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def idle() -> Iterator[Rig]:
    """One for all tests that only ask."""
    with Rig() as rig:
        yield rig


@pytest.fixture
def kiosk() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


def states(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The snapshots of a stream of server-sent events."""
    event = ""
    for line in lines:
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: ") and event == "state":
            yield json.loads(line.removeprefix("data: "))


@contextlib.contextmanager
def stream(kiosk: Rig) -> Iterator[Iterator[dict[str, Any]]]:
    with httpx.stream("GET", f"{kiosk.url}events", timeout=DEADLINE_S) as answer:
        assert answer.status_code == 200
        yield states(answer.iter_lines())


# --- what is served -----------------------------------------------------------------------------


def test_the_page_and_its_files_are_served_with_strict_headers(idle: Rig) -> None:
    for path in ("", "kiosk.css", "kiosk.js", "icon.svg", "state"):
        answer = httpx.get(idle.url + path)
        assert answer.status_code == 200
        csp = answer.headers["content-security-policy"]
        assert "default-src 'none'" in csp
        assert "frame-src 'none'" in csp
        assert "unsafe" not in csp
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_only_get_is_answered(idle: Rig) -> None:
    for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
        assert httpx.request(method, idle.url).status_code == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:9000"])
def test_a_host_header_of_this_machine_is_answered(idle: Rig, host: str) -> None:
    assert httpx.get(idle.url, headers={"Host": host.format(port=idle.port)}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8765",
        "evil.example@127.0.0.1",
        "10.0.0.7",
        "0.0.0.0",  # noqa: S104 - refused
        "[::]",
        "127.0.0.1:port",
        "127.0.0.1:",
        "１２７.0.0.1",
        "",
    ],
)
def test_a_host_header_from_elsewhere_is_refused_everywhere(idle: Rig, host: str) -> None:
    for path in ("", "events", "state", "nothing"):
        assert httpx.get(idle.url + path, headers={b"Host": host.encode()}).status_code == 403


def test_the_state_for_support_is_the_snapshot(kiosk: Rig) -> None:
    kiosk.show(announcement(Outcome.REFER, Reason.TEST_POSITIVE, "ABC-123"))
    state = httpx.get(f"{kiosk.url}state").json()
    assert (state["kind"], state["receipt"]) == ("refer", "ABC-123")
    assert "positive" not in json.dumps(state)


# --- the stream ---------------------------------------------------------------------------------


def test_a_screen_that_comes_late_gets_the_whole_snapshot(kiosk: Rig) -> None:
    kiosk.show(announcement(Outcome.REFER, Reason.DATA_STALE, "ABC-123"))
    kiosk.sign(StatusFlag.SOUND_OFF, on=True)
    with stream(kiosk) as snapshots:
        snapshot = next(snapshots)
    assert snapshot["kind"] == "refer"
    assert snapshot["texts"][1]["next_step"] == "Open the health code on your phone and show it to the staff"
    assert snapshot["flags"] == ["sound_off"]


def test_every_change_is_sent_and_a_decision_goes_by_itself() -> None:
    with Rig(replace(LONG, pass_hold_s=0.05)) as kiosk, stream(kiosk) as snapshots:
        assert next(snapshots)["kind"] == "idle"
        kiosk.call(kiosk.server.deciding)
        assert next(snapshots)["kind"] == "deciding"
        kiosk.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
        assert next(snapshots)["kind"] == "pass"
        assert next(snapshots)["kind"] == "idle"


def show_both(server: KioskServer) -> None:
    server.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    server.show(announcement(Outcome.REFER, Reason.DATA_STALE))


def test_an_older_decisions_end_does_not_take_the_newer_one_away() -> None:
    with Rig(replace(LONG, pass_hold_s=0.05)) as kiosk, stream(kiosk) as snapshots:
        next(snapshots)
        kiosk.call(show_both, kiosk.server)
        assert next(snapshots)["kind"] == "refer"
        # Runs after the end of the first one would have: what it changes must be the next thing that is sent.
        kiosk.call(lambda: kiosk._loop.call_later(0.1, lambda: kiosk.server.set_status(StatusFlag.SOUND_OFF, on=True)))
        snapshot = next(snapshots)
        assert (snapshot["kind"], snapshot["flags"]) == ("refer", ["sound_off"])


def test_the_number_of_screens_is_bounded_and_a_place_becomes_free(kiosk: Rig) -> None:
    with contextlib.ExitStack() as stack:
        screens = [stack.enter_context(stream(kiosk)) for _ in range(feed.CLIENTS - 1)]
        assert [next(screen)["kind"] for screen in screens] == ["idle"] * len(screens)
        with stream(kiosk) as last:
            next(last)
            with httpx.stream("GET", f"{kiosk.url}events", timeout=DEADLINE_S) as refused:
                assert refused.status_code == 503
            assert httpx.get(f"{kiosk.url}state").status_code == 200
        # The server learns of the closed connection in its own time.
        for _ in range(1000):
            with httpx.stream("GET", f"{kiosk.url}events", timeout=DEADLINE_S) as answer:
                if answer.status_code == 200:
                    break
        else:
            pytest.fail("the place of a screen that left was not given to the next one")


def test_a_slow_screen_gets_the_newest_snapshot_and_not_the_backlog(kiosk: Rig) -> None:
    changes = 300
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(DEADLINE_S)
        slow.connect(("127.0.0.1", kiosk.port))
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for number in range(changes):
            kiosk.show(in_words(Outcome.REFER, f"{number} " + "x" * 50_000))
        kiosk.show(in_words(Outcome.PASS, "newest"))
        received = bytearray()
        while b"newest" not in received:
            chunk = slow.recv(1 << 20)
            assert chunk, "the stream ended"
            received += chunk
    assert received.count(b"event: state") < changes / 2


def test_an_end_is_quick_with_streams_open_and_a_screen_that_does_not_read() -> None:
    with socket.socket() as stuck, Rig() as kiosk, stream(kiosk) as snapshots:
        next(snapshots)
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", kiosk.port))
        stuck.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(200):
            kiosk.show(in_words(Outcome.REFER, "x" * 50_000))
        kiosk.stop()  # fails where it does not end
        with pytest.raises(httpx.ConnectError):
            httpx.get(kiosk.url)


def test_nothing_of_the_server_is_left_in_the_loop() -> None:
    async def scenario(stuck: socket.socket) -> None:
        server = KioskServer(LONG, CATALOGUE.ui)
        task = asyncio.create_task(server.run())
        port = int((await server.started()).rstrip("/").rpartition(":")[2])
        stuck.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stuck, ("127.0.0.1", port))
        await loop.sock_sendall(stuck, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await loop.sock_recv(stuck, 64)
        for _ in range(40):  # more than the buffers between the two take
            server.show(in_words(Outcome.REFER, "x" * 1_000_000))
            for _ in range(5):
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with socket.socket() as stuck:
        asyncio.run(scenario(stuck))


def test_a_gate_that_starts_again_takes_the_same_port() -> None:
    with Rig() as first, stream(first) as snapshots:
        next(snapshots)
        first.stop()
        with Rig(replace(LONG, port=first.port)) as second:
            assert httpx.get(second.url).status_code == 200


def test_the_server_leaves_the_signals_to_the_daemon() -> None:
    async def scenario() -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        server = KioskServer(LONG, CATALOGUE.ui)
        task = asyncio.create_task(server.run())
        url = await server.started()
        async with httpx.AsyncClient() as client:
            assert (await client.get(url)).status_code == 200
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


# --- what it can't be configured to -------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gate.example", "localhost", ""])  # noqa: S104
def test_a_host_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"kiosk\.host.*127\.0\.0\.1"):
        KioskServer(KioskSettings(host=host), CATALOGUE.ui)


def test_a_port_in_use_is_named() -> None:
    with (
        Rig() as first,
        pytest.raises(ConfigError, match=rf"kiosk\.port: {first.port} .*in use"),
        Rig(replace(LONG, port=first.port)),
    ):
        pass


@pytest.mark.parametrize("key", UI_KEYS)
def test_a_missing_word_is_named(key: str) -> None:
    ui = {**CATALOGUE.ui, "en": {k: v for k, v in CATALOGUE.ui["en"].items() if k != key}}
    with pytest.raises(ConfigError, match=f"en: {key}"):
        KioskServer(LONG, ui)


def test_a_language_without_words_is_named() -> None:
    with pytest.raises(ConfigError, match="ug: idle_title"):
        KioskServer(replace(LONG, languages=("zh-CN", "ug")), CATALOGUE.ui)
    with pytest.raises(ConfigError, match=r"kiosk\.languages"):
        KioskServer(replace(LONG, languages=()), CATALOGUE.ui)


def test_the_panel_of_a_demo_may_be_framed_and_nothing_else() -> None:
    with Rig(replace(LONG, demo=True, panel_url="http://127.0.0.1:8766/")) as kiosk:
        assert "frame-src http://127.0.0.1:8766;" in httpx.get(kiosk.url).headers["content-security-policy"]


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "http://evil.example:8766/", "http://127.0.0.1:1/; script-src *", "javascript:alert(1)"],
)
def test_a_panel_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="panel_url"):
        KioskServer(replace(LONG, demo=True, panel_url=url), CATALOGUE.ui)


def test_a_panel_is_for_demos_only() -> None:
    with pytest.raises(ConfigError, match=r"kiosk\.demo"):
        KioskServer(replace(LONG, panel_url="http://127.0.0.1:8766/"), CATALOGUE.ui)


def test_a_screen_waits_for_no_acknowledgement() -> None:
    with listen("127.0.0.1", 0, "kiosk") as listener, socket.create_connection(listener.getsockname()):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
