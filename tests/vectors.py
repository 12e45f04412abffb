"""Where other people's test data lies: ``$GATE_VECTORS``, else ``../shared/vectors`` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def vectors_dir(name: str) -> Path:
    """Folder ``name`` of the test data; skips the test (or module) with what to fetch where it is missing."""
    base = Path(os.environ.get("GATE_VECTORS", ROOT.parent / "shared" / "vectors"))
    folder = base / name
    if not folder.exists():
        pytest.skip(
            f"test data {name!r} not found at {folder}: fetch it as docs/test-data.md says and set GATE_VECTORS",
            allow_module_level=True,
        )
    return folder
