"""``gate voice``: the pack is rendered, checked and heard by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gate.__main__ import main
from gate.errors import ConfigError
from gate.model import Reason
from voice import kokoro, phrases, render, verify
from voice.pack import Pack
from voice.render import ENGINES, Engine
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    from pathlib import Path

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is missing: apt-get install espeak-ng"
)
needs_aplay = pytest.mark.skipif(shutil.which("aplay") is None, reason="aplay is missing: apt-get install alsa-utils")


def one_phrase(language: str) -> phrases.Catalogue:
    """A catalogue in which every reason is spoken alike, so that one phrase is rendered."""
    whole = phrases.load([language])
    return replace(whole, by_reason=dict.fromkeys(Reason, whole.texts(Reason.PRESENT_AGAIN)))


@needs_espeak
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_changed_phrase_is_rendered_on_the_spot(tmp_path: Path, language: str) -> None:
    catalogue = one_phrase(language)
    assert render.build(catalogue, ENGINES["espeak"], tmp_path) == 1
    pack = Pack.open((tmp_path,), catalogue)
    assert pack.problems == ()
    clip = pack.clip(Reason.GREEN_CODE, language)
    assert clip.text == catalogue.texts(Reason.PRESENT_AGAIN)[language].voice
    assert 0.4 < clip.seconds < 3
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["engine"] == "espeak"


@needs_espeak
def test_clips_of_an_earlier_pack_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    old, notes = tmp_path / "en" / "record_failed.wav", tmp_path / "en" / "notes.txt"
    old.write_bytes(b"old")
    notes.write_text("mine")
    render.build(one_phrase("en"), ENGINES["espeak"], tmp_path)
    assert not old.exists()
    assert notes.exists()


def test_an_engine_without_the_language_says_so(tmp_path: Path) -> None:
    engine = Engine("parrot", "voice.parrot", {"zh-CN": "polly"}, "none", 1)
    with pytest.raises(ConfigError, match="parrot has no voice for 'en'"):
        render.build(one_phrase("en"), engine, tmp_path)


def test_an_engine_that_is_not_installed_says_so(tmp_path: Path) -> None:
    engine = Engine("parrot", "voice.parrot", {"en": "polly"}, "none", 1)
    with pytest.raises(ConfigError, match=r"parrot failed: .*voice\.parrot"):
        render.build(one_phrase("en"), engine, tmp_path)
    assert not (tmp_path / "manifest.json").exists()


def test_the_bundled_pack_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voice", "check"]) == 0
    assert "0 problems" in capsys.readouterr().out


def test_a_pack_that_can_not_be_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voice", "check", "--pack", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().out


def test_every_reason_is_listed_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voice", "list"]) == 0
    listed = capsys.readouterr().out
    assert len(listed.splitlines()) == len(Reason) * len(phrases.available())
    assert "绿码通行" in listed


@needs_aplay
def test_a_phrase_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatedSoundCard(tmp_path) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", card.environment["ALSA_CONFIG_PATH"])
        assert main(["voice", "say", "present_again", "--language", "en"]) == 0
        assert len(card.heard(1)) == 1


@needs_aplay
def test_without_a_card_the_phrase_is_written_and_the_place_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with SimulatedSoundCard(tmp_path) as card:
        card.unplug()
        monkeypatch.setenv("ALSA_CONFIG_PATH", card.environment["ALSA_CONFIG_PATH"])
        assert main(["voice", "say", "present_again"]) == 1
    (written,) = tmp_path.glob("gate-voice-*/last-announcement.wav")
    assert str(written) in capsys.readouterr().out


@needs_espeak
def test_english_becomes_the_symbols_that_the_model_was_trained_on() -> None:
    assert kokoro.english("Green code. Go ahead.") == "ɡɹˈin kˈOd. ɡˌO əhˈɛd."


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [("lü ma tong xing", "lü ma tong xing", 0), ("lü ma", "li ma", 1), ("qing", "", 1), ("qing", "xin qing zai", 2)],
)
def test_what_was_not_understood_is_counted(said: str, heard: str, errors: int) -> None:
    assert verify.distance(said.split(), heard.split()) == errors
