"""The locks that PostgreSQL keeps for us by number, in one place, so that no two of them have the same one."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """Who wants to be the only one, at what."""

    DAYS_TABLES = 20210620
    """Making or dropping the tables of a day; by name in the migrations."""
    SITE = 20210621
    """What gates find: rollouts move, and releases come."""
    PAST_DAYS = 20210622
    """Days past their time go."""
    SETTINGS = 20210623
    """What is set for gates changes."""
    ALARMS = 20210624
    """Of the replicas of a console one looks."""
    FLAGS = 20220613
    """Two changes at once could each be usual, and both together not."""
