"""The card reader against a real pcscd: cards in and out, at every moment, and pcscd killed underneath."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pcscd import PATIENCE_S, Pcscd, slot_is_empty
from smartcard import scard

from drivers.simulated.card_in_slot import CardInSlot
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard
from drivers.smartcard import SmartCardReader
from gate.app.devices import social_security_dialogue
from gate.app.supervise import supervise
from gate.credentials import iso7816, social_security
from gate.errors import CredentialFault, DeviceLost
from gate.model import DocumentType, Notice, NoticeKind, PayloadKind, Reading, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from gate.model import ReaderEvent


@pytest.fixture(scope="module")
def pcscd() -> Iterator[Pcscd]:
    daemon = Pcscd()
    yield daemon
    daemon.close()


class Events:
    """What the driver emits, waited for."""

    def __init__(self) -> None:
        self.seen: list[ReaderEvent] = []
        self._changed = asyncio.Event()

    def take(self, event: ReaderEvent) -> None:
        self.seen.append(event)
        self._changed.set()

    async def until(self, wanted: Callable[[ReaderEvent], bool], count: int = 1) -> list[ReaderEvent]:
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [event for event in self.seen if wanted(event)]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    async def reading(self, count: int = 1) -> Reading:
        found = (await self.until(lambda event: isinstance(event, Reading), count))[-1]
        assert isinstance(found, Reading)
        return found

    async def notice(self, kind: NoticeKind, count: int = 1) -> Notice:
        found = (await self.until(lambda event: isinstance(event, Notice) and event.kind is kind, count))[-1]
        assert isinstance(found, Notice)
        return found


def reader(wanted: str = "Virtual PCD") -> SmartCardReader:
    return SmartCardReader("card", SmartCardReader.Settings(wanted), social_security_dialogue)


def serve(scenario: Callable[[Events], Awaitable[None]], *, supervised: bool = False) -> None:
    slot_is_empty()

    async def main() -> None:
        events = Events()
        running = supervise(reader(), events.take) if supervised else reader().run(events.take)
        driver = asyncio.create_task(running)
        try:
            await events.notice(NoticeKind.ONLINE)
            await scenario(events)
        finally:
            driver.cancel()
            async with asyncio.timeout(1.5):
                await asyncio.wait({driver})

    asyncio.run(main())


@pytest.mark.usefixtures("pcscd")
def test_a_card_that_is_put_in_is_read_and_named() -> None:
    async def scenario(events: Events) -> None:
        card = CardInSlot(SimulatedSocialSecurityCard().transmit)
        reading = await events.reading()
        card.take_out()
        assert reading.kind is PayloadKind.CARD_EXCHANGE
        holder = iso7816.replay(social_security.read(), reading.data).holder
        assert holder is not None
        assert holder.document is not None
        assert holder.document.number == "999999199001010016"

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_the_next_card_is_read_as_well_and_one_that_stays_is_read_once() -> None:
    async def scenario(events: Events) -> None:
        first = CardInSlot(SimulatedSocialSecurityCard().transmit)
        await events.reading()
        first.take_out()
        await asyncio.to_thread(slot_is_empty)
        second = CardInSlot(SimulatedSocialSecurityCard(holder_needs_keys=True).transmit)
        reading = await events.reading(2)
        second.take_out()
        credential = iso7816.replay(social_security.read(), reading.data)
        assert credential.holder is not None
        assert credential.holder.document is not None
        assert credential.holder.document.type is DocumentType.SOCIAL_SECURITY_CARD, "the holder's file needs keys"
        assert len([event for event in events.seen if isinstance(event, Reading)]) == 2

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_another_kind_of_card_is_told_as_such() -> None:
    async def scenario(events: Events) -> None:
        card = CardInSlot(lambda _: (b"", 0x6A82))
        reading = await events.reading()
        card.take_out()
        with pytest.raises(CredentialFault) as fault:
            iso7816.replay(social_security.read(), reading.data)
        assert fault.value.reason is Reason.CODE_UNRECOGNISED

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_a_card_that_is_pulled_while_it_is_read_is_asked_for_again() -> None:
    async def scenario(events: Events) -> None:
        inside = SimulatedSocialSecurityCard()
        asked, gone = threading.Event(), threading.Event()

        def until_the_record(apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xB2:
                asked.set()
                gone.wait(PATIENCE_S)
            return inside.transmit(apdu)

        card = CardInSlot(until_the_record)
        await asyncio.to_thread(asked.wait, PATIENCE_S)
        gone.set()
        card.take_out()
        await events.notice(NoticeKind.PRESENT_AGAIN)
        assert not [event for event in events.seen if isinstance(event, Reading)], "nothing from half a card"
        await asyncio.to_thread(slot_is_empty)
        again = CardInSlot(SimulatedSocialSecurityCard().transmit)
        await events.reading()
        again.take_out()

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_a_slow_card_hears_that_it_is_asked_for_again_and_is_read_all_the_same() -> None:
    async def scenario(events: Events) -> None:
        inside, go_on = SimulatedSocialSecurityCard(), threading.Event()

        def slow(apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xB2:
                go_on.wait(PATIENCE_S)
            return inside.transmit(apdu)

        card = CardInSlot(slow)
        await events.notice(NoticeKind.PRESENT_AGAIN)
        go_on.set()
        await events.reading()
        card.take_out()

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_a_reader_that_is_plugged_in_beside_another_one_is_served_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone, hidden = scard.SCardListReaders, {"Virtual PCD 00 00"}

    def plugged_in(*arguments: Any) -> tuple[int, list[str]]:
        """The virtual reader can't be plugged in later, so that it is kept from being told of."""
        code, names = everyone(*arguments)
        return code, [name for name in names if name not in hidden]

    monkeypatch.setattr(scard, "SCardListReaders", plugged_in)

    async def scenario(events: Events) -> None:
        assert (await events.notice(NoticeKind.ONLINE)).detail == "1 slots"
        hidden.clear()
        assert (await events.notice(NoticeKind.ONLINE, 2)).detail == "2 slots"
        card = CardInSlot(SimulatedSocialSecurityCard().transmit)
        await events.reading()
        card.take_out()

    serve(scenario)


