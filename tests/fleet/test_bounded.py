"""The console keeps nothing of what is too long, or does not say how long it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fleet.console.bounded import MOST_BYTES, Bounded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request


async def read(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x"


def test_a_body_is_as_long_as_it_may_be_and_says_so() -> None:
    async def main() -> list[int]:
        transport = httpx.ASGITransport(Bounded(Starlette(routes=[Route("/", read, methods=["POST"])])))
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            headers = {"transfer-encoding": "chunked"}
            return [
                (await client.post("/", content=b"x")).status_code,
                (await client.post("/", content=bytes(MOST_BYTES))).status_code,
                (await client.post("/", content=bytes(MOST_BYTES + 1))).status_code,
                (await client.post("/", content=endless(), headers=headers)).status_code,
            ]

    assert asyncio.run(main()) == [200, 200, 413, 411]
