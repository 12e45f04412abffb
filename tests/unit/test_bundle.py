"""Every way in which a bundle can be wrong, on a real folder: it is refused whole, and nothing else happens."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from trust_bundles import FILES, UNTIL, contents, keys, relisted, root, rotated, signed, write

from gate.errors import TrustError
from gate.model import Moment
from gate.trust import bundle, publish
from gate.trust.bundle import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METADATA = ("timestamp.json", "snapshot.json", "targets.json", "trust.json")


def refused(folder: Path, files: dict[str, bytes], why: str, pinned: bytes | None = None) -> None:
    write(folder, files)
    with pytest.raises(TrustError, match=why):
        open_folder(folder, pinned or root())


def lowered(role: dict[str, Any]) -> None:
    role["threshold"] = 1


def test_a_good_bundle_is_read_whole(tmp_path: Path) -> None:
    found = open_folder(write(tmp_path, contents(version=3)), root())
    assert dict(found.files) == FILES
    assert {name: role.version for name, role in found.roles.items()} == {
        "root": 1, "timestamp": 3, "snapshot": 3, "targets": 3, "trust": 3
    }  # fmt: skip
    assert found.expires == UNTIL


def test_past_its_end_it_is_used_and_says_so(tmp_path: Path) -> None:
    found = open_folder(write(tmp_path, contents()), root())
    assert not found.expired(Moment(UNTIL.replace(year=2039), trusted=True))
    assert found.expired(Moment(UNTIL, trusted=True))


def test_no_folder_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "nowhere", tmp_path / "file", tmp_path):
        with pytest.raises(TrustError):
            open_folder(place, root())


@pytest.mark.parametrize("name", sorted(contents()))
def test_a_half_copied_folder_is_refused(name: str, tmp_path: Path) -> None:
    files = contents()
    cut = files[name][: len(files[name]) // 2]
    refused(tmp_path / "cut", files | {name: cut}, "is no TUF metadata|is not the file")
    refused(
        tmp_path / "longer",
        files | {name: files[name] + b"x"},
        "is no TUF metadata|larger than it may be|is not the file",
    )
    del files[name]
    refused(tmp_path / "without", files, f"{name}: is missing")


@pytest.mark.parametrize("name", METADATA)
def test_metadata_of_another_version_of_the_bundle_does_not_fit(name: str, tmp_path: Path) -> None:
    refused(tmp_path, contents(2) | {name: contents(1)[name]}, "is not the file that was signed")


def test_a_swapped_file_is_refused(tmp_path: Path) -> None:
    swapped = {"trust/value-sets.json": b'{"colours": ["yello"]}'}
    assert len(swapped["trust/value-sets.json"]) == len(FILES["value-sets.json"])
    refused(tmp_path, contents() | swapped, "trust/value-sets.json: is not the file that was signed")


@pytest.mark.parametrize("role", ["root", "targets", "trust", "snapshot", "timestamp"])
def test_somebody_else_s_keys_sign_nothing(role: str, tmp_path: Path) -> None:
    strangers = rotated(**{role: getattr(keys("strangers"), role)})
    files = contents(signed_by=strangers)
    if role == "trust":  # whose keys are named by targets.json: the one that we signed
        files = relisted(files | {"targets.json": contents()["targets.json"]})
    if role == "root":
        files |= {"2.root.json": publish.make_root(strangers, UNTIL, 2)}
    refused(tmp_path, files, "is not signed by enough of the keys")


@pytest.mark.parametrize("role", ["targets", "trust"])
def test_one_of_two_keys_is_not_enough(role: str, tmp_path: Path) -> None:
    files = contents()
    one = getattr(keys(), role)[:1]
    files[f"{role}.json"] = signed(files[f"{role}.json"], one)
    refused(tmp_path, relisted(files), f"{role}: is not signed by enough of the keys")


def test_one_key_that_signs_twice_is_one_key(tmp_path: Path) -> None:
    files = contents()
    document = json.loads(signed(files["trust.json"], keys().trust[:1]))
    document["signatures"].append(document["signatures"][0] | {"keyid": keys().trust[1].public_key.keyid})
    files["trust.json"] = json.dumps(document).encode()
    refused(tmp_path, relisted(files), "trust: is not signed by enough")


def test_a_stolen_targets_key_gives_the_role_to_nobody(tmp_path: Path) -> None:
    """It re-delegates ``trust`` to keys of the thief, who has the online keys too."""
    thief = keys("thief")
    made = contents(signed_by=rotated(trust=thief.trust))
    targets = signed(made["targets.json"], keys().targets[:1])
    refused(tmp_path, relisted(made | {"targets.json": targets}), "targets: is not signed by enough")


def test_a_delegation_that_one_key_fulfils_is_refused(tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        lowered(found["delegations"]["roles"][0])

    files = contents()
    files["targets.json"] = signed(files["targets.json"], keys().targets, change)
    refused(tmp_path, relisted(files), "trust: one stolen key would be enough")


@pytest.mark.parametrize("role", ["root", "targets"])
def test_a_root_that_one_key_fulfils_is_refused_pinned_or_not(role: str, tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        lowered(found["roles"][role])

    refused(tmp_path / "a", contents(), "one stolen key", signed(root(), keys().root, change))
    newer = signed(root(version=2), keys().root, change)
    refused(tmp_path / "b", contents() | {"2.root.json": newer}, "one stolen key")


def test_one_key_under_two_names_is_refused(tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        delegations = found["delegations"]
        first, second = delegations["roles"][0]["keyids"]
        delegations["keys"][second] = dict(delegations["keys"][first])

    files = contents()
    files["targets.json"] = signed(files["targets.json"], keys().targets, change)
    refused(tmp_path, relisted(files), "one key stands under two names")


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key["keyval"].update(public=key["keyval"]["public"].upper()),
        lambda key: key.update(keytype="ecdsa", scheme="ecdsa-sha2-nistp256"),
    ],
)
def test_keys_that_could_be_written_in_two_ways_are_refused(
    change: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    def changed(found: dict[str, Any]) -> None:
        for key in found["delegations"]["keys"].values():
            change(key)

    files = contents()
    files["targets.json"] = signed(files["targets.json"], keys().targets, changed)
    refused(tmp_path, relisted(files), "other|another kind than Ed25519")


def test_roots_are_followed_from_the_pinned_one(tmp_path: Path) -> None:
    second, third = rotated(root=keys("2").root, trust=keys("2").trust), keys("3")
    chain = {
        "2.root.json": publish.make_root(second, UNTIL, 2, keys().root),
        "3.root.json": publish.make_root(third, UNTIL, 3, second.root),
    }
    files = contents(7, signed_by=third) | chain
    found = open_folder(write(tmp_path / "good", files), root())
    assert found.roles["root"].version == 3
    assert dict(found.files) == FILES
    assert open_folder(tmp_path / "good", chain["2.root.json"]).roles["root"].version == 3, "a newer one may be pinned"
    refused(tmp_path / "gap", {name: data for name, data in files.items() if name != "2.root.json"}, "timestamp")
    refused(tmp_path / "again", files | {"4.root.json": chain["3.root.json"]}, "root 4: is another version")
    refused(tmp_path / "old keys", contents() | chain, "timestamp: is not signed")


@pytest.mark.parametrize("before", [(), keys().root[:1], keys("thief").root])
def test_a_root_that_the_one_before_has_not_signed_is_refused(before: tuple[Any, ...], tmp_path: Path) -> None:
    taken_over = publish.make_root(keys("thief"), UNTIL, 2, before)
    refused(tmp_path, contents(signed_by=keys("thief")) | {"2.root.json": taken_over}, "root 2: is not signed")


def test_a_root_that_has_not_signed_itself_is_refused(tmp_path: Path) -> None:
    half = signed(publish.make_root(keys("2"), UNTIL, 2), keys().root)
    refused(tmp_path / "newer", contents() | {"2.root.json": half}, "root 2: is not signed")
    refused(tmp_path / "pinned", contents(), "root: is not signed", signed(root(), keys().root[:1]))


@pytest.mark.parametrize("pinned", [b"", b"{}", contents()["timestamp.json"], b"[" * 100_000, b"\xff"])
def test_a_pinned_root_that_is_none_is_refused(pinned: bytes, tmp_path: Path) -> None:
    write(tmp_path, contents())
    with pytest.raises(TrustError):
        open_folder(tmp_path, pinned)


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path / "metadata", contents() | {"timestamp.json": b" " * (600 << 10)}, "larger than it may be")
    refused(tmp_path / "root", contents(), "larger", root() + b" " * (600 << 10))
    monkeypatch.setattr(bundle, "MAX_FILES_BYTES", 30)
    refused(tmp_path / "files", contents(), "MiB together")
    monkeypatch.setattr(bundle, "MAX_FILES", 1)
    refused(tmp_path / "many", contents(), "more than 1 files")


def test_roots_without_end_are_not_followed(tmp_path: Path) -> None:
    chain = {f"{number}.root.json": root(version=number) for number in range(2, 67)}
    refused(tmp_path, contents() | chain, "more than 64 roots")


@pytest.mark.parametrize(
    "name",
    [
        "trust/../../secret",
        "trust/..",
        "trust//anchors.json",
        "/etc/passwd",
        "other/anchors.json",
        "trust/.hidden",
        "trust/a/b/c/d",
        "trust/\u202egnp.json",
        "trust/" + "a" * 300,
        "trust/nul\x00",
        "timestamp.json",
    ],
)
def test_no_file_outside_of_the_bundle_is_opened(name: str, tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        found["targets"] = {name: found["targets"]["trust/value-sets.json"]}

    (tmp_path / "secret").write_bytes(FILES["value-sets.json"])
    files = contents()
    files["trust.json"] = signed(files["trust.json"], keys().trust, change)
    refused(tmp_path / "bundle", relisted(files), "lists a file that is not its own")


def test_only_files_that_were_delegated_are_taken(tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        found["delegations"]["roles"][0]["paths"] = ["trust/value-sets.json"]

    files = contents()
    files["targets.json"] = signed(files["targets.json"], keys().targets, change)
    refused(tmp_path, relisted(files), "lists a file that is not its own")


@pytest.mark.parametrize("name", ["timestamp.json", "trust", "trust/value-sets.json", "trust/health-codes"])
def test_links_are_not_followed(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", contents())
    (folder / name).rename(tmp_path / "moved")
    (folder / name).symlink_to(tmp_path / "moved")
    with pytest.raises(TrustError, match="links are not followed"):
        open_folder(folder, root())


def test_a_pipe_or_a_folder_in_place_of_a_file_does_not_stop_the_gate(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", contents())
    (folder / "trust.json").unlink()
    os.mkfifo(folder / "trust.json")
    with pytest.raises(TrustError, match="no plain file"):
        open_folder(folder, root())
    (folder / "trust.json").unlink()
    (folder / "trust.json").mkdir()
    with pytest.raises(TrustError, match="no plain file"):
        open_folder(folder, root())


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.pop("hashes"),
        lambda meta: meta.pop("length"),
        lambda meta: meta["hashes"].update(md5="00"),
        lambda meta: meta.update(hashes={"md5": "d41d8cd98f00b204e9800998ecf8427e"}),
    ],
)
def test_metadata_without_a_good_hash_is_refused(change: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    files = contents()
    files["timestamp.json"] = signed(
        files["timestamp.json"], keys().timestamp, lambda found: change(found["meta"]["snapshot.json"])
    )
    refused(tmp_path, files, "without its length or its SHA-256")


def test_the_same_bundle_has_the_same_digest(tmp_path: Path) -> None:
    first, again = write(tmp_path / "1", contents()), write(tmp_path / "2", contents())
    assert open_folder(first, root()).digest == open_folder(again, root()).digest
    other = write(tmp_path / "3", contents(2))
    assert open_folder(first, root()).digest != open_folder(other, root()).digest


def test_other_roles_have_files_of_their_own(tmp_path: Path) -> None:
    others = {"rules": {"a.json": b"{}"}, "software": {}, "config": {"deep/er/gate.toml": b""}}
    found = open_folder(write(tmp_path, contents(others=others)), root())
    assert found.others == others
    assert dict(found.files) == FILES
    only = open_folder(tmp_path, root(), ("rules",))
    assert only.others["rules"] == others["rules"]
    assert not only.files, "the rest was not read"


def test_a_role_that_this_gate_does_not_know_is_left_alone(tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        known = found["delegations"]["roles"][0]
        found["delegations"]["roles"].append(known | {"name": "weather", "paths": ["*"], "threshold": 1})

    files = contents()
    files["targets.json"] = signed(files["targets.json"], keys().targets, change)
    assert open_folder(write(tmp_path, relisted(files)), root()).roles.keys() == {
        *("root", "timestamp", "snapshot", "targets", "trust")
    }


@pytest.mark.parametrize("said", ["yesterday", "2026-01-01T00:00:00+08:00", 5, None, ["2026-01-01T00:00:00Z"]])
def test_a_time_of_signing_in_another_form_is_refused(said: object, tmp_path: Path) -> None:
    files = contents()
    files["timestamp.json"] = signed(
        files["timestamp.json"], keys().timestamp, lambda found: found.update(issued_at=said)
    )
    if said is None:
        write(tmp_path, files)
        assert open_folder(tmp_path, root()).issued_at("timestamp") is None
    else:
        refused(tmp_path, files, "says in no known form when it was signed")


def test_nothing_is_signed_after_its_own_end(tmp_path: Path) -> None:
    files = contents()
    files["timestamp.json"] = signed(
        files["timestamp.json"], keys().timestamp, lambda found: found.update(issued_at="2041-01-01T00:00:00Z")
    )
    refused(tmp_path, files, "was signed after its own end")
