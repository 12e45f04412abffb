"""A whole list and its changes become the next whole list, bucket by bucket.

Whoever publishes makes and signs it; every gate that has the same files can make it from its signed head alone, and
what comes out is the signed list to the byte, or is thrown away. So a gate needs no key to sign with, and fetches 40 MB
only where it missed something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import StatusUnavailable
from gate.status.cache.file import write_again
from gate.status.cache.layout import HEAD_BYTES, read_head
from gate.status.cache.whole import content

if TYPE_CHECKING:
    from pathlib import Path

    from gate.status.cache.crypto import ListKey
    from gate.status.cache.generation import Generation
    from gate.status.cache.layout import Header


def read_recipe(path: Path, signers: frozenset[bytes]) -> tuple[bytes, Header]:
    """The signed head of a list that can be made from another, and its header.

    Raises:
        StatusUnavailable: it is damaged, signed by nobody who may, or of a list that is made from no other.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES + 1)
    header = read_head(head, signers)
    if header.of is None or header.change:
        raise StatusUnavailable(f"{path.name}: is of a list that is made from no other")
    return head, header


def compact(recipe: tuple[bytes, Header], target: Path, made_from: Generation, key: ListKey) -> None:
    """Make the list of a signed head.

    Raises:
        StatusUnavailable: this is not what it was made from, or a block is damaged.
        OSError: it can't be written.
    """
    head, header = recipe
    if (header.of, header.changes) != (made_from.whole.salt, made_from.changes):
        raise StatusUnavailable(f"{target.name}: is made from other files than those that are here")
    blocks = (content(rows) for rows in made_from.folded(header.origin))
    write_again(target, head, header, blocks, key.blocks(header.salt))