@pytest.mark.usefixtures("pcscd")
def test_a_reader_that_is_not_there_is_lost() -> None:
    with pytest.raises(DeviceLost, match="no card reader whose name"):
        asyncio.run(reader("no such reader").run(lambda _: None))


@pytest.mark.parametrize("instruction", [0xA4, 0xB2], ids=["found, nothing read", "in the middle"])
def test_whoever_is_being_read_when_pcscd_is_killed_is_told(pcscd: Pcscd, instruction: int) -> None:
    async def scenario(events: Events) -> None:
        inside, asked, go_on = SimulatedSocialSecurityCard(), threading.Event(), threading.Event()

        def never_ready(apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == instruction:
                asked.set()
                go_on.wait(PATIENCE_S)
            return inside.transmit(apdu)

        card = CardInSlot(never_ready)
        await asyncio.to_thread(asked.wait, PATIENCE_S)
        pcscd.kill()
        await events.notice(NoticeKind.OFFLINE)
        kinds = [event.kind for event in events.seen if isinstance(event, Notice)]
        assert kinds == [NoticeKind.ONLINE, NoticeKind.PRESENT_AGAIN, NoticeKind.OFFLINE]
        go_on.set()
        card.take_out()
        await asyncio.to_thread(pcscd.start_again)
        await events.notice(NoticeKind.ONLINE, 2)
        assert not [event for event in events.seen if isinstance(event, Reading)], "nothing from half a card"

    serve(scenario, supervised=True)


def test_pcscd_that_is_killed_and_started_again_is_found_again(pcscd: Pcscd) -> None:
    async def scenario(events: Events) -> None:
        pcscd.kill()
        await events.notice(NoticeKind.OFFLINE)
        await asyncio.to_thread(pcscd.start_again)
        await events.notice(NoticeKind.ONLINE, 2)
        card = CardInSlot(SimulatedSocialSecurityCard().transmit)
        await events.reading()
        card.take_out()

    serve(scenario, supervised=True)
