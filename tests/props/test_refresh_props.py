"""Whatever a server answers: a gate takes what was signed, or goes on with what it has, and asks for nothing else."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from net_rig import Server
from trust_site import Site, held, placed, start, versioned

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = versioned(3), versioned(4, others={"rules": {"a.json": b"{}"}})
PATHS = sorted(placed(NEW))
ANSWERS = st.one_of(
    st.none(),
    st.binary(max_size=400),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.sampled_from(["signed", "_type"]), deeper),
    ).map(lambda value: repr(value).encode()),
    st.sampled_from([*placed(NEW).values(), *placed(OLD).values()]),
)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Site, Server]]:
    site = Site()
    with Server(site.serve) as server:
        yield site, server


@given(st.dictionaries(st.sampled_from([*PATHS, "2.root.json"]), ANSWERS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_answers(served: tuple[Site, Server], answers: dict[str, bytes | None]) -> None:
    site, server = served
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site.replace(OLD)
        slot = start(folder, server)
        slot.refresh()
        site.put(NEW)
        site.asked.clear()
        for path, answer in answers.items():
            site.files.pop(path, None)
            if answer is not None:
                site.files[path] = answer
        slot.refresh()
        assert held(slot) == ("v3" if slot.state.fault is not None else held(slot))
        assert held(slot) in {"v3", "v4"}
        assert all(re.fullmatch(r"[a-z0-9./-]+", path) for path in site.asked)
        assert held(start(folder, server)) == held(slot)
