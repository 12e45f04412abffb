"""The screen as a person sees it: the real server, the real page, headless Chromium."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kiosk_rig import CATALOGUE, LONG, Rig, announcement, in_words
from playwright.sync_api import expect

from gate.kiosk import server as kiosk_server
from gate.kiosk.state import StatusFlag
from gate.model import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, ViewportSize

    from gate.kiosk.server import KioskServer
    from gate.model import Announcement

pytestmark = pytest.mark.browser

DECISIONS = [
    (Outcome.PASS, Reason.GREEN_CODE, "通行", "Go ahead"),
    (Outcome.REFER, Reason.TEST_NONE, "请核查", "See staff"),
    (Outcome.RETRY, Reason.PRESENT_AGAIN, "请重试", "Try again"),
]
STAFF = (Outcome.REFER, Reason.STAFF_CALLED)
ADVICE = {"zh-CN": "请于12月30日10点30分前完成第二次核酸", "en": "Take the second test by 30 September, 10:30"}
SIZES: list[ViewportSize] = [
    {"width": 800, "height": 1280},
    {"width": 1280, "height": 800},
    {"width": 1920, "height": 1080},
]
KINDS = ["idle", "deciding", "pass", "refer", "retry", "staff"]

# For every text that is seen: its contrast with what lies behind it (WCAG 2.1, 1.4.3).
CONTRASTS = """() => {
  const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = (value) => value.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  const found = {};
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!own || !element.offsetParent || element.closest(".unseen, .band")) continue;
    const [a, b] = [luminance(rgb(getComputedStyle(element).color)), luminance(behind(element))];
    found[element.textContent.trim()] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""

# What sticks out of the window, or lies over the words.
MISPLACED = """() => {
  const wrong = [];
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const seen = [...document.querySelectorAll(".shape svg, .words, .receipt, .flags li, .band, footer")];
  for (const element of seen) {
    const b = element.getBoundingClientRect();
    if (b.left < -1 || b.top < -1 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1) {
      wrong.push(element.className.baseVal || element.className || element.tagName);
    }
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) wrong.push("scrolls");
  if (box(".words").bottom > box("footer").top + 1) wrong.push("words over footer");
  return wrong;
}"""


@pytest.fixture(scope="module")
def running() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


@pytest.fixture
def kiosk(running: Rig) -> Rig:
    """A gate in its first state; tests that stop one start their own."""
    running.call(running.server._clear)
    for flag in StatusFlag:
        running.sign(flag, on=False)
    return running


def see(page: Page, kind: str) -> None:
    page.wait_for_selector(f'body[data-kind="{kind}"]')


def open_idle(page: Page, kiosk: Rig) -> None:
    page.goto(kiosk.url)
    see(page, "idle")


def put(kiosk: Rig, kind: str) -> None:
    match kind:
        case "idle":
            kiosk.call(kiosk.server._clear)
        case "deciding":
            kiosk.call(kiosk.server.deciding)
        case "staff":
            kiosk.show(announcement(*STAFF))
        case _:
            outcome, reason, *_ = next(d for d in DECISIONS if d[0].value == kind)
            kiosk.show(announcement(outcome, reason))


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def shape(page: Page) -> Any:
    """The one shape that is seen: its name for those who can't see it, and its outline."""
    shapes = page.locator(".shape svg:visible")
    assert shapes.count() == 1
    return shapes.get_attribute("aria-label"), shapes.inner_html()


# --- colour, shape and words --------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "reason", "zh", "en"), DECISIONS)
def test_a_decision_says_what_and_what_next_in_both_languages(
    page: Page, kiosk: Rig, outcome: Outcome, reason: Reason, zh: str, en: str
) -> None:
    open_idle(page, kiosk)
    kiosk.show(announcement(outcome, reason, "AB3-9XY"))
    see(page, outcome.value)
    words = page.locator("main").inner_text()
    texts = CATALOGUE.texts(reason)
    for expected in (zh, en, *(t.screen for t in texts.values()), *(t.next_step for t in texts.values())):
        assert expected in words
    assert "AB3-9XY" in page.locator("footer").inner_text()
    assert shape(page)[0] == f"{zh} / {en}"
    assert zh in (page.get_by_role("status").text_content() or "")
    heights = page.evaluate("[...document.querySelectorAll('h1:not([hidden]) span')].map(s => s.offsetHeight)")
    assert max(heights) >= 80  # px at 1280 x 800: on a 10 inch panel 13 mm, read from three metres
    assert not page.locator("#advice").is_visible()


