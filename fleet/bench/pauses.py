"""How long it is until a gate does again what it does every now and then."""

from __future__ import annotations

import math
import random


def left(shortest_s: float, longest_s: float) -> float:
    """What is left of a pause that some moment falls into: a longer one is more likely to be met than a shorter one."""
    return math.sqrt(random.uniform(shortest_s**2, longest_s**2)) * random.random()  # noqa: S311 - no secret
