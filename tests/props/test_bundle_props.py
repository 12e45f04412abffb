"""Whatever happens to any byte of a bundle: it is refused, or everything in it is as it was signed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from trust_bundles import FILES, UNTIL, contents, keys, root, rotated

from gate.errors import TrustError
from gate.trust import bundle, publish

SECOND = rotated(root=keys("2").root)
NEWER = {"2.root.json": publish.make_root(SECOND, UNTIL, 2, keys().root)}
OTHERS = {"rules": {"a.json": b"{}"}, "software": {"deep/er/gate.deb": b"deb"}}
WHOLE = contents(3, signed_by=SECOND, others=OTHERS) | NEWER
NAMES = st.sampled_from(sorted(WHOLE))


def as_signed(files: dict[str, bytes], pinned: bytes) -> None:
    try:
        found = bundle.verify(
            lambda name, limit: data[: limit + 1] if (data := files.get(name)) is not None else None, pinned
        )
    except TrustError:
        return
    assert dict(found.files) == FILES
    assert found.others == OTHERS
    assert found.roles == bundle.verify(lambda name, _: WHOLE.get(name), root()).roles


@given(NAMES, st.integers(0), st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_one_byte_changed(name: str, place: int, change: int) -> None:
    data = bytearray(WHOLE[name])
    data[place % len(data)] ^= change
    as_signed(WHOLE | {name: bytes(data)}, root())


@given(st.integers(0), st.integers(1, 255))
@settings(deadline=None)
def test_one_byte_of_the_pinned_root_changed(place: int, change: int) -> None:
    data = bytearray(root())
    data[place % len(data)] ^= change
    as_signed(WHOLE, bytes(data))


@given(NAMES, st.integers(0), st.binary(max_size=40), st.integers(0, 40))
@settings(deadline=None)
def test_bytes_put_in_or_taken_out(name: str, place: int, new: bytes, gone: int) -> None:
    data = WHOLE[name]
    at = place % len(data)
    as_signed(WHOLE | {name: data[:at] + new + data[at + gone :]}, root())


@given(st.permutations(sorted(WHOLE)))
@settings(deadline=None)
def test_files_under_each_other_s_names(names: list[str]) -> None:
    as_signed(dict(zip(names, (WHOLE[name] for name in sorted(WHOLE)), strict=True)), root())


@given(st.dictionaries(NAMES, st.binary(max_size=200)))
@settings(deadline=None)
def test_any_bytes(files: dict[str, bytes]) -> None:
    as_signed(WHOLE | files, root())