def advised(reason: Reason = Reason.GREEN_CODE, receipt: str = "ADV-001") -> Announcement:
    return replace(announcement(Outcome.PASS, reason, receipt), advice=ADVICE)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_advice_is_read_in_both_languages_under_the_next_step(page: Page, kiosk: Rig, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    open_idle(page, kiosk)
    for flag in StatusFlag:
        kiosk.sign(flag, on=True)
    for number, reason in enumerate((Reason.GREEN_CODE, Reason.CERTIFICATE_VALID, Reason.CHANNEL, Reason.PERMITTED)):
        kiosk.show(advised(reason, f"ADV-{number}"))
        expect(page.locator("#receipt")).to_have_text(f"ADV-{number}")
        assert page.locator("#advice span[lang]").all_inner_texts() == list(ADVICE.values())
        advice, next_step = page.locator("#advice").bounding_box(), page.locator("#next_step").bounding_box()
        assert advice
        assert next_step
        assert advice["y"] >= next_step["y"] + next_step["height"]
        assert page.evaluate(MISPLACED) == []
        assert not page.evaluate("(w => w.scrollHeight > w.clientHeight + 1)(document.querySelector('.words'))")
        letters = page.evaluate("parseFloat(getComputedStyle(document.querySelector('#advice [lang]')).fontSize)")
        assert letters >= 0.035 * min(size["width"], size["height"])


def test_an_advice_stands_out_and_is_told_to_those_who_do_not_see_it(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    kiosk.show(advised())
    see(page, "pass")
    contrasts = page.evaluate(CONTRASTS)
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}
    assert contrasts.keys() >= set(ADVICE.values())
    assert ADVICE["en"] in (page.get_by_role("status").text_content() or "")


def test_where_staff_are_called_the_screen_says_so_and_nothing_of_a_check(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    kiosk.show(announcement(*STAFF))
    see(page, "staff")
    words = page.locator("main").inner_text()
    texts = CATALOGUE.texts(Reason.STAFF_CALLED)
    for expected in ("工作人员马上就到", "Somebody is coming", *(t.next_step for t in texts.values())):
        assert expected in words
    for refusing in ("核查", "重试", "See staff", "Try again"):
        assert refusing not in words
    assert shape(page)[0] == "工作人员马上就到 / Somebody is coming"


@pytest.mark.usefixtures("no_complaint_of_a_lost_gate")
def test_every_state_has_its_own_colour_shape_and_words(page: Page) -> None:
    seen = {}
    with Rig() as kiosk:
        open_idle(page, kiosk)
        for kind in KINDS:
            put(kiosk, kind)
            see(page, kind)
            seen[kind] = (background(page), shape(page), page.locator("h1:visible").inner_text())
    see(page, "lost")
    seen["lost"] = (background(page), shape(page), page.locator("h1:visible").inner_text())
    colours, shapes, words = zip(*seen.values(), strict=True)
    assert len(set(colours)) == len(seen) - 1  # idle and deciding are both calm
    assert len(set(shapes)) == len(set(words)) == len(seen)


@pytest.fixture
def no_complaint_of_a_lost_gate(complaints: list[str]) -> Iterator[None]:
    """Chromium itself reports each failed connection; anything else is still a complaint."""
    yield
    complaints[:] = [text for text in complaints if "net::ERR_" not in text]


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_stands_out_from_what_is_behind_it(page: Page, kiosk: Rig, kind: str) -> None:
    for flag in StatusFlag:
        kiosk.sign(flag, on=True)
    page.goto(kiosk.url)
    put(kiosk, kind)
    see(page, kind)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) >= 2 + 2 * len(StatusFlag)
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}


