"""What many ask at once is asked together, and everybody gets their own answer."""

from __future__ import annotations

import asyncio

import pytest

from fleet.plane.gathered import Gathered


def test_what_is_asked_meanwhile_goes_together_with_the_next() -> None:
    async def all_of_it() -> tuple[list[int | None], list[list[int]]]:
        asked = []
        under_way, go_on = asyncio.Event(), asyncio.Event()

        async def ask_all(keys: list[int]) -> dict[int, int]:
            asked.append(sorted(keys))
            under_way.set()
            await go_on.wait()
            return {key: key * key for key in keys if key != 4}

        gathered = Gathered(ask_all)
        first = asyncio.create_task(gathered.ask(1))
        await under_way.wait()
        asyncio.get_running_loop().call_soon(go_on.set)
        return await asyncio.gather(first, *(gathered.ask(key) for key in (2, 3, 4, 3, 1))), asked

    answers, asked = asyncio.run(all_of_it())
    assert answers == [1, 4, 9, None, 9, 1]
    assert asked == [[1], [1, 2, 3, 4]], "also 1 again: the first answer may be older than the second question"


def test_a_fault_is_everybodys_who_waited_and_nobody_elses() -> None:
    async def all_of_it() -> int | None:
        faults = [ConnectionError("away")]

        async def ask_all(keys: list[int]) -> dict[int, int]:
            if faults:
                raise faults.pop()
            return dict.fromkeys(keys, 7)

        gathered = Gathered(ask_all)
        said = await asyncio.gather(gathered.ask(1), gathered.ask(2), return_exceptions=True)
        assert [str(one) for one in said] == ["away", "away"]
        return await gathered.ask(1)

    assert asyncio.run(all_of_it()) == 7


def test_whoever_gives_up_takes_nobody_along() -> None:
    async def all_of_it() -> int | None:
        go_on = asyncio.Event()

        async def ask_all(keys: list[int]) -> dict[int, int]:
            await go_on.wait()
            return dict.fromkeys(keys, 7)

        gathered = Gathered(ask_all)
        patient = asyncio.create_task(gathered.ask(1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gathered.ask(1), 0)
        go_on.set()
        return await patient

    assert asyncio.run(all_of_it()) == 7
