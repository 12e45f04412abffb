"""Every reason has its words, and none of them shames anybody who stands at the gate."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from gate.errors import ConfigError
from gate.model import Reason, Texts
from voice import phrases
from voice.discretion import revealed

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = phrases.available()
CATALOGUE = phrases.load(LANGUAGES)
EVERY = [(reason, language) for reason in Reason for language in LANGUAGES]

PRIVATE = (
    Reason.TEST_POSITIVE,
    Reason.TEST_INCONCLUSIVE,
    Reason.POP_UP,
    Reason.POP_UP_UNKNOWN,
    Reason.RISK_AREA,
    Reason.TRAVEL_UNKNOWN,
    Reason.VACCINATION_INCOMPLETE,
    Reason.VACCINATION_UNKNOWN,
    Reason.ARRIVAL_UNKNOWN,
    Reason.EXEMPTION_UNKNOWN,
    Reason.AGE_UNKNOWN,
    Reason.TEMPERATURE_HIGH,
    Reason.TEMPERATURE_UNKNOWN,
)
ADVICE = (Reason.TEST_DUE, Reason.SECOND_TEST_DUE)
LONGEST = {"zh-CN": {"voice": 14, "screen": 14, "next_step": 32}, "en": {"voice": 56, "screen": 40, "next_step": 80}}


def public(texts: Texts) -> tuple[str, str, str]:
    return texts.voice, texts.screen, texts.next_step


def test_the_gate_speaks_at_least_chinese_and_english() -> None:
    assert {"zh-CN", "en"} <= set(LANGUAGES)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.GREEN_CODE, "绿码通行"),
        (Reason.CODE_NOT_GREEN, "非绿码请核查"),
        (Reason.TEST_EXPIRED, "你的核酸结果已超时"),
        (Reason.PRESENT_AGAIN, "请重放"),
    ],
)
def test_the_lines_that_people_know_are_kept_word_for_word(reason: Reason, words: str) -> None:
    assert CATALOGUE.texts(reason)["zh-CN"].voice == words


@pytest.mark.parametrize(("reason", "language"), EVERY)
def test_nothing_public_gives_a_result_away(reason: Reason, language: str) -> None:
    assert revealed(CATALOGUE.texts(reason)[language]) == {}


@pytest.mark.parametrize("words", ["核酸阳性", "红码请核查", "有弹窗", "Test positive", "A red code", "Pop-up found"])
def test_a_text_that_gives_a_result_away_is_found_wherever_it_is_public(words: str) -> None:
    harmless = CATALOGUE.texts(Reason.GREEN_CODE)["en"]
    for name in ("voice", "screen", "next_step"):
        assert list(revealed(replace(harmless, **{name: words}))) == [name]
    assert revealed(replace(harmless, guard=words)) == {}


@pytest.mark.parametrize(("reason", "language"), EVERY)
def test_words_fit_their_place(reason: Reason, language: str) -> None:
    texts = CATALOGUE.texts(reason)[language]
    for name, longest in LONGEST[language].items():
        text = getattr(texts, name).replace("{deadline}", "")  # an advice has a line of its own
        assert len(text) <= longest, text


@pytest.mark.parametrize("reason", list(Reason))
def test_a_mandarin_voice_has_nothing_to_stumble_over(reason: Reason) -> None:
    assert re.fullmatch(r"[\u4e00-\u9fff，。]+", CATALOGUE.texts(reason)["zh-CN"].voice)


@pytest.mark.parametrize("reason", list(Reason))
def test_an_english_voice_has_nothing_to_stumble_over(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Za-z ,.']+", CATALOGUE.texts(reason)["en"].voice)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", PRIVATE)
def test_a_private_reason_can_not_be_told_from_a_source_that_does_not_answer(reason: Reason, language: str) -> None:
    harmless = CATALOGUE.texts(Reason.STATUS_UNAVAILABLE)[language]
    texts = CATALOGUE.texts(reason)[language]
    assert public(texts) == public(harmless)
    assert texts.guard != harmless.guard


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_called_a_forger_in_public(language: str) -> None:
    forged = CATALOGUE.texts(Reason.CERTIFICATE_FORGED)[language]
    assert public(forged) == public(CATALOGUE.texts(Reason.CERTIFICATE_ISSUER_UNKNOWN)[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guard_can_tell_every_reason_from_every_other(language: str) -> None:
    assert len({CATALOGUE.texts(reason)[language].guard for reason in Reason}) == len(Reason)


@pytest.mark.parametrize(("reason", "language"), EVERY)
def test_only_an_advice_has_a_place_for_a_deadline_and_nothing_else_has_braces(reason: Reason, language: str) -> None:
    texts = CATALOGUE.texts(reason)[language]
    screen = texts.screen
    if reason in ADVICE:
        assert screen.count("{deadline}") == 1
        screen = screen.replace("{deadline}", "")
    assert not set("{}") & set(texts.voice + screen + texts.next_step + texts.guard)


def test_the_words_of_the_screen_itself_have_no_braces() -> None:
    assert not [text for words in CATALOGUE.ui.values() for text in words.values() if set("{}") & set(text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whose_test_it_is_stands_with_the_guard_alone(language: str) -> None:
    texts = CATALOGUE.texts(Reason.COMPANION_TEST)[language]
    test = re.compile("核酸|检测|test", re.IGNORECASE)
    assert re.search(r"陪同人的核酸|companion's test", texts.guard)
    assert not [text for text in public(texts) if test.search(text)]
    assert re.search("陪同人|companion", texts.screen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_sounds_like_a_refusal_where_staff_are_called(language: str) -> None:
    refusing = re.compile("核查|不能|不符|无法|证件|check|document|refus|not |see the staff", re.IGNORECASE)
    assert not [text for text in public(CATALOGUE.texts(Reason.STAFF_CALLED)[language]) if refusing.search(text)]


def test_the_screen_has_the_same_words_in_every_language() -> None:
    keys = {language: set(words) for language, words in CATALOGUE.ui.items()}
    assert keys["zh-CN"] == keys["en"]
    assert {"idle_title", "idle_hint", "deciding", "pass", "refer", "retry", "receipt", "demo"} <= keys["en"]


def test_the_first_language_leads() -> None:
    assert phrases.load(["en", "zh-CN"]).languages == ("en", "zh-CN")
    assert list(phrases.load(["en", "zh-CN"]).texts(Reason.GREEN_CODE)) == ["en", "zh-CN"]


class _Edited:
    """A folder of phrases in which one text of one language was edited."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder / "phrases"
        self._folder.mkdir()
        for language in LANGUAGES:
            self.write(language, (files("config") / "phrases" / f"{language}.toml").read_text("utf-8"))
        monkeypatch.setattr(phrases, "files", lambda _: folder)

    def write(self, language: str, text: str) -> None:
        (self._folder / f"{language}.toml").write_text(text, "utf-8")

    def replace(self, language: str, old: str, new: str) -> None:
        text = (self._folder / f"{language}.toml").read_text("utf-8")
        assert old in text
        self.write(language, text.replace(old, new, 1))


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Edited:
    return _Edited(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", [field.name for field in fields(Texts)])
def test_a_missing_text_is_named_at_start(edited: _Edited, name: str) -> None:
    edited.replace("en", f"\n{name} = ", f"\n{name}_ = ")
    with pytest.raises(ConfigError, match=rf"config/phrases/en\.toml.*reasons\.green_code\.{name}"):
        phrases.load(LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[reasons.pop_up]", "[reasons.pop_upp]", r"reasons\.pop_upp\] is no reason"),
        ("[screen]", "[screens]", r"unknown key 'screens'"),
        ("idle_title =", "idle_titel =", r"zh-CN\.toml: screen\.idle_titel is missing"),
        ('voice = "Green code. Go ahead."', "voice = 3", r"reasons\.green_code\.voice"),
        ('voice = "Green code. Go ahead."', 'voice = " "', r"reasons\.green_code\.voice"),
        ('voice = "Green code. Go ahead."', r'voice = "a\nb"', r"reasons\.green_code\.voice"),
        ("[screen]", "[screen", r"config/phrases/en\.toml"),
    ],
)
def test_a_slip_of_the_pen_is_named_at_start(edited: _Edited, old: str, new: str, said: str) -> None:
    edited.replace("en", old, new)
    with pytest.raises(ConfigError, match=said):
        phrases.load(["zh-CN", "en"])


def test_a_reason_without_words_is_named_at_start(edited: _Edited) -> None:
    text = (files("config") / "phrases" / "en.toml").read_text("utf-8")
    edited.write("en", text[: text.index("[reasons.record_failed]")])
    with pytest.raises(ConfigError, match=r"\[reasons\.record_failed\] is missing"):
        phrases.load(["en"])


@pytest.mark.parametrize("language", ["../secret", "zh-CN/../en", "", "EN", "en\n", "fr"])
def test_only_a_known_language_becomes_a_path(language: str) -> None:
    with pytest.raises(ConfigError):
        phrases.load([language])


def test_a_gate_without_a_language_is_refused() -> None:
    with pytest.raises(ConfigError, match="languages"):
        phrases.load([])