def test_the_signs_for_guards_come_and_go_without_touching_the_decision(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    assert page.locator(".flags li:visible").count() == 0
    put(kiosk, "pass")
    for flag in StatusFlag:
        kiosk.sign(flag, on=True)
    shown = page.locator(".flags li:visible")
    expect(shown).to_have_count(len(StatusFlag))
    assert "声音不可用" in page.locator(".flags").inner_text()
    see(page, "pass")
    for flag in StatusFlag:
        kiosk.sign(flag, on=False)
    expect(shown).to_have_count(0)


def test_only_a_demo_says_that_it_is_one(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    assert not page.locator(".band").is_visible()
    with Rig(replace(LONG, demo=True)) as demo:
        open_idle(page, demo)
        assert "演示" in page.locator(".band").inner_text()
        assert not page.locator("#drawer").is_visible()


# --- newest wins, and it goes by itself ---------------------------------------------------------


def test_the_newest_decision_is_the_one_that_is_seen(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    kiosk.show(announcement(Outcome.PASS, Reason.GREEN_CODE, "OLD-001"))
    kiosk.show(announcement(Outcome.REFER, Reason.DATA_STALE, "NEW-002"))
    expect(page.locator("#receipt")).to_have_text("NEW-002")
    see(page, "refer")
    assert "OLD-001" not in page.locator("body").inner_text()
    assert "绿码" not in page.locator("body").inner_text()


def test_a_decision_goes_by_itself_and_takes_its_words_with_it(page: Page) -> None:
    with Rig(replace(LONG, pass_hold_s=0.3)) as kiosk:
        open_idle(page, kiosk)
        put(kiosk, "pass")
        see(page, "pass")
        see(page, "idle")
        assert page.locator("#screen, #next_step, #receipt").all_text_contents() == ["", "", ""]


def test_an_advice_goes_with_its_pass(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    kiosk.show(advised())
    expect(page.locator("#advice")).to_be_visible()
    put(kiosk, "pass")
    expect(page.locator("#advice")).to_be_hidden()
    assert page.locator("#advice").text_content() == ""


# --- a gate that is gone ------------------------------------------------------------------------


@pytest.mark.usefixtures("no_complaint_of_a_lost_gate")
def test_a_lost_gate_takes_the_pass_off_the_screen_and_comes_back_by_itself(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk_server, "BEAT_S", 1000)  # it is the broken connection that is noticed, not the silence
    with Rig() as kiosk:
        open_idle(page, kiosk)
        put(kiosk, "pass")
        see(page, "pass")
    see(page, "lost")
    words = page.locator("body").inner_text()
    assert "请找工作人员" in words
    assert "please see the staff" in words
    assert "通行" not in words
    assert page.locator("#screen, #next_step, #receipt").all_text_contents() == ["", "", ""]
    with Rig(replace(LONG, port=kiosk.port)):
        see(page, "idle")


@pytest.mark.usefixtures("no_complaint_of_a_lost_gate")
def test_a_gate_that_hangs_is_lost_as_well(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk_server, "BEAT_S", 0.1)
    with Rig() as kiosk:
        open_idle(page, kiosk)
        put(kiosk, "pass")
        see(page, "pass")
        go_on = kiosk.hang()
        see(page, "lost")
        go_on.set()
        see(page, "pass")  # the gate that answers again still means it


def show_for_ever(server: KioskServer) -> None:
    server.show(announcement(Outcome.PASS, Reason.GREEN_CODE))
    server._disarm()


def test_a_pass_ends_by_itself_even_where_the_gate_hangs(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk_server, "BEAT_S", 1000)  # it is the page's own clock that ends it, not the silence
    with Rig(replace(LONG, pass_hold_s=0.1)) as kiosk:
        open_idle(page, kiosk)
        kiosk.call(show_for_ever, kiosk.server)
        see(page, "pass")
        go_on = kiosk.hang()
        see(page, "lost")
        kiosk._loop.call_soon_threadsafe(kiosk.server._clear)
        go_on.set()
        see(page, "idle")


@pytest.mark.usefixtures("no_complaint_of_a_lost_gate")
def test_a_page_of_an_older_gate_loads_the_new_one(page: Page) -> None:
    with Rig() as old:
        open_idle(page, old)
    see(page, "lost")
    words = {lang: {**ui, "idle_title": f"新词 {lang}"} for lang, ui in CATALOGUE.ui.items()}
    with Rig(replace(LONG, port=old.port), words):
        page.get_by_role("heading", name="新词").wait_for()
        see(page, "idle")


# --- hostile and unlucky words ------------------------------------------------------------------


def test_markup_in_a_text_is_shown_as_text(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script>&lt;b&gt;"
    kiosk.show(in_words(Outcome.REFER, markup, f"</p>{markup}"))
    see(page, "refer")
    assert markup in page.locator("#screen").inner_text()
    assert page.locator("main img, main script, main b").count() == 0


def test_markup_in_the_words_of_the_page_is_shown_as_text(page: Page) -> None:
    markup = "\"'><script>alert(1)</script>{{words pass}}"
    with Rig(ui={lang: dict.fromkeys(ui, markup) for lang, ui in CATALOGUE.ui.items()}) as kiosk:
        open_idle(page, kiosk)
        assert markup in page.locator("h1:visible").inner_text()
        assert page.locator("body script").count() == 0


@pytest.mark.parametrize(
    "text",
    [
        "e" + "\u0301\u0316\u0334" * 67,
        "\u202e\u2067 مرحبا \u202d 123 שלום \u2066" * 8,
        "请按工作人员的指引到旁边的服务台办理" * 12,
        "W" * 400,
        "very long words in a sentence without an end " * 12,
        "，。；" * 40,
    ],
    ids=["combining", "bidi", "long-zh", "no-spaces", "long-en", "punctuation"],
)
def test_unlucky_texts_stay_in_their_place(page: Page, kiosk: Rig, text: str) -> None:
    open_idle(page, kiosk)
    for flag in StatusFlag:
        kiosk.sign(flag, on=True)
    unlucky = replace(in_words(Outcome.PASS, text, text), advice=dict.fromkeys(ADVICE, text))
    for shown in (in_words(Outcome.REFER, text, text), unlucky):
        kiosk.show(shown)
        see(page, shown.outcome.value)
        stays_in_its_place(page)


def stays_in_its_place(page: Page) -> None:
    for size in SIZES:
        page.set_viewport_size(size)
        assert page.evaluate(MISPLACED) == []
        title = page.locator("h1:visible").bounding_box()
        assert title
        assert title["height"] > 40


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_real_words_fit_every_size_in_full(page: Page, kiosk: Rig, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    open_idle(page, kiosk)
    for kind in KINDS:
        put(kiosk, kind)
        see(page, kind)
        assert page.evaluate(MISPLACED) == []
        assert not page.evaluate("(w => w.scrollHeight > w.clientHeight + 1)(document.querySelector('.words'))")


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_the_words_of_every_reason_stay_large(page: Page, kiosk: Rig, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    open_idle(page, kiosk)
    small = []
    for number, reason in enumerate(Reason):
        kiosk.show(announcement(Outcome.REFER, reason, f"R{number}"))
        expect(page.locator("#receipt")).to_have_text(f"R{number}")
        fit = float(page.evaluate("document.querySelector('.words').style.getPropertyValue('--fit')"))
        if fit < 0.7 or page.evaluate(MISPLACED):
            small.append(reason)
    assert small == []


# --- what the page may do -----------------------------------------------------------------------


def test_movement_stops_for_those_who_mind_it(page: Page, kiosk: Rig) -> None:
    open_idle(page, kiosk)
    assert page.evaluate("document.getAnimations().length") == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("document.getAnimations().length") > 0


def test_the_page_asks_nobody_but_the_gate(page: Page, kiosk: Rig) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_idle(page, kiosk)
    put(kiosk, "pass")
    see(page, "pass")
    assert asked
    assert all(url.startswith(kiosk.url) for url in asked)
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
