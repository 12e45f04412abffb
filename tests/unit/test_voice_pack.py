"""A pack says what the catalogue says, or a chime does: the gate is never silent."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model import Reason
from voice import phrases
from voice.chime import chime
from voice.pack import BUNDLED, Pack
from voice.wav import RATE, decode, encode, silence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CATALOGUE = phrases.load(phrases.available())
ENGLISH = phrases.load(["en"])


def test_the_bundled_pack_has_a_good_clip_for_every_reason() -> None:
    pack = Pack.open((BUNDLED,), CATALOGUE)
    assert pack.problems == ()
    clips = list(pack)
    assert len(clips) == len(Reason) * len(CATALOGUE.languages)
    for language, reason, clip in clips:
        assert clip.text == CATALOGUE.texts(reason)[language].voice
        assert clip.rate == RATE
        assert 0.9 < clip.seconds < 3.2, (language, reason)


def test_the_bundled_clips_start_at_once_and_are_equally_loud() -> None:
    for language, reason, clip in Pack.open((BUNDLED,), CATALOGUE):
        samples = struct.unpack(f"<{len(clip.pcm) // 2}h", clip.pcm)
        start = next(i for i, value in enumerate(samples) if abs(value) > 300)
        assert start < 0.06 * RATE, (language, reason)
        assert 12_000 < max(map(abs, samples)) < 32_000, (language, reason)


def test_the_bundled_pack_is_small_and_says_whose_voice_it_is() -> None:
    assert sum(file.stat().st_size for file in BUNDLED.rglob("*") if file.is_file()) < 8_000_000
    manifest = json.loads((BUNDLED / "manifest.json").read_text("utf-8"))
    assert manifest["engine"] == "kokoro"
    assert "Apache-2.0" in manifest["licence"]
    assert "Apache License" in (BUNDLED / "LICENSE").read_text("utf-8")
    assert "Kokoro-82M" in (BUNDLED / "NOTICE").read_text("utf-8")


def test_a_bystander_hears_no_difference_between_private_and_harmless() -> None:
    pack = Pack.open((BUNDLED,), CATALOGUE)
    for language in CATALOGUE.languages:
        assert pack.clip(Reason.TEST_POSITIVE, language).pcm is pack.clip(Reason.STATUS_UNAVAILABLE, language).pcm


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(BUNDLED, tmp_path / "pack")


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def test_a_clip_that_says_something_else_is_not_played(copy: Path) -> None:
    change(copy, lambda m: m["clips"]["en"]["green_code"].update(text="Come in."))
    pack = Pack.open((copy,), ENGLISH)
    assert pack.clip(Reason.GREEN_CODE, "en").pcm == chime(Reason.GREEN_CODE)
    assert any("en/green_code is out of date: run gate voice build" in problem for problem in pack.problems)
    assert pack.clip(Reason.PRESENT_AGAIN, "en").text


def test_a_damaged_file_is_not_played(copy: Path) -> None:
    file = copy / "en" / "present_again.wav"
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    pack = Pack.open((copy,), ENGLISH)
    assert pack.clip(Reason.PRESENT_AGAIN, "en").pcm == chime(Reason.PRESENT_AGAIN)
    assert any("present_again.wav" in problem for problem in pack.problems)


def test_a_missing_file_is_not_the_end(copy: Path) -> None:
    (copy / "en" / "present_again.wav").unlink()
    pack = Pack.open((copy, BUNDLED), ENGLISH)
    assert pack.clip(Reason.PRESENT_AGAIN, "en").text == "Please try again."
    assert len(pack.problems) == 1


def test_a_site_s_own_phrases_come_before_the_bundled_ones(copy: Path) -> None:
    own = encode(b"\x10\x20" * RATE)
    (copy / "en" / "green_code.wav").write_bytes(own)

    def keep_one(manifest: dict[str, Any]) -> None:
        entry = manifest["clips"]["en"]["green_code"]
        entry["sha256"] = hashlib.sha256(own).hexdigest()
        manifest["clips"] = {"en": {"green_code": entry}}

    change(copy, keep_one)
    pack = Pack.open((copy, BUNDLED), ENGLISH)
    assert pack.clip(Reason.GREEN_CODE, "en").pcm == decode(own)
    assert pack.clip(Reason.PRESENT_AGAIN, "en").text == "Please try again."
    assert pack.problems == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        encode(silence(0.1)),
        encode(silence(13.0)),
        encode(silence(1.0)).replace((24_000).to_bytes(4, "little"), (44_100).to_bytes(4, "little")),
        bytes(1024 * 1024 + 1),
    ],
)
def test_a_file_that_is_no_announcement_is_refused(copy: Path, data: bytes) -> None:
    (copy / "en" / "green_code.wav").write_bytes(data)
    change(copy, lambda m: m["clips"]["en"]["green_code"].update(sha256=hashlib.sha256(data).hexdigest()))
    pack = Pack.open((copy,), ENGLISH)
    assert pack.clip(Reason.GREEN_CODE, "en").text == ""
    assert len(pack.problems) == 2


@pytest.mark.parametrize("name", ["/etc/passwd", "../../secret.wav", "en/../en/green_code.wav", "en/other.wav", None])
def test_a_manifest_can_not_point_out_of_its_folder(copy: Path, name: str | None) -> None:
    change(copy, lambda m: m["clips"]["en"]["green_code"].update(file=name))
    assert Pack.open((copy,), ENGLISH).clip(Reason.GREEN_CODE, "en").text == ""


def test_without_any_pack_there_is_a_chime_for_everything(tmp_path: Path) -> None:
    pack = Pack.open((tmp_path / "nowhere",), ENGLISH)
    assert all(clip.pcm and not clip.text for _, _, clip in pack)
    assert "nowhere/manifest.json" in pack.problems[0]


def test_a_pass_sounds_unlike_everything_else() -> None:
    assert chime(Reason.GREEN_CODE) != chime(Reason.CODE_NOT_GREEN)
    assert chime(Reason.CODE_NOT_GREEN) == chime(Reason.TEST_POSITIVE)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["format", "clips", "en", "green_code", "text", "file", "sha256"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(anything | st.fixed_dictionaries({"format": st.just(1), "clips": anything}))
def test_no_manifest_silences_the_gate(tmp_path_factory: pytest.TempPathFactory, manifest: Any) -> None:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    pack = Pack.open((folder,), ENGLISH)
    assert all(clip.pcm for _, _, clip in pack)
    assert pack.problems


@given(st.binary(max_size=300))
def test_a_manifest_of_noise_does_not_silence_the_gate(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "manifest.json").write_bytes(data)
    assert Pack.open((folder,), ENGLISH).problems


def test_a_deeply_nested_manifest_does_not_silence_the_gate(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[" * 100_000, "utf-8")
    assert Pack.open((tmp_path,), ENGLISH).problems
